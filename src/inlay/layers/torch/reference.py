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
    """A layer whose frozen numbers, its parameter `weight` or others, may be the map of a file."""

    weight: Tensor
    num_embeddings: int
    embedding_dim: int
    _borrowed = False  # whether they may be the table's own memory, which we never write to
    _tokens: Tokens | None

    def _is_frozen(self) -> bool:
        raise NotImplementedError

    def _held(self) -> dict[str, Tensor]:
        """What a reference stands for, by the names of a state_dict; None of what is not there."""
        return {"weight": self.weight}

    def _has(self, given: dict[str, Any]) -> bool:
        """Whether what a state_dict has in these places is in the layer already."""
        return False

    def _is_same(self, some: slice, rows: Array) -> bool:
        """Whether some of the frozen rows are these."""
        found = self.weight.detach()[some].cpu()
        expected = host.as_tensor(rows).to(found.dtype)
        a, b = host.arrays(found.float(), expected.float())
        return np.array_equal(a, b, equal_nan=True)

    def _live_in(self, where: str, table: Table) -> None:
        """Take the numbers of a file, as its map where nothing writes to them."""
        rows, is_map = memory_of(table)
        tensor, weight = host.as_tensor(rows), self.weight
        if weight is None:  # of a pickle
            self.weight, self._borrowed = nn.Parameter(tensor, requires_grad=False), is_map
            return
        fits = (weight.device, weight.dtype) == (tensor.device, tensor.dtype)
        self._borrowed = is_map and fits and self._is_frozen()
        weight.data = tensor if self._borrowed else tensor.to(weight, copy=True)

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
        shape = self.num_embeddings, self.embedding_dim
        return self._file.confirmed(repr(self), shape, self._is_same)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self._is_by_reference():
            for name in self._held():
                del destination[prefix + name]
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
        keys, key = {prefix + name: name for name in self._held()}, prefix + KEY
        found = {name: state_dict.get(key) for key, name in keys.items()}
        given = state_dict.get(key) if all(value is None for value in found.values()) else None
        is_there = given is not None or self._has(found)
        if given is not None:
            self._refer(Reference.read(f"state_dict, {key!r}", given.cpu().numpy().tobytes()), key)
        elif is_there:
            self._refers = False
        else:
            self._own()  # torch copies into the memory that is there
        if is_there:
            left_out = {key} if given is not None else keys.keys()
            state_dict = {name: value for name, value in state_dict.items() if name not in left_out}
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, *others
        )
        if is_there:
            missing_keys[:] = [name for name in missing_keys if name not in keys]

    def _refer(self, file: Reference, key: str) -> None:
        """Take the numbers of a file that a state_dict names."""
        where = f"state_dict, {key!r}"
        file.check_shape(where, (self.num_embeddings, self.embedding_dim))
        table = file.opened()
        self._live_in(where, table)
        self._leave_file()
        if self._is_frozen():
            self._file, self._refers, self._tokens = Reference.of(table), True, table.tokens

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if self._is_by_reference():
            for kind in ("_parameters", "_buffers"):
                state[kind] = state[kind] | {n: None for n in self._held() if n in state[kind]}
            state["_file"] = self._confirmed().as_dict()
        elif self._file is not None:
            state["_file"] = self._file.as_dict()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self._file is not None:
            self._file = Reference.read("a layer by reference", self._file)
        if self._file is not None and any(part is None for part in self._held().values()):
            table = self._file.opened()
            self._live_in("a layer by reference", table)
            self._file, self._tokens = Reference.of(table), table.tokens


def memory_of(table: Table, *, own: bool = False) -> tuple[Array, bool]:
    """The memory that a table and a layer share, and True; or a copy as float32, and False."""
    array = table.storage
    shared = not own and can_share(array, "float32", aligned=False)
    return (array if shared else aligned_copy(array, "float32")), shared
