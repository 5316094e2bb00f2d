"""What tables and vocabularies are given beside their tokens, looked at once."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, many_tokens, shown, warn, whole
from inlay.core.immutable import read_only
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, InlayError

SAMPLE = 1000  # tokens that stand for all
PADDING = ("<pad>", "[PAD]")  # what nearly everybody calls it

# What is given for a list of tokens now and then, and what to write instead.
NO_TOKENS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((str, bytes), "Vocabulary.from_texts([text]) for the tokens of a text, Vocabulary([token])"),
    (Counter, "Vocabulary([token for token, _ in counter.most_common()]), or from_texts(texts)"),
    (Mapping, "Vocabulary.from_mapping(mapping) for a map of token to id"),
)


def listed_tokens(tokens: Any) -> Sequence[str]:
    """The tokens a vocabulary is made of, and for what else one is made of what to write."""
    if isinstance(tokens, Tokens):
        return tokens
    if isinstance(getattr(tokens, "tokens", None), Tokens):  # a table or another vocabulary
        hint = "Vocabulary(x.tokens, pad=None, unk=None) keeps them"
        got = f"a {type(tokens).__name__}, which has ids of its own"
        raise ArgumentTypeError("tokens", expected="a list of tokens", got=got, hint=hint)
    for kind, hint in NO_TOKENS:
        if isinstance(tokens, kind):
            got = described(tokens)
            raise ArgumentTypeError("tokens", expected="a list of tokens", got=got, hint=hint)
    return many_tokens("tokens", tokens)


def warn_of_texts(
    tokens: Sequence[str], hint: str = "Vocabulary.from_texts(texts), if they are texts"
) -> None:
    """Warn of tokens most of which hold spaces: each whole text would have an id."""
    first = tokens[:SAMPLE]
    several = [token for token in first if len(token.split(None, 1)) > 1]
    if len(several) * 2 > len(first):
        warn(
            f"most of these tokens are several words, as {shown(several[0])}: each gets one id. "
            f"Try: {hint}."
        )


def warn_of_padding(tokens: Iterable[str], pad: str | None, make: str) -> None:
    """Warn of a token that others pad with, where it is a word like any other.

    Args:
        tokens: The tokens, or a map of them.
        pad: The padding that there is.
        make: The call that can be told of it: `Vocabulary(tokens`.
    """
    found = next((token for token in PADDING if token in tokens and token != pad), None)
    if found is not None:
        warn(
            f"{found!r} is a token like any other here: it gets a vector, and layers do not leave "
            f"it out. Try: {make}, pad={found!r}), and unk= if it has one."
        )


def special_ids(pad: Any, unk: Any, pad_id: Any, unk_id: Any) -> dict[str, int]:
    """The special tokens that are wanted, and their ids."""
    special: dict[str, int] = {}
    for name, token, at in (("pad", pad, pad_id), ("unk", unk, unk_id)):
        if token is not None:
            if not isinstance(token, str):
                hint = f"{name}_id={token!r} for its id"
                got = described(token)
                raise ArgumentTypeError(name, expected="a token or None", got=got, hint=hint)
            row = whole(f"{name}_id", at, least=0)
            if token in special or row in special.values():
                got = "the same"
                raise ArgumentError("pad and unk", expected="two tokens and two ids", got=got)
            special[token] = row
    return special


def placed(tokens: Sequence[str], special: Mapping[str, int]) -> list[str]:
    """All tokens, each special one at its own id.

    Raises:
        IdError: It lies beyond the others.
    """
    rows = [token for token in tokens if token not in special]
    for token, at in sorted(special.items(), key=lambda item: item[1]):
        if at > len(rows):
            raise IdError(f"the id of {token!r}", expected=f"0 to {len(rows)}", got=str(at))
        rows.insert(at, token)
    return rows


def row_or_none(name: str, row: Any, n: int) -> int | None:
    """A special id from 0 to `n - 1`, or None.

    Raises:
        IdError: Anything else.
    """
    try:
        return None if row is None else whole(name, row, least=0, most=n - 1)
    except InlayError as error:
        raise IdError(name, expected=error.expected, got=error.got) from None


def checked_counts(counts: Any, n: int) -> Array:
    """Counts as int64 `(n,)`, read-only; floats that are whole are taken, nothing is rounded."""
    try:
        array = np.asarray(counts)
    except ValueError:  # rows of different lengths
        got = described(counts)
        raise ArgumentTypeError("counts", expected="whole numbers", got=got) from None
    if array.shape != (n,):
        raise ArgumentError("counts", expected=f"{n}, one a token", got=f"shape {array.shape}")
    if array.size and array.dtype.kind not in "iuf":
        raise ArgumentTypeError("counts", expected="whole numbers", got=str(array.dtype))
    wrong = ~((array >= 0) & (array < 2**63) & (array == np.floor(array)))
    if wrong.any():
        got = str(array[wrong][0])
        raise ArgumentError("counts", expected="whole numbers, 0 or more", got=got)
    return read_only(array.astype(np.int64, copy=False))


def checked_matrix(matrix: Any, n: int) -> Array:
    """A matrix of `n` rows, C-contiguous: copied only if it was not.

    Raises:
        ArgumentTypeError: Not of floating-point numbers.
        ArgumentError: Another shape.
    """
    try:
        array = np.asarray(matrix)
    except (TypeError, ValueError, RuntimeError):  # rows of many lengths; a tensor on a GPU
        in_torch = type(matrix).__module__.startswith("torch")
        raise ArgumentTypeError(
            "matrix",
            expected=f"an array of shape ({n}, dim)",
            got=type(matrix).__name__,
            hint="matrix.detach().cpu().float().numpy()" if in_torch else "rows of one length",
        ) from None
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise ArgumentTypeError(
            "matrix",
            expected="float16, float32 or float64",
            got=str(array.dtype),
            hint="np.asarray(matrix, 'float32')",
        )
    if array.ndim != 2 or len(array) != n or array.shape[1] == 0:
        raise ArgumentError("matrix", expected=f"shape ({n}, dim)", got=f"shape {array.shape}")
    return np.ascontiguousarray(array)


def check_order(tokens: Any, matrix: Any) -> None:
    """Refuse what is no pair of tokens and a matrix, with what makes a table of it.

    Raises:
        ArgumentTypeError: A file, a map of vectors, one of the two alone, or the two the other
            way round.
    """
    got, hint = described(tokens), "Table(tokens, matrix)"
    if isinstance(tokens, str | os.PathLike):
        hint = f"inlay.load({os.fspath(tokens)!r:.60}) for a file"
    elif isinstance(tokens, Mapping):
        hint = "Table(list(d), np.array(list(d.values()), 'float32')) for a dict of vectors"
    elif _holds_strings(matrix) and not _holds_strings(tokens):
        got = "the matrix, then the tokens"
    elif matrix is None:
        got = "nothing for the matrix"
    else:
        return
    raise ArgumentTypeError("Table", expected="the tokens, then the matrix", got=got, hint=hint)


def _holds_strings(value: Any) -> bool:
    """Whether the first item of a list, or of what holds several, is a string."""
    if isinstance(value, Iterator):  # it would be used up
        return True
    return isinstance(value, Iterable) and isinstance(next(iter(value), None), str)


def plain_json(provenance: Any) -> dict[str, Any]:
    """A copy, as it would come back from a file."""
    if provenance is not None and not isinstance(provenance, Mapping):
        expected = "a dict, as {'source': 'my corpus'}"
        raise ArgumentTypeError("provenance", expected=expected, got=described(provenance))
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(provenance or {})))
    except (TypeError, ValueError, RecursionError) as error:
        expected = "a dict of JSON values: strings, numbers, lists, dicts, True, False and None"
        raise ArgumentTypeError("provenance", expected=expected, got=str(error)) from error
    return plain


def checked_parts(parts: Any, kind: type) -> dict[str, Any]:
    """The tables that belong to a table, by their names.

    Raises:
        ArgumentError: A name that Python could not have.
        ArgumentTypeError: No mapping, or something that is no table.
    """
    if parts is None:
        return {}
    if not isinstance(parts, Mapping):
        raise ArgumentTypeError("parts", expected="a dict of tables", got=described(parts))
    for name, part in parts.items():
        if not (isinstance(name, str) and name.isidentifier()):
            raise ArgumentError("parts", expected="names that Python could have", got=repr(name))
        if not isinstance(part, kind):
            raise ArgumentTypeError("parts", expected="a dict of tables", got=described(part))
    return dict(parts)
