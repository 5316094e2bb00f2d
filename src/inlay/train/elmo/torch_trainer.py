"""The steps of training a biLM.

Work is cut into shares, of fixed sizes and added up in a fixed order, which threads take as they
come free: the result is the same for any number of threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array
from inlay.encode.elmo.network import Network as Encoder
from inlay.encode.elmo.options import Options
from inlay.encode.products import PanelProduct
from inlay.jobs.threads import Pool
from inlay.train.elmo.measure import perplexity
from inlay.train.elmo.stream import Batch, Words
from inlay.train.elmo.torch_adam import Adam, Gradients
from inlay.train.elmo.torch_network import Dropout, Network, State
from inlay.train.elmo.torch_softmax import Likelihood, Sample, chances, gather, likelihood

ROWS, WORDS = 64, 256  # of a share
WEIGHTS, BIAS = "softmax/W", "softmax/b"  # bilm-tf's names


@dataclass(frozen=True)
class Plan:
    """How a trainer steps.

    Attributes:
        learning_rate: The highest.
        clip_norm: Longest gradient of all parameters together.
        dropout: Share of numbers set to zero between layers.
        n_samples: Classes that stand for all; None: all.
        steps: In all.
        seed: Of all that is left to chance.
    """

    learning_rate: float
    clip_norm: float
    dropout: float
    n_samples: int | None
    steps: int
    seed: int

    def rate(self, step: int) -> float:
        """The learning rate of a step: it rises over the first ones and then falls evenly to 0."""
        warm_up = min(100, 1 + self.steps // 10)
        rise = (step + 1) / warm_up
        fall = (self.steps - step) / (self.steps - warm_up + 1)
        return self.learning_rate * min(rise, fall)


class Table(NamedTuple):
    """The distinct words of a batch.

    Attributes:
        vectors: `(words, P)`, without a graph.
        parts: The same in shares, each with its graph.
        places: int64 `(2, steps, rows)`: where each position's word stands.
    """

    vectors: Tensor
    parts: list[Tensor]
    places: Tensor


class Read(NamedTuple):
    """What a share of a batch was read as.

    Attributes:
        words: `(steps, n, P)`: what went in.
        out: `(steps, n, P)`: what came out.
        state: After.
        targets: int64 `(k,)`: what `out[there]` is to predict.
        there: bool `(steps, n)`.
    """

    words: Tensor
    out: Tensor
    state: State
    targets: Tensor
    there: Tensor


class Share(NamedTuple):
    """What a share of a step came to; the gradients are of sums, not of means."""

    found: Likelihood
    d_words: Tensor
    gradients: Gradients


@contextmanager
def threads(n: int) -> Iterator[Pool]:
    """Threads each of which does its own work in torch; torch's own number comes back after."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with Pool(n, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)


class Trainer:
    """A biLM, its softmax and its optimiser.

    Attributes:
        network: The biLM.
        parameters: Its tensors and the softmax's, by their official names.
    """

    def __init__(self, options: Options, words: Words, plan: Plan, rows: int, pool: Pool) -> None:
        self.plan, self.words, self.pool = plan, words, pool
        self.network = Network(options, plan.seed)
        self.parameters = self.network.parameters | _softmax(options, words, plan.seed)
        self.adam = Adam(self.parameters)
        self.shares = _shares(rows)
        self.states = [self.network.start(rows.stop - rows.start) for _, rows in self.shares]
        self._chances = None
        if plan.n_samples is not None:
            self._chances = chances(len(words.vocabulary), plan.n_samples)

    def step(self, number: int, batch: Batch) -> float:
        """Take one step; nothing changes if the loss is not finite.

        Returns:
            The mean loss of a word before it, in nats, over both directions.
        """
        sample, table = self._sample(number), self._table(batch)
        numbers = range(len(self.shares))
        results = list(
            self.pool.map(lambda i: self._share(i, number, batch, table, sample), numbers)
        )
        loss = sum(float(result.found.losses.sum()) for result in results) / (2 * batch.words)
        if not np.isfinite(loss):
            return loss
        d_table = torch.zeros_like(table.vectors)
        for (direction, rows), result in zip(self.shares, results, strict=True):
            places = table.places[direction, :, rows].flatten()
            d_table.index_add_(0, places, result.d_words.flatten(0, 1))
        gradients = _sum([result.gradients for result in results])
        gradients |= _sum(self._words_back(table.parts, d_table))
        found = [result.found for result in results]
        classes, gradients[WEIGHTS], gradients[BIAS] = gather(found, sample)
        self.adam.apply(
            gradients,
            {WEIGHTS: classes, BIAS: classes},
            number=number,
            rate=self.plan.rate(number),
            scale=1 / (2 * batch.words),
            clip_norm=self.plan.clip_norm,
            run=self.pool.map,
        )
        return loss

    def perplexity(self, texts: Sequence[Array]) -> dict[str, float]:
        """See `inlay.train.elmo.measure.perplexity`."""
        network = Encoder(self.network.options, self.network.weights(), PanelProduct)
        softmax = self.parameters[WEIGHTS].numpy(), self.parameters[BIAS].numpy()
        return perplexity(network, softmax, self.words, texts, self.pool.map)

    def state(self) -> dict[str, Array]:
        """All that steps change, by name; not copied."""
        return {name: tensor.detach().numpy() for name, tensor in self._state()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Take up what `state` gave.

        Raises:
            ValueError: It is of another trainer.
        """
        for name, tensor in self._state():
            if name not in arrays or arrays[name].shape != tensor.shape:
                raise ValueError(f"no {name} of {tuple(tensor.shape)}")
        with torch.no_grad():
            for name, tensor in self._state():
                tensor.copy_(torch.from_numpy(arrays[name]))

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.parameters.items()
        yield from self.adam.moments.items()
        for i, layers in enumerate(self.states):
            for k, pair in enumerate(layers):
                for part, tensor in zip("hc", pair, strict=True):
                    yield f"state/{i}/{k}/{part}", tensor

    def _sample(self, number: int) -> Sample:
        weights, bias = self.parameters[WEIGHTS], self.parameters[BIAS]
        if self._chances is None:
            return Sample.of(weights, bias, np.arange(len(bias)), None)
        draw = np.random.default_rng([self.plan.seed, 4, number]).random(len(bias))
        return Sample.of(weights, bias, np.flatnonzero(draw < self._chances), self._chances)

    def _share(self, i: int, number: int, batch: Batch, table: Table, sample: Sample) -> Share:
        direction = self.shares[i][0]
        drop = Dropout(self.plan.dropout, _seed(self.plan.seed, number, i))
        read = self._read(self.shares[i], batch, table, self.states[i], drop)
        self.states[i] = read.state
        weights, bias = self.parameters[WEIGHTS], self.parameters[BIAS]
        states = read.out.detach()[read.there]
        found = likelihood(states, read.targets, weights, bias, sample)
        d_out = torch.zeros_like(read.out)
        d_out[read.there] = found.d_states
        names = self.network.direction_names(direction)
        wanted = [read.words, *(self.parameters[name] for name in names)]
        d_words, *rest = torch.autograd.grad(read.out, wanted, d_out)
        return Share(found, d_words, dict(zip(names, rest, strict=True)))

    def _read(
        self, share: tuple[int, slice], batch: Batch, table: Table, state: State, drop: Dropout
    ) -> Read:
        direction, rows = share
        words = table.vectors[table.places[direction, :, rows]].requires_grad_()
        fresh = torch.from_numpy(batch.fresh[:, rows])
        out, after = self.network.direction(direction, words, state, fresh, drop)
        targets = torch.from_numpy(batch.targets[direction, :, rows])
        there = targets >= 0
        return Read(words, out, after, targets[there], there)

    def _table(self, batch: Batch) -> Table:
        distinct, places = np.unique(batch.inputs, return_inverse=True)

        def share(at: int) -> Tensor:
            some = distinct[at : at + WORDS]
            return self.network.words(self.words.characters[some], self.words.lengths[some])

        parts = list(self.pool.map(share, range(0, len(distinct), WORDS)))
        places = torch.from_numpy(places.reshape(batch.inputs.shape))
        return Table(torch.cat([part.detach() for part in parts]), parts, places)

    def _words_back(self, parts: list[Tensor], d_table: Tensor) -> list[Gradients]:
        names = self.network.word_names()
        wanted = [self.parameters[name] for name in names]

        def share(part: Tensor, d_part: Tensor) -> Gradients:
            return dict(zip(names, torch.autograd.grad(part, wanted, d_part), strict=True))

        return list(self.pool.map(share, parts, d_table.split(WORDS)))


def _softmax(options: Options, words: Words, seed: int) -> dict[str, Tensor]:
    """The softmax to start with: it knows how frequent words are."""
    width = options.projection_dim
    shape = len(words.vocabulary), width
    rows = np.random.default_rng([seed, 3]).standard_normal(shape, np.float32)
    bias = np.log(np.maximum(words.counts, 1) / words.counts.sum()).astype(np.float32)
    return {WEIGHTS: torch.from_numpy(rows / np.float32(width**0.5)), BIAS: torch.from_numpy(bias)}


def _shares(rows: int) -> list[tuple[int, slice]]:
    """Directions and rows that are worked on together."""
    return [
        (direction, slice(at, min(at + ROWS, rows)))
        for direction in range(2)
        for at in range(0, rows, ROWS)
    ]


def _sum(parts: list[Gradients]) -> Gradients:
    total: Gradients = {}
    for part in parts:
        for name, gradient in part.items():
            if name in total:
                total[name] += gradient
            else:
                total[name] = gradient
    return total


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])
