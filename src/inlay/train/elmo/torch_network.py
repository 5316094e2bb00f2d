"""A biLM in training: words from characters, and the two directions, with gradients."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_lstm import ProjectedLSTM, Run
from inlay.encode.elmo.weights import Weights

State = list[tuple[Tensor, Tensor]]  # for each layer `(n, P)` and `(n, C)`


class Strongest(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    """The maximum of each convolution over the positions of a word: `(n, F)`."""

    @staticmethod
    def forward(ctx: Any, tables: Tensor, ids: Array, lengths: Array, filters: Array) -> Tensor:
        """Look the products up; see `inlay.kernels.characters.strongest`."""
        from inlay.kernels.characters import strongest

        out = np.empty((len(ids), filters[:, 1].sum()), np.float32)
        winners = np.empty(out.shape, np.int16)
        strongest(tables.numpy(), ids, lengths, filters, out, winners)
        ctx.kept, ctx.shape = (ids, filters, winners), tables.shape
        return torch.from_numpy(out)

    @staticmethod
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient of the tables."""
        from inlay.kernels.characters import strongest_back

        d_tables = np.zeros(ctx.shape, np.float32)
        strongest_back(d_out.contiguous().numpy(), *ctx.kept, d_tables)
        return torch.from_numpy(d_tables), None, None, None


class Network:
    """The parameters of a biLM under their official names, and what is worked out from them.

    Attributes:
        options: The sizes.
        parameters: Tensors as in `weights.hdf5`; `char_embed` is `(261, D)`.
    """

    def __init__(self, options: Options, seed: int) -> None:
        self.options = options
        named = Weights.random(options, seed).named()
        self.parameters = {
            name: torch.from_numpy(np.ascontiguousarray(array)).requires_grad_()
            for name, array in named.items()
        }
        self._filters = np.array(options.filters, np.int64)

    def word_names(self) -> list[str]:
        """The parameters that make words of characters."""
        return [name for name in self.parameters if not name.startswith("RNN")]

    def direction_names(self, direction: int) -> list[str]:
        """The parameters of one direction."""
        return [name for name in self.parameters if name.startswith(f"RNN_{direction}")]

    def words(self, ids: Array, lengths: Array) -> Tensor:
        """The vectors of words by themselves.

        Args:
            ids: int16 `(n, word_length)`: characters from 0.
            lengths: int16 `(n,)`: how many are no filling.

        Returns:
            float32 `(n, P)`.
        """
        get = self.parameters.__getitem__
        filters = [
            get(f"CNN/W_cnn_{i}")[0].transpose(0, 1).flatten(1) for i in range(len(self._filters))
        ]
        biases = [get(f"CNN/b_cnn_{i}") for i in range(len(self._filters))]
        tables = torch.mm(get("char_embed"), torch.cat(filters, 1))
        x = Strongest.apply(tables, ids, lengths, self._filters) + torch.cat(biases)
        x = torch.relu(x) if self.options.activation == "relu" else torch.tanh(x)
        for i in range(self.options.n_highway):
            name = f"CNN_high_{i}/"
            gate = torch.sigmoid(torch.addmm(get(f"{name}b_carry"), x, get(f"{name}W_carry")))
            new = torch.relu(torch.addmm(get(f"{name}b_transform"), x, get(f"{name}W_transform")))
            x = torch.lerp(x, new, gate)
        if self.options.has_projection:
            x = torch.addmm(get("CNN_proj/b_proj"), x, get("CNN_proj/W_proj"))
        return x

    def start(self, rows: int) -> State:
        """A state of zeros."""
        o = self.options
        return [
            (torch.zeros(rows, o.projection_dim), torch.zeros(rows, o.dim))
            for _ in range(o.n_layers)
        ]

    def direction(
        self, direction: int, x: Tensor, state: State, fresh: Tensor, drop: "Dropout"
    ) -> tuple[Tensor, State]:
        """The top layer of one direction.

        Args:
            direction: 0 forward, 1 backward: which weights; `x` is in the order of reading.
            x: `(steps, n, P)`.
            state: Before.
            fresh: bool `(steps, n)`: where the state is zero instead.
            drop: Applied to the input of each layer and to the output, as in bilm-tf.

        Returns:
            float32 `(steps, n, P)` and the state after.
        """
        options, after = self.options, []
        names = self.direction_names(direction)
        (steps, n, _), x = x.shape, x.flatten(0, 1)
        run = Run((n,) * steps, options.cell_clip, options.proj_clip, fresh.flatten())
        for layer, (h, c) in enumerate(state):
            given = drop(x)
            weights = [self.parameters[name] for name in names[3 * layer : 3 * layer + 3]]
            out, cells = ProjectedLSTM.apply(run, given, *weights, c, h)
            after.append((out[-n:].detach().clone(), cells[-n:].clone()))
            skip = layer and options.use_skip_connections
            x = out + given if skip else out
        return drop(x).view(steps, n, -1), after

    def weights(self) -> Weights:
        """What was learned, for the official file."""
        return Weights.build(
            self.options, lambda name, shape: self.parameters[name].detach().numpy().reshape(shape)
        )


class Dropout:
    """Sets a share of numbers to zero and scales the others up; the same ones for the same seed."""

    def __init__(self, share: float, seed: int) -> None:
        self.share, self.generator = share, torch.Generator().manual_seed(seed)

    def __call__(self, x: Tensor) -> Tensor:
        """Apply it."""
        if self.share == 0:
            return x
        keep = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.generator)
        return x * keep.mul_(1 / (1 - self.share))
