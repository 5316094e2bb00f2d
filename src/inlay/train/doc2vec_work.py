"""What paragraph vectors train, piece by piece: together on one model, or apart from each other."""

import math
from functools import cached_property
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.encode.paragraph.encoder import ParagraphEncoder
from inlay.encode.paragraph.network import Design, Network, Piece
from inlay.jobs.threads import Spread
from inlay.text.corpus import Corpus
from inlay.tokenizers import TokenizerLike
from inlay.train.corpora import check_length
from inlay.train.damping import RATES, SHARES, TOGETHER, damping
from inlay.train.doc2vec_local import Local, Scratch
from inlay.train.job import Done
from inlay.train.replicas import Replicas
from inlay.train.schedule import seed_of
from inlay.train.start import Start
from inlay.train.tags import Tagged

# Words between two looks at the learning rate. A text that is cut there goes on in the next piece.
PIECE = 10_000
# Words that are kept, about, of a piece that is learned from apart, and noise words drawn for it.
# With as few as word2vec takes most texts are cut in two, and copying takes most of the time.
APART = 1000
POOL = 8192  # noise words that are drawn for a piece of PV-DM; with half of them it learns less
# Of so many words, the most frequent ones, each of several threads has copies. An epoch of PV-DM on
# IMDB takes two threads 1.2 s, and without copies 1.5 s or, where the cores share no cache, 4 s.
FREQUENT = 1024
# From so many for each thread beyond two. A copy does not know what others did since it was taken:
# with all of the first words copied, eight threads end at 4.7 % more loss than one after two epochs
# of PV-DM, and at .6 % with the first 128 shared; two at .5 % as it is.
SHARED = 16
MAX_32 = 2**32 - 1
# Learned vectors have a norm of 1 to 10; those that overshot, of dozens to infinity.
LONG = 100.0


class Paragraphs:
    """Paragraph vectors, as `inlay.train.job` trains them.

    Args:
        data: The corpus.
        tagged: The tags of its texts.
        design: What is trained.
        seed: Of all chance.
        about: What the provenance says.
        deterministic: Whether pieces are to be learned from apart.
        start: What vectors of words go on from, or None.
        threads: How many are to train.
    """

    def __init__(
        self,
        data: Corpus,
        tagged: Tagged,
        design: Design,
        seed: int,
        about: dict[str, Any],
        *,
        deterministic: bool = False,
        start: Start | None = None,
        threads: int = 1,
    ) -> None:
        from inlay.kernels import rows

        self.data, self.tagged, self.design, self.seed = data, tagged, design, seed
        self.about, self.dim = about, design.vector_size
        self.row, self.threads = rows.row_width(self.dim), threads
        rng, n = np.random.default_rng(seed), len(data.tokens)
        self.first = min(SHARED * max(threads - 2, 0), n)
        self.is_apart = start is not None and (start.rates is not None or start.pull > 0)
        together = not (deterministic or self.is_apart or design.concatenate)
        self.hot = min(FREQUENT, n - self.first) if together and threads > 1 else 0
        copies = self.hot, threads, self.first
        outputs = Replicas(n, design.slots * self.row, *copies)
        words, of, self.replicas = None, None, [outputs]
        if design.words or design.reads_words:
            read = Replicas(n + design.concatenate, self.row, *copies)
            self.replicas.append(read)
            words = read.matrix.reshape(-1, self.row)[:, : self.dim]
            rows.scatter(words, 0.5, rng)  # as in Mikolov's program
        if start is not None and words is not None:
            of = start.table.tokens.find_many(data.tokens)
            start.fill(words, of)
        self.network = Network(design, data.counts, None, None).on(**self._rows(whole=False))
        self.factors: Array | None = None
        self.anchors: Array | None = None
        if start is not None and of is not None:
            self._begin(start, np.append(of, np.full(int(design.concatenate), -1)))
        self.documents = rows.aligned_zeros(tagged.n * self.row)
        vectors = self.documents.reshape(-1, self.row)[:, : self.dim]
        rows.scatter(vectors, 0.5, rng)
        vectors[~tagged.with_words(data.ends)] = 0
        self.arrays = {"documents": self.documents, **self._rows(whole=False)}
        self._divide(deterministic)

    def _rows(self, *, whole: bool) -> dict[str, Array]:
        """The vectors of words, by the names that they have in a network; or all with the copies.

        Words that nothing reads have none.
        """
        each = zip(("outputs", "words"), self.replicas, strict=False)
        return {name: rows.whole if whole else rows.matrix for name, rows in each}

    def _begin(self, start: Start, of: Array) -> None:
        if not self.design.concatenate:  # whose vectors of what is predicted are other ones
            outputs = self.network.outputs.reshape(-1, self.row)
            start.fill_context(outputs, self.data.tokens)
        self.factors = start.factors(of)
        if start.pull:
            self.anchors = self.network.words.copy()
            self.pulled = np.where(of >= 0, np.float32(start.pull), np.float32(0))

    def _divide(self, deterministic: bool) -> None:
        """Into pieces, small ones if each has rows of its own."""
        ids, design, counts = self.data.ids, self.design, self.data.counts
        self.often = counts * (self.network.keep / MAX_32)
        kept = float(self.often.sum() / counts.sum())
        self.size, self.kept, self.together, pool = PIECE, kept * PIECE, self.threads, POOL
        if deterministic or self.is_apart:
            self.size, self.kept, self.together = int(min(APART / kept, PIECE)), APART, TOGETHER
            pool = APART if design.reads_words else 2 * APART
        self.pieces, self.units = -(-ids.size // self.size), int(ids.size)
        self.pool = pool
        keep = self.network.keep
        self.keep = np.append(keep, np.tile(keep[self._copied], self.threads))  # of copies as well
        # The number of the text in which each piece begins.
        ends = self.data.ends
        self.texts = np.searchsorted(ends, np.arange(0, self.pieces * self.size + 1, self.size))
        self.damped: tuple[int, Any] = (0, None)
        self.free: list[Local] = []

    @property
    def _copied(self) -> slice:
        """The words that each thread has copies of."""
        return slice(self.first, self.first + self.hot)

    # -- pieces ------------------------------------------------------------------------------

    def scratch(self) -> Scratch:
        from inlay.kernels import skipgram

        of_words = None
        if self.design.words:
            of_words = skipgram.make_scratch(self.size, self.design.window, self._noise, self.dim)
        return Scratch(
            kernel=self.network.scratch(self.size),
            of_words=of_words,
            pool=np.empty(self.pool, np.int32),
            number=np.full(len(self.data.tokens), -1, np.int32),
            by=[each.add() for each in self.replicas].pop() if self.hot else 0,
            words=np.empty(self.size if self.hot else 0, np.int32),
        )

    @property
    def _noise(self) -> int:
        """Noise words of a block of skip-gram."""
        return max(8, -(-self.design.negative // 4) * 4)

    def piece(self, epoch: int, piece: int, rate: float, scratch: Scratch) -> Done:
        from inlay.kernels import paragraph

        if self.is_apart:
            return self._piece_of_slow(epoch, piece, rate, scratch)
        seed, ids = self._seed_and_words(epoch, piece)
        network = self.network
        if self.hot:
            ids, network = self._take(ids, seed, scratch)
        elif self.design.reads_words:
            network = network.on(noise=network.pool(seed, scratch.pool))
        tags = paragraph.Tags(self.tagged.offsets, self.tagged.numbers)
        done = self._learn(
            *(ids, (rate, seed), network, self.documents),
            *(tags, int(self.texts[piece]), scratch),
        )
        if self.hot:
            self._give(rate, scratch)
        return done

    def _take(self, ids: Array, seed: np.uint64, scratch: Scratch) -> tuple[Array, Network]:
        """The words of a piece and its network, by the numbers of a thread's copies.

        These are set to the rows as they stand.
        """
        from inlay.kernels.replicas import renumber

        noise = self.network.pool(seed, scratch.pool)
        renumber(scratch.pool, self.first, self.hot, scratch.by, scratch.pool)
        renumber(ids, self.first, self.hot, scratch.by, scratch.words)
        for each in self.replicas:
            each.take(scratch.by)
        network = self.network.on(keep=self.keep, noise=noise, **self._rows(whole=True))
        return scratch.words[: ids.size], network

    def _give(self, rate: float, scratch: Scratch) -> None:
        """Add what the copies of a thread changed by to the rows."""
        inputs, outputs = self._damped(rate)
        for each, factors in zip(self.replicas, (outputs, inputs), strict=False):
            each.give(scratch.by, factors[self._copied])

    def _seed_and_words(self, epoch: int, piece: int) -> tuple[np.uint64, Array]:
        seed = seed_of(self.seed, epoch * self.pieces + piece)
        return seed, self.data.ids[piece * self.size : (piece + 1) * self.size]

    def _learn(
        self,
        ids: Array,
        how: tuple[float, np.uint64],
        network: Network,
        documents: Array,
        tags: Any,
        text: int,
        scratch: Scratch,
    ) -> Done:
        rate, seed = how
        if self.design.words:
            self._learn_words(ids, how, network, scratch.of_words)
        states, rates = np.array([seed], np.uint64), np.array([rate], np.float32)
        part = Piece(ids, states, rates, text)
        _, loss, terms = network.learn(part, documents, tags, scratch.kernel, learns=True)
        return Done(int(ids.size), loss, terms)

    def _learn_words(
        self, ids: Array, how: tuple[float, np.uint64], network: Network, scratch: Any
    ) -> None:
        """Skip-gram, which predicts the same output vectors."""
        from inlay.kernels import rows, sampling, skipgram

        design, (rate, seed) = self.design, how
        model = sampling.Model(inputs=network.words, outputs=network.outputs)
        share, limit = np.float32(design.negative / self._noise), network.limit(rate)
        step = sampling.Step(
            *(np.float32(rate), design.window, True, True),
            *(share, np.float32(limit / (design.window + 1)), seed),
        )
        lanes = rows.row_lanes(self.dim)
        skipgram.train(ids, network.keep, model, network.noise, scratch, step, lanes)

    # -- pieces apart ------------------------------------------------------------------------

    @cached_property
    def load(self) -> tuple[Array, Array]:
        """See `_load`."""
        return _load(self.design, self.often * (self.kept / self.often.sum()), self.data.counts)

    @cached_property
    def lengths(self) -> Array:
        """How many words the texts of each tag have, those that are thinned out left out."""
        kept = float(self.often.sum() / self.data.counts.sum())
        lengths = np.diff(np.append(-1, self.data.ends)) - 1
        lengths = np.append(lengths, np.zeros(self.data.texts - lengths.size, int))
        of_tags = np.repeat(lengths, np.diff(self.tagged.offsets))
        found: Array = kept * np.bincount(self.tagged.numbers, of_tags, minlength=self.tagged.n)
        return found

    @cached_property
    def ones(self) -> Array:
        """Factors that change nothing."""
        return np.ones(max(len(self.data.counts) + 1, self.tagged.n), np.float32)

    @cached_property
    def damped_documents(self) -> Array:
        """Room for the factors of tags."""
        return np.ones(self.tagged.n, np.float32)

    def apart(self, epoch: int, piece: int, rate: float, scratch: Scratch) -> tuple[Done, Local]:
        local, done = self._learn_apart(epoch, piece, rate, scratch)
        local.subtract(self.network, self.documents)
        local.rate = rate
        return done, local

    def add(self, changes: list[Local], spread: Spread) -> None:
        factors = (*self._damped(changes[0].rate), self.damped_documents)
        tags, together = np.unique(
            np.concatenate([local.tags for local in changes]), return_counts=True
        )
        # A text that is cut is in two pieces, and a tag may be in all of them.
        load = np.minimum(self.lengths[tags] / together, APART) * (1 + self.design.negative)
        self.damped_documents[tags] = damping(load, changes[0].rate, together)

        def share(i: int) -> None:
            for local in changes:
                local.add(self.network, self.documents, factors, (i, SHARES))

        spread(share, SHARES)
        self.free += changes

    def _piece_of_slow(self, epoch: int, piece: int, rate: float, scratch: Scratch) -> Done:
        """A piece whose rows have a rate each: what others change meanwhile stays."""
        local, done = self._learn_apart(epoch, piece, rate, scratch, remember=True)
        local.subtract_remembered()
        factors = self.ones if self.factors is None else self.factors, self.ones, self.ones
        for share in range(SHARES):
            local.add(self.network, self.documents, factors, (share, SHARES))
        self.free.append(local)
        return done

    def _learn_apart(
        self, epoch: int, piece: int, rate: float, scratch: Scratch, *, remember: bool = False
    ) -> tuple[Local, Done]:
        seed, ids = self._seed_and_words(epoch, piece)
        try:
            local = self.free.pop()
        except IndexError:
            local = Local(self.network, self.size, self.pool)
        first, last = int(self.texts[piece]), int(self.texts[piece + 1]) + 1
        tags = local.take(
            *(self.network, self.documents, ids, seed, scratch.number),
            *self.tagged.of_texts(first, min(last, self.data.texts)),
        )
        if remember:
            local.remember()
        own = local.network(self.network)
        words = local.words[: ids.size]
        done = self._learn(words, (rate, seed), own, local.documents, tags, 0, scratch)
        if self.anchors is not None:
            local.pull(self.anchors, np.minimum(self.pulled * np.float32(rate), np.float32(1)))
        return local, done

    def _damped(self, rate: float) -> tuple[Array, Array]:
        """What changes of a round are multiplied by, at this rate or one that is hardly larger."""
        step = math.ceil(RATES * rate / self.design.alpha)
        if self.damped[0] != step:
            highest = self.design.alpha * step / RATES
            inputs, outputs = (damping(x, highest, self.together) for x in self.load)
            if self.factors is not None:
                inputs[: self.factors.size] *= self.factors
            self.damped = step, (inputs, outputs)
        found: tuple[Array, Array] = self.damped[1]
        return found

    # -- the result --------------------------------------------------------------------------

    def table(self) -> Table:
        """The documents."""
        return self._of_tags(self.documents.reshape(-1, self.row)[:, : self.dim].copy())

    def _of_tags(self, matrix: Array) -> Table:
        return self.tagged.table(matrix, self.about)

    def encoder(self, tokenizer: TokenizerLike | None) -> ParagraphEncoder:
        """What was learned, in the memory of the model: nothing more can be learned.

        Raises:
            ArgumentError: Vectors grew without bound.
        """
        from inlay.kernels.rows import packed

        network, given = self.network, self.documents  # of which nothing is copied from here on
        length = float(np.sqrt(np.dot(given, given) / max(self.tagged.n, 1)))
        usual = "0.025 and 0.05 are"
        check_length("alpha", self.design.alpha, length, most=LONG, usual=usual)
        slots, n = self.design.slots, len(self.data.tokens)
        outputs = packed(network.outputs, self.row, self.dim)
        words, null = None, None
        if network.words.size:
            rows = packed(network.words, self.row, self.dim)
            null = rows[-1].copy() if self.design.concatenate else None
            words = self._of_words(rows[:n])
        return ParagraphEncoder(
            self.design,
            outputs=self._of_words(outputs.reshape(n, slots * self.dim)),
            documents=self._of_tags(packed(given, self.row, self.dim)),
            words=words,
            null=null,
            tokenizer=tokenizer,
            provenance=self.about,
        )

    def _of_words(self, matrix: Array) -> Table:
        counts, about = self.data.counts, self.about
        return Table(self.data.tokens, matrix, counts=counts, provenance=about)


def _load(design: Design, kept: Array, counts: Array) -> tuple[Array, Array]:
    """The sum of step sizes of a vector's pairs in a piece, over the learning rate.

    Args:
        design: What is trained.
        kept: How often each word is kept in a piece.
        counts: How often it is in the corpus.

    Returns:
        That of each word as it is read, the null word behind them; and as it is predicted.
    """
    window = design.window
    pairs = kept * (2 * window if design.concatenate else window + 1)
    steps = kept + pairs if design.words else kept
    chance = counts**design.ns_exponent
    noise = design.negative * steps.sum() * chance / chance.sum()
    null = kept.sum() * window  # at most
    return np.append(pairs, null) * (1 + design.negative), steps + noise
