"""Which of several tables has a vector of which token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inlay.aliases import Array
from inlay.core import Coverage, Table


@dataclass(frozen=True)
class StackCoverage:
    """How much of a vocabulary several tables hold, each alone and all together.

    Attributes:
        each: Of every table, in their order.
        together: Of all: a token is found if any table has it, and `found_by` counts the tables.
    """

    each: tuple[Coverage, ...]
    together: Coverage

    def __str__(self) -> str:
        told = [f"table {i}: {found}" for i, found in enumerate(self.each, 1)]
        return "\n".join([*told, f"together: {self.together}"])


def has_token(tables: Sequence[Table]) -> Array:
    """Which table has which token, bool `(n_tables, size)`; one that was not aligned has all."""
    has = np.ones((len(tables), len(tables[0])), np.bool_)
    for row, table in zip(has, tables, strict=True):
        if table.coverage is not None:
            row[table.coverage.filled] = False
    return has


def joined_from(tables: Sequence[Table]) -> Array:
    """As `has_token`, but what no table has is joined as if all had it, and so is padding."""
    has = has_token(tables)
    has[:, ~has.any(0)] = True
    return has
