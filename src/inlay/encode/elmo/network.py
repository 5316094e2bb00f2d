"""ELMo's network in numpy and numba: words to vectors, and vectors to layers.

Sentences are packed as they run: those of a batch in the order of falling length, all first
words, then all second words of those that have one, and so on. So no step touches padding,
and the rows of a step that go on are the first rows of the step before.

Source: Peters et al. 2018, "Deep contextualized word representations"; the network is that of
allenai/bilm-tf.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.encode.elmo.characters import PADDING
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Cell, Weights
from inlay.encode.products import Pack, Product

WORDS = 256  # whose characters are convolved at once
ROWS = 256  # of the input product at once, roughly: 16 MB of gates at the official size


class PackedCell(NamedTuple):
    """An LSTM layer in one direction, laid out for products."""

    inputs: Product
    states: Product
    projection: Product | None
    bias: Array
    dim: int


@dataclass
class States:
    """Cells and projected states where texts ended: for each direction and layer, by row."""

    arrays: dict[tuple[int, int], tuple[Array, Array]] = field(default_factory=dict)

    def take(self, key: tuple[int, int], rows: int, sizes: tuple[int, int]) -> tuple[Array, Array]:
        """Copies of the first `rows`: zeros where there was none."""
        taken = [np.zeros((rows, size), np.float32) for size in sizes]
        for new, old in zip(taken, self.arrays.get(key, ()), strict=False):
            new[: len(old)] = old[:rows]
        return taken[0], taken[1]

    def put(self, key: tuple[int, int], *ends: Array) -> None:
        """Keep new ends; rows beyond them keep what they had."""
        kept = self.arrays.get(key, ends)
        pairs = zip(ends, kept, strict=True)
        cells, states = (np.concatenate([end, old[len(end) :]]) for end, old in pairs)
        self.arrays[key] = cells, states


class Plan:
    """Where the words of sentences stand when they are packed.

    Attributes:
        order: Sentences, the longest first.
        counts: Rows of each step.
        starts: Where each step's rows begin; one more than steps.
        places: For each direction, the place of each packed row in the sentences one after another.
        last: The packed row of the last step of each sentence that has any, in `order`.
    """

    def __init__(self, lengths: Array) -> None:
        self.order = np.argsort(-lengths, kind="stable")
        falling = lengths[self.order]
        steps = int(falling[0]) if len(falling) else 0
        self.counts = np.searchsorted(-falling, -np.arange(steps), side="left")
        self.starts = np.concatenate([[0], np.cumsum(self.counts)])
        begins = np.cumsum(lengths) - lengths
        step = np.repeat(np.arange(steps), self.counts)
        row = np.arange(self.starts[-1]) - self.starts[step]
        first, length = begins[self.order][row], falling[row]
        self.places = first + step, first + length - 1 - step
        used = int(np.count_nonzero(lengths))
        self.last = self.starts[falling[:used] - 1] + np.arange(used)


class Network:
    """An ELMo ready to run. Holds the large matrices a second time, laid out for products.

    Args:
        options: Its shape.
        weights: Its numbers.
        pack: What makes products of matrices; see `inlay.encode.products`.
    """

    def __init__(self, options: Options, weights: Weights, pack: Pack) -> None:
        self.options = options
        self._chars = weights.char_embed
        self._filters = [
            (len(kernel), pack(kernel.reshape(-1, kernel.shape[-1])), bias)
            for kernel, bias in weights.filters
        ]
        self._highways = [
            (pack(h.carry), h.carry_bias, pack(h.transform), h.transform_bias)
            for h in weights.highways
        ]
        self._projection = weights.projection and (
            pack(weights.projection[0]),
            weights.projection[1],
        )
        self._cells = [[self._packed(cell, pack) for cell in cells] for cells in weights.cells]

    def _packed(self, cell: Cell, pack: Pack) -> PackedCell:
        inputs = self.options.projection_dim
        return PackedCell(
            pack(cell.kernel[:inputs]),
            pack(cell.kernel[inputs:]),
            None if cell.projection is None else pack(cell.projection),
            cell.full_bias,
            self.options.dim,
        )

    def words(self, char_ids: Array) -> Array:
        """The vectors of words without context.

        Args:
            char_ids: int `(n, word_length)`, as `character_ids` makes them.

        Returns:
            float32 `(n, P)`.
        """
        vectors = np.empty((len(char_ids), self.options.projection_dim), np.float32)
        lengths = np.argmax(char_ids == PADDING, axis=1)
        lengths[char_ids[:, -1] != PADDING] = char_ids.shape[1]
        # Short words together, for their windows are counted by the longest.
        order = np.argsort(lengths, kind="stable")
        for at in range(0, len(order), WORDS):
            some = order[at : at + WORDS]
            vectors[some] = self._words(char_ids[some], int(lengths[some[-1]]))
        return vectors

    def _words(self, char_ids: Array, longest: int) -> Array:
        x = np.concatenate([self._convolve(char_ids, longest, *f) for f in self._filters], axis=1)
        for carry, carry_bias, transform, transform_bias in self._highways:
            # The logistic function, in a form that does not overflow.
            gate = 0.5 + 0.5 * np.tanh(0.5 * _affine(x, carry, carry_bias))
            x = gate * np.maximum(_affine(x, transform, transform_bias), 0) + (1 - gate) * x
        return _affine(x, *self._projection) if self._projection else x

    def _convolve(
        self, char_ids: Array, longest: int, width: int, kernel: Product, bias: Array
    ) -> Array:
        # Windows behind a word's end see filling only and are all alike: one stands for them.
        windows = min(longest + 1, char_ids.shape[1] - width + 1)
        seen = np.lib.stride_tricks.sliding_window_view(
            char_ids[:, : windows + width - 1], width, 1
        )
        rows = self._chars[seen].reshape(len(char_ids) * windows, -1)
        found = np.zeros((len(rows), bias.size), np.float32)
        kernel(rows, found)
        best: Array = found.reshape(len(char_ids), windows, -1).max(1) + bias
        return np.maximum(best, 0) if self.options.activation == "relu" else np.tanh(best)

    def layers(
        self, words: Array, sentences: Sequence[Array], states: States | None = None
    ) -> Array:
        """Run the LSTMs over sentences.

        Args:
            words: float32 `(n, P)`: vectors of words.
            sentences: Rows of `words`, the marks at both ends included. May be empty.
            states: Where each sentence's row ended before, and will be kept; None: all begin
                at zero, and nothing is kept.

        Returns:
            float32 `(n_layers + 1, tokens, 2P)`, the sentences one after another: the words
            twice, then each layer's forward and backward half.
        """
        size = self.options.projection_dim
        lengths = np.array([len(sentence) for sentence in sentences], np.int64)
        tokens = int(lengths.sum())
        out = np.empty((self.options.n_layers + 1, tokens, 2 * size), np.float32)
        if not tokens:
            return out
        plan, rows = Plan(lengths), np.concatenate(sentences)
        out[0, :, :size] = out[0, :, size:] = words[rows]
        for direction, cells in enumerate(self._cells):
            half = slice(direction * size, (direction + 1) * size)
            places = plan.places[direction]
            x = words[rows[places]]
            for k, cell in enumerate(cells):
                y = self._run(cell, x, plan, states, (direction, k))
                # The states go on without what is added here.
                x = y + x if k and self.options.use_skip_connections else y
                out[k + 1, places, half] = x
        return out

    def _run(
        self, cell: PackedCell, x: Array, plan: Plan, states: States | None, key: tuple[int, int]
    ) -> Array:
        """One layer in one direction over packed rows `(tokens, P)`."""
        from inlay.kernels.lstm import gates

        most, clip = len(plan.order), self.options.state_clip
        cell_clip = np.float32(self.options.cell_clip or np.inf)
        c = np.zeros((most, cell.dim), np.float32)
        h = np.zeros((most, x.shape[1]), np.float32)
        if states is not None:
            c, h = (old[plan.order] for old in states.take(key, most, (cell.dim, x.shape[1])))
        kept = h
        m, out = np.empty_like(c), np.zeros_like(x)
        steps = max(1, ROWS // most)
        z = np.empty((steps * most, 4 * cell.dim), np.float32)
        for first in range(0, len(plan.counts), steps):
            begin = plan.starts[first]
            end = plan.starts[min(first + steps, len(plan.counts))]
            z[: end - begin] = cell.bias
            cell.inputs(x[begin:end], z[: end - begin])
            for step in range(first, min(first + steps, len(plan.counts))):
                low, high = plan.starts[step], plan.starts[step + 1]
                n, now = high - low, z[low - begin : high - begin]
                cell.states(h[:n], now)
                h = out[low:high]
                gates(now, c, h if cell.projection is None else m[:n], cell_clip)
                if cell.projection is not None:
                    cell.projection(m[:n], h)
                if clip is not None:
                    np.clip(h, -clip, clip, out=h)
        if states is not None:
            kept[: len(plan.last)] = out[plan.last]
            back = np.argsort(plan.order)
            states.put(key, c[back], kept[back])
        return out


def _affine(x: Array, matrix: Product, bias: Array) -> Array:
    y = np.repeat(bias[None], len(x), 0)
    matrix(x, y)
    return y
