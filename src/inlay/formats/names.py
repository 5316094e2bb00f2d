"""The tokens of a matrix that has none: a list beside the file, or what the caller gives.

A list that does not fit its matrix is never stretched or cut: what is off is said, with what to
write. Only where ids stand beside the tokens is a row without one left out.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, shown, warn
from inlay.containers.protocol import LazyArray
from inlay.core import Table, Tokens, Vocabulary
from inlay.errors import ArgumentTypeError, FormatError
from inlay.formats.lists_beside import list_beside
from inlay.formats.selection import packed_tokens
from inlay.formats.shifts import Shift, best_shift
from inlay.formats.vocabulary_files import Listing, read_listing

Names = str | os.PathLike[str] | Sequence[str] | Mapping[str, int] | Any

FEW = 3  # tokens more or less than rows that may be a heading, padding or an unknown one
EXAMPLES = 5  # of rows in a message
# How other libraries' objects give their tokens: a list, or a map to ids.
MAPS = ("get_vocab", "get_stoi", "vocabulary_", "word_index", "key_to_index")
KERAS = "get_vocabulary"
LISTS = (KERAS, "get_itos", "itos")
OF_KERAS = "", "[UNK]"  # what its layers begin with: padding, and all unknown tokens
SPECIAL = {"pad": ("pad_token", "pad"), "unk": ("unk_token", "oov_token", "unk")}


class Named(NamedTuple):
    """The tokens of a matrix, and the rows that have one.

    Attributes:
        tokens: In the order of the rows.
        rows: int64 `(len(tokens),)`, rising, or None: each row has one.
        pad: The token that is said to be padding.
        unk: The token that is said to stand for unknown ones.
        without: How many rows have none.
        origin: The file that they are from, and its kind; empty, if the user gave them.
    """

    tokens: Tokens
    rows: Array | None = None
    pad: str | None = None
    unk: str | None = None
    without: int = 0
    origin: str = ""

    def row_of(self, index: slice | Array) -> slice | Array:
        """Where in the matrix the rows of some tokens are."""
        if self.rows is None:
            return index
        found = self.rows[index]
        first = int(found[0]) if found.size else 0
        together = found.size and int(found[-1]) - first == found.size - 1
        return slice(first, first + found.size) if together else found


def checked_names(name: str, tokens: Any) -> str | os.PathLike[str] | Listing | None:
    """What may be tokens, told before any file is read.

    Raises:
        ArgumentTypeError: Neither a path, nor a list of strings, nor a mapping to whole numbers,
            nor an object of another library that has one of them.
    """
    if tokens is None or isinstance(tokens, str | os.PathLike | Listing):
        return tokens
    if isinstance(tokens, Vocabulary | Table):
        listed = tokens.tokens.tolist()
        return Listing(name, listed, list(range(len(listed))), pad=_special(tokens, "pad"),
                       unk=_special(tokens, "unk"))  # fmt: skip
    given = _of_another_library(tokens)
    pad, unk = (_special(tokens, kind) if given is not tokens else None for kind in SPECIAL)
    given = given.tolist() if hasattr(given, "tolist") else given
    if hasattr(tokens, KERAS) and list(given[:2]) == [*OF_KERAS]:
        pad, unk = OF_KERAS
    if isinstance(given, Mapping):
        strings, rows = list(given), list(given.values())
        if all(isinstance(token, str) for token in strings) and all(map(_is_row, rows)):
            return Listing(name, strings, [int(row) for row in rows], pad=pad, unk=unk)
    elif isinstance(given, Sequence) and all(isinstance(token, str) for token in given):
        return Listing(name, list(given), pad=pad, unk=unk)
    raise ArgumentTypeError(
        name,
        expected="a file, a list of tokens or a mapping of tokens to rows",
        got=described(tokens),
        hint=_instead(given),
    )


def _instead(given: Any) -> str:
    """How a list of tokens is made of what is none."""
    if isinstance(given, Mapping) and all(isinstance(token, str) for token in given.values()):
        return "tokens={token: row for row, token in tokens.items()}"
    if isinstance(given, set | frozenset):
        return "the list in the order of the rows, for a set has another one in each process"
    if isinstance(given, Iterator):
        return "tokens=list(tokens)"
    first = next(iter(given), None) if isinstance(given, Sequence) else None
    if isinstance(first, bytes):
        return "tokens=[token.decode() for token in tokens]"
    if isinstance(first, tuple | list) and first and isinstance(first[0], str):
        return "tokens=[pair[0] for pair in tokens]"
    return ""


def find_names(path: Path, tokens: Any, entry: LazyArray) -> Named:
    """A token for each row of a matrix, or for those that have one.

    Args:
        path: The file with the matrix.
        tokens: What `checked_names` made of what the user gave. None: the one file beside `path`
            that looks like a list of tokens.
        entry: The matrix, of which the first rows may be read.

    Raises:
        FormatError: No such file or several, a pickle, or tokens that do not fit the rows.
    """
    given = checked_names("tokens", tokens)
    if not isinstance(given, Listing):
        listing = read_listing(os.fspath(list_beside(path) if given is None else given))
        kind = f" ({listing.kind})" if listing.kind else ""
        return _fitting(path, listing, entry)._replace(origin=f"{Path(listing.where).name}{kind}")
    return _fitting(path, given, entry)


def _fitting(path: Path, listing: Listing, entry: LazyArray) -> Named:
    n = entry.shape[0]

    def probe(at: Sequence[str]) -> Shift | None:
        return best_shift(at, n, entry.shape[1], lambda size: entry[:size])

    if listing.ids is not None:
        return _by_ids(path, listing, listing.ids, n, probe)
    names = listing.tokens
    if listing.in_columns and len(names) == n + 1:
        names = names[1:]  # the heads of columns, which a list of several has
    shift = probe(names)
    if len(names) != n:
        raise _other_count(path, listing._replace(tokens=names), n, shift)
    if shift is not None and shift.by:
        text = _name(listing)
        rows = f"range({-shift.by}, {n})" if shift.by < 0 else f"range({n})"
        at = f"dict(zip({_from(text, max(shift.by, 0))}, {rows}))"
        warn(f"{_shifted(listing, path, shift)} Try: tokens={at}{_where(listing)}.")
    return Named(packed_tokens(names, listing.where), pad=listing.pad, unk=listing.unk)


def _by_ids(
    path: Path, listing: Listing, ids: list[int], n: int, probe: Callable[..., Shift | None]
) -> Named:
    """The rows that ids say; those that have none are left out, and told."""
    pairs = sorted(zip(ids, listing.tokens, strict=True))
    for (row, token), (after, _) in itertools.pairwise(pairs):
        if row == after:
            raise FormatError(
                listing.where,
                expected="each row once",
                got=f"row {row} twice, for {shown(token)} too",
                hint="the list that belongs to this matrix",
            )
    by_row = dict(pairs)
    first, last = (pairs[0][0], pairs[-1][0]) if pairs else (0, -1)
    shift = probe([by_row.get(row, "") for row in range(min(last + 1, n + FEW))])
    ids_of = _ids(listing)
    if first < 0 or last >= n:
        beyond = sum(not 0 <= row < n for row in ids)
        if shift is not None and shift.by:
            way = _moved(ids_of, -shift.by, n)
        elif first == 1 and last == n:
            way = f"tokens={{token: id - 1 for token, id in {ids_of}.items()}}"
        else:
            way = f"tokens={{token: id for token, id in {ids_of}.items() if id < {n}}} if ids are "
            way += "rows and the others were never used (num_words); id + 3 in both places, if "
            way += "it is the word index of keras.datasets.imdb"
        raise FormatError(
            listing.where,
            expected=f"ids from 0 to {n - 1}, for {path.name} has {n} rows",
            got=f"{first} to {last}: {beyond} of {len(ids)} tokens have no row",
            hint=f"{way}{_json(listing)}",
        )
    is_off = shift is not None and shift.by != 0
    if shift is not None and is_off:
        way = _moved(ids_of, -shift.by, n)
        warn(f"{_shifted(listing, path, shift)} Try: {way}{_json(listing)}.")
    without = n - len(pairs)
    rows = np.array([row for row, _ in pairs], np.int64)
    if without and not is_off and not (listing.whole and last == len(pairs) - 1):
        holes = np.setdiff1d(np.arange(n), rows, assume_unique=True)[:EXAMPLES].tolist()
        some = ", ".join(map(str, holes)) + (", ..." if without > EXAMPLES else "")
        example = f"{{**{ids_of}, '<pad>': {holes[0]}}}"
        have, are = ("has", "is") if without == 1 else ("have", "are")
        warn(
            f"{listing.where}: {without} of the {n} rows of {path.name} {have} no token and {are} "
            f"left out: {some}. Try: tokens={example}{_json(listing)}, if row {holes[0]} is "
            "padding that you need."
        )
    tokens = packed_tokens([token for _, token in pairs], listing.where)
    return Named(tokens, rows if without else None, listing.pad, listing.unk, without)


def _other_count(path: Path, listing: Listing, n: int, shift: Shift | None) -> FormatError:
    """The error of a list that is longer or shorter than its matrix."""
    names, text = listing.tokens, _name(listing)
    more = len(names) - n
    got, hint = str(len(names)), "tokens= with the list that belongs to this matrix"
    if shift is not None and 0 <= shift.by <= more:
        got += f", of which those from index {shift.by} on fit: {_evidence(shift)}"
        hint = f"tokens={text}[{shift.by}:{shift.by + n}]{_where(listing)}"
    elif shift is not None and more <= shift.by <= 0 and more < 0:
        got += f", which fit from row {-shift.by} on: {_evidence(shift)}"
        hint = f"tokens=dict(zip({text}, range({-shift.by}, {n}))){_where(listing)}"
    elif 0 < more <= FEW:
        got += f", of which the first is {shown(names[0])} and the last {shown(names[-1])}"
        hint = f"tokens={text}[{more}:] if the first {_no_token(more)}, or tokens={text}[:-{more}] "
        hint += f"if the last {_no_token(more)}{_where(listing)}"
    elif -FEW <= more < 0 and names:
        hint = f"tokens=dict(zip({text}, range({-more}, {n}))) if the first row"
        hint += f"{'s are' if more < -1 else ' is'} padding or an unknown word, or "
        hint += f"tokens=dict(zip({text}, range({n}))) if the last{_where(listing)}"
    expected = f"{n} tokens, for {path.name} has {n} rows"
    return FormatError(listing.where, expected=expected, got=got, hint=hint)


def _shifted(listing: Listing, path: Path, shift: Shift) -> str:
    return (
        f"{listing.where}: the tokens seem to be off by {abs(shift.by)} against the rows of "
        f"{path.name}, whose row i is that of token i {'+-'[shift.by < 0]} {abs(shift.by)}: "
        f"{_evidence(shift)}."
    )


def _evidence(shift: Shift) -> str:
    a, b = map(shown, shift.example)
    return (
        f"the mean cosine of {shift.pairs} pairs of like words, such as {a} and {b}, is "
        f"{shift.cosine:.2f} there and {shift.unshifted:.2f} as the list stands"
    )


def _no_token(n: int) -> str:
    return "is none" if n == 1 else f"{n} are none"


def _name(listing: Listing) -> str:
    return "lines" if listing.made else "tokens"


def _where(listing: Listing) -> str:
    return f", where lines = {listing.made}" if listing.made else ""


def _from(text: str, first: int) -> str:
    return f"{text}[{first}:]" if first else text


def _ids(listing: Listing) -> str:
    return "tokens" if listing.where == "tokens" else "ids"


def _json(listing: Listing) -> str:
    if listing.where == "tokens":
        return ""
    made = listing.made or f"the tokens and their ids in {listing.where!r}"
    return f", where ids = {made}"


def _moved(ids: str, by: int, n: int) -> str:
    to = f"id {'+-'[by < 0]} {abs(by)}"
    return f"tokens={{token: {to} for token, id in {ids}.items() if 0 <= {to} < {n}}}"


def _of_another_library(tokens: Any) -> Any:
    """The list or map in an object of another library, or what was given."""
    if isinstance(tokens, Mapping | list | tuple | np.ndarray):
        return tokens
    for name in (*MAPS, *LISTS):
        found = getattr(tokens, name, None)
        if found is not None:
            return found() if callable(found) else found
    if hasattr(tokens, "id_to_piece") and hasattr(tokens, "get_piece_size"):
        return [tokens.id_to_piece(i) for i in range(tokens.get_piece_size())]
    return tokens


def _special(tokens: Any, kind: str) -> str | None:
    owners = (tokens, getattr(tokens, "model", None))  # the second of the library tokenizers
    found = (getattr(owner, name, None) for owner in owners for name in SPECIAL[kind])
    return next((token for token in found if isinstance(token, str)), None)


def _is_row(row: Any) -> bool:
    return isinstance(row, int | np.integer) and not isinstance(row, bool)
