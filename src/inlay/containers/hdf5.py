"""The container of HDF5: groups within groups, read as `group/dataset`.

What lies outside the file is not read: a data set in another file (by an external link, external
storage or a virtual data set) would make numbers of whatever file its name says.

Source: https://docs.h5py.org
"""

import contextlib
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.stretch import Place, Stretch
from inlay.bytes.writing import atomic_path
from inlay.containers.hdf5_texts import Texts
from inlay.containers.protocol import (
    Container,
    LazyArray,
    Read,
    is_one,
    mapped_bytes,
    rows_of,
    widened,
    wrong,
)
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.optional import require

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# A program may put a block of its own before it, of 512 bytes or twice that, or again.
STARTS = (0, 512, 1024, 2048)
BRAIN = np.dtype("V2")  # bfloat16, which HDF5 has no type for
LARGEST_RATIO = 1032  # of deflate, its densest filter: no stored byte can stand for more
GAP = 1 << 16  # bytes that are rather read than left out
RUN = 1 << 24  # bytes that are read at once
INSIDE = "arrays in the file itself"


class Hdf5(Container):
    """An HDF5 file; its metadata are the texts of fixed length among the file's attributes.

    Slices are read alone. What is stored as bfloat16, as Keras does it, is read as float32. Use it
    with `with`, or close it.

    Args:
        path: The file.
        place: Where in it the HDF5 file is, if it is a part of another.
    """

    kind = "hdf5"

    def __init__(self, path: Path, place: Place | None = None) -> None:
        h5py = require("h5py", extra="h5", need="reading an HDF5 file")
        where = str(path)
        with contextlib.ExitStack() as stack:
            try:
                part = stack.enter_context(Stretch(path, place)) if place else None
                file = stack.enter_context(h5py.File(part or path, "r"))
            except Exception as error:  # broken bytes make h5py raise anything
                raise _not_whole(where, error) from error
            try:
                size = place.size if place else path.stat().st_size
                entries = _entries(h5py, file, size, where)
                metadata = _texts(h5py, file)
            except Exception as error:
                if isinstance(error, InlayError | MemoryError):
                    raise
                raise _not_whole(where, error) from error
            super().__init__(where, entries, metadata, stack.pop_all().close)
        self._h5py, self._file, self._path, self._place = h5py, file, path, place

    def texts(self, name: str) -> dict[str, str]:
        """The text of variable length that each group has as an attribute of this name."""
        data = mapped_bytes(self._path)
        if self._place:
            data = data[self._place.start :][: self._place.size]
        start = next((at for at in STARTS if data[at : at + 8].tobytes() == SIGNATURE), 0)
        known = Texts(memoryview(data[start:]))  # type: ignore[arg-type]
        found = {}

        def note(path: str, item: Any) -> None:
            if isinstance(item, self._h5py.Group):
                address = self._h5py.h5o.get_info(item.id).addr
                if (text := known.of(address, name)) is not None:
                    found[path] = text

        try:
            self._file.visititems(note)
        except Exception as error:
            raise _not_whole(self.where, error) from error
        return found

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        return any(head[at:].startswith(SIGNATURE) for at in STARTS)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Go through the names in a file."""
        return cls(path)


def write(
    path: str | os.PathLike[str],
    arrays: Mapping[str, Array],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a file, whole or not at all.

    Args:
        path: The file.
        arrays: What it is to hold, as `group/dataset`.
        metadata: Texts to keep as attributes of the file, up to 64 KiB in all.

    Raises:
        MissingPackageError: h5py is not installed.
    """
    h5py = require("h5py", extra="h5", need="writing an HDF5 file")
    with atomic_path(path) as part, h5py.File(part, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        for name, text in (metadata or {}).items():
            file.attrs[name] = np.bytes_(text.encode())


def _texts(h5py: Any, file: Any) -> dict[str, str]:
    """The file's attributes that are texts of fixed length.

    Texts of variable length lie in a heap, and libhdf5 (1.14) never comes back from a damaged one.
    """
    texts = {}
    for name in file.attrs:
        attribute = file.attrs.get_id(name)
        kind = attribute.get_type()
        text = isinstance(kind, h5py.h5t.TypeStringID) and not kind.is_variable_str()
        if text and attribute.shape == ():
            texts[str(name)] = bytes(file.attrs[name]).decode()
    return texts


def _entries(h5py: Any, file: Any, size: int, where: str) -> dict[str, LazyArray]:
    found: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item

    def outside(name: str, link: Any) -> str | None:  # ends the visit with what it returns
        return name if isinstance(link, h5py.ExternalLink) else None

    if name := file.visititems_links(outside):
        raise wrong(where, INSIDE, f"{name!r}, which is in another file")
    file.visititems(note)
    entries = {}
    for name, item in found.items():
        if item.is_virtual or item.external:
            raise wrong(where, INSIDE, f"{name!r}, which is in another file")
        if item.shape is None:
            continue  # a data set of nothing, not even a shape
        stored = item.id.get_storage_size()
        most = stored * (LARGEST_RATIO if item.chunks else 1)
        if stored > size or item.nbytes > most:
            raise wrong(
                where,
                f"{item.nbytes} bytes for {name!r} of shape {item.shape}",
                f"{stored} in a file of {size}",
            )
        read = _reader(item, f"{where}, {name}")
        if item.dtype == BRAIN:
            entries[name] = LazyArray(item.shape, np.dtype(np.float32), _widening(read))
        else:
            entries[name] = LazyArray(item.shape, item.dtype, read)
    return entries


def _widening(read: Read) -> Read:
    return lambda index: widened(read(index).view(np.uint16))


def _reader(item: Any, where: str) -> Read:
    objects = item.dtype.hasobject

    def read(index: Any) -> Array:
        if not item:
            raise ArgumentError(where, expected="a file that is open", got="a closed one")
        if objects:
            raise FormatError(where, expected="numbers", got="texts or references")
        # Of the ways to index that numpy has, HDF5 knows the simple ones.
        plain = index is ... or (isinstance(index, slice) and index.step in (None, 1))
        rows = None if plain or not item.shape else rows_of(index, item.shape[0])
        try:
            if plain:
                return np.asarray(item[index])
            part = np.asarray(item[...]) if rows is None else _rows(item, rows)
        except MemoryError:
            raise
        except Exception as error:
            raise _not_whole(where, error) from error
        if rows is None:
            return np.asarray(part[index])
        return np.asarray(part[0]) if is_one(index) else part

    return read


def _rows(item: Any, rows: Array) -> Array:
    """Some rows, in the order asked for: read in runs that end where no row is needed for long.

    HDF5 itself can take a list of rows, one after the other, which is slow if they are many.
    """
    order = np.unique(rows)
    width = max(1, item.dtype.itemsize * math.prod(item.shape[1:]))
    step = item.chunks[0] if item.chunks else max(1, GAP // width)  # rows that are read together
    most = max(step, RUN // width // step * step)
    found = np.empty((order.size, *item.shape[1:]), item.dtype)
    for run in np.split(np.arange(order.size), np.flatnonzero(np.diff(order) > step) + 1):
        done = 0
        while done < run.size:
            first = int(order[run[done]])
            end = (first // step) * step + most  # where a piece of the file ends, if it has any
            here = run[done : done + int(np.searchsorted(order[run[done:]], end))]
            last = int(order[here[-1]])
            found[here] = item[first : last + 1][order[here] - first]
            done += here.size
    return found if np.array_equal(order, rows) else found[np.searchsorted(order, rows)]


def _not_whole(where: str, error: BaseException) -> FormatError:
    return FormatError(
        where,
        expected="an HDF5 file",
        got=f"a damaged one ({str(error) or type(error).__name__})",
        hint="download it again; a cut-off file looks like this",
    )
