"""The steps of training a biLM.

Work is cut into shares, of fixed sizes and added up in a fixed order, which threads take as they
come free: the result is the same for any number of threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array
from inlay.checks import described
from inlay.encode.elmo.network import Network
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_bilm import BiLM, States, to_weights
from inlay.encode.elmo.torch_words import CharCNN
from inlay.encode.elmo.weights import Weights
from inlay.encode.products import PanelProduct
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.jobs.threads import Pool
from inlay.train.elmo.measure import perplexity
from inlay.train.elmo.stream import Batch, Words
from inlay.train.elmo.torch_adam import Adam, Gradients
from inlay.train.elmo.torch_dropout import Dropout
from inlay.train.elmo.torch_softmax import Likelihood, Sample, chances, gather, likelihood

CPU = torch.device("cpu")
ROWS, WORDS = 64, 256  # of a share
WEIGHTS, BIAS = "softmax/W", "softmax/b"  # bilm-tf's names


@dataclass(frozen=True)
class TrainerSettings:
    """How a trainer steps.

    Attributes:
        learning_rate: The highest.
        clip_norm: Longest gradient of all parameters together.
        dropout: Share of numbers set to zero between layers.
        n_samples: Classes that stand for all; None: all.
        steps: In all.
        seed: The seed of all random choices.
    """

    learning_rate: float
    clip_norm: float
    dropout: float
    n_samples: int | None
    steps: int
    seed: int

    def rate(self, step: int) -> float:
        """The learning rate of a step: it rises at first, and then decays linearly to 0."""
        warm_up = min(100, 1 + self.steps // 10)
        rise = (step + 1) / warm_up
        fall = (self.steps - step) / (self.steps - warm_up + 1)
        return self.learning_rate * min(rise, fall)


class Distinct(NamedTuple):
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
        state: After, for each layer.
        targets: int64 `(k,)`: what `out[there]` is to predict.
        there: bool `(steps, n)`.
    """

    words: Tensor
    out: Tensor
    state: list[States]
    targets: Tensor
    there: Tensor


class Share(NamedTuple):
    """What a share of a step came to; the gradients are of sums, not of means."""

    found: Likelihood
    d_words: Tensor
    gradients: Gradients


def device_for(device: Any) -> torch.device:
    """Where to train; None: on a GPU if this torch has one, else on the processor.

    Raises:
        ArgumentError: This torch has no such device.
        ArgumentTypeError: It is no name.
    """
    expected = "a device that this torch has, such as 'cpu'"
    if device is not None and not isinstance(device, str | torch.device):
        raise ArgumentTypeError("device", expected=expected, got=described(device))
    name = device if device is not None else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(name)
        if device is not None:
            torch.zeros(1, device=found).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise ArgumentError(
            "device",
            expected=expected,
            got=f"{described(device)} ({str(error).strip().splitlines()[0].rstrip('.'):.200})",
        ) from error
    return found


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
        char_cnn: Makes vectors of words.
        bilm: The language models above.
        parameters: The tensors of both by their own names, and the softmax's by bilm-tf's.
    """

    def __init__(
        self,
        options: Options,
        words: Words,
        settings: TrainerSettings,
        rows: int,
        pool: Pool,
        device: torch.device = CPU,
    ) -> None:
        self.options, self.settings, self.words, self.pool = options, settings, words, pool
        self.device = device
        start = Weights.random(options, settings.seed)
        self.char_cnn = CharCNN.from_weights(options, start).to(device)
        self.bilm = BiLM.from_weights(options, start).to(device)
        self._words = dict(self.char_cnn.named_parameters())
        self._directions = [
            dict(part.named_parameters(name)) for name, part in self.bilm.named_children()
        ]
        self.parameters = self._words | self._directions[0] | self._directions[1]
        softmax = _softmax(options, words, settings.seed)
        self.parameters |= {name: tensor.to(device) for name, tensor in softmax.items()}
        self.adam = Adam(self.parameters)
        # A processor's threads take shares; other devices take all at once.
        alone = device.type != "cpu"
        self._words_at_once = len(words.characters) if alone else WORDS
        self.shares = _shares(rows, rows if alone else ROWS)
        self.states = [self._start(rows.stop - rows.start) for _, rows in self.shares]
        self._chances = None
        if settings.n_samples is not None:
            self._chances = chances(len(words.vocabulary), settings.n_samples)

    def step(self, number: int, batch: Batch) -> float:
        """Take one step; nothing changes if the loss is not finite.

        Returns:
            The mean loss of a word before it, in nats, over both directions.
        """
        sample, distinct = self._sample(number), self._distinct(batch)
        numbers = range(len(self.shares))
        results = list(
            self.pool.map(lambda i: self._share(i, number, batch, distinct, sample), numbers)
        )
        loss = sum(float(result.found.losses.sum()) for result in results) / (2 * batch.words)
        if not np.isfinite(loss):
            return loss
        d_distinct = torch.zeros_like(distinct.vectors)
        for (direction, rows), result in zip(self.shares, results, strict=True):
            places = distinct.places[direction, :, rows].flatten()
            d_distinct.index_add_(0, places, result.d_words.flatten(0, 1))
        gradients = _sum([result.gradients for result in results])
        gradients |= _sum(self._words_back(distinct.parts, d_distinct))
        found = [result.found for result in results]
        classes, gradients[WEIGHTS], gradients[BIAS] = gather(found, sample)
        self.adam.apply(
            gradients,
            {WEIGHTS: classes, BIAS: classes},
            number=number,
            rate=self.settings.rate(number),
            scale=1 / (2 * batch.words),
            clip_norm=self.settings.clip_norm,
            run=self.pool.map,
        )
        return loss

    def perplexity(self, texts: Sequence[Array]) -> dict[str, float]:
        """See `inlay.train.elmo.measure.perplexity`."""
        network = Network(self.options, self.weights(), PanelProduct)
        softmax = self.softmax()
        numbers = softmax[WEIGHTS], softmax[BIAS]
        return perplexity(network, numbers, self.words, texts, self.pool.map)

    def weights(self) -> Weights:
        """What was learned, for the official file: copies."""
        return to_weights(self.char_cnn, self.bilm)

    def softmax(self) -> dict[str, Array]:
        """What words are predicted by, by bilm-tf's names."""
        return {name: self.parameters[name].numpy(force=True) for name in (WEIGHTS, BIAS)}

    def state(self) -> dict[str, Array]:
        """All that steps change, by name; not copied from a processor's memory."""
        return {name: tensor.numpy(force=True) for name, tensor in self._state()}

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
                for part, tensor in zip("ch", pair, strict=True):
                    yield f"state/{i}/{k}/{part}", tensor

    def _sample(self, number: int) -> Sample:
        weights, bias = self.parameters[WEIGHTS], self.parameters[BIAS]
        if self._chances is None:
            return Sample.of(weights, bias, np.arange(len(bias)), None)
        draw = np.random.default_rng([self.settings.seed, 4, number]).random(len(bias))
        return Sample.of(weights, bias, np.flatnonzero(draw < self._chances), self._chances)

    def _share(
        self, i: int, number: int, batch: Batch, distinct: Distinct, sample: Sample
    ) -> Share:
        parameters = self._directions[self.shares[i][0]]
        drop = Dropout(self.settings.dropout, _seed(self.settings.seed, number, i), self.device)
        read = self._read(self.shares[i], batch, distinct, self.states[i], drop)
        self.states[i] = read.state
        weights, bias = self.parameters[WEIGHTS], self.parameters[BIAS]
        states = read.out.detach()[read.there]
        found = likelihood(states, read.targets, weights, bias, sample)
        d_out = torch.zeros_like(read.out)
        d_out[read.there] = found.d_states
        wanted = [read.words, *parameters.values()]
        d_words, *rest = torch.autograd.grad(read.out, wanted, d_out)
        return Share(found, d_words, dict(zip(parameters, rest, strict=True)))

    def _read(
        self,
        share: tuple[int, slice],
        batch: Batch,
        distinct: Distinct,
        state: list[States],
        drop: Dropout,
    ) -> Read:
        """The top layer of one direction; dropout is where bilm-tf has it."""
        direction, rows = share
        words = distinct.vectors[distinct.places[direction, :, rows]].requires_grad_()
        steps, n, _ = words.shape
        fresh = self._tensor(batch.fresh[:, rows]).flatten()
        model = (self.bilm.forward_cells, self.bilm.backward_cells)[direction]
        given, counts = words.flatten(0, 1), (n,) * steps
        layers = list(model.layers(given, state, counts, fresh=fresh, drop=drop))
        after = [(c[-n:].clone(), h[-n:].detach().clone()) for _, c, h in layers]
        out = drop(layers[-1][0]).view(words.shape)
        targets = self._tensor(batch.targets[direction, :, rows])
        there = targets >= 0
        return Read(words, out, after, targets[there], there)

    def _distinct(self, batch: Batch) -> Distinct:
        distinct, places = np.unique(batch.inputs, return_inverse=True)

        def share(at: int) -> Tensor:
            some = distinct[at : at + self._words_at_once]
            characters, lengths = self.words.characters[some], self.words.lengths[some]
            return self.char_cnn.each(self._tensor(characters), self._tensor(lengths))

        parts = list(self.pool.map(share, range(0, len(distinct), self._words_at_once)))
        vectors = torch.cat([part.detach() for part in parts])
        return Distinct(vectors, parts, self._tensor(places.reshape(batch.inputs.shape)))

    def _words_back(self, parts: list[Tensor], d_distinct: Tensor) -> list[Gradients]:
        wanted = list(self._words.values())

        def share(part: Tensor, d_part: Tensor) -> Gradients:
            return dict(zip(self._words, torch.autograd.grad(part, wanted, d_part), strict=True))

        return list(self.pool.map(share, parts, d_distinct.split(self._words_at_once)))

    def _start(self, rows: int) -> list[States]:
        sizes = self.options.dim, self.options.projection_dim
        return [
            tuple(torch.zeros(rows, size, device=self.device) for size in sizes)
            for _ in range(self.options.n_layers)
        ]

    def _tensor(self, array: Array) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def _softmax(options: Options, words: Words, seed: int) -> dict[str, Tensor]:
    """The softmax to start with: it knows how frequent words are."""
    width = options.projection_dim
    shape = len(words.vocabulary), width
    rows = np.random.default_rng([seed, 3]).standard_normal(shape, np.float32)
    bias = np.log(np.maximum(words.counts, 1) / words.counts.sum()).astype(np.float32)
    return {WEIGHTS: torch.from_numpy(rows / np.float32(width**0.5)), BIAS: torch.from_numpy(bias)}


def _shares(rows: int, most: int) -> list[tuple[int, slice]]:
    """Directions and rows that are worked on together."""
    return [
        (direction, slice(at, min(at + most, rows)))
        for direction in range(2)
        for at in range(0, rows, most)
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
