"""What word2vec trains, piece by piece: together on one model, or apart from each other."""

import math
from functools import cached_property
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table, Tokens
from inlay.jobs.threads import Spread
from inlay.text.corpus import Corpus
from inlay.train.corpora import check_length
from inlay.train.damping import RATES, SHARES, TOGETHER, damping
from inlay.train.job import Done
from inlay.train.replicas import Replicas
from inlay.train.schedule import seed_of
from inlay.train.start import Start
from inlay.train.word2vec_objectives import APART, MAX_32, Local, Objective, objective

# Words between two looks at the learning rate. No word is dropped at the border of two pieces,
# but the few pairs across it are, as at the end of a sentence.
PIECE = 10_000
# Learned vectors have a norm of 1 to 6, but where a few words are all that there is. Then there is
# no noise to hold them back, and CBOW's grow with the logarithm of the corpus, to 120 for 10^9
# pairs, as they do in word2vec.c and gensim. Those that overshot go to infinity.
LONG = 1000.0


class Words:
    """Skip-gram or CBOW, as `inlay.train.job` trains it.

    Attributes:
        n_rows: Rows of inputs.
        spare: Rows behind them, of which training knows nothing: room for the result.

    Args:
        data: The corpus.
        settings: The `Word2VecSettings`.
        start: What to go on from, or None.
        threads: How many are to train.
    """

    spare = 0

    def __init__(self, data: Corpus, settings: Any, start: Start | None, threads: int = 1) -> None:
        from inlay.kernels import rows, sampling

        self.data, self.settings = data, settings
        self.dim, self.row = settings.vector_size, rows.row_width(settings.vector_size)
        self.lanes = rows.row_lanes(self.dim)
        self.keep = sampling.keep_thresholds(data.counts, settings.sample)
        self.tokens, self.facts = data.tokens, dict[str, Any]()
        self.factors: Array | None = None
        self.anchors: Array | None = None
        of = None
        if start is not None:
            self.tokens, of = start.merged(data.tokens)
        self.n_rows = len(self.tokens)
        self.objective = self._objective()
        self.has_context = settings.loss == "ns"
        n_outputs = len(self.tokens) if self.has_context else self.objective.n_outputs
        self.room = rows.aligned_zeros((self.n_rows + self.spare) * self.row)
        hot = 0 if threads == 1 or settings.deterministic else self.objective.n_hot
        self.replicas = Replicas(n_outputs, self.row, hot, threads, n_outputs - hot)
        self.model = sampling.Model(
            inputs=self.room[: self.n_rows * self.row], outputs=self.replicas.matrix
        )
        # As gensim and fastText do. From half as far, as in Mikolov's program, CBOW takes longer to
        # begin: on eight million words it completes 12 analogies in a hundred, where this makes 13.
        rows.scatter(self._rows(self.model.inputs), 1.0, np.random.default_rng(settings.seed))
        self.arrays = self.model._asdict()
        if start is not None and of is not None:
            self._begin(start, of)
        self.ones = np.ones(max(self.n_rows, n_outputs), np.float32)
        self.is_apart = self.factors is not None or self.anchors is not None
        kept = float(np.dot(data.counts, self.keep / MAX_32) / data.counts.sum())
        self.size, self.kept, self.together = PIECE, round(kept * PIECE), threads
        if settings.deterministic or self.is_apart:
            self.size, self.kept, self.together = int(min(APART / kept, PIECE)), APART, TOGETHER
        self.pieces, self.units = -(-data.ids.size // self.size), int(data.ids.size)
        self.free: list[Local] = []
        self.shares = 0
        self.damped: tuple[int, Any] = (0, None)

    @cached_property
    def load(self) -> tuple[Array, Array]:
        """See `Objective.load`: of a piece."""
        return self.objective.load(self.keep, self.kept)

    def _objective(self) -> Objective:
        return objective(self.data, self.settings)

    def _begin(self, start: Start, of: Array) -> None:
        inputs = self.model.inputs.reshape(-1, self.row)
        start.fill(inputs, of)
        if self.has_context:
            start.fill_context(self.model.outputs.reshape(-1, self.row), self.tokens)
        self.factors = start.factors(of)
        if start.pull:
            self.anchors = self.model.inputs.copy()
            self.pulled = np.where(of >= 0, np.float32(start.pull), np.float32(0))

    # -- pieces ------------------------------------------------------------------------------

    def scratch(self) -> Any:
        self.shares = min(2 * self.shares or 1, SHARES)  # each row is in one of them: no matter
        made, by = self.objective.scratch(self.size), 0
        if self.replicas.hot and not self.is_apart:
            by = self.replicas.add()
            made.own[:] = self.replicas.first, by
        return made, np.full(self.n_rows, -1, np.int32), by

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        ids = self.data.ids[piece * self.size : (piece + 1) * self.size]
        seed = seed_of(self.settings.seed, epoch * self.pieces + piece)
        if not self.is_apart:
            return self._piece_together(ids, (rate, seed), scratch)
        local, source = self._localised(ids, seed, scratch)
        before = local.inputs.copy(), local.outputs.copy()
        done = self._learn(local, ids, source, (rate, seed), scratch)
        here = np.arange(max(local.n_rows, local.n_outs), dtype=np.int32)
        self._subtract(local, before, (here, here))
        factors = self.ones if self.factors is None else self.factors
        for share in range(self.shares):
            self._add(local, share, (factors, self.ones))
        self.free.append(local)
        return done

    def _piece_together(self, ids: Array, how: tuple[float, np.uint64], scratch: Any) -> Done:
        """Learn on the rows that all threads have, but for those that each has copies of."""
        replicas, by = self.replicas, scratch[2]
        model = self.model._replace(outputs=replicas.whole)
        if by:
            replicas.take(by)
        done = self._train(ids, self.keep, model, self.objective.source, scratch, how)
        if by:
            replicas.give(by, self._damped(how[0])[1][replicas.first :])
        return done

    def apart(self, epoch: int, piece: int, rate: float, scratch: Any) -> tuple[Done, Local]:
        ids = self.data.ids[piece * self.size : (piece + 1) * self.size]
        seed = seed_of(self.settings.seed, epoch * self.pieces + piece)
        local, source = self._localised(ids, seed, scratch)
        done = self._learn(local, ids, source, (rate, seed), scratch)
        self._subtract(local, self.model, (local.rows, local.outs))
        local.rate = rate
        return done, local

    def add(self, changes: list[Local], spread: Spread) -> None:
        factors = self._damped(changes[0].rate)

        def share(i: int) -> None:
            for local in changes:
                self._add(local, i, factors)

        spread(share, self.shares)
        self.free += changes

    def _add(self, local: Local, share: int, factors: tuple[Array, Array]) -> None:
        from inlay.kernels.apart import add

        at, (inputs, outputs) = (share, self.shares), self.model
        add(local.inputs, local.rows, local.n_rows, self.row, factors[0], *at, inputs)
        add(local.outputs, local.outs, local.n_outs, self.row, factors[1], *at, outputs)

    def _damped(self, rate: float) -> tuple[Array, Array]:
        """What changes of a round are multiplied by, at this rate or one that is hardly larger."""
        step = math.ceil(RATES * rate / self.settings.alpha)
        if self.damped[0] != step:
            highest = self.settings.alpha * step / RATES
            inputs, outputs = (damping(x, highest, self.together) for x in self.load)
            if self.factors is not None:
                inputs = inputs * self.factors[: inputs.size]
            self.damped = step, (inputs, outputs)
        found: tuple[Array, Array] = self.damped[1]
        return found

    def _localised(self, ids: Array, seed: np.uint64, scratch: Any) -> tuple[Local, Any]:
        """Copies of the rows that a piece needs, and what it draws from."""
        from inlay.kernels.apart import gather

        try:
            local = self.free.pop()
        except IndexError:
            local = self.objective.local(self.size)
        source = self.objective.localise(local, ids, seed, scratch[1])
        gather(self.model.inputs, local.rows, local.n_rows, self.row, local.inputs)
        gather(self.model.outputs, local.outs, local.n_outs, self.row, local.outputs)
        return local, source

    def _learn(self, local: Local, ids: Array, source: Any, how: Any, scratch: Any) -> Done:
        """Learn on copies; those of rows that are pulled are pulled as well."""
        from inlay.kernels.apart import pull
        from inlay.kernels.sampling import Model

        words = local.words[: ids.size]
        keep, model = self.keep[local.known()], Model(local.inputs, local.outputs)
        done = self._train(words, keep, model, source, scratch, how)
        if self.anchors is not None:
            factor = np.minimum(self.pulled * np.float32(how[0]), np.float32(1))
            read = local.read(words)
            pull(read, read.size, self.anchors, local.rows, factor, self.row, local.inputs)
        return done

    def _subtract(self, local: Local, before: Any, rows: tuple[Array, Array]) -> None:
        from inlay.kernels.apart import differences

        differences(before[0], rows[0], local.n_rows, self.row, local.inputs)
        differences(before[1], rows[1], local.n_outs, self.row, local.outputs)

    def _train(
        self, ids: Array, keep: Array, model: Any, source: Any, scratch: Any, how: Any
    ) -> Done:
        from inlay.kernels.sampling import Step

        rate, seed = how
        step = Step(
            alpha=np.float32(rate),
            window=self.settings.window,
            shrink=self.settings.shrink_windows,
            mean=self.settings.cbow_mean,
            share=self.objective.share,
            limit=self.objective.limit,
            seed=seed,
        )
        learn = self.objective.kernel
        _, loss, terms = learn(ids, keep, model, source, scratch[0], step, self.lanes)
        return Done(int(ids.size), loss, terms)

    # -- the result --------------------------------------------------------------------------

    def check(self) -> None:
        """Refuse vectors that grew without bound.

        Raises:
            ArgumentError: They did.
        """
        inputs = self.model.inputs  # of which nothing is copied
        length = float(np.sqrt(np.dot(inputs, inputs) / self.n_rows))
        usual = "0.025 and 0.05 are"
        check_length("alpha", self.settings.alpha, length, most=LONG, usual=usual)

    def table(self) -> Table:
        """The vectors as they stand, in memory of their own."""
        return self._made([self._rows(array).copy() for array in self.model])

    def finished(self) -> Table:
        """`table`, in the memory of the model: nothing more can be learned."""
        from inlay.kernels.rows import packed

        return self._made([packed(array, self.row, self.dim) for array in self.model])

    def _rows(self, array: Array) -> Array:
        return array.reshape(-1, self.row)[:, : self.dim]

    def _made(self, matrices: list[Array]) -> Table:
        counts = np.zeros(len(self.tokens), np.int64)
        counts[: len(self.data.tokens)] = self.data.counts
        tokens = Tokens.from_list(self.tokens)
        parts = {}
        if self.has_context:  # those of a tree are of its nodes, and of no word
            said = {"part": "context vectors"}
            parts["context"] = Table(tokens, matrices[1], provenance=said)
        return Table(
            tokens,
            matrices[0],
            counts=counts,
            provenance=self.facts,
            parts=parts,
        )
