"""Rows of a variable in PyTorch: looked up, and changed, without touching the others."""

from typing import Any

import torch
from torch.nn import functional


def lookup(variable: Any, ids: Any) -> Any:
    """Rows by ids, with a gradient that is sparse."""
    ids = torch.where(ids < 0, ids + variable.shape[0], ids)
    return functional.embedding(ids.long(), variable.value, sparse=True)


def found(table: Any, ids: Any) -> Any:
    """Rows of a tensor by ids, of which PyTorch refuses wrong ones, negative ones among them."""
    if ids.dtype not in (torch.int32, torch.int64):
        ids = ids.int()
    return functional.embedding(ids, table)


def is_by_rows(gradient: Any) -> bool:
    """Whether a gradient is that of rows."""
    return bool(gradient.is_sparse)


def compact(gradient: Any, size: int) -> tuple[Any, Any]:
    """The ids of a gradient, each once, and the sums of their rows."""
    whole = gradient.coalesce()
    return whole.indices()[0], whole.values()


def take(variable: Any, ids: Any) -> Any:
    """Rows of a variable."""
    return variable.value.detach()[ids]


def put(variable: Any, ids: Any, rows: Any) -> None:
    """Change rows of a variable in their place."""
    variable.value.detach()[ids] = rows
