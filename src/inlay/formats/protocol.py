"""What a file format is: four members, so that one of the user's own is a small class."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import IO, Literal, Protocol, runtime_checkable

from inlay.bytes.content import Content
from inlay.core import Table

Names = str | PathLike[str] | Sequence[str] | Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What `load` was asked for; its docstring explains each. A format may ignore some."""

    limit: int | None = None
    keep: Container[str] | None = None
    errors: str = "strict"
    header: Literal["check", "ignore"] = "check"
    nonfinite: Literal["error", "keep"] = "error"
    dim: int | None = None
    vocabulary: Names | None = None
    verify: bool = False


@runtime_checkable
class Format(Protocol):
    """A kind of file. Anything with these members is accepted as `format=`.

    Attributes:
        name: What `format=` and messages call it.
        suffixes: Of files that `save` writes in it, and that hint at it: `(".vec",)`.
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
