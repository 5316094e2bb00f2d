"""`check_encoder`: the whole contract of an encoder of inlay's, in one call.

What it asks for is in `inlay.encode.protocol` and `inlay.encode.base`; each part stands below in a
function of its own, and what one encoder does otherwise than most is said by an `Expected`.
"""

import contextlib
import copy
import functools
import io
import multiprocessing
import pickle
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inlay.encode import Encoder, TextEncoder, load_encoder
from inlay.encode.features import write_features
from inlay.encode.protocol import is_encoder, settings_of
from inlay.errors import ArgumentError, ArgumentTypeError, UnsupportedError

TEXTS = [
    "a good film",
    "",
    "The film was neither good nor bad, but it was so long that nobody saw how it ended .",
    "😀 👍🏽 great 👨‍👩‍👧!",
    "아주 좋은 영화였다. 다시 보고 싶다",
    "房间很干净,服务也好。",
    "qzxv wqplk zzxq",
    " \n ",
    "good",
    "a good film",
]


@dataclass(frozen=True)
class Expected:
    """What a check is to find.

    Attributes:
        exact: The same text has the same vector to the last bit, else to 1e-6 of its length.
        empty: An empty text has a vector of zeros.
        unknown: A text of which the encoder knows no word, which has zeros; None: no such text.
        words: Tokens in the long text.
        linear: `encode` is the `mix` of `pooled`.
        means: `pooled` is the mean over all tokens: unknown ones count, and nothing else does.
        split: A list of `tokenize(text)` has the vectors of the text.
        saves: `save` writes what `load` reads.
        load: Called with the folder.
    """

    exact: bool = True
    empty: bool = True
    unknown: str | None = None
    words: int = 100_000
    linear: bool = True
    means: bool = True
    split: bool = True
    saves: bool = True
    load: Callable[[Path], Encoder] = load_encoder


def check_encoder(make: Callable[[], TextEncoder], folder: Path, **expected: Any) -> None:
    """Run all of the contract on an encoder.

    Args:
        make: Makes it; called twice.
        folder: An empty one, for what is saved.
        **expected: Fields of `Expected` that differ.
    """
    e, want = make(), Expected(**expected)
    check_names(e, make())
    vectors = check_vectors(e, want)
    check_company(e, vectors, want)
    check_arguments(e, vectors)
    check_reading(e)
    check_tokens(e, vectors, want)
    check_copies(e, vectors, want)
    check_saved(e, vectors, folder, want)
    check_features(e, vectors, folder / "features.safetensors")
    check_long(e, want)


def close(found: Any, vectors: Any, want: Expected) -> None:
    """Hold two arrays of vectors against each other."""
    assert found.dtype == np.float32
    if want.exact:
        np.testing.assert_array_equal(found, vectors)
    else:
        size = max(1.0, float(np.abs(vectors).max(initial=0)))
        np.testing.assert_allclose(found, vectors, rtol=0, atol=1e-6 * size)


def check_names(e: TextEncoder, same: TextEncoder) -> None:
    """What an encoder says of itself; another that was made alike says the same."""
    assert is_encoder(e)
    assert isinstance(e.dim, int)
    assert e.dim >= 1
    assert e.n_layers >= 1
    assert e.pools
    assert all(isinstance(pool, str) for pool in e.pools)
    assert e.max_length is None or e.max_length >= 1
    assert len(e.hash) == 64
    assert {*e.hash} <= {*"0123456789abcdef"}
    assert e.hash == same.hash
    assert settings_of(e) == settings_of(same)
    assert type(e).__name__ in repr(e)
    assert len(repr(e)) < 200


def check_vectors(e: TextEncoder, want: Expected) -> Any:
    """One vector for each text, in order."""
    vectors = e.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), e.dim), np.float32)
    assert np.isfinite(vectors).all()
    assert vectors[0].any(), "a text of known words has a vector"
    assert not np.array_equal(vectors[0], vectors[2])
    close(vectors[-1], vectors[0], want)
    if want.empty:
        assert not vectors[1].any()
    if want.unknown is not None:
        assert not e.encode([want.unknown]).any()
    none = e.encode([])
    assert (none.shape, none.dtype) == ((0, e.dim), np.float32)
    return vectors


def check_company(e: TextEncoder, vectors: Any, want: Expected) -> None:
    """The same text, the same vector: alone, among others, in batches of any size."""
    for i, text in enumerate(TEXTS):
        close(e.encode([text])[0], vectors[i], want)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    close(e.encode([TEXTS[i] for i in order]), vectors[order], want)
    for size in (1, 3, len(TEXTS)):
        close(e.encode(TEXTS, batch_size=size), vectors, want)
    close(e.encode(np.array(TEXTS)), vectors, want)  # numpy's own strings


def check_arguments(e: TextEncoder, vectors: Any) -> None:
    """`pool`, `normalize`, `batch_size` and `progress`, and what is none of their values."""
    some = TEXTS[:3]
    np.testing.assert_array_equal(e.encode(some, pool=e.pools[0]), e.encode(some))
    for pool in e.pools:
        found = e.encode(some, pool=pool)
        assert (found.shape, found.dtype) == ((3, e.dim), np.float32), pool
        assert np.isfinite(found).all(), pool
    unit = e.encode(TEXTS, normalize=True)
    lengths = np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), lengths[:, 0] > 0, atol=1e-6)
    np.testing.assert_allclose(unit * lengths, vectors, atol=1e-6 * lengths.max())
    with contextlib.redirect_stderr(io.StringIO()) as said:
        e.encode(some, progress=True)
    assert "3.00/3.00" in said.getvalue()
    assert "texts/s" in said.getvalue()
    with contextlib.redirect_stderr(io.StringIO()) as said:
        e.encode(some, progress=False)
    assert said.getvalue() == ""
    with pytest.raises(ArgumentError, match=f"pool: expected .*{re.escape(e.pools[0])}"):
        e.encode(some, pool="no such pool")
    for wrong in ({"batch_size": 0}, {"pool": 3}):
        with pytest.raises(ArgumentError, match=f"^{next(iter(wrong))}: "):
            e.encode(some, **wrong)
    for wrong in ({"batch_size": 2.5}, {"normalize": "yes"}, {"progress": "yes"}):
        with pytest.raises(ArgumentTypeError, match=f"^{next(iter(wrong))}: "):
            e.encode(some, **wrong)
    for texts, match in (
        ("a good film", r"texts: .* Try: put it in a list"),
        (3, "texts: expected a list of texts"),
        (["good", None], "text 1: expected a string or a list of tokens"),
        ([("good", "pos")], "text 0: .*if they are rows"),
    ):
        with pytest.raises(ArgumentTypeError, match=match):
            e.encode(texts)


def check_reading(e: TextEncoder) -> None:
    """A generator is read a block at a time, and no more is held."""
    read = 0

    def texts() -> Any:
        nonlocal read
        for read in range(1, 101):  # noqa: B007
            yield "good"

    ahead = []
    inner = e._block

    def block(some: Any, pool: str) -> Any:
        ahead.append(read)
        assert len(some) <= 2
        return inner(some, pool)

    e._block = block  # type: ignore[method-assign]
    try:
        vectors = e.encode(texts(), batch_size=2)
    finally:
        del e._block
    assert vectors.shape == (100, e.dim)
    assert read == 100
    assert len(ahead) == 50
    assert max(np.array(ahead) - 2 * np.arange(50)) <= 32
    if e.has_tokens:
        several = e.layers(text for text in ["good", "film"])
        assert next(several).shape[::2] == (e.n_layers, e.dim)


def check_tokens(e: TextEncoder, vectors: Any, want: Expected) -> None:
    """Vectors of tokens, layer by layer and mixed, agree with each other and with `encode`."""
    pooled = e.pooled(TEXTS)
    assert (pooled.shape, pooled.dtype) == ((len(TEXTS), e.n_layers, e.dim), np.float32)
    if want.linear:
        mixed = e.mix(np.moveaxis(pooled, 1, 0))
        np.testing.assert_allclose(mixed, vectors, atol=1e-6 * max(1, np.abs(vectors).max()))
    with pytest.raises(ArgumentError, match="pool: expected"):
        e.pooled(TEXTS[:1], pool="no such pool")
    assert e.pooled([]).shape == (0, e.n_layers, e.dim)
    if not e.has_tokens:
        for ask in (e.tokens, e.layers, lambda texts: e.tokenize(texts[0])):
            with pytest.raises(UnsupportedError, match="a vector for each token"):
                ask(TEXTS)
        return
    tokens = [e.tokenize(text) for text in TEXTS]
    counts = [len(some) for some in tokens]
    assert all(isinstance(token, str) for some in tokens for token in some)
    every = list(e.layers(TEXTS))
    assert [one.shape for one in every] == [(e.n_layers, n, e.dim) for n in counts]
    assert all(one.dtype == np.float32 for one in every)
    words, mask = e.tokens(TEXTS)
    assert (words.shape, words.dtype) == ((len(TEXTS), max(counts), e.dim), np.float32)
    assert (mask.shape, mask.dtype) == (words.shape[:2], bool)
    assert mask.sum(1).tolist() == counts
    assert not words[~mask].any()
    for i, one in enumerate(every):
        close(words[i, : counts[i]], e.mix(one), want)
        close(next(e.layers([TEXTS[i]])), one, want)
        if counts[i] and e.pools[0] == "mean" and want.means:
            np.testing.assert_allclose(pooled[i], one.mean(axis=1), atol=1e-5)
    none, mask = e.tokens([])
    assert (none.shape, mask.shape) == ((0, 0, e.dim), (0, 0))
    if want.split:
        close(e.encode(tokens), vectors, want)
        assert [e.tokenize(some) for some in tokens] == tokens
        close(e.encode([np.array(some, dtype=str) for some in tokens]), vectors, want)


def check_copies(e: TextEncoder, vectors: Any, want: Expected) -> None:
    """A copy, and one in another process, is the same encoder."""
    for same in (copy.copy(e), copy.deepcopy(e), pickle.loads(pickle.dumps(e))):
        assert (same.hash, same.settings, same.dim) == (e.hash, e.settings, e.dim)
        close(same.encode(TEXTS[:3]), vectors[:3], want)
    name, found = worker().submit(elsewhere, pickle.dumps(e), TEXTS[:6]).result()
    assert name == e.hash
    np.testing.assert_allclose(found, vectors[:6], atol=1e-6 * max(1, np.abs(vectors).max()))


def elsewhere(pickled: bytes, texts: list[str]) -> tuple[str, Any]:
    """What another process says of an encoder."""
    e = pickle.loads(pickled)
    return e.hash, e.encode(texts)


@functools.cache
def worker() -> ProcessPoolExecutor:
    """A fresh process, the same for all encoders: it ends with this one."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def check_saved(e: TextEncoder, vectors: Any, folder: Path, want: Expected) -> None:
    """What is saved comes back; a folder of something else stays as it is."""
    if not want.saves:
        with pytest.raises(UnsupportedError, match="can be saved"):
            e.save(folder / "saved")
        assert not (folder / "saved").exists()
        return
    e.save(folder / "saved")
    e.save(folder / "saved")  # over itself
    again = want.load(folder / "saved")
    assert (again.hash, again.dim) == (e.hash, e.dim)
    assert settings_of(again) == settings_of(e)
    close(again.encode(TEXTS), vectors, want)
    stranger = folder / "others" / "stranger.txt"
    stranger.parent.mkdir()
    stranger.touch()
    with contextlib.suppress(ArgumentError):
        e.save(stranger.parent)
    assert stranger.is_file()
    (folder / "file").touch()
    with pytest.raises(ArgumentError, match="the name of a folder to write, got a file"):
        e.save(folder / "file")


def check_features(e: TextEncoder, vectors: Any, path: Path) -> None:
    """Features are written once: the second call encodes nothing."""
    first = write_features(e, TEXTS, path)
    assert first.vectors.shape == (len(TEXTS), e.n_layers, e.dim)
    np.testing.assert_array_equal(first.vectors, e.pooled(TEXTS))
    before = path.stat().st_mtime_ns

    def never(*_: Any) -> Any:
        raise AssertionError("encoded again")

    for name in ("_block", "_layers", "_pooled"):
        setattr(e, name, never)
    try:
        again = write_features(e, TEXTS, path)
    finally:
        for name in ("_block", "_layers", "_pooled"):
            delattr(e, name)
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert path.stat().st_mtime_ns == before


def check_long(e: TextEncoder, want: Expected) -> None:
    """A very long text has a vector too, or that of its beginning where `max_length` is set."""
    words = ["good", "film", "a", "long"] * (want.words // 4)
    found = e.encode([" ".join(words)])
    assert found.shape == (1, e.dim)
    assert np.isfinite(found).all()
    assert found.any()
