"""What a PyTorch layer does so that its frozen matrix is saved by reference."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.hosts import torch as host
from inlay.hosts.memory import aligned_copy, can_share
from inlay.layers.reference import KEY, ByReference, Reference


class SavedByReference(ByReference, nn.Module):  # type: ignore[misc]  # torch is optional
    """A layer whose parameter `weight` may be the map of a file."""

    weight: Tensor
    _borrowed = False  # whether `weight` may be the table's own memory, which we never write to
    _tokens: Tokens | None

    def _is_frozen(self) -> bool:
        raise NotImplementedError

    def _own(self) -> None:
        """Give the layer memory of its own, about to be written to."""
        self._leave_file()
        self._detach()

    def _detach(self) -> None:
        if self._borrowed:
            host.detach(self.weight)  # still the object that an optimiser may hold
            self._borrowed = False

    def _is_by_reference(self) -> bool:
        if self._refers and not self._is_frozen():
            self._leave_file()
        return self._refers

    def _confirmed(self) -> Reference:
        """What is written in the place of the numbers, if they are still those of the file."""
        assert self._file is not None

        def is_same(some: slice, rows: Array) -> bool:
            found = self.weight.detach()[some].cpu()
            expected = host.as_tensor(rows).to(found.dtype)
            a, b = host.arrays(found.float(), expected.float())
            return np.array_equal(a, b, equal_nan=True)

        return self._file.confirmed(repr(self), self.weight.shape, is_same)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self._is_by_reference():
            del destination[f"{prefix}weight"]
            # A tensor, for not everyone who saves a state_dict takes anything else.
            destination[prefix + KEY] = host.as_tensor(self._confirmed().as_bytes())

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        *others: Any,
    ) -> None:
        weight, key = f"{prefix}weight", prefix + KEY
        given = None if weight in state_dict else state_dict.get(key)
        if given is None:
            self._own()  # torch copies into the memory that is there
        else:
            self._refer(Reference.read(f"state_dict, {key!r}", given.cpu().numpy().tobytes()), key)
            state_dict = {name: value for name, value in state_dict.items() if name != key}
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, *others
        )
        if given is not None and weight in missing_keys:
            missing_keys.remove(weight)

    def _refer(self, file: Reference, key: str) -> None:
        """Take the numbers of a file, as its map where nothing writes to them."""
        file.check_shape(f"state_dict, {key!r}", self.weight.shape)
        table = file.opened()
        rows, is_map = memory_of(table)
        tensor, weight = host.as_tensor(rows), self.weight
        fits = (weight.device, weight.dtype) == (tensor.device, tensor.dtype)
        self._leave_file()
        self._borrowed = is_map and fits and self._is_frozen()
        weight.data = tensor if self._borrowed else tensor.to(weight, copy=True)
        if self._is_frozen():
            self._file, self._refers, self._tokens = Reference.of(table), True, table.tokens

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if self._is_by_reference():
            state["_parameters"] = {**self._parameters, "weight": None}
            state["_file"] = self._confirmed().as_dict()
        elif self._file is not None:
            state["_file"] = self._file.as_dict()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self._file is not None:
            self._file = Reference.read("a layer by reference", self._file)
        if self._file is not None and state["_parameters"]["weight"] is None:
            table = self._file.opened()
            rows, self._borrowed = memory_of(table)
            self.weight = nn.Parameter(host.as_tensor(rows), requires_grad=False)
            self._file, self._tokens = Reference.of(table), table.tokens


def memory_of(table: Table, *, own: bool = False) -> tuple[Array, bool]:
    """The memory that a table and a layer share, and True; or a copy as float32, and False."""
    array = table.storage
    shared = not own and can_share(array, "float32", aligned=False)
    return (array if shared else aligned_copy(array, "float32")), shared
