"""What all PyTorch layers of a table do: look at ids, and become tables again."""

from typing import Any

import torch
from torch import Tensor, nn

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError
from inlay.hosts import torch as host
from inlay.hosts.ids import wrong_dtype
from inlay.layers.rows import ChecksIds, merged


class LooksUp(ChecksIds, nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """A module that looks up ids, int32 or int64, in its own way.

    Attributes:
        num_embeddings: Ids run from 0 to one less.
        padding_idx: The id of padding, or None.
        check: When a call looks at its ids: "debug", "always" or "off".
    """

    num_embeddings: int
    padding_idx: int | None
    _tokens: Tokens | None = None  # for messages; a layer that was saved has none
    _called = "nn.Embedding"  # in messages

    def forward(self, input: Tensor) -> Tensor:
        """Look up ids, int32 or int64 `(...)`: float32 `(..., embedding_dim)`."""
        if not isinstance(input, Tensor):
            host.check_tensor(self._called, input)
        if self._when == "always":
            if host.is_taken_down():
                raise self._unchecked()
            _check(self._called, input, self.num_embeddings, self._tokens)
        if self._when != "debug" or host.is_compiling():
            return self._look_up(input)
        try:
            return self._look_up(input)
        except (IndexError, RuntimeError):  # what torch says of wrong ids, without saying which
            _check(self._called, input, self.num_embeddings, self._tokens)
            raise

    def merged(self, tokens: Any) -> Table:
        """The layer as it is now, as a table.

        Args:
            tokens: The vocabulary or the table whose ids the layer takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        return merged(tokens, self._matrix(), self.padding_idx)

    def unfreeze(self, optimiser: Any = None, **settings: Any) -> None:
        """Let a frozen layer train from now on, such as after some epochs.

        Args:
            optimiser: One that may have been made without the layer's numbers: it gets them as
                a group of its own.
            **settings: Of that group, such as `lr`.

        Raises:
            ArgumentTypeError: `optimiser` is none.
            ArgumentError: Settings without an optimiser.
        """
        if optimiser is None and settings:
            raise ArgumentError(
                "optimiser",
                expected="one, of which these are settings",
                got=f"None, and {', '.join(settings)}",
                hint="layer.unfreeze(optimiser, lr=...)",
            )
        if optimiser is not None:
            host.check_optimiser(optimiser)
        trains = self._trains()
        for parameter in trains:
            parameter.requires_grad_(True)
        if optimiser is not None:
            known = {id(p) for group in optimiser.param_groups for p in group["params"]}
            if new := [parameter for parameter in trains if id(parameter) not in known]:
                optimiser.add_param_group({"params": new, **settings})

    def _look_up(self, ids: Tensor) -> Tensor:
        raise NotImplementedError

    def _matrix(self) -> Array:
        """All rows, float32 `(num_embeddings, embedding_dim)`: a copy."""
        raise NotImplementedError

    def _trains(self) -> list[Tensor]:
        """The parameters that are for training."""
        raise NotImplementedError

    def _unchecked(self) -> ArgumentError:
        return host.no_graph("one that always looks at its ids", 'layer.check = "debug"')

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_tokens"}


@host.eager
def _check(where: str, ids: Tensor, num_embeddings: int, tokens: Tokens | None) -> None:
    if ids.dtype not in (torch.int32, torch.int64):
        raise wrong_dtype(where, "int32 or int64", ids.dtype, "ids.long()")
    host.check_range(f"{where}, ids", ids, num_embeddings, tokens=tokens)
