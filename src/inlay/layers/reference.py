"""A frozen matrix that is saved by reference: the path and digest of its file, and no numbers.

A reference is made of a table that is the map of a native file. Whoever loads what was saved looks
for the file, proves by the digests in its header that it is the same, reads its bytes once to see
that they are what these digests say, and maps it, so that the matrix takes no memory of its own.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self
from unicodedata import normalize

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import open_content
from inlay.checks import described, flag
from inlay.core import Table
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.formats.mapped import MappedFile
from inlay.formats.native import Native
from inlay.formats.protocol import ReadOptions
from inlay.layers.rows import Trainable
from inlay.paths import path_to_read

KEY = "reference"  # what it is called among saved weights
BLOCK = 16_384  # rows at a time
MOVED = "if it has moved, load inside of `with inlay.layers.reference.tables_in(folder):`"


@dataclass(frozen=True)
class _Search:
    """How files are looked for: see `tables_in`."""

    folder: Path | None = None
    verify: bool = True


_USUAL = _Search()
_SEARCH: ContextVar[_Search] = ContextVar("_SEARCH", default=_USUAL)


@contextlib.contextmanager
def tables_in(folder: str | os.PathLike[str], *, verify: bool = True) -> Iterator[None]:
    """Look in a folder first for the files that models were saved without.

    What is loaded inside finds its matrices there, under the names and below the folders that they
    had, whether their letters are composed or, as macOS may have them, decomposed. Otherwise a file
    is looked for where it was, and then in the current folder. A file of the same name with other
    contents is passed over.

    Args:
        folder: Where the files are now.
        verify: Whether to read a file once, as loading does otherwise too, to see that no byte
            differs from what the digests in its header say. False: only the header is looked at,
            which takes no longer for gigabytes than for kilobytes. That shows whether the file is
            the one that was saved; it does not show what was changed or damaged in its place.

    Raises:
        MissingFileError: There is no such folder.

    Examples:
        >>> with tables_in("."):
        ...     pass  # keras.models.load_model("model.keras")
    """
    place = path_to_read("folder", folder)
    if not place.is_dir():
        raise MissingFileError(str(folder), expected="a folder of tables", got="no such folder")
    before = _SEARCH.set(_Search(place, flag("verify", verify)))
    try:
        yield
    finally:
        _SEARCH.reset(before)


@dataclass(frozen=True)
class Reference:
    """Which native file holds a matrix.

    Attributes:
        path: The file, absolute.
        relative: The same from the folder in which it was saved; "" if the file is not below it.
        digest: The SHA-256 of the file's header, which holds the digests of all that follows.
        size: The file's bytes.
        rows: How many of its rows the matrix has, the first ones.
        dim: Numbers in a row.
    """

    path: str = field(compare=False)  # so that a file that has moved is the same file
    relative: str = field(compare=False)
    digest: str
    size: int
    rows: int
    dim: int

    @classmethod
    def of(cls, table: Table) -> Self | None:
        """The file that a table is a map of; None if it is not one of ours, or none at all."""
        file = table._origin
        if not isinstance(file, MappedFile) or not isinstance(file.format, Native):
            return None
        return cls(str(file.path), _relative(file.path), file.digest, file.size, *table.shape)

    @classmethod
    def read(cls, where: str, saved: Any) -> Self:
        """What `as_dict` or `as_bytes` has written.

        Raises:
            FormatError: It is damaged, or something else.
        """
        try:
            found = saved if isinstance(saved, Mapping) else json.loads(bytes(saved))
            made = cls(**found)
        except (ValueError, TypeError):
            made = None
        if made is None or any(type(a) is not type(b) for a, b in _pairs(made)):
            raise FormatError(
                where, expected="the path and digest of a table", got=described(saved)
            )
        return made

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def as_bytes(self) -> Array:
        """The same as JSON in UTF-8, uint8 `(n,)`, for those who save nothing but arrays."""
        return np.frombuffer(json.dumps(self.as_dict()).encode(), np.uint8).copy()

    def opened(self, *, verify: bool | None = None) -> Table:
        """Find the file and map it.

        Args:
            verify: Whether to read all of it; None: what `tables_in` says, or else yes.

        Raises:
            MissingFileError: There is no such file.
            FormatError: There is another, or its bytes are not what its digests say.
        """
        others = []
        for path in self._places():
            if not path.is_file():  # nothing, or a pipe, which would wait for somebody to write
                continue
            try:
                found = MappedFile.of(path, np.memmap(path, np.uint8, "r"), Native())
            except (OSError, ValueError):  # it may not be read, or is empty
                continue
            if (found.size, found.digest) == (self.size, self.digest):
                return self._mapped(path, _SEARCH.get().verify if verify is None else verify)
            others.append(found)
        expected = f"the file of {self.size:,} bytes with digest {self.digest[:12]}... that holds "
        expected += f"the matrix of {self.rows} x {self.dim}, without which the model was saved"
        for found in others:
            got = f"another one, of {found.size:,} bytes with digest {found.digest[:12]}..."
            hint = f"the file as it was; {MOVED}"
            raise FormatError(str(found.path), expected=expected, got=got, hint=hint)
        other = _SEARCH.get().folder or "the current folder"
        got = f"nothing there, and no {self._name} in {other}"
        raise MissingFileError(self.path, expected=expected, got=got, hint=MOVED)

    def check_shape(self, where: str, shape: Any) -> None:
        """Raise a FormatError unless the matrix fits a layer."""
        if (self.rows, self.dim) != tuple(shape):
            expected = "a matrix of {} x {}, as the layer has".format(*shape)
            got = f"{self.path}, of {self.rows} x {self.dim}"
            raise FormatError(where, expected=expected, got=got, hint="a layer made of that table")

    def check_form(self, where: str, form: str, found: str) -> None:
        """Raise a FormatError unless the matrix is stored as that of a layer is."""
        if form != found:
            expected = f"a matrix stored as {form}, as the layer has"
            got = f"{self.path}, stored as {found}"
            raise FormatError(where, expected=expected, got=got, hint="a layer made of that table")

    def confirmed(self, where: str, shape: Any, is_same: Callable[[slice, Array], bool]) -> Self:
        """The reference as it is to be written, if the layer still has what is in the file.

        Args:
            where: Whose matrix it is.
            shape: Of the layer's matrix.
            is_same: Whether some rows of the layer are these of the file, float32 `(n, dim)`.

        Raises:
            MissingFileError: The file is gone.
            FormatError: It is another.
            ArgumentError: The layer has other numbers.
        """
        table, got = self.opened(verify=False), ""
        if tuple(shape) != table.shape:
            got = "a matrix of {} x {}".format(*shape)
        starts = range(0, 0 if got else self.rows, BLOCK)
        for some in (slice(start, min(start + BLOCK, self.rows)) for start in starts):
            if not is_same(some, np.asarray(table._rows[some], np.float32)):
                got = f"others, in rows {some.start} to {some.stop - 1}"
                break
        if got:
            expected = f"the numbers of {self.path}"
            hint = "layer.by_reference = False, which saves them whole"
            raise ArgumentError(f"{where}, by_reference", expected=expected, got=got, hint=hint)
        found = type(self).of(table)
        assert found is not None
        return found

    @property
    def _name(self) -> str:
        return self.path.replace("\\", "/").rpartition("/")[2]  # also of a path from Windows

    def _places(self) -> Iterator[Path]:
        given = _SEARCH.get().folder
        names = [name for name in (self.relative, self._name) if name]
        names += [normalize(form, name) for form in ("NFC", "NFD") for name in names]
        below = [Path(name) for name in dict.fromkeys(names)]
        yield from (given / place for place in below if given is not None)
        yield Path(self.path)
        yield from below

    def _mapped(self, path: Path, verify: bool) -> Table:
        try:
            table = Native().read(open_content(path), ReadOptions(verify=verify, limit=self.rows))
        except FormatError as error:
            expected, got = error.expected, error.got
            hint = "the file as it was: bytes of it have changed since it was written"
            raise FormatError(str(path), expected=expected, got=got, hint=hint) from error
        if table.shape != (self.rows, self.dim):
            got = "{} x {}".format(*table.shape)
            raise FormatError(str(path), expected=f"{self.rows} x {self.dim} numbers", got=got)
        return table


SAVED = '{}.save("vectors.safetensors"), and then inlay.load("vectors.safetensors") in its place'


class ByReference:
    """What a layer has that can be saved by reference."""

    _file: Reference | None = None  # whose numbers the frozen matrix has, as far as we know
    _refers = False

    @property
    def by_reference(self) -> bool:
        """Whether the frozen matrix is saved as the path and digest of its file.

        May be set: to False, so that the numbers are saved whole from now on; to True, if the
        layer was made of a table that is a map of a native file. A layer that comes to have other
        numbers, because it trains or loads them, sets it to False.
        """
        return self._refers

    @by_reference.setter
    def by_reference(self, value: bool) -> None:
        if flag("by_reference", value) and self._file is None:
            raise _refused("a layer whose numbers are in no file", SAVED.format("table"))
        self.in_file(self._file, value)

    def in_file(self, file: Reference | None, by_reference: bool) -> Self:
        """Know whose numbers these are: what `checked_reference` gave."""
        self._file, self._refers = file, by_reference
        return self

    def _leave_file(self) -> None:
        """The numbers are no longer those of the file, or are about to become others."""
        self.in_file(None, by_reference=False)


def checked_reference(table: Table, trainable: Trainable, by_reference: bool) -> Reference | None:
    """The file of a layer's frozen matrix, if it is a map of one.

    Raises:
        ArgumentError: By reference was asked for, and there is no such file, or nothing is frozen.
    """
    found = None if trainable is True else Reference.of(table)
    if not by_reference or found is not None:
        return found
    if trainable is True:
        raise _refused("trainable=True", 'trainable=False, or "rows", or "delta"')
    what = "table.align(vocab)" if table.coverage is not None else "table"
    raise _refused("a table that is not one", SAVED.format(what))


def _refused(got: str, hint: str) -> ArgumentError:
    expected = "a frozen table that is the map of a native file"
    return ArgumentError("by_reference=True", expected=expected, got=got, hint=hint)


def _pairs(made: Reference) -> Iterator[tuple[Any, Any]]:
    """The parts of a reference, and others of the types that they should have."""
    return zip(asdict(made).values(), ("", "", "", 0, 0, 0), strict=True)


def _relative(path: Path) -> str:
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError):  # the current folder is gone, or elsewhere
        return ""
