"""What is wrong with an array of ids, said once for every framework."""

import numpy as np

from inlay.aliases import Array
from inlay.errors import IdError


def check_values(where: str, ids: Array, vocab_size: int) -> None:
    """Raise an IdError that names the first id outside `0 .. vocab_size - 1` and its place."""
    if not ids.size or (ids.min() >= 0 and ids.max() < vocab_size):
        return
    at = tuple(int(i) for i in np.argwhere((ids < 0) | (ids >= vocab_size))[0])
    raise IdError(
        f"{where}, ids[{', '.join(map(str, at))}]" if at else where,
        expected=f"an id from 0 to {vocab_size - 1}",
        got=str(ids[at]),
        hint="encode with the vocabulary that the table was aligned to",
    )


def wrong_dtype(where: str, expected: str, dtype: object, hint: str) -> IdError:
    """The error for ids that are not whole numbers of a size the framework takes."""
    return IdError(where, expected=f"{expected} ids", got=str(dtype), hint=hint)
