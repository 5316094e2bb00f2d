"""An ELMo out of the checkpoints of other programs, under the official names of its arrays.

TensorFlow: what bilm-tf saves while it trains (`lm/...`) and what an ELMo of TF-Hub keeps in its
`variables` folder (`bilm/...`, `module/bilm/...`, with `aggregation/...` for the scalar mix).
PyTorch: AllenNLP's `state_dict` of a model with an ELMo somewhere inside. Nothing is unpickled
but tensors.

Source: `dump_weights` of https://github.com/allenai/bilm-tf, `load_weights` of
https://github.com/allenai/allennlp, both Apache-2.0. The names of TF-Hub's module follow from
bilm-tf's code and from public logs; its file has not been at hand.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.containers import Container
from inlay.containers import open as open_container
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import (
    CELL,
    CHARACTERS,
    CONVOLUTION,
    DIRECTIONS,
    FORGET_BIAS,
    HIGHWAY,
    PROJECTION,
    numbered,
)
from inlay.encode.mix import Mix
from inlay.errors import ArgumentError, FormatError

# Of these parts TensorFlow's variables have the official names.
_SAME = re.compile(
    "|".join(name.format(r"\d+") for name in (*CHARACTERS, *CONVOLUTION, *HIGHWAY, *PROJECTION))
)
_CELL = re.compile(
    r"RNN_(?P<direction>[01])/"
    r"(?:RNN/MultiRNNCell/Cell(?P<inference>\d+)/rnn"  # bilm-tf's graph for use, and TF-Hub's
    r"|rnn/multi_rnn_cell/cell_(?P<training>\d+)"  # its graph for training
    r"|rnn)"  # the same with a single layer
    r"/lstm_cell/(?P<part>kernel|bias|projection/kernel)"
)
_PARTS = dict(zip(("kernel", "bias", "projection/kernel"), CELL, strict=True))
_ALLENNLP = "_token_embedder._char_embedding_weights"


class Extracted(NamedTuple):
    """Arrays under their official names, and the scalar mixes that were trained with them."""

    arrays: dict[str, Array]
    mixes: tuple[Mix, ...]


def has_elmo(prefix: str | Path) -> bool:
    """Whether a checkpoint of TensorFlow has an ELMo by the names in it; its data is not read."""
    with open_container(prefix, kind="tensorflow") as file:
        return bool(_roots(list(file), CHARACTERS[0]))


def read_tensorflow(prefix: str | Path) -> Extracted:
    """Read a checkpoint of TensorFlow 1: `prefix.index` and its data.

    Raises:
        FormatError: A broken checkpoint, or one without exactly one ELMo.
    """
    where = str(prefix)
    with open_container(prefix, kind="tensorflow") as file:
        root = _root(list(file), CHARACTERS[0], where)
        inside = [name.removeprefix(root) for name in file if name.startswith(root)]
        arrays = {
            official: file[root + name][...]
            for name in inside
            if (official := _official(name)) is not None
        }
        mix = [f"{root.removesuffix('bilm/')}aggregation/{part}" for part in ("weights", "scaling")]
        if not all(name in file for name in mix):
            return Extracted(arrays, ())
        scalars, gamma = (np.ravel(file[name]).tolist() for name in mix)
    try:
        return Extracted(arrays, (Mix(tuple(scalars), *gamma),))
    except (TypeError, ArgumentError) as error:
        raise FormatError(where, expected="a scalar mix", got=str(error)) from error


def read_torch(path: str | Path) -> Extracted:
    """Read AllenNLP's ELMo out of a `state_dict` (`best.th`, `weights.th`).

    AllenNLP stores 1 more in the bias of the forget gate than the official files: it is taken
    off, which can change the last bit of a number.

    Raises:
        FormatError: No file of tensors, or without exactly one ELMo of AllenNLP's.
    """
    where = str(path)
    with open_container(path, kind="torch") as file:
        root = _root(list(file), _ALLENNLP, where)

        def get(name: str) -> Array:
            return np.array(file[root + name], np.float32)

        def has(name: str) -> bool:
            return root + name in file

        try:
            arrays = _characters(get, has) | _cells(get, has)
            return Extracted(arrays, _mixes(file, root.removesuffix("_elmo_lstm.")))
        except (KeyError, ValueError) as error:
            raise FormatError(
                where,
                expected=f"an ELMo of AllenNLP at {root!r}",
                got=f"{type(error).__name__}: {error}",
            ) from error


def infer_options(arrays: dict[str, Array], where: str) -> Options:
    """What the shapes of arrays tell of their options.

    They do not tell the clips, the skip connections, the activation and the length of words.
    These are taken as in all published models: 3.0 and 3.0, True, relu, 50.

    Raises:
        FormatError: Not the arrays of an ELMo with character input.
    """
    has = arrays.__contains__
    kernel, bias, projection = (name.format(0, "{}") for name in CELL)
    n_filters = _count(has, CONVOLUTION[0])
    try:
        projects = projection.format(0) in arrays
        if projects:
            dim, projection_dim = arrays[projection.format(0)].shape
        else:
            dim, projection_dim = (
                arrays[bias.format(0)].size // 4,
                len(arrays[kernel.format(0)]) // 2,
            )
        filters = [arrays[CONVOLUTION[0].format(i)].shape[1::2] for i in range(n_filters)]
        _, char_dim = arrays[CHARACTERS[0]].shape
    except (KeyError, ValueError) as error:
        raise FormatError(
            where,
            expected="the arrays of an ELMo with character input",
            got=f"{', '.join(arrays):.300}",
            hint="put its options.json beside it",
        ) from error
    lstm = {
        "dim": dim,
        "projection_dim": projection_dim,
        "n_layers": _count(has, projection if projects else kernel),
        "cell_clip": 3.0,
        "proj_clip": 3.0,
        "use_skip_connections": True,
        "projects": projects,
    }
    char_cnn = {
        "activation": "relu",
        "filters": filters,
        "n_highway": _count(has, "CNN_high_{}/W_carry"),
        "embedding": {"dim": char_dim},
    }
    return Options.from_dict({"lstm": lstm, "char_cnn": char_cnn}, where=where)


def _root(names: list[str], last: str, where: str) -> str:
    """What stands before the names of the one ELMo among these."""
    roots = _roots(names, last)
    if len(roots) != 1:
        raise FormatError(
            where,
            expected=f"one ELMo with character input: one name that ends in {last!r}",
            got=f"{len(roots)} among {', '.join(roots or names) or 'no names'}"[:300],
        )
    return roots[0]


def _roots(names: list[str], last: str) -> list[str]:
    return [
        name.removesuffix(last)
        for name in names
        if name == last or name.endswith((f"/{last}", f".{last}"))
    ]


def _official(name: str) -> str | None:
    """A TensorFlow variable's name in official files, or None for what is not of the network."""
    if _SAME.fullmatch(name):
        return name
    if found := _CELL.fullmatch(name):
        layer = found["inference"] or found["training"] or "0"
        return _PARTS[found["part"]].format(int(found["direction"]), int(layer))
    return None


def _count(has: Callable[[str], bool], pattern: str) -> int:
    """How many of pattern 0, 1, 2 ... there are."""
    n = 0
    while has(pattern.format(n)):
        n += 1
    return n


def _characters(get: Callable[[str], Array], has: Callable[[str], bool]) -> dict[str, Array]:
    """From characters to words. AllenNLP's matrices are multiplied from the left."""
    at = "_token_embedder."
    arrays = {CHARACTERS[0]: get(_ALLENNLP)}

    def put(kind: tuple[str, ...], part: Iterable[Array], *number: int) -> None:
        arrays.update(zip(numbered(kind, *number), part, strict=True))

    for i in range(_count(has, f"{at}char_conv_{{}}.weight")):
        kernel = get(f"{at}char_conv_{i}.weight")  # (maps, D, width)
        put(CONVOLUTION, (kernel.transpose(2, 1, 0)[None], get(f"{at}char_conv_{i}.bias")), i)
    for i in range(_count(has, f"{at}_highways._layers.{{}}.weight")):
        transform, carry = np.split(get(f"{at}_highways._layers.{i}.weight"), 2)
        transform_bias, carry_bias = np.split(get(f"{at}_highways._layers.{i}.bias"), 2)
        # Its gate lets through what is carried: the official gate's opposite.
        put(HIGHWAY, (-carry.T, -carry_bias, transform.T, transform_bias), i)
    if has(f"{at}_projection.weight"):
        put(PROJECTION, (get(f"{at}_projection.weight").T, get(f"{at}_projection.bias")))
    return arrays


def _cells(get: Callable[[str], Array], has: Callable[[str], bool]) -> dict[str, Array]:
    """The LSTM layers. AllenNLP's gates are in the order i, f, j, o."""
    arrays: dict[str, Array] = {}
    for d, direction in enumerate(DIRECTIONS):
        layer = f"_elmo_lstm.{direction}_layer_"
        for k in range(_count(has, f"{layer}{{}}.state_linearity.weight")):
            kernel = [get(f"{layer}{k}.{part}_linearity.weight") for part in ("input", "state")]
            i, f, j, o = np.split(np.concatenate(kernel, axis=1), 4)
            whole = np.concatenate([i, j, f, o]).T
            i, f, j, o = np.split(get(f"{layer}{k}.state_linearity.bias"), 4)
            bias = np.concatenate([i, j, f - np.float32(FORGET_BIAS), o])
            part = whole, bias, get(f"{layer}{k}.state_projection.weight").T
            arrays |= zip(numbered(CELL, d, k), part, strict=True)
    return arrays


def _mixes(file: Container, root: str) -> tuple[Mix, ...]:
    def number(name: str) -> float:
        return float(file[name][...].item())

    mixes = []
    for k in range(_count(file.__contains__, f"{root}scalar_mix_{{}}.gamma")):
        mix = f"{root}scalar_mix_{k}"
        n = _count(file.__contains__, f"{mix}.scalar_parameters.{{}}")
        scalars = tuple(number(f"{mix}.scalar_parameters.{i}") for i in range(n))
        mixes.append(Mix(scalars, number(f"{mix}.gamma")))
    return tuple(mixes)
