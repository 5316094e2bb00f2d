"""Vectors of tokens that a table does not hold: drawn at random, a mean, or given one by one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, one_text, shown
from inlay.core.vocabulary import Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownTokenError
from inlay.tokenizers import DEFAULT, get_tokenizer

Policy = Literal["normal", "uniform", "covariance", "mean", "zeros", "error"]
POLICIES = ("normal", "uniform", "covariance", "mean", "zeros", "error")
Distribution = Literal["normal", "uniform"]
DISTRIBUTIONS: tuple[Distribution, ...] = ("normal", "uniform")
# A policy, a vector for each token, or one that a callable makes.
Unknown = Policy | Callable[[str], Any] | Mapping[str, Any]
Checked = str | Callable[[str], Any] | dict[str, Array]
BLOCK = 65_536


def checked_unknown(
    unknown: Any,
    dim: int,
    mean: Callable[[Sequence[str]], tuple[Array, int]],
    tokenizer: str | None,
) -> Checked:
    """The policy as it was given; of a dict the vectors, a gloss being the mean of its words.

    Args:
        unknown: What `Table.align` was given.
        dim: Numbers in a vector.
        mean: `Table.mean`.
        tokenizer: How the table's texts were split, which splits a gloss; None: "words".

    Raises:
        ArgumentError: A policy of another name, a vector of another shape, a gloss without a word
            that the table has.
        ArgumentTypeError: A dict's value that is neither.
    """
    if isinstance(unknown, Mapping):
        split = get_tokenizer(tokenizer or DEFAULT)
        return {token: _given(token, value, dim, mean, split) for token, value in unknown.items()}
    if callable(unknown) or (isinstance(unknown, str) and unknown in POLICIES):
        found: Checked = unknown
        return found
    raise ArgumentError(
        "unknown",
        expected=f"{', '.join(map(repr, POLICIES))}, a dict or a callable",
        got=described(unknown),
    )


def vectors_for(
    missing: Array, known: Array, vocab: Vocabulary, unknown: Checked, seed: int
) -> Array:
    """Vectors for ids that were not found, float32 `(len(missing), dim)`.

    Raises:
        UnknownTokenError: `"error"`, and there is one besides unk.
        ArgumentError: No vector is known of which to take the mean or the variance.
    """
    if isinstance(unknown, dict):
        named = np.array([vocab.tokens[i] in unknown for i in missing], np.bool_)
        result = np.empty((missing.size, known.shape[1]), np.float32)
        for at in np.flatnonzero(named):
            result[at] = unknown[vocab.tokens[missing[at]]]
        if not named.all():
            result[~named] = vectors_for(missing[~named], known, vocab, "normal", seed)
        return result
    if not isinstance(unknown, str):
        dim = known.shape[1]
        return np.stack([_vector(vocab.tokens[i], unknown(vocab.tokens[i]), dim) for i in missing])
    refused = missing[missing != vocab.unk_id] if vocab.unk_id is not None else missing
    if unknown == "error" and refused.size:
        listed = ", ".join(shown(vocab.tokens[i]) for i in refused[:10])
        raise UnknownTokenError(
            "align",
            expected="every token of the vocabulary in the table",
            got=f"{refused.size} that are not: {listed}",
            hint="unknown='normal', or a fallback",
        )
    if unknown != "zeros" and not len(known):
        raise ArgumentError(
            "align",
            expected="a table with vectors, to take their mean or variance",
            got="an empty table",
            hint="unknown='zeros', or look at keep= and limit= of load",
        )
    return _drawn((missing.size, known.shape[1]), known, unknown, np.random.default_rng(seed))


def _drawn(shape: tuple[int, int], known: Array, policy: str, rng: "np.random.Generator") -> Array:
    if policy == "zeros":
        return np.zeros(shape, np.float32)
    if policy == "mean":
        return np.broadcast_to(known.mean(axis=0, dtype=np.float64), shape).astype(np.float32)
    if policy == "covariance":
        centre, directions = _directions(known)
        return (centre + rng.normal(size=shape) @ directions).astype(np.float32)
    return drawn(shape, "uniform" if policy == "uniform" else "normal", known.std(dtype="f8"), rng)


def drawn(
    shape: tuple[int, int], distribution: Distribution, deviation: float, rng: "np.random.Generator"
) -> Array:
    """Random numbers around 0, float32, of a standard deviation."""
    bound = float(deviation) * 3**0.5  # the uniform distribution on [-a, a] has variance a^2 / 3
    made = np.empty(shape, np.float32)
    for start in range(0, shape[0], BLOCK):  # so that float64 is never made of all
        block = made[start : start + BLOCK]
        if distribution == "uniform":
            block[...] = rng.uniform(-bound, bound, block.shape)
        else:
            block[...] = rng.normal(0, float(deviation), block.shape)
    return made


def _directions(known: Array) -> tuple[Array, Array]:
    """The mean of vectors, and a matrix that makes numbers without covariance have theirs."""
    centre = known.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((centre.size, centre.size))
    for start in range(0, len(known), BLOCK):  # so that float64 is never made of all
        apart = known[start : start + BLOCK] - centre
        covariance += apart.T @ apart
    values, vectors = np.linalg.eigh(covariance / len(known))
    return centre, np.sqrt(values.clip(0))[:, None] * vectors.T


def _given(
    token: Any,
    value: Any,
    dim: int,
    mean: Callable[[Sequence[str]], tuple[Array, int]],
    split: Callable[[str], list[str]],
) -> Array:
    """A vector of a dict, or the mean of the words of a gloss."""
    is_list = isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)
    if not isinstance(value, str) and not (is_list and value):
        return _vector(token, value, dim)
    gloss = one_text("unknown", value if isinstance(value, str) else list(value))
    vector, n_known = mean(split(gloss) if isinstance(gloss, str) else gloss)
    if not n_known:
        raise ArgumentError(
            "unknown",
            expected=f"a gloss of {shown(token)} with words that the table has",
            got=shown(value),
        )
    return vector


def _vector(token: str, answer: Any, dim: int) -> Array:
    expected = f"a vector ({dim},) for {token!r}"
    try:
        vector = np.asarray(answer, np.float32)
    except (TypeError, ValueError):
        raise ArgumentTypeError("unknown", expected=expected, got=described(answer)) from None
    if vector.shape != (dim,):
        raise ArgumentError("unknown", expected=expected, got=f"shape {vector.shape}")
    return vector
