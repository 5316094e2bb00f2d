"""`check_layer`: the whole contract of a layer of a table, in one call, for every framework.

A framework is an `Adapter`: the few functions by which the contract uses it.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import inlay
from inlay.errors import IdError
from tests.conformance import loading
from tests.layers.conftest import make_table

# The row of padding is 2; row 3 is never looked up.
IDS = np.array([[0, 1, 2], [5, 2, 2], [1, 4, 4], [0, 5, 2]], "int32")
PAD, UNSEEN = 2, 3
CHOSEN = ["t1", "t5"]
MODES: dict[str, dict[str, Any]] = {
    "frozen": {},
    "all": {"trainable": True},
    "rows": {"trainable": "rows", "rows": CHOSEN},
    "delta": {"trainable": "delta"},
    "delta, low rank": {"trainable": "delta", "rank": 2},
}
# Each dtype of a table meets one optimiser in each mode.
MEETINGS = [("float32", "adamw"), ("int8", "sgd"), ("float64", "adagrad")]


@dataclass(frozen=True)
class Adapter:
    """A framework, as the contract uses it.

    Attributes:
        make: `(table, **mode) -> layer`.
        look_up: `(layer, ids) -> array`, in one of the framework's eager calls.
        train: `(layer, optimiser) -> layer` after steps on `IDS` towards 1, of every parameter
            that an optimiser is given where all of a model is told to train. The optimisers are
            "sgd" (with momentum and weight decay), "adamw" (with weight decay, and a moving average
            of the weights where the framework has one) and "adagrad".
        twins: `(layer, folder) -> layers` that were saved and loaded, pickled, copied, cloned.
        compiled: `(layer, ids) -> array`, by the framework's compiler.
        half: `(layer, ids) -> array` and the dtype it was computed in: mixed precision.
        config: `layer -> object` that JSON can hold, or None: there is none.
        mask: `(layer, ids) -> array`, or None: there is none.
    """

    make: Callable[..., Any]
    look_up: Callable[[Any, Any], Any]
    train: Callable[[Any, str], Any]
    twins: Callable[[Any, Path], Iterable[Any]]
    compiled: Callable[[Any, Any], Any]
    half: Callable[[Any, Any], tuple[Any, str]] | None = None
    config: Callable[[Any], Any] | None = None
    mask: Callable[[Any, Any], Any] | None = None


def check_layer(adapter: Adapter, mode: str, dtype: str, optimiser: str, folder: Path) -> None:
    """Run the whole contract on an adapter's layer of a table.

    Args:
        adapter: The framework.
        mode: Of `MODES`.
        dtype: What the table is stored as.
        optimiser: "sgd", "adamw" or "adagrad".
        folder: An empty one.

    Raises:
        AssertionError: The contract is broken.
    """
    table = _table(dtype)
    before = table.vectors.copy()
    layer = adapter.make(table, **MODES[mode])
    found = adapter.look_up(layer, IDS)
    assert (found.dtype, found.shape) == (np.float32, (*IDS.shape, table.dim))
    np.testing.assert_array_equal(found, before[IDS])
    np.testing.assert_array_equal(adapter.compiled(layer, IDS), before[IDS])
    assert layer.merged(table).vectors.tobytes() == before.tobytes()
    _check_memory(adapter, mode, dtype)
    _check_edges(adapter, layer)
    if dtype == "float32":
        _check_loader(adapter, mode, table)

    trained = adapter.train(layer, optimiser)
    made = trained.merged(table)
    assert made.pad_id == PAD
    np.testing.assert_array_equal(table.vectors, before)
    _check_moved(mode, optimiser, before, made.vectors)
    _check_same(mode, adapter.look_up(trained, IDS), made.vectors[IDS])
    for twin in adapter.twins(trained, folder):
        assert twin.merged(table).vectors.tobytes() == made.vectors.tobytes()
        _check_same(mode, adapter.look_up(twin, IDS), made.vectors[IDS])
        if dtype == "float32":  # once is enough: it takes longer than all the rest
            further = adapter.train(twin, optimiser).merged(table).vectors
            _check_moved(mode, optimiser, made.vectors, further)
    np.testing.assert_array_equal(table.vectors, before)


def _check_same(mode: str, found: np.ndarray, expected: np.ndarray) -> None:
    """The same numbers: of a product up to the order in which a framework adds them."""
    if "rank" in MODES[mode]:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_array_equal(found, expected)


def _table(dtype: str) -> inlay.Table:
    return make_table().astype("int8") if dtype == "int8" else make_table(dtype=dtype)


def _check_memory(adapter: Adapter, mode: str, dtype: str) -> None:
    """What is frozen is the table's own memory, and no other is."""
    table = _table(dtype)
    layer = adapter.make(table, **MODES[mode])
    was = table.vectors[0].copy()
    table.storage[0] = 7
    is_shared = bool((adapter.look_up(layer, IDS)[0, 0] == 7).all())
    assert is_shared is (mode != "all" and dtype == "float32")
    assert is_shared or np.array_equal(adapter.look_up(layer, IDS)[0, 0], was)


def _check_edges(adapter: Adapter, layer: Any) -> None:
    """Configuration, mask, precision, ids out of range."""
    if adapter.config is not None:
        assert len(json.dumps(adapter.config(layer))) < 1000
    if adapter.mask is not None:
        np.testing.assert_array_equal(adapter.mask(layer, IDS), IDS != PAD)
    if adapter.half is not None:
        found, dtype = adapter.half(layer, IDS)
        assert dtype == "bfloat16"
        np.testing.assert_allclose(found, adapter.look_up(layer, IDS), rtol=2**-8)
    for wrong in (6, -1):
        with pytest.raises(IdError, match=f"from 0 to 5, got {wrong}, after 't1'"):
            adapter.look_up(layer, np.array([[1, wrong]], "int32"))


def _check_loader(adapter: Adapter, mode: str, table: inlay.Table) -> None:
    """Ids that the workers of a data loader have made are those of the vocabulary."""
    aligned = table.align(loading.VOCAB)
    layer = adapter.make(aligned, **MODES[mode])
    found = np.concatenate([adapter.look_up(layer, ids.numpy()) for ids in loading.batches()])
    for text, vectors in zip(loading.TEXTS, found, strict=True):
        words = text.split()[: loading.LENGTH]
        for word, vector in zip(words, vectors, strict=False):
            expected = table[word] if word in loading.VOCAB else aligned.vectors[aligned.unk_id]
            np.testing.assert_array_equal(vector, expected)
        assert not vectors[len(words) :].any()


def _check_moved(mode: str, optimiser: str, before: np.ndarray, after: np.ndarray) -> None:
    """What may train has moved, and all else has the same bytes, the row of padding above all."""
    every = [0, 1, 4, 5]
    moves = {"frozen": [], "rows": [1, 5]}.get(mode, every)
    moved = [row for row in range(len(before)) if before[row].tobytes() != after[row].tobytes()]
    # By weight decay, which asks for no gradient; a difference of zero has nothing to shrink.
    may = [*moves, UNSEEN] if mode == "all" else moves
    assert set(moves) <= set(moved) <= set(may), f"{optimiser} has moved {moved}"
    assert not after[PAD].any()
