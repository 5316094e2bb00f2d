"""What word2vec makes vectors predict: a word among noise, or its path in a tree.

Each objective knows its kernel, what the kernel draws or climbs, and how a piece of the corpus gets
that for rows of its own (see `inlay.kernels.apart`).
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from inlay.aliases import Array
from inlay.errors import ArgumentError
from inlay.text.corpus import Corpus

# The most that the step sizes of all pairs of a vector in a block may add up to; see `_limit`.
LOAD = 2.75
MAX_32 = 2**32 - 1
OTHER = np.uint64(0x5DEECE66D)  # so that the pool is not drawn as the piece is thinned out
APART = 250  # words that are kept, about, of a piece that is learned from apart
# Nodes of a tree, counted from its root, on which most of all steps are. Two threads that share
# them wait for each other a third of their time; with copies of 64 or of 1,024 they do not.
NEAR_ROOT = 256
EXACT_POOL = 2048  # noise words of a piece, if each pair draws its own


@dataclass
class Local:
    """A piece with rows of its own.

    Attributes:
        words: int32, its words by its own numbers.
        rows: int32, the model's number of each row of `inputs`.
        outs: int32, the same for `outputs`.
        inputs: float32, flat.
        outputs: float32, flat.
        more: What the objective needs.
        n_rows: How many of `rows` there are.
        n_outs: How many of `outs`.
        rate: The learning rate.
    """

    words: Array
    rows: Array
    outs: Array
    inputs: Array
    outputs: Array
    more: Any
    n_rows: int = 0
    n_outs: int = 0
    rate: float = 0.0

    def known(self) -> Array:
        """The model's number of each of its words."""
        return self.rows[: self.n_rows]

    def read(self, words: Array) -> Array:
        """Which rows of `inputs` words are made of: here, of one each."""
        return words


class Objective(Protocol):
    """What vectors are to predict.

    Attributes:
        name: In words.
        kernel: Called with `(ids, keep, model, source, scratch, step, lanes)`.
        source: What it draws from, or climbs.
        share: Of a noise word.
        limit: See `choose_centres` in `inlay.kernels.sampling`.
        n_outputs: How many rows it has for what is predicted.
        n_hot: How many of the last of these change all the time: each thread has copies of them.
    """

    name: str
    kernel: Any
    source: Any
    share: Any
    limit: Any
    n_outputs: int
    n_hot: int

    def scratch(self, size: int) -> Any:
        """Work space of the kernel for pieces of so many words."""
        ...

    def local(self, size: int) -> Local:
        """Room for a piece of so many words."""
        ...

    def localise(self, local: Local, ids: Array, seed: np.uint64, number: Array) -> Any:
        """Give a piece numbers of its own; returns its own `source`."""
        ...

    def load(self, keep: Array, words: int) -> tuple[Array, Array]:
        """The sum of step sizes of a vector's pairs in a piece, over alpha.

        Args:
            keep: How often each word is kept.
            words: How many are kept of a piece.

        Returns:
            That of each input, and of each output.
        """
        ...


def objective(data: Corpus, settings: Any) -> Objective:
    """The one that settings ask for."""
    return Tree(data, settings) if settings.loss == "hs" else Noise(data, settings)


def pairs_each(settings: Any) -> int:
    """In how many pairs a word is as a centre, in the mean."""
    window: int = settings.window
    return window + 1 if settings.shrink_windows else 2 * window


class Noise:
    """Negative sampling: a word is told from noise words, shared by a block or of each pair."""

    n_hot = 0

    def __init__(self, data: Corpus, settings: Any) -> None:
        from inlay.kernels import cbow, pairs, sampling, skipgram

        self.settings, self.counts = settings, data.counts
        self.n_outputs = len(data.tokens)
        is_cbow, self.module = settings.architecture == "cbow", pairs
        if settings.exact:
            self.name = "negative sampling, exact"
            self.kernel = pairs.train_cbow if is_cbow else pairs.train
            self.n_noise, self.pool = settings.negative, EXACT_POOL
        else:
            self.name = "negative sampling"
            self.module = cbow if is_cbow else skipgram
            self.kernel = self.module.train
            self.n_noise = max(8, -(-settings.negative // 4) * 4)
            # Of a pool as large as the draws from it, one draws as if from all words.
            self.pool = 8 * max(32, APART * self.n_noise // 64)
        self.source = sampling.make_noise(data.counts**settings.ns_exponent)
        self.share = np.float32(settings.negative / self.n_noise)
        self.limit = np.float32(_limit(data.counts, settings, self.n_noise))

    def scratch(self, size: int) -> Any:
        settings = self.settings
        return self.module.make_scratch(size, settings.window, self.n_noise, settings.vector_size)

    def local(self, size: int) -> Local:
        made = _local(size, size + self.pool, self.settings.vector_size)
        made.rows = made.outs  # the first of them are those of the inputs
        made.more = np.empty(self.pool, np.int32)
        return made

    def localise(self, local: Local, ids: Array, seed: np.uint64, number: Array) -> Any:
        from inlay.kernels.apart import localise
        from inlay.kernels.sampling import Noise

        accept, alias = self.source
        local.n_rows, local.n_outs = localise(
            ids, accept, alias, seed ^ OTHER, number, local.words, local.more, local.outs
        )
        return Noise(np.zeros(self.pool, np.uint32), local.more)

    def load(self, keep: Array, words: int) -> tuple[Array, Array]:
        settings, kept = self.settings, _kept(self.counts, keep, words)
        chance = self.counts**settings.ns_exponent
        pairs = kept * pairs_each(settings)
        # A centre of CBOW is in one step for all of its pairs, and each input makes that step.
        steps = kept if settings.architecture == "cbow" else pairs
        noise = settings.negative * steps.sum() * chance / chance.sum()
        by = _times_as_much(settings)
        return by * pairs * (1 + settings.negative), by * (steps + noise)


class Tree:
    """Hierarchical softmax: a word is found by the turns of its path from the root of a tree."""

    name = "hierarchical softmax"
    share = limit = np.float32(0)

    def __init__(self, data: Corpus, settings: Any) -> None:
        from inlay.kernels import hierarchical, huffman

        self.settings, self.counts = settings, data.counts
        is_cbow = settings.architecture == "cbow"
        self.kernel = hierarchical.train_cbow if is_cbow else hierarchical.train
        self.source = huffman.make_tree(data.counts)
        self.longest = max(huffman.longest(self.source), 1)
        self.n_outputs = max(len(data.tokens) - 1, 1)
        self.n_hot = min(NEAR_ROOT, self.n_outputs)
        if settings.alpha * self.longest >= LOAD:
            raise _too_fast(settings, LOAD / self.longest, f"paths of {self.longest} turns")

    def scratch(self, size: int) -> Any:
        from inlay.kernels.hierarchical import make_scratch

        settings = self.settings
        return make_scratch(size, settings.window, self.longest, settings.vector_size)

    def local(self, size: int) -> Local:
        most = size * self.longest
        made = _local(size, min(most, self.n_outputs), self.settings.vector_size)
        starts, points = np.zeros(size + 1, np.int64), np.zeros(most, np.int32)
        made.more = (starts, points, np.zeros(most, np.int8))
        return made

    def localise(self, local: Local, ids: Array, seed: np.uint64, number: Array) -> Any:
        from inlay.kernels import apart
        from inlay.kernels.huffman import Tree

        nothing = np.empty(0, np.int32), np.zeros(1, np.uint32), np.zeros(1, np.int32)
        pool, accept, alias = nothing
        local.n_rows, _ = apart.localise(
            ids, accept, alias, seed, number, local.words, pool, local.rows
        )
        local.n_outs = apart.localise_paths(
            *self.source, local.rows, local.n_rows, number, local.outs, *local.more
        )
        return Tree(*local.more)

    def load(self, keep: Array, words: int) -> tuple[Array, Array]:
        starts, points, _ = self.source
        settings, kept = self.settings, _kept(self.counts, keep, words)
        pairs = kept * pairs_each(settings)
        steps = kept if settings.architecture == "cbow" else pairs
        lengths = np.diff(starts)
        nodes: Array = np.bincount(points, np.repeat(steps, lengths), minlength=self.n_outputs)
        by = _times_as_much(settings)
        means: Array = by * pairs * lengths.mean()
        paths: Array = by * nodes
        return means, paths


def _local(size: int, most: int, dim: int) -> Local:
    from inlay.kernels.rows import aligned_zeros, row_width

    row = row_width(dim)
    return Local(
        words=np.empty(size, np.int32),
        rows=np.empty(size, np.int32),
        outs=np.empty(most, np.int32),
        inputs=aligned_zeros(size * row),
        outputs=aligned_zeros(most * row),
        more=None,
    )


def _kept(counts: Array, keep: Array, words: int) -> Array:
    """How often each word is kept in a piece, in the mean."""
    kept: Array = counts * (keep / MAX_32)
    kept *= words / kept.sum()
    return kept


def _times_as_much(settings: Any) -> int:
    """What one of the words in a sum does to it, where the mean would be 1."""
    return 1 if settings.cbow_mean else pairs_each(settings)


def _limit(counts: Array, settings: Any, n_noise: int) -> float:
    """How often one word may be a centre's neighbour in a block; see the kernel's `choose_centres`.

    A step along a direction of curvature h must stay below 2 / h, or vectors grow without bound.
    For vectors as they are learned h stays below 0.7 in whatever setting, as the logistic
    function is flat where they are long: the step sizes of a vector's pairs may add up to about
    LOAD. A pair moves its input vector by a centre and `negative` noise words, and what it moves
    towards moves as well, as far as one more pair. A noise vector is moved by `window + 1` pairs
    for each centre (`2 * window` if windows do not shrink), at a share of `negative` that grows
    with the chance to be drawn again. CBOW has fewer steps, each as large as a pair's.
    """
    pair = settings.alpha * (1 + settings.negative)
    if pair >= LOAD:
        most = LOAD / (1 + settings.negative)
        raise _too_fast(settings, most, f"{settings.negative} noise words")
    chance = counts**settings.ns_exponent
    often = 1 / n_noise + chance.max() / chance.sum()
    noise = settings.alpha * settings.negative * pairs_each(settings) * often
    return float(min(LOAD / pair - 1, LOAD / noise))


def _too_fast(settings: Any, most: float, what: str) -> ArgumentError:
    return ArgumentError(
        "alpha",
        expected=f"below {most:.2g} for {what}, or vectors grow without bound",
        got=str(settings.alpha),
        hint="a lower alpha; 0.025 and 0.05 are usual",
    )
