"""What a file format is: four members, so that one of the user's own is a small class."""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, runtime_checkable

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.core import Table
from inlay.errors import FormatError


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What `load` was asked for, whatever the format; its docstring explains each.

    What only some formats can be asked is a field of the format itself: `Glove(dim=300)`.
    """

    limit: int | None = None
    keep: Container[str] | None = None
    name: str | None = None
    tokens: Any = None
    verify: bool = False
    mmap: bool = True
    # Not for the user to set: the folder where rows may wait on their way into another file.
    spool: Path | None = None

    def content(self, source: Content) -> Array:
        """The whole content as uint8 `(bytes,)`, mapped copy-on-write where that is allowed."""
        if self.mmap or source.packed:
            return source.array().view(np.ndarray)
        return np.fromfile(source.path, np.uint8)


@runtime_checkable
class Format(Protocol):
    """A kind of file. Anything with these members is accepted as `format=`.

    Attributes:
        name: What `format=` and messages call it.
        suffixes: What the names of its files end in: `(".vec",)`. `save` goes by them.

    One of our own also says which of `name`, `tokens` and `verify` it obeys, in `takes`; the
    others are refused. A format of the user's is handed whatever `load` was.
    """

    @property
    def name(self) -> str: ...

    @property
    def suffixes(self) -> tuple[str, ...]: ...

    def sniff(self, head: bytes, path: Path) -> bool:
        """Whether the content may be of this format, by its first 256 KiB, unpacked."""
        ...

    def read(self, source: Content, options: ReadOptions) -> Table:
        """Read a table, or raise `FormatError` saying where the file is wrong."""
        ...

    def write(self, table: Table, file: IO[bytes]) -> None:
        """Write the table, or raise `FormatError` before the first byte if it cannot be held."""
        ...


def refuse_write(name: str) -> FormatError:
    """The error of a format that is only read."""
    return FormatError(
        "save",
        expected="a format that inlay writes",
        got=f"{name}, which it only reads",
        hint=".safetensors, which holds everything",
    )
