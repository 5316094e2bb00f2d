"""ELMo's language models in PyTorch, above the words of `torch_words`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_lstm import ProjectedLSTM, Run
from inlay.encode.elmo.torch_weights import NamedNetwork
from inlay.encode.elmo.torch_words import CharCNN
from inlay.encode.elmo.weights import DIRECTIONS, Cell, Weights, cell_parts, numbered
from inlay.errors import ArgumentError

States = tuple[Tensor, Tensor]  # cells, and projected states


class Direction(nn.ModuleList):  # type: ignore[misc]  # torch is optional, so untyped here
    """A language model in one direction: LSTM layers, one above the other."""

    def __init__(self, options: Options) -> None:
        super().__init__(_Cell(options) for _ in range(options.n_layers))
        self.options = options

    def layers(
        self,
        x: Tensor,
        starts: Sequence[States],
        counts: tuple[int, ...],
        *,
        fresh: Tensor | None = None,
        drop: Callable[[Tensor], Tensor] | None = None,
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Run over words that are ordered as `ProjectedLSTM` wants them, in order of reading.

        Args:
            x: `(words, P)`.
            starts: For each layer, cells `(texts, C)` and projected states `(texts, P)`.
            counts: How many texts have each step.
            fresh: bool `(words,)`: where both states are zero instead.
            drop: Applied to what each layer is given; None: nothing.

        Yields:
            For each layer what it gives on `(words, P)`; and its cells `(words, C)`, which have
            no gradient, and projected states `(words, P)`.
        """
        options = self.options
        run = Run(counts, options.cell_clip, options.state_clip, fresh)
        for k, (cell, start) in enumerate(zip(self, starts, strict=True)):
            given = x if drop is None else drop(x)
            h, c = cell(run, given, *start)
            x = h + given if k and options.use_skip_connections else h
            yield x, c, h


class BiLM(NamedNetwork):
    """The language models over words in reading order and against it, and all their layers."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.forward_cells, self.backward_cells = Direction(options), Direction(options)

    def official_names(self) -> Iterator[tuple[str, str]]:
        """Pairs of a name in the file and a name here."""
        for d, side in enumerate(DIRECTIONS):
            for k in range(self.options.n_layers):
                kind = cell_parts(self.options)
                names = [f"{side}_cells.{k}.{part.name}" for part in fields(Cell)[: len(kind)]]
                yield from zip(numbered(kind, d, k), names, strict=True)

    def forward(
        self, word_vectors: Tensor, lengths: Tensor | None = None, states: States | None = None
    ) -> tuple[list[Tensor], States]:
        """Run both over texts.

        Args:
            word_vectors: `(B, T, P)`, marks around texts included if there are to be any.
            lengths: Whole numbers `(B,)`: how many of the T are of each text, from the first; 0
                is allowed. None: all.
            states: Where texts start, as returned; None: from zero.

        Returns:
            For each layer `(B, T, 2P)`, reading order first and 0 beyond a text's end; and the
            states at the ends, cells `(n_layers, 2, B, C)` and projected `(n_layers, 2, B, P)`,
            through which no gradient flows.

        Raises:
            ArgumentError: A length beyond T or below 0.
        """
        options, (batch, width, dim) = self.options, word_vectors.shape
        x = word_vectors.flatten(0, 1).to(self.forward_cells[0].kernel.dtype)
        if states is None:
            heads = (options.n_layers, 2, batch)
            states = x.new_zeros(*heads, options.dim), x.new_zeros(*heads, dim)
        rows = _Rows.of(lengths, batch, width, x.device)
        layers = [x.new_zeros(2, batch * width, dim) for _ in range(options.n_layers)]
        if not rows.counts:
            return [layer.view(batch, width, 2 * dim) for layer in layers], states
        c_end, h_end = (state.detach().clone() for state in states)
        last = rows.order[: rows.counts[0]]
        sides = []
        for d, (places, direction) in enumerate(
            [(rows.ahead, self.forward_cells), (rows.back, self.backward_cells)]
        ):
            starts = [
                (c.index_select(0, rows.order), h.index_select(0, rows.order))
                for c, h in zip(states[0][:, d], states[1][:, d], strict=True)
            ]
            side = []
            for k, (out, c, h) in enumerate(direction.layers(x[places], starts, rows.counts)):
                c_end[k, d, last] = c[rows.ends]
                h_end[k, d, last] = h.detach()[rows.ends]
                side.append(x.new_zeros(x.shape).index_copy(0, places, out))
            sides.append(side)
        layers = [torch.cat(pair, 1).view(batch, width, -1) for pair in zip(*sides, strict=True)]
        return layers, (c_end, h_end)


def to_weights(char_cnn: CharCNN, bilm: BiLM) -> Weights:
    """The numbers of two networks as they are now, float32, as the official file has them.

    Source: the inverse of both `from_weights`.
    """
    arrays = char_cnn.official_arrays() | bilm.official_arrays()
    return Weights.build(bilm.options, lambda name, _: arrays[name])


class _Cell(nn.Module):  # type: ignore[misc]
    def __init__(self, options: Options) -> None:
        super().__init__()
        states, cells = options.projection_dim, options.dim
        self.kernel = nn.Parameter(torch.empty(2 * states, 4 * cells))
        self.bias = nn.Parameter(torch.empty(4 * cells))
        self.projection = nn.Parameter(torch.empty(cells, states)) if options.projects else None

    def forward(self, run: Run, x: Tensor, c0: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        # Its products are written into memory of one type, so autocast must not choose another.
        with torch.autocast(x.device.type, enabled=False):
            outputs: tuple[Tensor, Tensor] = ProjectedLSTM.apply(
                run, x, self.kernel, self.bias, self.projection, c0, h0
            )
        return outputs


class _Rows(NamedTuple):
    """The words of a batch in the order in which `ProjectedLSTM` wants them.

    Attributes:
        order: `(B,)`: texts from the longest to the shortest.
        ahead: `(words,)`: where in `B * T` the words are, step by step.
        back: `(words,)`: the same, each text from its end.
        counts: How many texts have each step.
        ends: For each text that has words, in `order`: the row of its last step.
    """

    order: Tensor
    ahead: Tensor
    back: Tensor
    counts: tuple[int, ...]
    ends: Tensor

    @classmethod
    def of(cls, lengths: Tensor | None, batch: int, width: int, device: Any) -> Self:
        if lengths is None:
            lengths = torch.full((batch,), width)
        lengths = lengths.to(device).long()
        wrong = lengths[(lengths < 0) | (lengths > width)]
        if len(wrong):
            raise ArgumentError(
                "lengths", expected=f"0 to {width}, the words given", got=str(int(wrong[0]))
            )
        lengths, order = lengths.sort(descending=True, stable=True)
        going = torch.arange(width, device=device)[:, None] < lengths
        step, row = going.nonzero(as_tuple=True)
        counts = going.sum(1)
        n = int(going[:1].sum())
        starts = counts.cumsum(0) - counts
        return cls(
            order,
            order[row] * width + step,
            order[row] * width + lengths[row] - 1 - step,
            tuple(count for count in counts.tolist() if count),
            starts[lengths[:n] - 1] + torch.arange(n, device=device),
        )
