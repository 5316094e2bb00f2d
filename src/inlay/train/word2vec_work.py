"""What word2vec trains, piece by piece: together on one model, or apart from each other."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table, Tokens
from inlay.errors import ArgumentError
from inlay.jobs.threads import Spread
from inlay.text.corpus import Corpus
from inlay.train.job import Done
from inlay.train.schedule import seed_of
from inlay.train.start import Start

# Words between two looks at the learning rate. No word is dropped at the border of two pieces,
# but the few pairs across it are, as at the end of a sentence.
PIECE = 10_000
# How many words are kept, about, of a piece that is learned from apart, and how many such pieces
# make a round.
APART, TOGETHER = 500, 8
SHARES = 4  # into which adding up is divided, for threads
# The most that the step sizes of all pairs of a vector in a block may add up to; see `_limit`.
LOAD = 2.75
# How strongly a step of size 1 draws a vector towards its goal, in the mean; see `_damping`.
CURVATURE = 0.1
RATES = 20  # steps of the rate between two looks at the damping
# Learned vectors have a norm of 1 to 6; those that overshot, of dozens to infinity.
LONG = 30.0
MAX_32 = 2**32 - 1
OTHER = np.uint64(0x5DEECE66D)  # so that the pool is not drawn as the piece is thinned out


@dataclass
class Local:
    """A piece with rows of its own; see `inlay.kernels.apart`."""

    words: Array
    pool: Array
    rows: Array
    inputs: Array
    outputs: Array
    own: int = 0
    n: int = 0
    rate: float = 0.0


class Words:
    """Skip-gram or CBOW, as `inlay.train.job` trains it.

    Args:
        data: The corpus.
        settings: The `Word2VecSettings`.
        start: What to go on from, or None.
    """

    def __init__(self, data: Corpus, settings: Any, start: Start | None) -> None:
        from inlay.kernels import rows, sampling

        self.data, self.settings, self.kernel = data, settings, _kernel(settings)
        self.dim, self.row = settings.vector_size, rows.row_width(settings.vector_size)
        self.lanes = rows.row_lanes(self.dim)
        self.n_noise = max(8, -(-settings.negative // 4) * 4)
        self.noise = sampling.make_noise(data.counts**settings.ns_exponent)
        self.keep = _keep_thresholds(data.counts, settings.sample)
        self.share = np.float32(settings.negative / self.n_noise)
        self.limit = np.float32(_limit(data.counts, settings, self.n_noise))
        self.tokens, self.facts = data.tokens, dict[str, Any]()
        self.factors: Array | None = None
        self.anchors: Array | None = None
        of = None
        if start is not None:
            self.tokens, of = start.merged(data.tokens)
        n = len(self.tokens)
        self.model = sampling.Model(
            inputs=_initial(n, self.dim, self.row, settings.seed),
            outputs=rows.aligned_zeros(n * self.row),
        )
        self.arrays = self.model._asdict()
        if start is not None and of is not None:
            self._begin(start, of)
        self.ones = np.ones(n, np.float32)
        self.is_apart = self.factors is not None or self.anchors is not None
        self.size = PIECE
        if settings.deterministic or self.is_apart:
            kept = float(np.dot(data.counts, self.keep / MAX_32) / data.counts.sum())
            self.size = int(min(APART / kept, PIECE))
        # Of a pool as large as the draws from it, one draws as if from all words.
        self.pool = 8 * max(32, APART * self.n_noise // 64)
        self.together = TOGETHER
        self.pieces, self.units = -(-data.ids.size // self.size), int(data.ids.size)
        self.free: list[Local] = []
        self.load = _load(data.counts, self.keep, settings)
        self.damped: tuple[int, Any] = (0, None)

    def _begin(self, start: Start, of: Array) -> None:
        inputs = self.model.inputs.reshape(-1, self.row)
        start.fill(inputs, of)
        start.fill_context(self.model.outputs.reshape(-1, self.row), self.tokens)
        self.factors = start.factors(of)
        if start.pull:
            self.anchors = self.model.inputs.copy()
            self.pulled = np.where(of >= 0, np.float32(start.pull), np.float32(0))

    # -- pieces ------------------------------------------------------------------------------

    def scratch(self) -> Any:
        made = self.kernel.make_scratch(self.size, self.settings.window, self.n_noise, self.dim)
        return made, np.full(len(self.data.tokens), -1, np.int32)

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        ids = self.data.ids[piece * self.size : (piece + 1) * self.size]
        seed = seed_of(self.settings.seed, epoch * self.pieces + piece)
        if not self.is_apart:
            return self._train(ids, self.keep, self.model, self.noise, scratch, (rate, seed))
        local = self._localised(ids, seed, scratch)
        before = local.inputs.copy(), local.outputs.copy()
        done = self._learn(local, ids, (rate, seed), scratch)
        self._subtract(local, before, np.arange(local.n, dtype=np.int32))
        factors = self.ones if self.factors is None else self.factors
        for share in range(SHARES):
            self._add(local, share, (factors, self.ones))
        self.free.append(local)
        return done

    def apart(self, epoch: int, piece: int, rate: float, scratch: Any) -> tuple[Done, Local]:
        ids = self.data.ids[piece * self.size : (piece + 1) * self.size]
        seed = seed_of(self.settings.seed, epoch * self.pieces + piece)
        local = self._localised(ids, seed, scratch)
        done = self._learn(local, ids, (rate, seed), scratch)
        self._subtract(local, (self.model.inputs, self.model.outputs), local.rows)
        local.rate = rate
        return done, local

    def add(self, changes: list[Local], spread: Spread) -> None:
        factors = self._damped(changes[0].rate)

        def share(i: int) -> None:
            for local in changes:
                self._add(local, i, factors)

        spread(share, SHARES)
        self.free += changes

    def _add(self, local: Local, share: int, factors: tuple[Array, Array]) -> None:
        from inlay.kernels.apart import add

        at, (inputs, outputs) = (share, SHARES), self.model
        add(local.inputs, local.rows, local.own, self.row, factors[0], *at, inputs)
        add(local.outputs, local.rows, local.n, self.row, factors[1], *at, outputs)

    def _damped(self, rate: float) -> tuple[Array, Array]:
        """What changes of a round are multiplied by, at this rate or one that is hardly larger."""
        step = math.ceil(RATES * rate / self.settings.alpha)
        if self.damped[0] != step:
            inputs, outputs = _damping(self.load, self.settings.alpha * step / RATES)
            if self.factors is not None:
                inputs = inputs * self.factors[: inputs.size]
            self.damped = step, (inputs, outputs)
        found: tuple[Array, Array] = self.damped[1]
        return found

    def _localised(self, ids: Array, seed: np.uint64, scratch: Any) -> Local:
        """Copies of the rows that a piece needs."""
        from inlay.kernels import apart
        from inlay.kernels.rows import aligned_zeros

        try:
            local = self.free.pop()
        except IndexError:
            local = Local(
                words=np.empty(self.size, np.int32),
                pool=np.empty(self.pool, np.int32),
                rows=np.empty(self.size + self.pool, np.int32),
                inputs=aligned_zeros(self.size * self.row),
                outputs=aligned_zeros((self.size + self.pool) * self.row),
            )
        accept, alias = self.noise
        local.own, local.n = apart.localise(
            ids, accept, alias, seed ^ OTHER, scratch[1], local.words, local.pool, local.rows
        )
        apart.gather(self.model.inputs, local.rows, local.own, self.row, local.inputs)
        apart.gather(self.model.outputs, local.rows, local.n, self.row, local.outputs)
        return local

    def _learn(self, local: Local, ids: Array, step: Any, scratch: Any) -> Done:
        """Learn on copies; those of rows that are pulled are pulled as well."""
        from inlay.kernels import apart, sampling

        words = local.words[: ids.size]
        keep = self.keep[local.rows[: local.own]]
        noise = sampling.Noise(np.zeros(self.pool, np.uint32), local.pool)
        model = sampling.Model(local.inputs, local.outputs)
        done = self._train(words, keep, model, noise, scratch, step)
        if self.anchors is not None:
            factor = np.minimum(self.pulled * np.float32(step[0]), np.float32(1))
            apart.pull(words, words.size, self.anchors, local.rows, factor, self.row, local.inputs)
        return done

    def _subtract(self, local: Local, before: tuple[Array, Array], rows: Array) -> None:
        from inlay.kernels import apart

        apart.differences(before[0], rows, local.own, self.row, local.inputs)
        apart.differences(before[1], rows, local.n, self.row, local.outputs)

    def _train(
        self, ids: Array, keep: Array, model: Any, noise: Any, scratch: Any, how: Any
    ) -> Done:
        from inlay.kernels.sampling import Step

        rate, seed = how
        step = Step(
            alpha=np.float32(rate),
            window=self.settings.window,
            shrink=self.settings.shrink_windows,
            mean=self.settings.cbow_mean,
            share=self.share,
            limit=self.limit,
            seed=seed,
        )
        _, loss, terms = self.kernel.train(ids, keep, model, noise, scratch[0], step, self.lanes)
        return Done(int(ids.size), loss, terms)

    # -- the result --------------------------------------------------------------------------

    def check(self) -> None:
        """Refuse vectors that grew without bound.

        Raises:
            ArgumentError: They did.
        """
        # Nothing is allocated; NaN and infinity fail the comparison too.
        inputs, alpha = self.model.inputs, self.settings.alpha
        length = float(np.sqrt(np.dot(inputs, inputs) / len(self.tokens)))
        if not length <= LONG:
            raise ArgumentError(
                "alpha",
                expected=f"a learning rate at which the norms' quadratic mean stays below {LONG:g}",
                got=f"{length:g} at alpha={alpha}: they grew without bound",
                hint="a lower alpha; 0.025 and 0.05 are usual",
            )

    def table(self) -> Table:
        return self._made([self._rows(array).copy() for array in self.model])

    def finished(self) -> Table:
        """`table`, in the memory of the model: nothing more can be learned."""
        return self._made([_packed(array, self.row, self.dim) for array in self.model])

    def _rows(self, array: Array) -> Array:
        return array.reshape(-1, self.row)[:, : self.dim]

    def _made(self, matrices: list[Array]) -> Table:
        counts = np.zeros(len(self.tokens), np.int64)
        counts[: len(self.data.tokens)] = self.data.counts
        tokens = Tokens.from_list(self.tokens)
        context = Table(tokens, matrices[1], provenance={"part": "context vectors"})
        return Table(
            tokens,
            matrices[0],
            counts=counts,
            provenance=self.facts,
            parts={"context": context},
        )


def _kernel(settings: Any) -> Any:
    """The module of what is trained."""
    from inlay.kernels import cbow, skipgram

    return cbow if settings.architecture == "cbow" else skipgram


def pairs_each(settings: Any) -> int:
    """In how many pairs a word is as a centre, in the mean."""
    window: int = settings.window
    return window + 1 if settings.shrink_windows else 2 * window


def _packed(flat: Array, row: int, dim: int) -> Array:
    """Rows without their padding, moved together where they are."""
    n = flat.size // row
    padded, dense = flat.reshape(n, row), flat[: n * dim].reshape(n, dim)
    if row != dim:
        for at in range(0, n, 10_000):
            dense[at : at + 10_000] = padded[at : at + 10_000, :dim].copy()
    return dense


def _initial(n: int, dim: int, row: int, seed: int) -> Array:
    """Vectors uniform in +-1/2 / dim, as in Mikolov's program; the padding is zero."""
    from inlay.kernels.rows import aligned_zeros

    flat: Array = aligned_zeros(n * row)
    rows, rng = flat.reshape(n, row), np.random.default_rng(seed)
    for at in range(0, n, 10_000):
        part = rows[at : at + 10_000, :dim]
        part[:] = (rng.random(part.shape, np.float32) - np.float32(0.5)) / np.float32(dim)
    return flat


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
        raise ArgumentError(
            "alpha",
            expected=f"below {LOAD / (1 + settings.negative):.2g} for {settings.negative} noise "
            "words, or vectors grow without bound",
            got=str(settings.alpha),
            hint="a lower alpha; 0.025 and 0.05 are usual",
        )
    chance = counts**settings.ns_exponent
    often = 1 / n_noise + chance.max() / chance.sum()
    noise = settings.alpha * settings.negative * pairs_each(settings) * often
    return float(min(LOAD / pair - 1, LOAD / noise))


def _load(counts: Array, keep: Array, settings: Any) -> tuple[Array, Array]:
    """The sum of step sizes of a vector's pairs in a piece, over alpha: of inputs and of outputs.

    An occurrence is in several pairs, each with `negative` noise words. A centre of CBOW is in one
    step for all of its pairs, and each of its inputs makes that whole step; if it takes their sum,
    what one of them does to it is as many times as much.
    """
    chance = counts**settings.ns_exponent
    kept = counts * (keep / MAX_32)
    kept *= APART / kept.sum()
    pairs = kept * pairs_each(settings)
    steps = kept if settings.architecture == "cbow" else pairs
    noise = settings.negative * steps.sum() * chance / chance.sum()
    by = 1 if settings.cbow_mean else pairs_each(settings)
    return by * pairs * (1 + settings.negative), by * (steps + noise)


def _damping(load: tuple[Array, Array], rate: float) -> tuple[Array, Array]:
    """What the changes of a round are multiplied by, for each vector, float32.

    All pieces of a round begin at the same vectors. A piece that draws a vector by a share
    1 - exp(-x) of the way to where it rests would, repeated k times in turn, have it go
    1 - exp(-k x) of the way. The sum of k such changes from the same point is k (1 - exp(-x)),
    which goes far beyond for words that every piece is full of: it is multiplied by the quotient
    of the two. For rare words that is 1; for the most frequent ones it makes the sum a mean.
    """
    found = []
    for each in load:
        x = np.maximum(each * (rate * CURVATURE), 1e-9)
        damped = np.expm1(-TOGETHER * x) / (TOGETHER * np.expm1(-x))
        found.append(damped.astype(np.float32))
    return found[0], found[1]


def _keep_thresholds(counts: Array, sample: float) -> Array:
    """How often each word is kept, of 2**32, less one: uint32 `(vocab_size,)`.

    The share kept is `sqrt(t / f) + t / f` for a share f of the corpus, as in Mikolov's program
    (his paper has another formula).
    """
    if sample == 0:
        return np.full(counts.size, MAX_32, np.uint32)
    ratio = sample * counts.sum() / counts
    keep: Array = np.minimum((np.sqrt(ratio) + ratio) * 2.0**32, MAX_32)
    return keep.astype(np.uint32)
