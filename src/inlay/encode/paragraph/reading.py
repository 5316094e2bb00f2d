"""How new texts are read: their vectors are learned, and nothing else moves."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from inlay.aliases import Array
from inlay.encode.paragraph.network import Chances, Design, Network, Piece
from inlay.jobs.threads import run_pieces

WORDS = 8192  # of texts that a thread takes at a time
# Noise words that are drawn for all new texts of PV-DM. A probe on IMDB reaches .827 with their
# vectors, as with noise from all words; but .820 with 16,384 and .807 with 4,096.
POOL = 65_536
# The same for PV-DBOW, which takes them one after the other: more cost no time. The probe finds as
# much as with noise from all words, to .001, and so it does with 65,536 or a million.
BAG_POOL = 262_144
ROWS = 1024  # packed at a time: few enough to stay in the second-level cache


class Frozen(Protocol):
    """A network that reads new texts.

    Attributes:
        row: Floats from the vector of one text to the next.
    """

    row: int

    def scratch(self, size: int) -> Any:
        """Work space of one thread, for pieces of so many words."""
        ...

    def read(self, piece: Piece, documents: Array, scratch: Any) -> None:
        """Change the vectors of the texts of a piece: flat float32, `row` for each."""
        ...


class Plain:
    """The network as it is trained: PV-DM by vectors side by side."""

    def __init__(self, design: Design, counts: Array, outputs: Array, words: Array) -> None:
        self.network = Network(design, counts, outputs, words)
        self.row = self.network.row
        pool = self.network.pool(np.uint64(0), np.empty(POOL, np.int32))
        self.network = self.network.on(noise=pool)  # all draw from the same noise words

    def scratch(self, size: int) -> Any:
        return self.network.scratch(size, learns=False)

    def read(self, piece: Piece, documents: Array, scratch: Any) -> None:
        from inlay.kernels import paragraph

        n = piece.states.size
        tags = paragraph.Tags(np.arange(n + 1), np.arange(n, dtype=np.int32))
        self.network.learn(piece, documents, tags, scratch, learns=False)


class Packed(Chances):
    """A network whose rows take half the memory, and whose noise words follow each other.

    Args:
        design: What the network is.
        counts: How often each word came.
        outputs: float32 `(vocab_size, dim)`.
        size: Noise words to draw.
        drawn: How many of them a block takes, from anywhere on.
    """

    def __init__(
        self, design: Design, counts: Array, outputs: Array, size: int, drawn: int
    ) -> None:
        from inlay.kernels import halves

        super().__init__(design, counts)
        self.half = np.int64(halves.half_width(design.vector_size))
        self.row = 2 * int(self.half)
        self.outputs = self._packed(outputs)
        pool = np.empty(size, np.int32)
        self.draw(np.uint64(0), pool)
        self.pool = np.append(pool, pool[:drawn])
        self.share = np.float32(design.negative / design.n_noise_new)

    def _packed(self, vectors: Array) -> Array:
        """Rows of halves, and one of zeros behind them."""
        from inlay.kernels import halves, rows

        half = int(self.half)
        packed: Array = rows.aligned_zeros((len(vectors) + 1) * half)
        for at in range(0, len(vectors), ROWS):
            some = np.array(vectors[at : at + ROWS], np.float32, order="C")
            into = packed[at * half : (at + len(some)) * half].view(np.uint32)
            halves.pack_rows(some.view(np.uint32), into, self.half)
        return packed


class Bags(Packed):
    """PV-DBOW; see `inlay.kernels.paragraph_bag_reading`."""

    def __init__(self, design: Design, counts: Array, outputs: Array) -> None:
        super().__init__(design, counts, outputs, BAG_POOL, design.n_noise_new)

    def scratch(self, size: int) -> Any:
        from inlay.kernels import paragraph_bag_reading

        return paragraph_bag_reading.make_scratch(size, self.design.n_noise_new)

    def read(self, piece: Piece, documents: Array, scratch: Any) -> None:
        from inlay.kernels import paragraph, paragraph_bag_reading

        most = max(1, min(8, int(self.limit(float(piece.rates[0])))))
        step = paragraph_bag_reading.Step(piece.rates, most, self.design.n_noise_new, self.share)
        model = paragraph.Model(documents, self.outputs, self.outputs)
        paragraph_bag_reading.read(
            *(piece.ids, self.keep, model, self.pool, scratch, piece.states, step, self.half),
        )


class Means(Packed):
    """PV-DM by means; see `inlay.kernels.paragraph_reading`."""

    def __init__(self, design: Design, counts: Array, outputs: Array, words: Array) -> None:
        super().__init__(design, counts, outputs, POOL, 4 * design.n_noise_new)
        self.words = self._packed(words)

    def scratch(self, size: int) -> Any:
        from inlay.kernels import paragraph_reading

        design = self.design
        return paragraph_reading.make_scratch(
            size, design.window, design.n_noise_new, design.vector_size
        )

    def read(self, piece: Piece, documents: Array, scratch: Any) -> None:
        from inlay.kernels import paragraph, paragraph_reading

        design = self.design
        step = paragraph_reading.Step(
            *(piece.rates, design.window, self.share),
            np.float32(self.limit(float(piece.rates[0]))),
        )
        model = paragraph.Model(documents, self.words, self.outputs)
        paragraph_reading.read(
            *(piece.ids, self.keep, model, self.pool, scratch, piece.states, step, self.half),
        )


class Reader:
    """Finds the vectors of new texts.

    Args:
        design: What the network is, and how it was trained.
        counts: How often each word came: int64 `(vocab_size,)`.
        outputs: float32 `(vocab_size, slots * dim)`.
        words: float32 `(vocab_size, dim)`, or one row more, which stands where there is no word.
            None: there are none.
    """

    def __init__(
        self, design: Design, counts: Array, outputs: Array, words: Array | None = None
    ) -> None:
        self.dim = design.vector_size
        self.frozen: Frozen
        if words is None or not design.reads_words:
            self.frozen = Bags(design, counts, outputs)
        elif design.concatenate:
            self.frozen = Plain(design, counts, outputs, words)
        else:
            self.frozen = Means(design, counts, outputs, words)
        self._spare: list[Any] = []  # work space, which one call after another takes

    def infer(self, ids: Array, rates: Array, workers: int) -> Array:
        """The vectors of new texts: float32 `(texts, dim)`, zeros where there is no word.

        Each text has the vector that its words and their order give, whatever else there is.

        Args:
            ids: int32, -1 at the end of each text.
            rates: float32, the learning rate of each time that a text is gone through.
            workers: Threads; they change nothing.
        """
        from inlay.kernels import paragraph, rows

        is_end, row = ids < 0, self.frozen.row
        n = int(np.count_nonzero(is_end))
        states, documents = np.empty(n, np.uint64), rows.aligned_zeros(n * row)
        paragraph.seed_texts(ids, states)
        paragraph.begin_texts(documents, states, self.dim)
        if 0 < ids.size <= WORDS:
            scratch = self._spare_scratch(ids.size)
            self.frozen.read(Piece(ids, states, rates), documents, scratch)
            self._spare.append(scratch)
        else:
            self._infer_spans(ids, is_end, states, rates, documents, workers)
        found: Array = documents.reshape(n, row)[:, : self.dim].copy()
        return found

    def _infer_spans(
        self,
        ids: Array,
        is_end: Array,
        states: Array,
        rates: Array,
        documents: Array,
        workers: int,
    ) -> None:
        """`infer` for many texts, a span of them at a time."""
        ends, row = np.append(0, np.flatnonzero(is_end) + 1), self.frozen.row

        def read(span: tuple[int, int], scratch: Any) -> None:
            first, last = span
            piece = Piece(ids[ends[first] : ends[last]], states[first:last], rates)
            self.frozen.read(piece, documents[first * row : last * row], scratch)

        spans = _spans(ends, WORDS)
        most = max((int(ends[last] - ends[first]) for first, last in spans), default=0)
        if len(spans) > 1 and workers > 1:
            scratches = [self.frozen.scratch(most) for _ in range(min(workers, len(spans)))]
            run_pieces(read, spans, scratches)
        else:
            scratch = self._spare_scratch(most)
            for span in spans:
                read(span, scratch)
            if most <= WORDS:
                self._spare.append(scratch)

    def _spare_scratch(self, size: int) -> Any:
        """Work space that no other thread has: one that was made before, if it fits."""
        try:
            return self._spare.pop() if size <= WORDS else self.frozen.scratch(size)
        except IndexError:
            return self.frozen.scratch(WORDS)


def _spans(ends: Sequence[int] | Array, size: int) -> list[tuple[int, int]]:
    """Texts `first` to `last`, as many as have `size` words together, or one that has more."""
    spans, first = [], 0
    while first < len(ends) - 1:
        last = int(np.searchsorted(ends, ends[first] + size, side="right")) - 1
        last = max(first + 1, last)
        spans.append((first, last))
        first = last
    return spans
