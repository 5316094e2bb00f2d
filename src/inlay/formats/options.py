"""What several formats can be told, as fields of the formats themselves: `Glove(dim=300)`.

A field of a format is checked when the format is made, before any file is looked at.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from inlay.bytes.encodings import ERRORS, known_encoding
from inlay.checks import choice, whole_or_none

Errors = Literal["strict", "replace", "ignore", "backslashreplace"]
NonFinite = Literal["error", "keep"]
Header = Literal["check", "ignore"]


class Named:
    """A format that hints can tell the user to write."""

    def saying(self, option: str, value: Any = None) -> str:
        """How to ask for an option: `format=Glove(dim=300)`, or `dim=...` without a value."""
        said = "..." if value is None else repr(value)
        return f"format={type(self).__name__}({option}={said})"


@dataclass(frozen=True, kw_only=True)
class NumbersFormat(Named):
    """A format of floating-point numbers.

    Args:
        nonfinite: Whether NaN and infinity (also `1e39`, beyond float32) are errors.
    """

    nonfinite: NonFinite = "error"

    def __post_init__(self) -> None:
        choice("nonfinite", self.nonfinite, ("error", "keep"))


@dataclass(frozen=True, kw_only=True)
class RowsFormat(NumbersFormat):
    """A format of rows that each hold a token and numbers.

    Args:
        nonfinite: Whether NaN and infinity (also `1e39`, beyond float32) are errors.
        encoding: What the tokens are written in.
        errors: What to do with tokens that are not in it: `"strict"` raises; `"replace"`,
            `"ignore"` and `"backslashreplace"` are Python's, and counted in the provenance.
    """

    encoding: str = "utf-8"
    errors: Errors = "strict"

    name: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "encoding", known_encoding(self.encoding))
        choice("errors", self.errors, ERRORS)


@dataclass(frozen=True, kw_only=True)
class TextFormat(RowsFormat):
    """A format of text.

    Args:
        nonfinite: Whether NaN and infinity (also `1e39`, beyond float32) are errors.
        encoding: What the tokens are written in.
        errors: What to do with tokens that are not in it: `"strict"` raises; `"replace"`,
            `"ignore"` and `"backslashreplace"` are Python's, and counted in the provenance.
        dim: How many numbers end each line. It says where a token ends, which a file without a
            header leaves open.
    """

    dim: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_or_none("dim", self.dim)
