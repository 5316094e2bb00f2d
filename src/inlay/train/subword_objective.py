"""What fastText's vectors are to predict: what word2vec's are, but words are made of several rows.

A piece that is learned from apart gets the rows of its words, each under a number of its own
(see `inlay.kernels.apart`), and lists of which of them each of its words is made of.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.text.corpus import Corpus
from inlay.train.start import BLOCK
from inlay.train.word2vec_objectives import LOAD, Local, Noise, Tree

# Of the nodes of a path, one in so many is in doubt; the others hardly move anything. With all of
# them in doubt, CBOW's steps would be three times as small, and its vectors worse.
DOUBT = 3
ROOM = 5 / 4  # of what a piece needs, so that the next one needs no more, perhaps


@dataclass
class SubwordLocal(Local):
    """A piece with rows of its own, of which its words are made.

    Attributes:
        vocab: int32, the model's number of each of its words.
        n_words: How many of `vocab` there are.
        starts: int64, where the rows of each of its words begin in `items`.
        items: int32, rows of `inputs`.
        numbers: int32, the model's number of each of these rows.
    """

    vocab: Any = None
    n_words: int = 0
    starts: Any = None
    items: Any = None
    numbers: Any = None

    def known(self) -> Array:
        found: Array = self.vocab[: self.n_words]
        return found

    def read(self, words: Array) -> Array:
        """Which rows of `inputs` words are made of, one word after the other."""
        words = words[words >= 0]
        first, sizes = self.starts[words], self.starts[words + 1] - self.starts[words]
        before = np.cumsum(sizes) - sizes
        found: Array = self.items[np.repeat(first - before, sizes) + np.arange(sizes.sum())]
        return found


class SubwordObjective:
    """An `Objective` of word2vec, for words that are made of rows which they share.

    Args:
        data: The corpus.
        settings: The `FastTextSettings`.
        parts: The rows of each word, `inlay.kernels.subword_training.Parts`.
        n_rows: How many rows there are.
    """

    def __init__(self, data: Corpus, settings: Any, parts: Any, n_rows: int) -> None:
        from inlay.kernels import (
            sampling,
            subword_cbow,
            subword_hierarchical,
            subword_pairs,
            subword_training,
        )

        self.settings, self.parts, self.n_rows = settings, parts, n_rows
        is_cbow = settings.architecture == "cbow"
        self.of: Noise | Tree  # that of words which have a row each
        self.module: Any
        if settings.loss == "hs":
            self.of = tree = Tree(data, settings)
            self.module, self.height = subword_hierarchical, tree.longest
            keep = sampling.keep_thresholds(data.counts, settings.sample)
            self.steps = float(np.average(np.diff(tree.source.starts), weights=data.counts * keep))
        else:
            self.of = noise = Noise(data, settings)
            self.module, self.height = subword_cbow if is_cbow else subword_training, noise.n_noise
            if settings.exact:
                self.module = subword_pairs
            chance = data.counts**settings.ns_exponent
            self.often = float(1 / noise.n_noise + chance.max() / chance.sum())
        has_both = is_cbow and self.module is not subword_cbow
        self.train = self.module.train_cbow if has_both else self.module.train
        self.name, self.n_outputs, self.n_hot = self.of.name, self.of.n_outputs, self.of.n_hot
        self.share, self.limit = self.of.share, self.of.limit
        self.source = parts, self.of.source

    def kernel(
        self, ids: Array, keep: Array, model: Any, source: Any, scratch: Any, step: Any, lanes: Any
    ) -> Any:
        """Learn from a piece, with the limit of the rate at which that is."""
        step = step._replace(limit=np.float32(self._limit(float(step.alpha))))
        return self.train(ids, keep, model, *source, scratch, step, lanes)

    def _limit(self, rate: float) -> float:
        """How many pairs of a vector may be added up in a block: see the kernel's `choose_block`.

        As for `inlay.train.word2vec`, whose `_limit` says why; but it grows as the rate falls. In
        a tree, a pair is as many steps as there are nodes in doubt on its path.
        """
        if rate == 0:
            return 1e9
        settings = self.settings
        if settings.loss == "hs":
            return LOAD / (rate * max(self.steps / DOUBT, 1))
        noise = rate * settings.negative * (settings.window + 1) * self.often
        pair = rate * (1 + settings.negative)
        return float(min(LOAD / pair - 1, LOAD / noise))

    def scratch(self, size: int) -> Any:
        settings = self.settings
        return self.module.make_scratch(size, settings.window, self.height, settings.vector_size)

    def local(self, size: int) -> SubwordLocal:
        made = SubwordLocal(**vars(self.of.local(size)))
        made.vocab, made.starts = made.rows, np.zeros(size + 1, np.int64)
        made.items = made.numbers = np.empty(0, np.int32)
        return made

    def localise(self, local: Any, ids: Array, seed: np.uint64, number: Array) -> Any:
        local.rows = local.vocab
        source = self.of.localise(local, ids, seed, number)
        local.n_words = local.n_rows
        return self._own_parts(local, number), source

    def _own_parts(self, local: SubwordLocal, number: Array) -> Any:
        """The rows of each word of a piece, by numbers of its own."""
        from inlay.kernels.apart import localise_lists
        from inlay.kernels.rows import aligned_zeros, row_width

        starts, rows, shares = self.parts
        words = local.known()
        n = int((starts[words + 1] - starts[words]).sum())
        if n > local.items.size:
            n = int(n * ROOM)
            local.items, local.numbers = np.empty(n, np.int32), np.empty(n, np.int32)
            local.inputs = aligned_zeros(n * row_width(self.settings.vector_size))
        local.rows = local.numbers
        local.n_rows = localise_lists(
            *(starts, rows, words, words.size, number, local.rows, local.starts, local.items)
        )
        return type(self.parts)(local.starts, local.items, shares[words])

    def load(self, keep: Array, words: int) -> tuple[Array, Array]:
        """As of words with a row each; but a row is moved by all words that are made of it."""
        starts, rows, _ = self.parts
        inputs, outputs = self.of.load(keep, words)
        found = np.zeros(self.n_rows)
        for at in range(0, inputs.size, BLOCK):  # of words; those behind have no pairs
            some = inputs[at : at + BLOCK]
            begins = starts[at : at + some.size + 1]
            np.add.at(found, rows[begins[0] : begins[-1]], np.repeat(some, np.diff(begins)))
        return found, outputs
