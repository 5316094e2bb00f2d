"""What is wrong with an array of ids, said once for every framework."""

import numpy as np

from inlay.aliases import Array
from inlay.errors import IdError

ALIGNED = "encode with the vocabulary that the table was aligned to"
# Up to which whole number a type holds every one; those that hold all that a table can have are
# not here.
HOLDS = {"int8": 127, "uint8": 255, "int16": 2**15 - 1, "uint16": 2**16 - 1}
HOLDS |= {"bfloat16": 256, "float16": 2048}


def check_width(where: str, dtype: str, size: int) -> None:
    """Raise an IdError for a type that does not hold all ids: larger ones came out as others.

    Args:
        where: What the array is called in the message.
        dtype: The name of its type.
        size: Ids run from 0 to `size - 1`.
    """
    most = HOLDS.get(dtype, size)
    if most < size - 1:
        raise IdError(
            where,
            expected=f"a type that holds every id up to {size - 1}",
            got=f"{dtype}, which holds them up to {most}",
            hint="int32 from the start, as encode gives it; a cast back brings no id back",
        )


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
