"""An ELMo's numbers between the official file's layout and PyTorch's."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
from torch import nn

from inlay.aliases import Array
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights


class NamedNetwork(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """A part of an ELMo, each parameter of which has a name in the official file."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options

    @classmethod
    def from_weights(cls, options: Options, weights: Weights) -> Self:
        """Make one that holds a copy of an ELMo's numbers."""
        with torch.device("meta"):  # nothing is drawn that would be overwritten
            network = cls(options)
        arrays = weights.named()
        network.load_state_dict(
            {
                name: torch.from_numpy(_from_file(arrays[official], name))
                for official, name in network.official_names()
            },
            assign=True,
        )
        return network

    def official_names(self) -> Iterator[tuple[str, str]]:
        """Pairs of a name in the file and a name here."""
        raise NotImplementedError

    def official_arrays(self) -> dict[str, Array]:
        """The numbers as they are now, copied, float32, as the file has them."""
        state = self.state_dict()
        return {
            official: _to_file(state[name].float().numpy(force=True), name)
            for official, name in self.official_names()
        }


def _from_file(array: Array, name: str) -> Array:
    """A writable copy of an array of the file in PyTorch's layout."""
    if name == "char_embed.weight":
        return np.pad(array, ((1, 0), (0, 0)))
    if name.endswith(".weight"):
        array = array.reshape(array.shape[-3:]).T  # a convolution has one axis more in the file
    return np.array(array, np.float32, order="C")


def _to_file(array: Array, name: str) -> Array:
    """The inverse of `_from_file`."""
    if name == "char_embed.weight":
        array = array[1:]
    elif name.endswith(".weight"):
        array = array.T[None] if array.ndim == 3 else array.T
    return np.array(array, np.float32, order="C")
