"""Pickles, read without running them: what they would import stays a name, and is never called.

A pickle is a program, and Python's own unpickler imports and calls what it names. Here the
containers of the language are made, and everything else is an `Inert`, which says what would
have been called, with what, and what it would have been given afterwards. Whoever knows what
these mean makes something of them: `numpy_array` an array, others the vectors of gensim or
tensors.
"""

import math
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import CUT_OFF
from inlay.bytes.pickle_instructions import INSTRUCTIONS
from inlay.bytes.pickle_machine import Inert, Machine, Maker, Name, checked_key
from inlay.errors import FormatError

__all__ = ["KNOWN", "Inert", "Maker", "Name", "brief", "numpy_array", "read_pickle"]

BUILTINS = ("builtins", "__builtin__")
CORE = ("numpy.core.multiarray", "numpy._core.multiarray")
NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
DTYPE = re.compile(r"[<>=|]?(?:[?bBhHiIlLqQefd]|[biufSU]\d{1,9})")


def read_pickle(
    data: Any,
    at: int = 0,
    *,
    where: str,
    known: Mapping[Name, Maker] | None = None,
    persistent: Callable[[Any], Any] | None = None,
) -> tuple[Any, int]:
    """Read one pickle of any protocol; nothing is imported, and nothing that it names is called.

    Args:
        data: Bytes, the pickle among them: `bytes`, or uint8 `(bytes,)`. Byte strings of 64 KiB
            and more stay views of them.
        at: Where the pickle begins.
        where: The file's name, for messages.
        known: What is made of calls, by what is called; None: `KNOWN`. A maker gets what the
            file says, so it has to look at its arguments.
        persistent: What is made of a persistent id, as torch has them; None refuses them.

    Returns:
        What the pickle holds, and the place behind its end. Strings of Python 2 are read as
        Latin-1, which loses nothing; a frozenset is a set, and any kind of dict a dict.

    Raises:
        FormatError: This is no pickle, or a damaged one.

    Examples:
        >>> import pickle
        >>> read_pickle(pickle.dumps({"a": [1, print]}), where="x")[0]
        {'a': [1, Name(module='builtins', name='print')]}
    """
    known = KNOWN if known is None else known
    machine = Machine(memoryview(data).cast("B"), at, known, persistent, INSTRUCTIONS)
    try:
        return machine.run(), machine.at
    except FormatError:
        raise
    except (
        ArithmeticError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
        struct.error,
    ) as error:
        raise FormatError(
            f"{where}, byte {machine.at}",
            expected="a whole pickle",
            got=f"a damaged one ({error!s:.200})",
            hint=CUT_OFF,
        ) from error


def numpy_array(value: Any, where: str) -> Array | None:
    """The array or number of numpy's that an `Inert` stands for; None if it stands for none.

    Args:
        value: Something out of a pickle.
        where: The file's name, for messages.

    Returns:
        An array, 0-dimensional for a number. It shares the bytes of the pickle if there are many
        and they happen to stand at a multiple of an element's size.

    Raises:
        FormatError: An array of Python objects, or one whose bytes are fewer or more than its
            shape says.
    """
    if type(value) is not Inert:
        return None
    module, name = value.name
    try:
        if module in CORE and name == "_reconstruct":
            *_, shape, dtype, fortran, data = value.state
        elif module in CORE and name == "scalar":
            (dtype, data), shape, fortran = value.args, (), False
        elif module in NUMERIC and name == "_frombuffer":
            data, dtype, shape, order = value.args
            fortran = order == "F"
        else:
            return None
        return _array(data, _dtype(dtype), shape, bool(fortran))
    except (TypeError, ValueError) as error:
        raise FormatError(
            where, expected="an array of numbers in the pickle", got=f"{error!s:.200}", hint=CUT_OFF
        ) from error


def brief(value: Any) -> str:
    """Something out of a pickle, for a message.

    The `repr` of a list that holds the same list twice, and so on, has no end to speak of.
    """
    plain = isinstance(value, str | bytes | int | float) or value is None
    return f"{value!r:.60}" if plain else f"a {type(value).__name__}"


def _array(data: Any, dtype: np.dtype[Any], shape: Any, fortran: bool) -> Array:
    if isinstance(data, str):  # of Python 2
        data = data.encode("latin-1")
    if not isinstance(data, bytes | memoryview):
        raise TypeError("Python objects")
    shape = shape if isinstance(shape, tuple) else (shape,)
    if not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("a shape of something else than whole numbers")
    if math.prod(shape) * dtype.itemsize != len(data) or not dtype.itemsize:
        raise ValueError(f"{len(data)} bytes for {dtype} of shape {shape!r:.60}")
    flat = np.frombuffer(data, dtype)
    array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    return np.require(array, requirements="A")


def _dtype(value: Any) -> np.dtype[Any]:
    if type(value) is not Inert or value.name != Name("numpy", "dtype"):
        raise TypeError("numbers of no type")
    spec = value.args[0] if value.args else None
    if not isinstance(spec, str) or not DTYPE.fullmatch(spec):
        raise TypeError(f"numbers of the type {brief(spec)}")
    order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "|"
    if order not in ("<", ">", "|"):
        raise ValueError(f"a byte order {brief(order)}")
    return np.dtype(order + spec.lstrip("<>=|"))


def plain_dict(*args: Any) -> dict[Any, Any]:
    """A dict, for each kind of dict; what makes the defaults of a defaultdict is left out."""
    given = args[0] if args and type(args[0]) is not Name and args[0] is not None else ()
    pairs = given.items() if isinstance(given, dict) else plain_list(given)
    return {checked_key(key): value for key, value in pairs}


def plain_list(items: Any = (), *_: Any) -> list[Any]:
    """A list, for each kind of sequence."""
    if type(items) not in (list, tuple, set):
        raise TypeError("a list of something that is no list")
    return list(items)


def plain_set(items: Any = ()) -> set[Any]:
    """A set, also for those that never change."""
    return {checked_key(item) for item in plain_list(items)}


def plain_bytes(content: Any = b"", *_: Any) -> bytes:
    """Bytes: of themselves, of whole numbers, or of characters as Latin-1 has them."""
    if isinstance(content, str):
        return content.encode("latin-1")
    return bytes(content if isinstance(content, bytes | memoryview) else plain_list(content))


def plain_object(cls: Any, base: Any = None, content: Any = None) -> Inert:
    """What protocols 0 and 1 make: of a class, what it derives from, and that one's value."""
    if type(cls) is not Name:
        raise TypeError("an object of something that is no class")
    made = Inert(cls)
    if isinstance(content, dict):
        made.pairs = plain_dict(content)
    elif isinstance(content, list | tuple | set):
        made.items = list(content)
    return made


KNOWN: dict[Name, Maker] = {
    **{Name("collections", kind): plain_dict for kind in ("OrderedDict", "defaultdict", "Counter")},
    Name("collections", "deque"): plain_list,
    Name("_codecs", "encode"): plain_bytes,
    **{Name(module, "_reconstructor"): plain_object for module in ("copyreg", "copy_reg")},
    **{Name(module, "dict"): plain_dict for module in BUILTINS},
    **{Name(module, "list"): plain_list for module in BUILTINS},
    **{Name(module, kind): plain_set for module in BUILTINS for kind in ("set", "frozenset")},
    **{Name(module, kind): plain_bytes for module in BUILTINS for kind in ("bytes", "bytearray")},
}
