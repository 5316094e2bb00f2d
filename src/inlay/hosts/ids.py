"""What is wrong with an array of ids, said once for every framework."""

from collections.abc import Sequence

import numpy as np

from inlay.aliases import Array
from inlay.checks import shown
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


def check_values(
    where: str,
    ids: Array,
    size: int | None,
    *,
    hint: str = ALIGNED,
    tokens: Sequence[str] | None = None,
) -> None:
    """Raise an error that names the first id out of range, its place, and the token before it.

    Args:
        where: What the array is called in the message.
        ids: Numbers of any shape; of floats each must be a whole one.
        size: Ids run from 0 to `size - 1`; None: there is no upper bound.
        hint: What to do about a wrong id.
        tokens: What each id stands for, if it is known.

    Raises:
        IdError: An id is out of range, or not whole.
    """
    is_whole = ids.dtype.kind in "iu"
    # As unsigned numbers, those below 0 are beyond every size.
    if not ids.size or (
        is_whole and size is not None and ids.view(f"u{ids.itemsize}").max() < size
    ):
        return
    right = ids >= 0 if size is None else (ids >= 0) & (ids < size)
    if not is_whole:
        right &= ids == np.floor(ids)
    if right.all():
        return
    at = tuple(int(i) for i in np.argwhere(~right)[0])
    got = str(ids[at])
    if tokens is not None and at and at[-1] and right[before := (*at[:-1], at[-1] - 1)]:
        got += f", after {shown(tokens[int(ids[before])])}"
    raise IdError(
        f"{where}[{', '.join(map(str, at))}]" if at else where,
        expected="an id from 0" if size is None else f"an id from 0 to {size - 1}",
        got=got,
        hint=hint,
    )


def wrong_dtype(where: str, expected: str, dtype: object, hint: str) -> IdError:
    """The error for ids that are not whole numbers of a size the framework takes."""
    return IdError(where, expected=f"{expected} ids", got=str(dtype), hint=hint)
