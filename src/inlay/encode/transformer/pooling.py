"""How the vectors of a text's pieces become one, as sentence-transformers does it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.errors import ArgumentError, FormatError

# What the settings of a Pooling module call each mode, in the order in which they are joined.
SAID = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
MODES = ("mean", "cls", "max", "mean_sqrt_len", "weightedmean", "lasttoken")
JOINED = "+"


def modes_of(pool: str) -> tuple[str, ...]:
    """The modes that a name stands for: `"cls+mean"` lays two side by side.

    Raises:
        ArgumentError: Another name.
    """
    modes = tuple(pool.split(JOINED)) if isinstance(pool, str) else ()
    if not modes or not set(modes) <= set(MODES):
        expected = f"{', '.join(MODES)}, or several joined by {JOINED!r}"
        raise ArgumentError("pool", expected=expected, got=described(pool))
    return modes


def said_pool(config: dict[str, Any], where: str) -> str:
    """The name of the pooling that the settings of a Pooling module ask for.

    Raises:
        FormatError: One that is not known.
    """
    said = config.get("pooling_mode")
    if said is None:
        modes = [mode for key, mode in SAID.items() if config.get(key)] or ["mean"]
    else:
        listed = [said] if isinstance(said, str) else said
        modes = [str(mode).removesuffix("_tokens") for mode in listed]
    if not modes or not set(modes) <= set(MODES):
        raise FormatError(where, expected=f"pooling by {', '.join(MODES)}", got=described(said))
    return JOINED.join(modes)


def _weighted(rows: Array, places: Array) -> Array:
    weights = (places + 1).astype(np.float32)
    mean: Array = (rows * weights[:, None]).sum(0) / weights.sum()
    return mean


# Of rows `(n, dim)`, of which there are some, and their places in the text.
FUNCTIONS: dict[str, Callable[[Array, Array], Array]] = {
    "mean": lambda rows, places: rows.sum(0) / np.float32(len(rows)),
    "max": lambda rows, places: rows.max(0),
    "mean_sqrt_len": lambda rows, places: rows.sum(0) / np.sqrt(np.float32(len(rows))),
    "weightedmean": _weighted,
    "cls": lambda rows, places: rows[0],
    "lasttoken": lambda rows, places: rows[-1],
}


def pooled(rows: Array, counted: Array, pool: str, *, first: int) -> Array:
    """One vector of a window's rows.

    Args:
        rows: float32 `(n, dim)`, the special pieces among them.
        counted: bool `(n,)`: which of them count.
        pool: Modes, joined.
        first: The row of "cls".

    Returns:
        float32 `(modes * dim,)`, zeros where nothing counts.
    """
    own, places = rows[counted], np.flatnonzero(counted)
    found = []
    for mode in pool.split(JOINED):
        if mode == "cls":
            found.append(rows[first] if len(rows) else np.zeros(rows.shape[1], np.float32))
        elif len(own):
            found.append(FUNCTIONS[mode](own, places))
        else:
            found.append(np.zeros(rows.shape[1], np.float32))
    return np.concatenate(found)


def combined(vectors: Array, counts: Array, pool: str, dim: int) -> Array:
    """One vector of those of a text's windows.

    Means of means, by how many pieces each window counts; of "max" the largest, and of
    "lasttoken" the last.

    Args:
        vectors: float32 `(windows, modes * dim)`.
        counts: int `(windows,)`.
        pool: Modes, joined.
        dim: Numbers of one mode.
    """
    if len(vectors) == 1:
        only: Array = vectors[0]
        return only
    weights = (counts / max(counts.sum(), 1)).astype(np.float32)[:, None]
    found = []
    for k, mode in enumerate(pool.split(JOINED)):
        part = vectors[:, k * dim : (k + 1) * dim]
        if mode == "max":
            found.append(part.max(0))
        elif mode == "lasttoken":
            found.append(part[-1])
        else:
            found.append((part * weights).sum(0))
    return np.concatenate(found)
