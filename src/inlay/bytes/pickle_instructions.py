"""What each instruction of a pickle does, but for those that `Machine.run` does by itself.

Source: `pickletools` in Python's library, which describes every instruction.
"""

import codecs
import struct
from collections.abc import Callable
from typing import Any

from inlay.bytes.pickle_machine import Machine, checked_key, keys_of


def pairs_of(values: list[Any]) -> dict[Any, Any]:
    """Keys and values, alternately, as a dict."""
    return dict(zip(keys_of(values), values[1::2], strict=True))


def _boolean_or_number(m: Machine) -> int:
    line = m.line()
    return {b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line)


def _quoted(m: Machine) -> str:
    line = m.line().strip()
    if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
        raise ValueError("a string without quotes")
    return codecs.escape_decode(line[1:-1])[0].decode("latin-1")


def _inst(m: Machine) -> Any:
    name = m.name(m.line().decode(), m.line().decode())
    return m.call(name, tuple(m.since_mark()))


def _obj(m: Machine) -> Any:
    called, *args = m.since_mark()
    return m.call(called, tuple(args))


def _newobj_ex(m: Machine) -> Any:
    called, args, named = m.last(3)
    return m.call(called, (*args, named) if named else tuple(args))


def _set_of_mark(m: Machine) -> set[Any]:
    return {checked_key(value) for value in m.since_mark()}


Step = Callable[[Machine], Any]
# Each gives a value that is put on the stack ...
VALUES: dict[str, Step] = {
    "I": _boolean_or_number,
    "L": lambda m: int(m.line().rstrip(b"L")),
    "\x8a": lambda m: m.long(1),
    "\x8b": lambda m: m.long(4),
    "S": _quoted,
    "T": lambda m: str(m.take(m.number(4)), "latin-1"),
    "U": lambda m: str(m.take(m.number(1)), "latin-1"),
    "B": lambda m: m.bytes_of(4),
    "C": lambda m: m.bytes_of(1),
    "\x8e": lambda m: m.bytes_of(8),
    "\x96": lambda m: m.bytes_of(8),
    "N": lambda m: None,
    "\x88": lambda m: True,
    "\x89": lambda m: False,
    "V": lambda m: m.line().decode("raw-unicode-escape"),
    "\x8d": lambda m: m.text_of(8),
    "F": lambda m: float(m.line()),
    "G": lambda m: struct.unpack(">d", m.take(8))[0],
    "]": lambda m: [],
    "l": lambda m: m.since_mark(),
    ")": lambda m: (),
    "t": lambda m: tuple(m.since_mark()),
    "\x85": lambda m: m.last(1),
    "\x86": lambda m: m.last(2),
    "\x87": lambda m: m.last(3),
    "}": lambda m: {},
    "d": lambda m: pairs_of(m.since_mark()),
    "\x8f": lambda m: set(),
    "\x91": _set_of_mark,
    "2": lambda m: m.top(),
    "g": lambda m: m.memo[int(m.line())],
    "c": lambda m: m.name(m.line().decode(), m.line().decode()),
    "\x93": lambda m: m.name(*m.last(2)),
    "R": lambda m: m.call(*m.last(2)),
    "i": _inst,
    "o": _obj,
    "\x81": lambda m: m.call(*m.last(2)),
    "\x92": _newobj_ex,
    "P": lambda m: m.persist(m.line().decode()),
    "Q": lambda m: m.persist(m.pop()),
}
# ... and these change what is there.
CHANGES: dict[str, Step] = {
    "a": lambda m: m.extend([m.pop()]),
    "e": lambda m: m.extend(m.since_mark()),
    "\x90": lambda m: m.extend(m.since_mark()),
    "s": lambda m: m.set_pairs(list(m.last(2))),
    "u": lambda m: m.set_pairs(m.since_mark()),
    "0": Machine.discard,
    "(": lambda m: m.marks.append(len(m.stack)),
    "1": Machine.since_mark,
    "p": lambda m: m.memo.__setitem__(int(m.line()), m.top()),
    "q": lambda m: m.memo.__setitem__(m.number(1), m.top()),
    "r": lambda m: m.memo.__setitem__(m.number(4), m.top()),
    "b": Machine.build,
    "\x80": lambda m: m.take(1),
    "\x95": lambda m: m.take(8),
}


def _putting(step: Step) -> Step:
    return lambda machine: machine.stack.append(step(machine))


# Bytes of memory that each takes, about, where they are many for one byte of the file.
PRICES = {
    **dict.fromkeys(b"]l", 64),
    **dict.fromkeys(b"}d", 72),
    **dict.fromkeys(b"\x85\x86\x87t", 64),
    **dict.fromkeys(b"\x8f\x91", 224),
    **dict.fromkeys(b"Rio\x81\x92", 256),
}
STEPS = {ord(code): _putting(step) for code, step in VALUES.items()}
STEPS |= {ord(code): step for code, step in CHANGES.items()}
INSTRUCTIONS = {code: (step, PRICES.get(code, 0)) for code, step in STEPS.items()}
