"""The tensors in what a pickle of PyTorch describes, by their dotted names.

Source: torch/_utils.py and torch/nn/modules/module.py of https://github.com/pytorch/pytorch
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from inlay.aliases import Array
from inlay.bytes.pickles import Inert, Name, numpy_array
from inlay.containers.protocol import MOST_DIMENSIONS, LazyArray, widened, wrong
from inlay.errors import FormatError

# By PyTorch's names; bfloat16 is read as float32.
DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<u2"),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "int16": np.dtype("<i2"),
    "int8": np.dtype("i1"),
    "uint64": np.dtype("<u8"),
    "uint32": np.dtype("<u4"),
    "uint16": np.dtype("<u2"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
    "complex64": np.dtype("<c8"),
    "complex128": np.dtype("<c16"),
}
# Before 2.0, each type had a storage of its own.
STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": "uint8",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
}
# Bytes of a number of each type of which there are storages.
WIDTHS = {name: dtype.itemsize for name, dtype in DTYPES.items()}
WIDTHS |= {"qint8": 1, "quint8": 1, "qint32": 4}
OTHERS = {
    "_rebuild_qtensor": "a quantised tensor",
    "_rebuild_sparse_tensor": "a sparse tensor",
    "_rebuild_sparse_csr_tensor": "a sparse tensor",
    "_rebuild_nested_tensor": "a nested tensor",
    "_rebuild_meta_tensor_no_storage": "a tensor without numbers (on the device meta)",
    "_rebuild_device_tensor_from_numpy": "a tensor of another device",
    "_rebuild_wrapper_subclass": "a tensor of a class of its own",
}
MODULES = ("torch._utils", "torch._tensor")
_WRAPPERS = {"_rebuild_parameter", "_rebuild_parameter_with_state"}
DEEPEST = 100  # dicts in dicts
MOST_STEPS = 4  # looks at parts, for each byte of the pickle: what is shared has several names
LONGEST_NAMES = 8  # characters of all names together, for each byte of the pickle


class Storage(NamedTuple):
    """Where the numbers of tensors are.

    Attributes:
        dtype: PyTorch's name of their type.
        key: What the file calls it.
        size: How many numbers the pickle says there are.
        start: The first that is meant, where it is a part of another.
    """

    dtype: str
    key: str
    size: int
    start: int


class Tensor(NamedTuple):
    """A tensor as the pickle describes it; `what` says why it cannot be read, if it cannot."""

    shape: tuple[int, ...]
    storage: Storage | None = None
    start: int = 0
    strides: tuple[int, ...] = ()
    dtype: str = ""
    what: str = ""


def outside(key: Any) -> Storage | Name:
    """What a pickle refers to outside of it: a storage, or the program of a class.

    Raises:
        TypeError: It is neither.
        ValueError: It is malformed.
    """
    kind, what, name, *more = key
    if kind == "module" and isinstance(what, Name):
        return what
    _, size, *view = more
    start = view[0][1] if view and view[0] is not None else 0
    whole = type(size) is int and type(start) is int
    if kind != "storage" or not isinstance(what, Name) or not whole:
        raise TypeError("something outside that is no storage")
    return Storage(STORAGES.get(what.name, what.name), str(name), size, start)


def tensor_of(value: Any) -> Tensor | None:
    """What a call describes, if it is one that makes a tensor.

    Raises:
        TypeError, ValueError, IndexError, AttributeError: It is one, and malformed.
    """
    for _ in range(DEEPEST):  # a parameter is made of a tensor
        if not isinstance(value, Inert) or value.name.module not in MODULES:
            return None
        name, args = value.name.name, value.args
        if name in _WRAPPERS:
            value = args[0]
        elif name == "_rebuild_from_type_v2":
            value = Inert(args[0], args[2])
        elif name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"):
            storage = args[0]
            if not isinstance(storage, Storage):
                raise TypeError("no storage")
            dtype = args[6].name if name.endswith("v3") else storage.dtype
            return Tensor(_sizes(args[2]), storage, args[1], _sizes(args[3]), dtype)
        elif name in OTHERS:
            return Tensor(_claimed(name, args), what=OTHERS[name])
        else:
            return None
    return None


def _claimed(name: str, args: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of a tensor that is not read, where it is easily told."""
    place = {"_rebuild_qtensor": 2, "_rebuild_meta_tensor_no_storage": 1}.get(name)
    try:
        return _sizes(args[place] if place else args[1][2])
    except (TypeError, ValueError, IndexError, KeyError):
        return ()


def _sizes(value: Any) -> tuple[int, ...]:
    if isinstance(value, Inert):  # torch.Size
        (value,) = value.args
    sizes = tuple(value)
    if len(sizes) > MOST_DIMENSIONS or not all(type(n) is int and 0 <= n < 2**58 for n in sizes):
        raise TypeError(f"a shape or strides of {sizes!s:.100}")
    return sizes


def tensors(
    found: Any, size: int, where: str, others: list[Name]
) -> Iterator[tuple[str, Tensor | Inert]]:
    """All tensors and NumPy's arrays, by the keys and attributes on the way, joined with dots.

    Those of an `nn.Module` have the names that its `state_dict` would give them. What holds
    itself is gone into once.

    Args:
        found: What a pickle holds.
        size: How many bytes it has.
        where: What to call it in messages.
        others: Is told what else the pickle would call.

    Raises:
        FormatError: Names that grow beyond the file, two tensors of one name, or a malformed one.
    """
    steps, letters = MOST_STEPS * size + 1000, LONGEST_NAMES * size + (1 << 20)
    waiting: list[tuple[tuple[str, ...], tuple[int, ...], Any]] = [((), (), found)]
    seen: set[str] = set()
    while waiting:
        path, above, value = waiting.pop()
        if id(value) in above:  # as when a part of a model knows the whole
            continue
        try:
            tensor = value if is_array(value) else tensor_of(value)
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            raise wrong(where, f"a tensor at {'.'.join(path)!r:.200}", str(error)) from error
        if tensor is None:
            if isinstance(value, Inert):
                others.append(value.name)
            above, parts = (*above, id(value)), []
            for name, part in _parts(value):
                steps -= 1
                if type(part) in (dict, list, tuple, Inert):
                    parts.append(((*path, name), above, part))
            if steps < 0 or (parts and len(path) == DEEPEST):
                raise wrong(where, "names and tensors", "dicts in dicts in dicts, without an end")
            waiting += reversed(parts)
            continue
        name = ".".join(path)
        letters -= len(name)
        if letters < 0:
            raise wrong(where, "names within the file", "longer ones than it has bytes")
        if name in seen:
            raise wrong(where, "each tensor under a name of its own", f"two called {name!r:.200}")
        seen.add(name)
        yield name, tensor


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value is made of, with the name of each part."""
    if isinstance(value, dict):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, list) or type(value) is tuple:
        yield from ((str(i), part) for i, part in enumerate(value))
    elif isinstance(value, Inert):
        yield from _parts(value.pairs)
        yield from _parts(value.items)
        state = value.state
        for attributes in state if isinstance(state, tuple) else (state,):  # slots come second
            if isinstance(attributes, dict):
                yield from _attributes(attributes)


def _attributes(state: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """The parts of a module as `state_dict` orders them, and then what else has a tensor."""
    passing = state.get("_non_persistent_buffers_set")
    for group in ("_parameters", "_buffers", "_modules"):
        members = state.get(group)
        for name, part in members.items() if isinstance(members, dict) else ():
            if group != "_buffers" or not isinstance(passing, set) or name not in passing:
                yield str(name), part
    for name, part in state.items():
        if not str(name).startswith("_"):
            yield str(name), part


def is_array(value: Any) -> bool:
    """Whether a call makes an array of NumPy's."""
    if not isinstance(value, Inert) or value.name.module.partition(".")[0] != "numpy":
        return False
    return value.name.name in ("_reconstruct", "_frombuffer")


def array_entry(value: Inert, where: str) -> LazyArray:
    """An array of NumPy's, which is in the pickle itself."""
    try:
        array = numpy_array(value, where)
    except FormatError as error:
        return LazyArray((), np.dtype(np.void), _refuse(where, error.got))
    if array is None:
        return LazyArray((), np.dtype(np.void), _refuse(where, str(value.name)))
    return LazyArray(array.shape, array.dtype, lambda index: np.array(array[index]))


def entry(tensor: Tensor, data_of: Callable[[Storage], Array], order: str, where: str) -> LazyArray:
    """A tensor as an array that shares the file's bytes.

    Args:
        tensor: As the pickle describes it.
        data_of: Gives the bytes of a storage, uint8; they are as many as it says.
        order: The byte order of the file's numbers, `<` or `>`.
        where: What to call it in messages.

    Raises:
        FormatError: It claims numbers that its storage does not have.
    """
    if tensor.storage is None or tensor.dtype not in DTYPES:
        got = tensor.what or f"one of {tensor.dtype:.100}"
        return LazyArray(tensor.shape, np.dtype(np.void), _refuse(where, got))
    dtype, shape, strides = DTYPES[tensor.dtype], tensor.shape, tensor.strides
    dtype = dtype.newbyteorder(">") if order == ">" else dtype
    data = data_of(tensor.storage)
    numbers = data[: data.size - data.size % dtype.itemsize].view(dtype)
    start = tensor.start + tensor.storage.start if type(tensor.start) is int else -1
    count = int(np.prod(shape, dtype=object))
    last = start + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=False))
    # A stride of 0 would make as much as one likes of a single number.
    if len(strides) != len(shape) or start < 0 or count > numbers.size:
        expected = f"{count * dtype.itemsize} bytes for {tensor.dtype} of shape {shape}"
        raise wrong(where, expected, f"{data.size}")
    if count and last >= numbers.size:
        raise wrong(where, f"strides within {numbers.size} numbers", f"{strides} from {start}")
    steps = [stride * dtype.itemsize for stride in strides] if count else None
    stored = as_strided(numbers[start if count else 0 :], shape, steps)
    brain = tensor.dtype == "bfloat16"

    def read(index: Any) -> Array:
        part = stored[index]
        return np.require(widened(part) if brain else part, requirements="A")

    return LazyArray(shape, np.dtype(np.float32) if brain else dtype, read)


def _refuse(where: str, got: str) -> Callable[[Any], Array]:
    def read(index: Any) -> Array:
        raise FormatError(where, expected="a plain tensor of numbers", got=got)

    return read
