"""Whether what was found is this same job: one comparer, and one error where it is not."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from inlay.errors import ArgumentError

About = Mapping[str, Any]


def check_same(where: str | os.PathLike[str], found: About, wanted: About, *, hint: str) -> None:
    """Refuse to take one job for another.

    Args:
        where: The file or folder that was found.
        found: What the job there depends on, as JSON holds it.
        wanted: What this job depends on; tuples count as lists.
        hint: What to try instead.

    Raises:
        ArgumentError: They differ, and in what.
    """
    if differ := differences(found, wanted):
        raise other_job(where, differ, hint=hint)


def other_job(where: str | os.PathLike[str], got: str, *, hint: str) -> ArgumentError:
    """The error where another job is in the way."""
    return ArgumentError(
        os.fspath(where),
        expected="nothing there, or the same job as this one",
        got=f"another: {got}",
        hint=hint,
    )


def differences(found: About, wanted: About) -> str:
    """Where two descriptions differ, in words; empty where they are the same.

    Examples:
        >>> differences({"seed": 0, "filters": [[1, 4]]}, {"seed": 1, "filters": [(1, 4)]})
        'seed 0 (not 1)'
    """
    parts = list(_differences(found, json.loads(json.dumps(wanted)), ""))
    said_within = {part for part in parts if any(other.endswith(f" {part}") for other in parts)}
    return ", ".join(part for part in parts if part not in said_within)


def _differences(found: About, wanted: About, around: str) -> Iterator[str]:
    for name in {**found, **wanted}:
        a, b, label = found.get(name), wanted.get(name), f"{around}{name}"
        if isinstance(a, dict) and isinstance(b, dict):
            yield from _differences(a, b, f"{label} ")
        elif a != b and _is_digest(a) and _is_digest(b):
            yield f"another {label}"
        elif a != b:
            yield f"{label} {a!r:.40} (not {b!r:.40})"


def _is_digest(value: Any) -> bool:
    """Whether its digits would say nothing to a reader."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{32,}", value) is not None
