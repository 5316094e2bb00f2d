"""Rows as they come out of a file, gathered into a table: what all row-wise readers share."""

import itertools
import re
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.encodings import Encoding
from inlay.checks import described
from inlay.core import HashingVocabulary, Table, Tokens
from inlay.core.tokens import pack
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.formats.format_options import RowsFormat
from inlay.formats.protocol import ReadOptions
from inlay.formats.spool import Spool

EXAMPLES = 5  # of anything counted in the provenance
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
COMPACTED_AT_ONCE = 8192
TOKENS_AHEAD = 1 << 13  # which tell the encoding of one that is not in the right one


class Rows:
    """A matrix that grows, and the tokens beside it.

    A reader asks for `room`, writes vectors into it, and then says by `add` where their tokens
    are; rows that are not wanted give their place to the next.

    Args:
        source: Where the rows come from.
        options: `keep` is obeyed here, and `spool`.
        format: Says what to do with tokens that are not UTF-8.
        dim: Numbers in a row.
        unit: What the source's rows are counted in: `"line"` or `"word"`.

    Attributes:
        n: Rows there are.
        read: Rows that there were in the source so far.
        wanted: The tokens that are kept; None for all.
    """

    def __init__(
        self, source: Content, options: ReadOptions, format: RowsFormat, dim: int, *, unit: str
    ) -> None:
        self.n, self.read = 0, 0
        self._source, self._format, self._unit = source, format, unit
        self.wanted = as_keep(options.keep)
        self._spool = None if options.spool is None else Spool(options.spool, (0, dim))
        self._matrix = np.empty((0, dim), np.float32)  # with a spool: what goes there next
        self._blobs: list[Array] = []
        self._lengths: list[Array] = []
        self._replaced: list[str] = []
        self._n_replaced = 0

    def expect(self, rows: int) -> None:
        """Make room for so many rows in all, as an estimate; untouched room costs nothing."""
        if self.wanted is None and self._spool is None and rows > len(self._matrix):
            self._resize(rows)

    def room(self, rows: int) -> Array:
        """Float32 `(rows, dim)` behind the rows there are, to be written before `add`."""
        if self._spool is not None:
            if rows > len(self._matrix):
                self._matrix = np.empty((rows, self._matrix.shape[1]), np.float32)
            return self._matrix[:rows]
        if self.n + rows > len(self._matrix):
            self._resize(max(self.n + rows, self.n * 5 // 4))
        return self._matrix[self.n : self.n + rows]

    def add(self, buf: Array, bounds: Array, numbers: Sequence[int] | Array) -> None:
        """Take the first `len(bounds)` rows of the room.

        Args:
            buf: uint8 `(bytes,)`.
            bounds: int64 `(rows, 2)`: the tokens' bounds in `buf`.
            numbers: The line or word number of each, for messages.
        """
        self.read += len(bounds)
        blob, offsets = spans(buf, bounds)
        if self._format.encoding != "utf-8" or not valid_utf8(blob, offsets):
            encoding = Encoding(self._format.encoding, self._format.errors, self._format.saying)
            where = f"{self._source.name}, {self._unit}"
            decoded = decode(blob, offsets, encoding, lambda i: f"{where} {numbers[i]}")
            blob, offsets = decoded.blob, decoded.offsets
            self._n_replaced += decoded.n_replaced
            self._replaced += decoded.replaced[: EXAMPLES - len(self._replaced)]
        if self.wanted is not None:
            rows = kept_rows(Tokens(blob, offsets), self.wanted)
            if rows.size < len(bounds):
                room = self.room(len(bounds))
                room[: rows.size] = room[rows]
                blob, offsets = spans(blob, np.stack([offsets[rows], offsets[rows + 1]], axis=1))
        if self._spool is not None:
            self._spool.append(self._matrix[: offsets.size - 1])
        self.n += offsets.size - 1
        self._blobs.append(blob)
        self._lengths.append(np.diff(offsets))

    def table(self, **details: Any) -> Table:
        """The finished table: later ones of equal tokens are left out and counted."""
        blob = np.concatenate([np.empty(0, np.uint8), *self._blobs])
        offsets = np.zeros(self.n + 1, np.int64)
        np.cumsum(np.concatenate([np.empty(0, np.int64), *self._lengths]), out=offsets[1:])
        tokens = Tokens(blob, offsets)
        later = np.flatnonzero(tokens.first_rows() != np.arange(self.n))
        examples = [tokens[row] for row in later[:EXAMPLES]]
        if later.size:
            tokens = self._without(tokens, later)
        if self._spool is None:
            self._resize(self.n)
        provenance = {
            "source": self._source.name,
            "format": self._format.name,
            "rows": self.read,
            "duplicates": later.size,
            "duplicate_examples": examples,
            "replaced": self._n_replaced,
            "replaced_examples": self._replaced,
            **details,
        }
        rows = self._matrix if self._spool is None else self._spool
        return Table._unchecked(tokens, rows, provenance=provenance)

    def _resize(self, rows: int) -> None:
        shape = (rows, self._matrix.shape[1])
        if self.n == 0:
            self._matrix = np.empty(shape, np.float32)
        else:  # in place: the C library moves pages instead of copying them
            self._matrix.resize(shape, refcheck=False)

    def _without(self, tokens: Tokens, later: Array) -> Tokens:
        """Drop rows, moving the others up in place."""
        kept = np.delete(np.arange(self.n), later)
        self.n = kept.size
        if self._spool is not None:
            self._spool.keep(kept)
            return take(tokens, kept)
        for start in range(int(later[0]), self.n, COMPACTED_AT_ONCE):
            stop = min(start + COMPACTED_AT_ONCE, self.n)
            self._matrix[start:stop] = self._matrix[kept[start:stop]]
        return take(tokens, kept)


class Decoded(NamedTuple):
    """Tokens in UTF-8, and how many had to be changed for it, with the first few of them."""

    blob: Array
    offsets: Array
    n_replaced: int
    replaced: list[str]


def decode(blob: Array, offsets: Array, encoding: Encoding, where: Callable[[int], str]) -> Decoded:
    """Tokens that are in another encoding, or broken and treated as it says.

    Args:
        blob: uint8 `(bytes,)`.
        offsets: int64 `(n + 1,)`.
        encoding: What they are written in.
        where: The place of token `i`, for messages.

    Raises:
        FormatError: One is not in that encoding.
    """
    raw, decoded = blob.tobytes(), []
    n_replaced = 0
    replaced: list[str] = []
    for i in range(offsets.size - 1):
        token = raw[offsets[i] : offsets[i + 1]]
        try:
            text = token.decode(encoding.name)
        except UnicodeDecodeError as error:
            if encoding.errors == "strict":
                ends = offsets[i + 1 : i + 1 + TOKENS_AHEAD]
                more = b"\n".join([raw[a:b] for a, b in itertools.pairwise(ends)])
                raise encoding.refused(where(i), error, b"\n%b\n" % more) from None
            text = token.decode(encoding.name, encoding.errors)
            n_replaced += 1
            if len(replaced) < EXAMPLES:
                replaced.append(text)
        decoded.append(text.encode())
    ends = np.cumsum([len(token) for token in decoded], dtype=np.int64)
    joined = np.frombuffer(b"".join(decoded), np.uint8)
    return Decoded(joined, np.concatenate([np.zeros(1, np.int64), ends]), n_replaced, replaced)


def take(tokens: Tokens, rows: Array) -> Tokens:
    """Some of the tokens, by their rows. Checks all offsets: a kernel follows them blindly."""
    tokens.check()
    bounds = np.stack([tokens.offsets[rows], tokens.offsets[rows + 1]], axis=1)
    return Tokens(*spans(tokens.blob, bounds))


def spans(buf: Array, bounds: Array) -> tuple[Array, Array]:
    """The bytes within `bounds` int64 `(n, 2)`, as a blob and offsets."""
    from inlay.kernels.parse import copy_spans

    blob = np.empty(int((bounds[:, 1] - bounds[:, 0]).sum()), np.uint8)
    offsets = np.empty(len(bounds) + 1, np.int64)
    copy_spans(buf, np.ascontiguousarray(bounds), blob, offsets)
    return blob, offsets


def valid_utf8(blob: Array, offsets: Array) -> bool:
    """Whether every token is valid UTF-8 by itself."""
    if not blob.size or blob.max() < 0x80:
        return True
    try:
        blob.tobytes().decode()
    except UnicodeDecodeError:
        return False
    # Together they are valid; so is each one, unless a character was cut in two.
    starts = blob[offsets[:-1][np.diff(offsets) > 0]]
    return not bool(((starts & 0xC0) == 0x80).any())


def as_keep(keep: Any) -> Container[str] | Tokens | None:
    """`keep` in the form that answers fastest."""
    if keep is None or isinstance(keep, Tokens):
        return keep
    if isinstance(getattr(keep, "tokens", None), Tokens):  # a Vocabulary or a Table
        return cast(Tokens, keep.tokens)
    one = isinstance(keep, str | bytes | HashingVocabulary)  # the last has any token
    if one or not isinstance(keep, Container | Iterable):
        raise ArgumentTypeError(
            "keep",
            expected="a collection of tokens, a Vocabulary or a Table",
            got=f"{type(keep).__name__} {keep!r:.40}",
            hint="a list of tokens, of one too: [token]",
        )
    if not isinstance(keep, Iterable):
        return keep
    kept = list(dict.fromkeys(keep))
    for token in kept:
        if not isinstance(token, str):
            expected, got = "tokens, which are strings", described(token)
            raise ArgumentTypeError("keep", expected=expected, got=got)
    try:
        return Tokens(*pack(kept))
    except ArgumentError:  # what no file can hold is in none
        return Tokens(*pack([token for token in kept if not LONE_SURROGATE.search(token)]))


def kept_rows(tokens: Tokens, wanted: Container[str] | Tokens) -> Array:
    """The rows whose tokens are wanted."""
    if isinstance(wanted, Tokens):
        return np.flatnonzero(wanted.find_all(tokens) >= 0)
    return np.flatnonzero([token in wanted for token in tokens])
