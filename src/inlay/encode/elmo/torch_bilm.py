"""ELMo's two networks in PyTorch: words from characters, and the language models above them."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from inlay.aliases import Array
from inlay.encode.elmo.characters import PADDING
from inlay.encode.elmo.options import N_CHARACTERS, Options
from inlay.encode.elmo.torch_lstm import ProjectedLSTM, Run
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError

WORDS_AT_ONCE = 512  # in the character network: bounds its memory
States = tuple[Tensor, Tensor]


class _Network(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """What both have in common: a name of the file for each parameter."""

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
                for official, name in network._names()
            },
            assign=True,
        )
        return network

    def _names(self) -> Iterator[tuple[str, str]]:
        """Pairs of a name in the file and a name here."""
        raise NotImplementedError

    def _arrays(self) -> dict[str, Array]:
        state = self.state_dict()
        return {
            official: _to_file(state[name].float().numpy(force=True), official, name)
            for official, name in self._names()
        }


class CharCNN(_Network):
    """Words from their characters: convolutions, highways, a projection.

    Equal words are computed once. Of the filling behind a word only so much is computed as can
    matter: what lies over filling alone is the same everywhere, and only the greatest counts.
    """

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        width = options.n_filters
        self.char_embed = nn.Embedding(N_CHARACTERS, options.char_dim, padding_idx=0)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(options.char_dim, maps, size) for size, maps in options.filters
        )
        self.highways = nn.ModuleList(_Highway(width) for _ in range(options.n_highway))
        self.projection = (
            nn.Linear(width, options.projection_dim) if options.has_projection else nn.Identity()
        )

    def _names(self) -> Iterator[tuple[str, str]]:
        yield "char_embed", "char_embed.weight"
        pairs = [(f"CNN/{{}}_cnn_{i}", f"convolutions.{i}") for i in range(len(self.convolutions))]
        for i in range(len(self.highways)):
            for part in ("carry", "transform"):
                pairs.append((f"CNN_high_{i}/{{}}_{part}", f"highways.{i}.{part}"))
        if self.options.has_projection:
            pairs.append(("CNN_proj/{}_proj", "projection"))
        for official, name in pairs:
            yield official.format("W"), f"{name}.weight"
            yield official.format("b"), f"{name}.bias"

    def forward(self, char_ids: Tensor) -> Tensor:
        """Look at words.

        Args:
            char_ids: Whole numbers `(..., 50)`, 0 to 261.

        Returns:
            `(..., P)`.
        """
        shape = (*char_ids.shape[:-1], self.options.projection_dim)
        if not char_ids.numel():
            return self.char_embed.weight.new_zeros(shape)
        words, at = torch.unique(char_ids.flatten(0, -2).int(), dim=0, return_inverse=True)
        places = torch.arange(1, words.shape[1] + 1, device=words.device)
        # Short words first: each part is as wide as its own longest word needs.
        lengths, order = ((words != PADDING) * places).amax(1).sort()
        widest = max(size for size, _ in self.options.filters)
        vectors = [
            self._vectors(words[part, : int(n[-1]) + widest])
            for part, n in zip(
                order.split(WORDS_AT_ONCE), lengths.split(WORDS_AT_ONCE), strict=True
            )
        ]
        return functional.embedding(order.argsort()[at], torch.cat(vectors)).view(shape)

    def _vectors(self, words: Tensor) -> Tensor:
        """Words `(n, characters)` -> `(n, P)`."""
        x = self.char_embed(words).transpose(1, 2)
        maps = torch.cat([convolution(x).amax(2) for convolution in self.convolutions], 1)
        vectors = maps.tanh() if self.options.activation == "tanh" else maps.relu()
        for highway in self.highways:
            vectors = highway(vectors)
        return self.projection(vectors)


class BiLM(_Network):
    """The language models over words in reading order and against it, and all their layers."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.forward_cells = nn.ModuleList(_Cell(options) for _ in range(options.n_layers))
        self.backward_cells = nn.ModuleList(_Cell(options) for _ in range(options.n_layers))

    def _names(self) -> Iterator[tuple[str, str]]:
        for d, side in enumerate(("forward", "backward")):
            for k in range(self.options.n_layers):
                official = f"RNN_{d}/RNN/MultiRNNCell/Cell{k}/LSTMCell"
                for part, name in {"W_0": "kernel", "B": "bias", "W_P_0": "projection"}.items():
                    yield f"{official}/{part}", f"{side}_cells.{k}.{name}"

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
        run = Run(rows.counts, options.cell_clip, options.proj_clip)
        c_end, h_end = (state.detach().clone() for state in states)
        last = rows.order[: rows.counts[0]]
        sides = []
        for d, (places, cells) in enumerate(
            [(rows.ahead, self.forward_cells), (rows.back, self.backward_cells)]
        ):
            inputs, side = x[places], []
            for k, cell in enumerate(cells):
                start = [state[k, d].index_select(0, rows.order) for state in states]
                h, c = cell(run, inputs, *start)
                c_end[k, d, last] = c[rows.ends]
                h_end[k, d, last] = h.detach()[rows.ends]
                inputs = h + inputs if options.use_skip_connections and k > 0 else h
                side.append(x.new_zeros(x.shape).index_copy(0, places, inputs))
            sides.append(side)
        layers = [torch.cat(pair, 1).view(batch, width, -1) for pair in zip(*sides, strict=True)]
        return layers, (c_end, h_end)


def to_weights(char_cnn: CharCNN, bilm: BiLM) -> Weights:
    """The numbers of two networks as they are now, float32, as the official file has them.

    Source: the inverse of both `from_weights`.
    """
    arrays = char_cnn._arrays() | bilm._arrays()
    return Weights.build(bilm.options, lambda name, _: arrays[name])


class _Highway(nn.Module):  # type: ignore[misc]
    def __init__(self, width: int) -> None:
        super().__init__()
        self.carry, self.transform = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.lerp(x, self.transform(x).relu(), self.carry(x).sigmoid())


class _Cell(nn.Module):  # type: ignore[misc]
    def __init__(self, options: Options) -> None:
        super().__init__()
        states, cells = options.projection_dim, options.dim
        self.kernel = nn.Parameter(torch.empty(2 * states, 4 * cells))
        self.bias = nn.Parameter(torch.empty(4 * cells))
        self.projection = nn.Parameter(torch.empty(cells, states))

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


def _from_file(array: Array, name: str) -> Array:
    """A writable copy of an array of the file in PyTorch's layout."""
    if name == "char_embed.weight":
        return np.pad(array, ((1, 0), (0, 0)))
    if name.endswith(".weight"):
        array = array.reshape(array.shape[-3:]).T  # a convolution has one axis more in the file
    return np.array(array, np.float32, order="C")


def _to_file(array: Array, official: str, name: str) -> Array:
    """The inverse of `_from_file`."""
    if name == "char_embed.weight":
        return array[1:]
    if name.endswith(".weight"):
        array = array.T[None] if array.ndim == 3 else array.T
    return np.array(array, np.float32, order="C")
