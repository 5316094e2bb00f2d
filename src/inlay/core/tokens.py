"""Many tokens as one blob of UTF-8, with offsets and a hash index that can live in a file.

Millions of Python strings and their dict take long to make and much to hold. The same tokens
here are three arrays, which may be maps of a file: opening them costs nothing, finding one
takes a few microseconds and touches three pages.
"""

import operator
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Self, overload

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, many_tokens, shown
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, IdError

GOLDEN = 0x9E3779B97F4A7C15
MAX_64 = 2**64 - 1

# Up to here plain Python is faster than importing numba, which takes 0.3 s.
SMALL = 20_000  # tokens to index, or to hold in a dict that nobody asked for
FEW = 100_000  # tokens to look up


class Tokens(Sequence[str]):
    """An immutable sequence of strings that finds the row of a string without a dict.

    Args:
        blob: uint8 `(bytes,)`, all tokens in UTF-8, one after the other.
        offsets: int64 `(n + 1,)`; token `i` is `blob[offsets[i]:offsets[i + 1]]`.
        slots: the hash index, uint32, as `inlay.kernels.hashing` describes, or None: built when
            first needed, in `8 * n` bytes or less.

    Examples:
        >>> tokens = Tokens.from_list(["the", "film", "é"])
        >>> tokens.find("film"), tokens.find("movie"), tokens[2], len(tokens)
        (1, -1, 'é', 3)
    """

    def __init__(
        self, blob: Array, offsets: Array, slots: Array | None = None, *, name: str = "tokens"
    ) -> None:
        self.blob, self.offsets, self.name = blob, offsets, name
        if slots is not None:
            self.__dict__["slots"] = slots
        # Memoryviews give Python ints and bytes several times faster than numpy scalars.
        self._bytes = memoryview(blob)  # type: ignore[arg-type]
        self._starts = memoryview(offsets)  # type: ignore[arg-type]

    @classmethod
    def from_list(cls, tokens: Iterable[str]) -> Self:
        """Pack strings. Allocates their UTF-8 bytes and `8 * (n + 1)` for the offsets.

        Args:
            tokens: A list, a numpy array of strings, a pandas Index; a `Tokens` is shared.

        Raises:
            ArgumentTypeError: An item is not a string, or one string, a dict or a set instead
                of a list.
            ArgumentError: A string cannot be written as UTF-8 (a lone surrogate).
        """
        if isinstance(tokens, cls):
            return tokens
        return cls(*pack(many_tokens("tokens", tokens)))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        n = len(self)
        try:
            at = operator.index(row)
        except TypeError:
            raise ArgumentTypeError(
                "tokens[...]",
                expected="a whole number",
                got=described(row),
                hint="tokens.find(token) for the row of a token, vocab.decode(ids) for many",
            ) from None
        if not -n <= at < n:
            raise IdError("tokens[...]", expected=f"a row from {-n} to {n - 1}", got=str(at))
        return self._text(at % n)

    def __iter__(self) -> Iterator[str]:
        return map(self._text, range(len(self)))

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and self.find(token) >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tokens):
            return NotImplemented
        return np.array_equal(self.offsets, other.offsets) and np.array_equal(self.blob, other.blob)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        head = ", ".join(shown(token) for token in self[:3])
        return f"Tokens({len(self)}: {head}{', ...' if len(self) > 3 else ''})"

    def __copy__(self) -> Self:  # it never changes
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # A memoryview cannot be pickled; an index that was built is, for it took time.
        return _rebuilt, (self.blob, self.offsets, self.__dict__.get("slots"), self.name)

    def tolist(self) -> list[str]:
        """All tokens as Python strings."""
        return list(self)

    @cached_property
    def as_dict(self) -> dict[str, int]:
        """Token to row, as a dict: about 100 bytes a token. The first of equal tokens wins."""
        result: dict[str, int] = {}
        for row, token in enumerate(self):
            result.setdefault(token, row)
        return result

    @cached_property
    def slots(self) -> Array:
        """The hash index, uint32 `(at least 2 * n,)`: built now unless it came from a file."""
        return self._build()[0]

    def first_rows(self) -> Array:
        """For each token the row of the first token equal to it: int64 `(n,)`."""
        slots, first = self._build()
        self.__dict__.setdefault("slots", slots)
        return first

    def check_distinct(self) -> Self:
        """These tokens themselves; `ArgumentError` if one comes twice."""
        first = self.first_rows()
        repeated = first != np.arange(len(self))
        if repeated.any():
            row = int(repeated.argmax())
            raise ArgumentError(
                "tokens",
                expected="each token once",
                got=f"{shown(self[row])} at {int(first[row])} and {row}",
                hint="list(dict.fromkeys(tokens)) keeps the first of each",
            )
        return self

    def find(self, token: str) -> int:
        """The row of `token`, or -1. Needs no dict and no numba."""
        slots = self._slots
        try:
            utf8 = token.encode()
        except UnicodeEncodeError:
            return -1
        except AttributeError:
            raise ArgumentTypeError("find", expected="a token", got=described(token)) from None
        mask = len(slots) - 1
        slot = ((zlib.crc32(utf8) * GOLDEN) & MAX_64) >> (65 - len(slots).bit_length())
        for _ in range(len(slots)):
            row = slots[slot] - 1
            if row < 0:
                return -1
            if self._raw(row) == utf8:
                return row
            slot = (slot + 1) & mask
        return -1

    def find_many(self, tokens: Sequence[str]) -> Array:
        """The rows of many tokens, int64 `(len(tokens),)`, -1 for each that is not here.

        By the dict if there is one; else one by one, or in a kernel if they are very many.
        """
        if "as_dict" in self.__dict__ or len(self) < SMALL:
            get = self.as_dict.get
            return np.fromiter((get(t, -1) for t in tokens), np.int64, len(tokens))
        if len(tokens) < FEW:
            return np.fromiter((self.find(t) for t in tokens), np.int64, len(tokens))
        return self.find_all(Tokens(*pack(tokens, errors="surrogatepass")))

    def find_all(self, others: "Tokens") -> Array:
        """The rows of other tokens, int64 `(len(others),)`, -1 for each that is not here."""
        from inlay.kernels.hashing import find_rows

        others.check()
        rows = np.empty(len(others), np.int64)
        find_rows(*self.checked_index(), others.blob, others.offsets, rows)
        return rows

    def checked_index(self) -> tuple[Array, Array, Array, np.uint64]:
        """`(blob, offsets, slots, shift)` for a kernel, which follows them blindly: all checked."""
        self.check()
        slots = self.slots
        if slots.max() > len(self):
            raise self._damaged(f"an index of rows below {len(self)}", str(slots.max() - 1))
        return self.blob, self.offsets, slots, slot_shift(slots.size)

    def check(self) -> None:
        """Raise `FormatError` unless the offsets rise from 0 to the end of the blob."""
        rises = bool((self.offsets[1:] >= self.offsets[:-1]).all())
        if not rises or self.offsets[0] != 0 or self.offsets[-1] != self.blob.size:
            raise self._damaged("offsets that rise from 0 to the number of bytes", "others")

    @cached_property
    def _slots(self) -> memoryview:
        return memoryview(self.slots)  # type: ignore[arg-type]

    def _text(self, row: int) -> str:
        try:
            return self._raw(row).decode()
        except UnicodeDecodeError as error:
            raise self._damaged(f"token {row} in UTF-8", repr(self._raw(row)[:40])) from error

    def _raw(self, row: int) -> bytes:
        # A damaged file may hold any numbers here: nothing outside the blob is ever read.
        if row >= len(self):
            raise self._damaged(f"a row below {len(self)}", str(row))
        start, stop = self._starts[row], self._starts[row + 1]
        if not 0 <= start <= stop <= len(self._bytes):
            raise self._damaged(f"token {row} within {len(self._bytes)} bytes", f"{start}:{stop}")
        return self._bytes[start:stop].tobytes()

    def _damaged(self, expected: str, got: str) -> FormatError:
        hint = "make or download the file again"
        return FormatError(self.name, expected=expected, got=got, hint=hint)

    def _build(self) -> tuple[Array, Array]:
        n = len(self)
        slots = np.zeros(1 << max(2 * n - 1, 1).bit_length(), np.uint32)
        first = np.empty(n, np.int64)
        if n < SMALL and "inlay.kernels.hashing" not in sys.modules:
            seen: dict[bytes, int] = {}
            mask, shift = slots.size - 1, int(slot_shift(slots.size))
            for row in range(n):
                utf8 = self._raw(row)
                first[row] = seen.setdefault(utf8, row)
                if first[row] == row:
                    slot = ((zlib.crc32(utf8) * GOLDEN) & MAX_64) >> shift
                    while slots[slot]:
                        slot = (slot + 1) & mask
                    slots[slot] = row + 1
        else:
            from inlay.kernels.hashing import build_index

            self.check()
            build_index(self.blob, self.offsets, slots, slot_shift(slots.size), first)
        return slots, first


def pack(tokens: Sequence[str], *, errors: str = "strict") -> tuple[Array, Array]:
    """Strings as `(blob, offsets)`: uint8 `(bytes,)` and int64 `(n + 1,)`."""
    offsets = np.zeros(len(tokens) + 1, np.int64)
    try:
        raw = "\0".join(tokens).encode(errors=errors)
        ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == 0)
        if ends.size + 1 == len(tokens):  # each stands between two strings
            offsets[1:-1] = ends - np.arange(ends.size)
            offsets[-1] = len(raw) - ends.size
            return np.frombuffer(raw.replace(b"\0", b""), np.uint8), offsets
        lengths = (len(token.encode(errors=errors)) for token in tokens)
        np.cumsum(np.fromiter(lengths, np.int64, len(tokens)), out=offsets[1:])
        return np.frombuffer("".join(tokens).encode(errors=errors), np.uint8), offsets
    except UnicodeEncodeError:
        at, token = next((i, token) for i, token in enumerate(tokens) if not _encodes(token))
        raise ArgumentError(
            f"tokens, item {at}",
            expected="text that UTF-8 can hold",
            got=repr(token),
            hint="token.encode(errors='replace').decode()",
        ) from None


def _encodes(token: str) -> bool:
    try:
        token.encode()
    except UnicodeEncodeError:
        return False
    return True


def _rebuilt(blob: Array, offsets: Array, slots: Array | None, name: str) -> Tokens:
    return Tokens(blob, offsets, slots, name=name)


def slot_shift(slots: int) -> np.uint64:
    """What a hash is shifted by to give one of so many slots, a power of two."""
    return np.uint64(65 - slots.bit_length())
