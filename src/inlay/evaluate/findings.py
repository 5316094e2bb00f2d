"""What is found in a table that does not look as it should, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from inlay.aliases import Array
from inlay.core import Table

EXAMPLES = 5


class Example(NamedTuple):
    """One of those that a finding counts.

    Attributes:
        row: Its row in the table; None: it has none there.
        token: Its token; None: what is wrong is no matter of one token.
        note: What else to say of it: the row that it is equal to, what it may have been.
    """

    row: int | None
    token: str | None
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """Something in a file of vectors that does not look as it should.

    Attributes:
        kind: One word for it, which a program can rely on.
        what: The same for people, as a phrase in the plural.
        n: How many there are.
        examples: The first few.
        advice: What to do about it.
    """

    kind: str
    what: str
    n: int
    examples: tuple[Example, ...]
    advice: str

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        listed = [example._asdict() for example in self.examples]
        return {
            "kind": self.kind,
            "what": self.what,
            "n": self.n,
            "examples": listed,
            "advice": self.advice,
        }


def found(
    table: Table, kind: str, what: str, rows: Sequence[int] | Array, advice: str, notes: Any = ""
) -> list[Finding]:
    """A finding about rows, if there are any.

    Args:
        table: Whose rows they are.
        kind: See `Finding`.
        what: See `Finding`.
        rows: All of them.
        advice: See `Finding`.
        notes: Of the first few rows, in their order; or one for all.
    """
    if not len(rows):
        return []
    first = [int(row) for row in rows[:EXAMPLES]]
    said = [notes] * len(first) if isinstance(notes, str) else list(notes)[: len(first)]
    examples = [
        Example(row, table.tokens[row], note) for row, note in zip(first, said, strict=True)
    ]
    return [Finding(kind, what, len(rows), tuple(examples), advice)]
