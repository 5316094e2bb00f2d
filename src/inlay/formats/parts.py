"""Variables that TensorFlow 1 saved part by part, as `NAME/part_0`, `NAME/part_1` and so on.

A graph that was loaded from elsewhere, such as a module of TF-Hub, no longer knows that its parts
are one variable, so its checkpoint has them one by one. They are its rows, in the order of their
numbers.
"""

import re
from collections import defaultdict
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import Container, LazyArray
from inlay.containers.sliced import joined
from inlay.errors import FormatError

PART = re.compile(r"(.+)/part_(0|[1-9]\d{0,8})(/\.ATTRIBUTES/VARIABLE_VALUE|:0|)")
Parts = dict[int, str]  # the name of each, by its number


class Joined(Container):
    """Arrays of which those in parts are listed as one; each part can be had by its whole name.

    Args:
        arrays: As they were saved.
    """

    def __init__(self, arrays: Container) -> None:
        self._stored = arrays
        groups: dict[str, Parts] = defaultdict(dict)
        for name in arrays:
            if found := PART.fullmatch(name):
                groups[found[1] + found[3]][int(found[2])] = name
        groups = {name: parts for name, parts in groups.items() if name not in arrays}
        wholes = {name: _whole(arrays, name, parts) for name, parts in groups.items()}
        place = {part: whole for whole, parts in groups.items() for part in parts.values()}
        entries: dict[str, LazyArray] = {}
        for name in arrays:
            whole = wholes.get(place.get(name, ""))
            if whole is None:
                entries[name] = arrays[name]
            else:
                entries[place[name]] = whole
        super().__init__(arrays.where, entries, arrays.metadata)

    def __getitem__(self, name: str) -> LazyArray:
        return self._entries[name] if name in self._entries else self._stored[name]


def _whole(arrays: Container, name: str, parts: Parts) -> LazyArray | None:
    """The array that parts make, or None if they are no rows of one."""
    order = sorted(parts)
    pieces = [arrays[parts[number]] for number in order]
    if len({(piece.dtype, piece.shape[1:]) for piece in pieces}) > 1 or not pieces[0].ndim:
        return None
    width, where = pieces[0].shape[1:], f"{arrays.where}, {name}"
    ends = np.cumsum([piece.shape[0] for piece in pieces]).tolist()
    missing = next((i for i, number in enumerate(order) if number != i), None)
    if missing is not None:
        return _incomplete((ends[-1], *width), missing, order[-1], where)
    places = [
        ((end - piece.shape[0], piece.shape[0]), *((0, n) for n in width))
        for end, piece in zip(ends, pieces, strict=True)
    ]
    return joined((ends[-1], *width), list(zip(places, pieces, strict=True)), where)


def _incomplete(shape: tuple[int, ...], missing: int, last: int, where: str) -> LazyArray:
    def read(index: Any) -> Array:
        raise FormatError(
            where,
            expected=f"a variable in parts, from part_0 to part_{last}",
            got=f"no part_{missing}",
            hint="the whole checkpoint, or the whole name of a part, for its rows alone",
        )

    return LazyArray(shape, np.dtype(np.void), read)
