"""The stack machine that pickles are programs for, without the doors: it imports and calls nothing.

`pickles.read_pickle` is the way in, and what the machine follows is in `pickle_instructions`.
Nothing is allocated for what a file only claims: strings lie within its bytes, and the memo is a
dict. What a single byte can make, an empty set or a place in the memo, has a price, and all of it
together may cost a small multiple of the file.

Source: `pickletools` in Python's library, which describes every instruction.
"""

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array

LONGEST_NAME = 1000  # characters of what would be imported
LONGEST_NUMBER = 256  # bytes of a whole number
VIEWED = 1 << 16  # bytes from which on a bytes object stays a view of the data
LINE = 1 << 10  # bytes that are looked at for the end of a line, at first
AFFORDED = 1 << 26  # bytes of memory that any pickle may take, beside what it takes for its size
PER_BYTE = 24  # as many again for each byte of it: the words of gensim's old models take 15
PLACE = 100  # bytes that a place in the memo takes, or a key with its value
# What `run` does by itself.
STOP, MEMOIZE, SHORT_BINUNICODE, BINUNICODE = map(ord, ".\x94\x8cX")
BINGET, LONG_BINGET, BININT, BININT1, BININT2 = map(ord, "hjJKM")
# Strings out of the memo, each with a number behind it, as `{word: row}` has them by the thousand.
NUMBERED = {
    code: (
        re.compile(b"(?:j.{4}%c.{%d}){8,1000}" % (code, size), re.DOTALL),
        np.dtype([("j", "u1"), ("place", "<u4"), ("code", "u1"), ("number", kind)]),
    )
    for code, size, kind in ((BININT, 4, "<i4"), (BININT2, 2, "<u2"))
}
NOTHING = re.compile(b"(?!)"), np.dtype("u1")
DONE = ".\x94\x8cXhjJKM"
WORD = b"\x94\x8c"  # a place in the memo for a string, and another string
WORDS = 1 << 12  # bytes of such strings that are looked at together
LONGEST_WORD = 257  # with its instruction and its length
uint32, int32 = struct.Struct("<I").unpack_from, struct.Struct("<i").unpack_from

# Takes the arguments of a call, and gives what is made.
Maker = Callable[..., Any]


class Name(NamedTuple):
    """A class or function of somebody's, by name; never imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Inert:
    """What a pickle would have made by calling something.

    Attributes:
        name: What would have been called.
        args: With what.
        state: What the result would have been told to be: mostly a dict of its attributes.
        items: What would have been appended to it, or added.
        pairs: What would have been set in it, by its key.
    """

    __slots__ = ("args", "items", "name", "pairs", "state")

    def __init__(self, name: Name, args: tuple[Any, ...] = ()) -> None:
        self.name, self.args = name, args
        self.state: Any = None
        self.items: list[Any] = []
        self.pairs: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.name}, not made>"


def checked_key(key: Any) -> Any:
    """What may be a key: a string, a number, None, what is inert, or a tuple of plain ones.

    The hash of anything else may walk through a structure of any depth.

    Raises:
        TypeError: Anything else.
    """
    plain = (str, bytes, int, float, bool, type(None))
    if type(key) in plain or type(key) in (Name, Inert):
        return key
    if type(key) is tuple and all(type(item) in plain for item in key):
        return key
    raise TypeError(f"a key of type {type(key).__name__}")


class Machine:
    """One pickle being read.

    Args:
        data: The bytes, uint8.
        at: Where to begin.
        known: What is made of calls.
        persistent: What is made of persistent ids.
        table: What each instruction does, and about how many bytes of memory it takes.
    """

    def __init__(
        self,
        data: memoryview,
        at: int,
        known: Mapping[Name, Maker],
        persistent: Callable[[Any], Any] | None,
        table: "Mapping[int, tuple[Callable[[Machine], Any], int]]",
    ) -> None:
        self.data, self.at, self.known, self.persistent = data, at, known, persistent
        self.table = table
        self.spent, self.most = 0, AFFORDED + PER_BYTE * len(data)
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Follow the program to its end; gives what it leaves.

        The instructions of which a million words have millions are done here, in a third of the
        time that a call of a function takes.
        """
        data, table, stack, memo = self.data, self.table, self.stack, self.memo
        at, size, push = self.at, len(self.data), self.stack.append
        places = self.most // PLACE
        while at < size:
            code = data[at]
            at += 1
            if code == MEMOIZE:
                if len(memo) > places:
                    self.spend(0)
                memo[len(memo)] = stack[-1]
            elif code in (SHORT_BINUNICODE, BINUNICODE):
                start = at + 1 if code == SHORT_BINUNICODE else at + 4
                end = start + (data[at] if code == SHORT_BINUNICODE else uint32(data, at)[0])
                if end > size:
                    raise ValueError(f"{end - start} bytes where {size - start} are left")
                push(str(data[start:end], "utf-8", "surrogatepass"))
                at = end
                if data[at : at + 2] == WORD:
                    memo[len(memo)] = stack[-1]
                    at = self.words(at + 1)
            elif code == LONG_BINGET:
                pattern, kind = NUMBERED.get(data[at + 4], NOTHING)
                found = pattern.match(data, at - 1)
                if found is not None:
                    numbered: Array = np.frombuffer(found[0], kind)
                    pairs: list[Any] = [None] * (2 * numbered.size)
                    pairs[::2] = [memo[place] for place in numbered["place"].tolist()]
                    pairs[1::2] = numbered["number"].tolist()
                    stack += pairs
                    at = found.end()
                    continue
                push(memo[uint32(data, at)[0]])
                at += 4
            elif code == BININT:
                push(int32(data, at)[0])
                at += 4
            elif code == BININT2:
                push(data[at] | data[at + 1] << 8)
                at += 2
            elif code == BINGET:
                push(memo[data[at]])
                at += 1
            elif code == BININT1:
                push(data[at])
                at += 1
            elif code == STOP:
                self.at = at
                return self.pop()
            elif code in table:
                step, price = table[code]
                self.spend(price)
                self.at = at
                step(self)
                at = self.at
            else:
                raise ValueError(f"an instruction {code:#04x}")
        raise ValueError("no end")

    def words(self, at: int) -> int:
        """Push strings that have a place in the memo each; gives where something else begins.

        A list of words has them by the thousand.
        """
        piece, i = bytes(self.data[at : at + WORDS]), 0
        words: list[str] = []
        append, last = words.append, len(piece) - LONGEST_WORD
        while i < last and piece[i] == SHORT_BINUNICODE:
            end = i + 2 + piece[i + 1]
            if piece[end] != MEMOIZE:
                break
            try:
                append(piece[i + 2 : end].decode())
            except UnicodeDecodeError:  # half of a surrogate pair, or damage
                break
            i = end + 1
        self.stack += words
        place = len(self.memo)
        self.memo.update(zip(range(place, place + len(words)), words, strict=True))
        if len(self.memo) != place + len(words):  # no pickler mixes its ways to fill the memo
            raise ValueError("a memo with gaps")
        return at + i

    def spend(self, memory: int) -> None:
        """Account for so many bytes of memory, about.

        Raises:
            ValueError: All together are more than a pickle of this size may take.
        """
        self.spent += memory
        if self.spent + PLACE * len(self.memo) > self.most:
            raise ValueError(f"what it makes takes more than {self.most:,} bytes of memory")

    # -- bytes ---------------------------------------------------------------------------------

    def take(self, n: int) -> memoryview:
        """The next `n` bytes."""
        start, left = self.at, len(self.data) - self.at
        if not 0 <= n <= left:
            raise ValueError(f"{n} bytes where {left} are left")
        self.at = start + n
        return self.data[start : self.at]

    def number(self, size: int, *, signed: bool = False) -> int:
        """The next whole number of so many bytes."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def long(self, width: int) -> int:
        """A whole number behind its length."""
        n = self.number(width)
        if n > LONGEST_NUMBER:
            raise ValueError(f"a number of {n} bytes")
        return self.number(n, signed=True)

    def line(self) -> bytes:
        """The bytes up to a line feed."""
        start, size = self.at, LINE
        while True:
            piece = bytes(self.data[start : start + size])
            end = piece.find(b"\n")
            if end >= 0:
                self.at = start + end + 1
                return piece[:end]
            if len(piece) < size:
                raise ValueError("a line without an end")
            size *= 16

    def bytes_of(self, width: int) -> bytes | memoryview:
        """Bytes behind their length; many stay a view."""
        n = self.number(width)
        return self.take(n) if n >= VIEWED else bytes(self.take(n))

    def text_of(self, width: int) -> str:
        """A string behind its length."""
        return str(self.take(self.number(width)), "utf-8", "surrogatepass")

    # -- the stack -----------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Take the last value behind the last mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise ValueError("a value of an empty stack")
        return self.stack.pop()

    def top(self) -> Any:
        """The last value behind the last mark, which stays."""
        self.stack.append(value := self.pop())
        return value

    def since_mark(self) -> list[Any]:
        """Take all values behind the last mark, and the mark."""
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def last(self, n: int) -> tuple[Any, ...]:
        """Take the last values, in the order in which they were put there."""
        return tuple([self.pop() for _ in range(n)][::-1])

    # -- what would be made --------------------------------------------------------------------

    def name(self, module: Any, name: Any) -> Name:
        """What the file would import."""
        if type(module) is not str or type(name) is not str:
            raise TypeError("a name that is no string")
        if max(len(module), len(name)) > LONGEST_NAME:
            raise ValueError(f"a name of {max(len(module), len(name)):,} characters")
        return Name(module, name)

    def call(self, called: Any, args: Any) -> Any:
        """What the file would call: made if it is known, else inert."""
        if type(called) is not Name or type(args) is not tuple:
            raise TypeError("a call of something that is no class or function")
        maker = self.known.get(called)
        if maker is None:
            return Inert(called, args)
        # The same large list may be made into a new one many times.
        text, sized = (str, bytes, memoryview), [arg for arg in args if hasattr(arg, "__len__")]
        self.spend(sum(len(arg) * (1 if isinstance(arg, text) else PLACE) for arg in sized))
        return maker(*args)

    def extend(self, values: list[Any]) -> None:
        """Append or add values to what is on top."""
        target = self.top()
        if type(target) is set:
            target.update(map(checked_key, values))
            return
        items = target.items if type(target) is Inert else target
        if type(items) is not list:
            raise TypeError(f"items for {type(target).__name__}")
        items.extend(values)

    def set_pairs(self, values: list[Any]) -> None:
        """Set keys and values, alternately, in what is on top."""
        target = self.top()
        pairs = target.pairs if type(target) is Inert else target
        if type(pairs) is not dict:
            raise TypeError(f"keys and values for {type(target).__name__}")
        pairs.update(zip(keys_of(values), values[1::2], strict=True))

    def build(self) -> None:
        """Tell what is on top what it is to be."""
        state, target = self.pop(), self.top()
        if type(target) is Inert:
            target.state = state
        elif type(target) is not dict:  # an OrderedDict may have attributes: no use for them
            raise TypeError(f"a state for {type(target).__name__}")

    def discard(self) -> None:
        """Take away the last value, or the mark if nothing is behind it."""
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.pop()

    def persist(self, key: Any) -> Any:
        """What a persistent id stands for."""
        if self.persistent is None:
            raise ValueError("a reference to something outside of the file")
        return self.persistent(key)


def keys_of(values: list[Any]) -> list[Any]:
    """The keys of keys and values, alternately; all may be keys."""
    keys = values[::2]
    return keys if set(map(type, keys)) == {str} else list(map(checked_key, keys))
