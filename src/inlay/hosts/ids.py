"""What is wrong with an array of ids, said once for every framework."""

import numpy as np

from inlay.aliases import Array
from inlay.errors import IdError

ALIGNED = "encode with the vocabulary that the table was aligned to"


def check_values(where: str, ids: Array, size: int | None, *, hint: str = ALIGNED) -> None:
    """Raise an error that names the first id out of range, and its place.

    Args:
        where: What the array is called in the message.
        ids: Whole numbers of any shape.
        size: Ids run from 0 to `size - 1`; None: there is no upper bound.
        hint: What to do about a wrong id.

    Raises:
        IdError: An id is out of range.
    """
    if not ids.size or (ids.min() >= 0 and (size is None or ids.max() < size)):
        return
    wrong = ids < 0 if size is None else (ids < 0) | (ids >= size)
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise IdError(
        f"{where}[{', '.join(map(str, at))}]" if at else where,
        expected="an id from 0" if size is None else f"an id from 0 to {size - 1}",
        got=str(ids[at]),
        hint=hint,
    )


def wrong_dtype(where: str, expected: str, dtype: object, hint: str) -> IdError:
    """The error for ids that are not whole numbers of a size the framework takes."""
    return IdError(where, expected=f"{expected} ids", got=str(dtype), hint=hint)
