"""The container of PyTorch: tensors by dotted names, from a zip or the older layout.

PyTorch is not needed, and nothing in the file is run: the pickle in it is only read, so that a
whole model that was saved as an object gives its tensors too.

Source: https://pytorch.org/docs/stable/notes/serialization.html, torch/serialization.py
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.pickles import Name, read_pickle
from inlay.bytes.stretch import stored_at
from inlay.containers.protocol import Container, LazyArray, mapped_bytes, wrong
from inlay.containers.torch_tensors import (
    WIDTHS,
    Storage,
    Tensor,
    array_entry,
    entry,
    outside,
    tensors,
)
from inlay.errors import FormatError, InlayError

if TYPE_CHECKING:
    from zipfile import ZipInfo

ZIP = b"PK\x03\x04"
PICKLE = b"\x80"
MAGIC = 0x1950A86A20F9469CFC6C  # the first number of the older layout
HARMLESS = ("torch", "collections", "numpy")  # what tensors and dicts of them are made with
_OLDEST = (b"sys_info\0", b"pickle\0", b"tensors\0", b"storages\0")  # files in a tar of 2016
HINT = "torch.save(model.state_dict(), path)"


class Torch(Container):
    """The tensors of a `state_dict`, a checkpoint or a model; what else is in it is left out.

    Dicts within dicts, lists and modules are named with dots: `state_dict.embedding.weight`. The
    tensors share a map of the file. bfloat16 is read as float32, which holds each of its numbers.

    Args:
        path: The file.
    """

    kind = "torch"

    def __init__(self, path: Path) -> None:
        where, data = str(path), mapped_bytes(path)
        try:
            if data[: len(ZIP)].tobytes() == ZIP:
                entries = _zipped(path, data, where)
            else:
                entries = _older(data, where)
        except (InlayError, MemoryError, OSError):
            raise
        except Exception as error:  # broken bytes break in any of many places
            got = f"{type(error).__name__}: {error!s:.200}"
            raise FormatError(where, expected="a state_dict", got=got, hint=HINT) from error
        super().__init__(where, entries)

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        """Any pickle may be its older layout, and any zip that is not another's the newer."""
        oldest = head[257:262] == b"ustar" and head.startswith(_OLDEST)
        return head.startswith((ZIP, PICKLE)) or oldest

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file, and read the names in it."""
        return cls(path)


def _entries(
    found: Any, size: int, data_of: Callable[[Storage], Array], order: str, where: str
) -> dict[str, LazyArray]:
    """The tensors in what a pickle of so many bytes holds."""
    others: list[Name] = []
    entries = {}
    for name, tensor in tensors(found, size, where, others):
        inside = f"{where}, {name}"
        if isinstance(tensor, Tensor):
            entries[name] = entry(tensor, data_of, order, inside)
        else:
            entries[name] = array_entry(tensor, inside)
    if not entries:
        got = _described(found, others)
        raise FormatError(where, expected="a state_dict: names and tensors", got=got, hint=HINT)
    return entries


def _described(found: Any, others: list[Name]) -> str:
    """What a pickle without tensors is: what it would call, as far as that can do harm."""
    for name in others:
        if name.module.partition(".")[0] not in HARMLESS:
            return f"a pickle that wants to import {name}, which may run any program"
    return f"a pickle of {type(found).__name__} without tensors"


def _zipped(path: Path, data: Array, where: str) -> dict[str, LazyArray]:
    """The layout since 1.6: a zip of the pickle and of each storage, not compressed."""
    members = _members(path, data, where)
    pickled = min((name for name in members if f"/{name}".endswith("/data.pkl")), default=None)
    if pickled is None:
        got = f"a zip of {', '.join(members):.200}" if members else "an empty one"
        raise wrong(where, "a state_dict: a zip with data.pkl in it", got)
    folder = pickled.removesuffix("data.pkl")
    order = members.get(f"{folder}byteorder", np.empty(0, np.uint8))[:3].tobytes()
    found, size = read_pickle(members[pickled], where=where, persistent=outside)

    def data_of(storage: Storage) -> Array:
        name = f"{folder}data/{storage.key}"
        if name not in members:
            raise wrong(where, f"the numbers of a tensor in {name:.200}", "no such file in the zip")
        return _whole(storage, members[name], where)

    return _entries(found, size, data_of, ">" if order == b"big" else "<", where)


def _whole(storage: Storage, data: Array, where: str) -> Array:
    """A storage's bytes, if they are as many as the pickle says."""
    claimed = storage.size * WIDTHS.get(storage.dtype, 0)
    if not 0 <= claimed <= data.size:
        expected = f"a state_dict with {claimed} bytes in storage {storage.key:.100}"
        raise wrong(where, expected, f"{data.size}")
    return data


def _members(path: Path, data: Array, where: str) -> dict[str, Array]:
    """The files in a zip: views of their bytes."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise wrong(where, "a state_dict in a whole zip", str(error)) from error
    # Only the programs of TorchScript are packed, which are of no use here.
    packed = [info.filename for info in infos if info.compress_type or info.flag_bits & 1]
    if any(f"/{name}".endswith("/data.pkl") or "/data/" in f"/{name}" for name in packed):
        raise wrong(where, "a zip that PyTorch wrote, not compressed", f"{packed[0]!r:.80}")
    infos = [info for info in infos if not info.compress_type and not info.flag_bits & 1]
    claimed = sum(info.file_size for info in infos)
    if claimed > data.size:
        raise wrong(where, f"members within {data.size} bytes", f"{claimed}")
    with path.open("rb") as file:
        return {info.filename: _member(file, info, data, where) for info in infos}


def _member(file: IO[bytes], info: "ZipInfo", data: Array, where: str) -> Array:
    try:
        place = stored_at(file, info)
    except EOFError as error:
        raise wrong(where, "a state_dict in a whole zip", f"{error!s:.200}") from error
    assert place is not None, "those that are packed were left out"
    return data[place.start :][: place.size]


def _older(data: Array, where: str) -> dict[str, LazyArray]:
    """The layout before 1.6: five pickles, and then the storages, each behind its size."""
    if data[:300].tobytes().startswith(_OLDEST):
        raise FormatError(
            where,
            expected="a state_dict of PyTorch 0.1.10 or newer",
            got="a tar archive, as older ones wrote",
            hint="read it with PyTorch 1 and save it again",
        )
    storages: dict[str, Storage] = {}

    def noted(key: Any) -> Storage | Name:
        found = outside(key)
        if isinstance(found, Storage):
            storages[found.key] = found
        return found

    magic, at = read_pickle(data, where=where)
    if magic != MAGIC:
        raise FormatError(
            where,
            expected="a state_dict: the layout of PyTorch before 1.6, or a zip",
            got=f"another pickle, of {type(magic).__name__}",
            hint=HINT,
        )
    for _ in range(2):  # the version, and the sizes of C's types
        _, at = read_pickle(data, at, where=where)
    start = at
    found, at = read_pickle(data, start, where=where, persistent=noted)
    size = at - start
    keys, at = read_pickle(data, at, where=where)
    places: dict[str, Array] = {}
    for key in map(str, keys):
        width = WIDTHS.get(storages[key].dtype)
        if width is None:
            got = f"one of {storages[key].dtype:.100}"
            raise wrong(where, "storages of plain numbers in this layout", got)
        begin = at + 8
        at = begin + width * int.from_bytes(data[at:begin].tobytes(), "little")
        if at > data.size:
            raise wrong(where, f"a state_dict of at least {at} bytes", f"{data.size}: it is cut")
        places[key] = data[begin:at]
    return _entries(found, size, lambda s: _whole(s, places[s.key], where), "<", where)
