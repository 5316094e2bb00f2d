"""A pickle, read as the description of objects that it is: nothing in it is run.

A pickle is a program for a small machine that may import and call anything. Here the machine has
no way to do so. A name to import becomes a `Global`, a text of two parts; a call becomes a
`Made`, which notes what would have been called with what; and what would have been set on the
object, or put into it, is noted there too. Whoever asks knows which of these stand for arrays.

Source: pickletools of Python's standard library, whose descriptions of the codes are followed
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from inlay.bytes.limits import PICKLE
from inlay.containers.protocol import wrong
from inlay.errors import InlayError

LONGEST_IMPORT = 1000  # characters
LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING "
    "BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8"
    "".split()
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_EMPTY = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set}
_PUT = {"PUT", "BINPUT", "LONG_BINPUT"}
_GET = {"GET", "BINGET", "LONG_BINGET"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Global(NamedTuple):
    """What a pickle would import; it is not imported.

    Attributes:
        module: Such as `"torch._utils"`.
        name: Such as `"_rebuild_tensor_v2"`.
    """

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Made:
    """What a pickle would make; it is not made.

    Attributes:
        what: The `Global` that would be called.
        args: With what.
        state: What would be set on the result, or None.
        items: What would be appended to it.
        pairs: What would be set in it by keys.
    """

    what: Any
    args: tuple[Any, ...]
    state: Any = None
    items: list[Any] = field(default_factory=list)
    pairs: dict[Any, Any] = field(default_factory=dict)


class Outside(NamedTuple):
    """What stands outside of the pickle, and its name in it."""

    id: Any


class Unpickled(NamedTuple):
    """What a pickle describes.

    Attributes:
        value: Numbers, texts, lists, tuples, sets and dicts, and the three above.
        imports: All that it would import, in its order.
        outside: All that stands outside of it, in its order.
        n_steps: How many steps it took.
    """

    value: Any
    imports: list[Global]
    outside: list[Outside]
    n_steps: int


def unpickle(file: IO[bytes], size: int, where: str) -> Unpickled:
    """Read a pickle of any protocol; afterwards, `file` stands behind it.

    Args:
        file: Where it begins.
        size: How many bytes there may be of it.
        where: What to call it in messages.

    Raises:
        FormatError: No pickle, a broken one, or one of more bytes than `INLAY_MAX_PICKLE`.
    """
    import pickletools

    machine = _Machine(where)
    n_steps = 0
    try:
        bounded: Any = _Bounded(file, size, where)
        for code, argument, _ in pickletools.genops(bounded):
            n_steps += 1
            machine.step(code.name, argument)
        value = machine.stack[-1]
    except (InlayError, MemoryError):
        raise
    except Exception as error:  # what is no pickle breaks in any of many places
        got = f"{type(error).__name__}: {error!s:.200}"
        raise wrong(where, "a whole pickle", got) from error
    return Unpickled(value, machine.imports, machine.outside, n_steps)


class _Bounded:
    """A file that is not asked for more bytes than there are, which a pickle may claim."""

    def __init__(self, file: IO[bytes], size: int, where: str) -> None:
        self.file, self.size, self.where, self.left = file, size, where, PICKLE.bytes()
        self.tell = file.tell

    def read(self, n: int) -> bytes:
        if n > max(self.size, 8):
            raise wrong(self.where, f"strings within {self.size} bytes", f"one of {n} bytes")
        return self._counted(n, self.file.read(n))

    def readline(self) -> bytes:
        return self._counted(1, self.file.readline(self.left + 1))

    def _counted(self, n: int, data: bytes) -> bytes:
        self.left -= max(n, len(data))
        if self.left < 0:
            raise PICKLE.exceeded(self.where)
        return data


class _Machine:
    """The stack, what was left aside with marks, and what has been numbered for use again."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.imports: list[Global] = []
        self.outside: list[Outside] = []

    def step(self, code: str, argument: Any) -> None:
        """One code of the program."""
        stack = self.stack
        if code in LITERALS:
            stack.append(argument)
        elif code in _PUT:
            self.memo[argument] = stack[-1]
        elif code in _GET:
            stack.append(self.memo[argument])
        elif code == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code in _EMPTY:
            stack.append(_EMPTY[code]())
        elif code == "MARK":
            self.below.append(stack)
            self.stack = []
        elif code in _TUPLES:
            n = _TUPLES[code]
            found = tuple(stack[-n:])
            if len(found) < n:
                raise IndexError("a tuple of more than there is")
            stack[-n:] = [found]
        else:
            getattr(self, f"_{code.lower()}", self._unknown)(code, argument)

    def _unknown(self, code: str, argument: Any) -> None:
        raise wrong(self.where, "a pickle that stands for itself", f"one with the code {code}")

    def _marked(self) -> list[Any]:
        """What has been put since the last mark; below it the stack goes on."""
        found, self.stack = self.stack, self.below.pop()
        return found

    def _nothing(self, code: str, argument: Any) -> None:
        """What says how to read, which is known already."""

    _proto = _frame = _stop = _nothing

    def _pop(self, code: str, argument: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self._marked()

    def _pop_mark(self, code: str, argument: Any) -> None:
        self._marked()

    def _dup(self, code: str, argument: Any) -> None:
        self.stack.append(self.stack[-1])

    def _tuple(self, code: str, argument: Any) -> None:
        found = tuple(self._marked())
        self.stack.append(found)

    def _list(self, code: str, argument: Any) -> None:
        found = self._marked()
        self.stack.append(found)

    def _dict(self, code: str, argument: Any) -> None:
        found = self._marked()
        self.stack.append({})
        self._set(found)

    def _frozenset(self, code: str, argument: Any) -> None:
        found = self._marked()
        self.stack.append({_key(item) for item in found})

    def _append(self, code: str, argument: Any) -> None:
        item = self.stack.pop()
        self._extend([item])

    def _appends(self, code: str, argument: Any) -> None:
        self._extend(self._marked())

    def _extend(self, items: list[Any]) -> None:
        to = self.stack[-1]
        (to.items if isinstance(to, Made) else _of(to, list)).extend(items)

    def _additems(self, code: str, argument: Any) -> None:
        items = self._marked()
        to = self.stack[-1]
        if isinstance(to, Made):
            to.items.extend(items)
        else:
            _of(to, set).update(map(_key, items))

    def _setitem(self, code: str, argument: Any) -> None:
        value = self.stack.pop()
        self._set([self.stack.pop(), value])

    def _setitems(self, code: str, argument: Any) -> None:
        self._set(self._marked())

    def _set(self, items: list[Any]) -> None:
        to = self.stack[-1]
        pairs = to.pairs if isinstance(to, Made) else _of(to, dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            pairs[_key(key)] = value

    def _global(self, code: str, argument: Any) -> None:
        self._import(*argument.split(" ", 1))

    def _stack_global(self, code: str, argument: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._import(_of(module, str), _of(name, str))

    def _import(self, module: str, name: str) -> None:
        if max(len(module), len(name)) > LONGEST_IMPORT:
            long = max(len(module), len(name))
            raise wrong(self.where, "a pickle", f"one that imports a name of {long:,} characters")
        self.imports.append(Global(module, name))
        self.stack.append(self.imports[-1])

    def _inst(self, code: str, argument: Any) -> None:
        args = self._marked()
        self._import(*argument.split(" ", 1))
        self.stack.append(Made(self.stack.pop(), tuple(args)))

    def _obj(self, code: str, argument: Any) -> None:
        what, *args = self._marked()
        self.stack.append(Made(what, tuple(args)))

    def _reduce(self, code: str, argument: Any) -> None:
        args = _of(self.stack.pop(), tuple)
        self.stack.append(Made(self.stack.pop(), args))

    _newobj = _reduce

    def _newobj_ex(self, code: str, argument: Any) -> None:
        named = _of(self.stack.pop(), dict)
        args = _of(self.stack.pop(), tuple)
        self.stack.append(Made(self.stack.pop(), args, pairs=dict(named)))

    def _build(self, code: str, argument: Any) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Made):
            self.stack[-1].state = state

    def _persid(self, code: str, argument: Any) -> None:
        self.outside.append(Outside(argument))
        self.stack.append(self.outside[-1])

    def _binpersid(self, code: str, argument: Any) -> None:
        self._persid(code, self.stack.pop())


def _of(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} where {kind.__name__} should be")
    return value


def _key(value: Any) -> Hashable:
    """A key of a dict. Python would look into tuples of tuples without an end to that."""
    plain = isinstance(value, str | bytes | int | float | None | Global)
    if isinstance(value, tuple) and not plain:
        plain = all(isinstance(item, str | bytes | int | float | None) for item in value)
    if plain:
        return value  # type: ignore[no-any-return]
    return _Odd(value)


class _Odd:
    """What is no plain key, as one that is like no other."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __str__(self) -> str:
        return "?"
