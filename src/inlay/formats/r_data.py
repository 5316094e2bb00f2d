"""R's serialisation: the values in an `.rda` or `.rds`, without R.

Vectors, lists, data frames and matrices become values here; functions and environments, which
such a file may hold too, are passed over. Nothing in the file is evaluated.

Source: R Internals, section 1.8, and `src/main/serialize.c` of R, whose names the types have.
"""

import re
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import wrong

# "RDX2" and "RDB3" begin an .rda, which lists values by name; an .rds has one value, and no name.
# The letter says how numbers are written: XDR, which is big-endian, as the machine has them, or as
# text, with `ascii = TRUE`.
START = re.compile(rb"(?:RD[XBA][23]\n)?(?:X\n\0\0\0[\2\3]|B\n[\2\3]\0\0\0|A\n[23]\n)")
SPACE = re.compile(rb"\s*")
WORD = re.compile(rb"\s*(\S+)\s")  # without the space it may have been cut off
LONGEST_WORD = 40  # characters of a number as text, and the white space behind it
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)|.", re.S)
ESCAPES = dict(zip(b"ntvbrfa", b"\n\t\v\b\r\f\a", strict=True))

SYM, LIST, CLO, ENV, PROM, LANG, SPECIAL, BUILTIN, CHAR = 1, 2, 3, 4, 5, 6, 7, 8, 9
LGL, INT, REAL, CPLX, STR, DOT, VEC, EXPR = 10, 13, 14, 15, 16, 17, 19, 20
EXTPTR, WEAKREF, RAW, S4 = 22, 23, 24, 25
ALTREP, ATTRLIST, ATTRLANG, PERSIST, PACKAGE, NAMESPACE, REF = 238, 239, 240, 247, 248, 249, 255
SINGLES = (241, 242, 250, 251, 252, 253, 254)  # the empty value, and environments of R's own
PAIRS = (LIST, LANG, CLO, PROM, DOT, ATTRLIST, ATTRLANG)
NUMBERS = {LGL: "i4", INT: "i4", REAL: "f8", CPLX: "c16", RAW: "u1"}
HAS_ATTRIBUTES, HAS_TAG, LATIN1 = 0x200, 0x400, 1 << 14
DEEPEST = 100


class Value(NamedTuple):
    """A value of R.

    Attributes:
        kind: Its type, as numbered above.
        value: An array, a list of strings (None is a missing one), of values, or of pairs of a
            name and a value; a `range` for a sequence; None for what is passed over.
        attributes: Names, dimensions, classes.
    """

    kind: int
    value: Any = None
    attributes: "dict[str, Value]" = {}  # noqa: RUF012 - never changed

    def strings(self, name: str) -> list[str]:
        """An attribute that is strings; empty if there is none of this name."""
        found = self.attributes.get(name)
        return found.value if found is not None and found.kind == STR else []


def read_r(data: Array, name: str) -> dict[str, Value]:
    """The values of a file by their names; the one of an `.rds` is called `""`.

    Args:
        data: The content, unpacked, uint8 `(bytes,)`. Numbers are views of it.
        name: What to call it in messages.

    Raises:
        FormatError: Damage, or something whose size nothing but reading it would tell.
    """
    is_text = re.search(rb"^(RDA[23]\n)?A", data[:8].tobytes()) is not None
    reader = _TextReader(data, name) if is_text else _Reader(data, name)
    named = reader.begin()
    root = reader.item()
    if not named:
        return {"": root}
    if root.kind not in PAIRS:
        raise wrong(name, "a list of values by name", f"a value of type {root.kind}")
    return {tag: value for tag, value in root.value if tag}


class _Reader:
    """Goes through a file once, front to back."""

    def __init__(self, data: Array, name: str) -> None:
        self.data = memoryview(data).cast("B")  # type: ignore[arg-type]
        self.name, self.at = name, 0
        self.order = ">"
        self.refs: list[Value] = []

    def begin(self) -> bool:
        """Read the head; whether values with names follow."""
        start = START.match(self.data[:16])
        if start is None:
            raise wrong(self.name, "R data", repr(bytes(self.data[:8])))
        named = self.data[0] == ord("R")
        self.at = 7 if named else 2
        self.order = ">" if self.data[self.at - 2] == ord("X") else "<"
        version = self.number()
        self.number(), self.number()
        if version == 3:
            self.text(self.length())  # the name of the encoding
        return named

    # -- numbers -------------------------------------------------------------------------------

    def take(self, n: int) -> memoryview:
        start, left = self.at, len(self.data) - self.at
        if not 0 <= n <= left:
            raise wrong(f"{self.name}, byte {start}", f"{n} bytes", str(left))
        self.at += n
        return self.data[start : self.at]

    def number(self) -> int:
        order = "big" if self.order == ">" else "little"
        return int.from_bytes(self.take(4), order, signed=True)  # type: ignore[arg-type]

    def length(self) -> int:
        n = self.number()
        if n == -1:  # of a long vector, in two numbers
            n = (self.number() << 32) + (self.number() & 0xFFFFFFFF)
        if n < 0:
            raise wrong(f"{self.name}, byte {self.at}", "a number of values", str(n))
        return n

    def array(self, kind: int) -> Array:
        dtype = np.dtype(self.order + NUMBERS[kind])
        n = self.length()
        return np.frombuffer(self.take(n * dtype.itemsize), dtype)

    def text(self, n: int) -> bytes:
        return bytes(self.take(n))

    # -- values --------------------------------------------------------------------------------

    def item(self, depth: int = 0) -> Value:
        """The next value, with its attributes."""
        return self.after(self.number(), depth)

    def after(self, flags: int, depth: int) -> Value:
        """The value behind these flags."""
        kind = flags & 0xFF
        if depth > DEEPEST:
            raise wrong(self.name, f"values in values up to {DEEPEST} deep", "more")
        if kind in SINGLES:
            return Value(kind)
        if kind == REF:
            return self.reference(flags >> 8)
        if kind in PAIRS:
            return self.pairs(flags, depth)
        if kind in (SYM, ENV, EXTPTR, PERSIST, PACKAGE, NAMESPACE, WEAKREF):
            return self.referred(flags, depth)
        if kind == ALTREP:
            return self.compact(depth)
        if kind in NUMBERS:
            value: Any = self.array(kind)
        elif kind == STR:
            value = [self.item(depth + 1).value for _ in range(self.length())]
        elif kind in (VEC, EXPR):
            value = [self.item(depth + 1) for _ in range(self.length())]
        elif kind == CHAR:
            value = self.string(flags)
        elif kind in (SPECIAL, BUILTIN):
            value = self.text(self.length())
        elif kind == S4:
            value = None
        else:
            raise wrong(f"{self.name}, byte {self.at}", "data", f"a value of the type {kind} of R")
        attributes = self.attributes(depth) if flags & HAS_ATTRIBUTES else {}
        return Value(kind, value, attributes)

    def string(self, flags: int) -> str | None:
        n = self.number()
        if n == -1:
            return None
        return str(self.text(n), "latin-1" if flags & LATIN1 else "utf-8")

    def attributes(self, depth: int) -> dict[str, Value]:
        found = self.item(depth + 1)
        return {tag: value for tag, value in found.value if tag} if found.kind in PAIRS else {}

    def reference(self, index: int) -> Value:
        index = index or self.number()
        if not 1 <= index <= len(self.refs):
            raise wrong(self.name, f"a reference to one of {len(self.refs)}", str(index))
        return self.refs[index - 1]

    def pairs(self, flags: int, depth: int) -> Value:
        """A list of pairs, whose every rest is a value of the same kind."""
        kind, found = flags & 0xFF, []
        attributes: dict[str, Value] = {}
        while flags & 0xFF in PAIRS:
            if flags & HAS_ATTRIBUTES or flags & 0xFF in (ATTRLIST, ATTRLANG):
                attributes |= self.attributes(depth)
            tag = self.item(depth + 1) if flags & HAS_TAG else None
            name = tag.value if tag is not None and tag.kind == SYM else ""
            found.append((name, self.item(depth + 1)))
            flags = self.number()
        self.after(flags, depth + 1)
        return Value(kind, found, attributes)

    def referred(self, flags: int, depth: int) -> Value:
        """What may be referred to later; but for symbols, of no use here."""
        kind, at = flags & 0xFF, len(self.refs)
        if kind != SYM:
            self.refs.append(Value(kind))
        if kind == SYM:
            self.refs.append(Value(kind, self.item(depth + 1).value))
            return self.refs[-1]
        if kind == ENV:
            self.number()
            for _ in range(4):
                self.item(depth + 1)
        elif kind in (PERSIST, PACKAGE, NAMESPACE):
            self.number()
            for _ in range(self.length()):
                self.item(depth + 1)
        else:
            if kind == EXTPTR:
                self.item(depth + 1), self.item(depth + 1)
            if flags & HAS_ATTRIBUTES:
                self.attributes(depth)
        return self.refs[at]

    def compact(self, depth: int) -> Value:
        """A vector as R since 3.5 keeps it: a sequence, or wrapped around another one."""
        info, state, more = (self.item(depth + 1) for _ in range(3))
        attributes = {tag: v for tag, v in more.value if tag} if more.kind in PAIRS else {}
        first = info.value[0][1].value if info.kind in PAIRS else None
        if first in ("compact_intseq", "compact_realseq") and len(state.value) == 3:
            n, start, step = (int(number) for number in state.value)
            if step and 0 <= n < 2**52:
                return Value(INT, range(start, start + n * step, step), attributes)
        inner = None
        if state.kind == VEC and state.value:
            inner = state.value[0]
        elif state.kind in PAIRS:
            inner = state.value[0][1]
        if isinstance(first, str) and first.startswith("wrap_") and inner is not None:
            return Value(inner.kind, inner.value, inner.attributes | attributes)
        if first == "deferred_string" and inner is not None and inner.kind == INT:
            numbers = inner.value
            if not isinstance(numbers, range) or len(numbers) <= len(self.data):
                return Value(STR, [str(int(number)) for number in numbers], attributes)
        raise wrong(self.name, "a vector in its plain form", f"one of the form {first!r:.40}")


class _TextReader(_Reader):
    """The same where numbers are words, and strings have escapes as in C."""

    def number(self) -> int:
        found = WORD.match(self.data, self.at)
        if found is None:
            raise wrong(f"{self.name}, byte {self.at}", "a whole number", "its end")
        self.at = found.end()
        return int(self.numbers([found[1]], INT)[0])

    def array(self, kind: int) -> Array:
        n, start = self.length() * (2 if kind == CPLX else 1), self.at
        window = bytes(self.data[start : start + LONGEST_WORD * (n + 1)])
        words = window.split(None, n)
        if len(words) < n:
            raise wrong(f"{self.name}, byte {start}", f"{n} numbers", str(len(words)))
        self.at += len(window) - sum(map(len, words[n:]))
        return self.numbers(words[:n], kind)

    def numbers(self, words: list[bytes], kind: int) -> Array:
        """What words say: whole numbers, doubles, or bytes, which have two digits of 16 each."""
        dtype, where = np.dtype(NUMBERS[kind]), f"{self.name}, byte {self.at}"
        is_real = kind in (REAL, CPLX)
        missing = b"nan" if is_real else b"%d" % -(2**31)
        listed = [missing if word == b"NA" else word for word in words]
        try:
            if is_real:
                return np.array([_double(word) for word in listed], np.float64).view(dtype)
            whole = np.array([int(word, 16 if kind == RAW else 10) for word in listed], np.int64)
        except (ValueError, OverflowError) as error:
            raise wrong(where, "numbers", f"{error!s:.80}") from error
        found = whole.astype(dtype)
        if not np.array_equal(found, whole):
            raise wrong(where, "numbers", f"one that {dtype} cannot hold")
        return found

    def text(self, n: int) -> bytes:
        if not n:
            return b""
        at, found = SPACE.match(self.data, self.at).end(), bytearray()  # type: ignore[union-attr]
        for match in ESCAPED.finditer(self.data, at):
            if len(found) == n:
                break
            code, at = match[1], match.end()
            if code is None:
                found += match[0]
            elif code[0] in b"01234567":
                found.append(int(code, 8) & 0xFF)
            else:
                found.append(ESCAPES.get(code[0], code[0]))
        if len(found) < n:
            raise wrong(f"{self.name}, byte {self.at}", f"a string of {n} bytes", str(len(found)))
        self.at = at
        return bytes(found)


def _double(word: bytes) -> float:
    """In digits of 10; or of 16, as `ascii = NA` writes it."""
    return float.fromhex(word.decode()) if b"x" in word else float(word)
