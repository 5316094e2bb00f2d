"""What paragraph vectors train, piece by piece: those of texts, and of the words they predict."""

from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.encode.paragraph.encoder import ParagraphEncoder
from inlay.encode.paragraph.network import Design, Network, Piece
from inlay.text.corpus import Corpus
from inlay.tokenizers import TokenizerLike
from inlay.train.corpora import check_length
from inlay.train.job import Done
from inlay.train.schedule import seed_of
from inlay.train.tags import Tagged

# Words between two looks at the learning rate. A text that is cut there goes on in the next piece.
PIECE = 10_000
POOL = 4096  # noise words that are drawn for a piece
# Learned vectors have a norm of 1 to 10; those that overshot, of dozens to infinity.
LONG = 100.0


class Paragraphs:
    """Paragraph vectors, as `inlay.train.job` trains them."""

    def __init__(
        self, data: Corpus, tagged: Tagged, design: Design, seed: int, about: dict[str, Any]
    ) -> None:
        from inlay.kernels import paragraph, rows

        self.data, self.tagged, self.design, self.seed = data, tagged, design, seed
        self.about, self.dim = about, design.vector_size
        self.pieces, self.units = -(-data.ids.size // PIECE), int(data.ids.size)
        rng = np.random.default_rng(seed)
        words = None
        if design.words or design.reads_words:
            words = np.empty((len(data.tokens) + design.concatenate, self.dim), np.float32)
            rows.scatter(words, 0.5, rng)  # as in Mikolov's program
        self.network = Network(design, data.counts, None, words)
        self.row = self.network.row
        self.documents = rows.aligned_zeros(tagged.n * self.row)
        vectors = self.documents.reshape(-1, self.row)[:, : self.dim]
        rows.scatter(vectors, 0.5, rng)
        vectors[~tagged.with_words(data.ids)] = 0
        self.tags = paragraph.Tags(tagged.offsets, tagged.numbers)
        self.arrays = {"documents": self.documents, "outputs": self.network.outputs}
        if words is not None:
            self.arrays["words"] = self.network.words
        # The number of the text in which each piece begins.
        ends = [
            np.count_nonzero(data.ids[at : at + PIECE] < 0) for at in range(0, data.ids.size, PIECE)
        ]
        self.texts = np.append(0, np.cumsum(ends))

    def scratch(self) -> Any:
        from inlay.kernels import skipgram

        of_words = None
        if self.design.words:
            of_words = skipgram.make_scratch(PIECE, self.design.window, self._noise, self.dim)
        return self.network.scratch(PIECE), of_words, np.empty(POOL, np.int32)

    @property
    def _noise(self) -> int:
        """Noise words of a block of skip-gram."""
        return max(8, -(-self.design.negative // 4) * 4)

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        seed = seed_of(self.seed, epoch * self.pieces + piece)
        ids = self.data.ids[piece * PIECE : (piece + 1) * PIECE]
        noise = self.network.pool(seed, scratch[2])
        if self.design.words:
            self._learn_words(ids, rate, seed, noise, scratch[1])
        states, rates = np.array([seed], np.uint64), np.array([rate], np.float32)
        part = Piece(ids, states, rates, int(self.texts[piece]), noise)
        _, loss, terms = self.network.learn(
            part, self.documents, self.tags, scratch[0], learns=True
        )
        return Done(int(ids.size), loss, terms)

    def _learn_words(
        self, ids: Array, rate: float, seed: np.uint64, noise: Any, scratch: Any
    ) -> None:
        """Skip-gram, which predicts the same output vectors."""
        from inlay.kernels import rows, sampling, skipgram

        network, design = self.network, self.design
        model = sampling.Model(inputs=network.words, outputs=network.outputs)
        share, limit = np.float32(design.negative / self._noise), network.limit(rate)
        step = sampling.Step(
            *(np.float32(rate), design.window, True, True),
            *(share, np.float32(limit / (design.window + 1)), seed),
        )
        lanes = rows.row_lanes(self.dim)
        skipgram.train(ids, network.keep, model, noise, scratch, step, lanes)

    def table(self) -> Table:
        """The documents."""
        matrix = self.documents.reshape(-1, self.row)[:, : self.dim].copy()
        return Table(self.tagged.tokens(), matrix, provenance=self.about)

    def encoder(self, tokenizer: TokenizerLike | None) -> ParagraphEncoder:
        """What was learned.

        Raises:
            ArgumentError: Vectors grew without bound.
        """
        documents, network = self.table(), self.network
        length = float(np.sqrt(np.square(documents.vectors).sum() / max(len(documents), 1)))
        usual = "0.025 and 0.05 are"
        check_length("alpha", self.design.alpha, length, most=LONG, usual=usual)
        slots, n = self.design.slots, len(self.data.tokens)
        outputs = network.outputs.reshape(n, slots, self.row)[..., : self.dim]
        words, null = None, None
        if network.words.size:
            rows = network.words.reshape(-1, self.row)[:, : self.dim].copy()
            null = rows[-1] if self.design.concatenate else None
            words = self._of_words(rows[:n])
        return ParagraphEncoder(
            self.design,
            outputs=self._of_words(outputs.reshape(n, slots * self.dim)),
            documents=documents,
            words=words,
            null=null,
            tokenizer=tokenizer,
            provenance=self.about,
        )

    def _of_words(self, matrix: Array) -> Table:
        counts, about = self.data.counts, self.about
        return Table(
            self.data.tokens, np.ascontiguousarray(matrix), counts=counts, provenance=about
        )
