"""What several formats can be told, as fields of the formats themselves: `Glove(dim=300)`.

A field of a format is checked when the format is made, before any file is looked at.
"""

import functools
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeVar, dataclass_transform

from inlay.bytes.encodings import ERRORS, known_encoding
from inlay.calls import refuse_unknown
from inlay.checks import choice, described, whole_or_none
from inlay.errors import ArgumentTypeError
from inlay.formats.arguments import FOREIGN

T = TypeVar("T")

Errors = Literal["strict", "replace", "ignore", "backslashreplace"]
NonFinite = Literal["error", "keep"]
HeaderUse = Literal["check", "ignore"]


@dataclass_transform(kw_only_default=True, frozen_default=True)
def options(cls: type[T]) -> type[T]:
    """A frozen dataclass of options by name; of one that it has not, it says which it has."""
    made = dataclass(frozen=True, kw_only=True)(cls)
    fill = made.__init__
    names = [field.name for field in fields(made)]  # type: ignore[arg-type]

    @functools.wraps(fill)
    def init(self: Any, *unnamed: Any, **given: Any) -> None:
        where = type(self).__name__
        if unnamed:
            expected = "options by their names"
            hint = f"{where}({names[-1]}={unnamed[0]!r:.40})" if names else f"{where}()"
            raise ArgumentTypeError(where, expected=expected, got=described(unnamed[0]), hint=hint)
        wrong = {name: given[name] for name in given.keys() - set(names)}
        refuse_unknown(where, names, wrong, FOREIGN)
        fill(self, **given)

    made.__init__ = init  # type: ignore[method-assign]
    return made


class Suggested:
    """A format that hints can tell the user to write.

    Attributes:
        takes: Which of `load`'s `name`, `tokens` and `verify` have an effect.
    """

    takes: ClassVar[tuple[str, ...]] = ()

    def saying(self, option: str, value: Any = None) -> str:
        """How to ask for an option: `format=Glove(dim=300)`, or `dim=...` without a value."""
        said = "..." if value is None else repr(value)
        return f"format={type(self).__name__}({option}={said})"


@options
class NumbersFormat(Suggested):
    """A format of floating-point numbers.

    Args:
        nonfinite: Whether NaN and infinity (also `1e39`, beyond float32) are errors.
    """

    nonfinite: NonFinite = "error"

    name: ClassVar[str]

    def __post_init__(self) -> None:
        choice("nonfinite", self.nonfinite, ("error", "keep"))


@options
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


@options
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
