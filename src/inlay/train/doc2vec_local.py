"""A piece of texts with rows of its own: copies to learn on, then what they changed by.

See `inlay.kernels.apart`. The rows are of three kinds: of the tags of its texts, of its words as
they are read, and, with the noise words that are drawn for it, as they are predicted.
"""

from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.encode.paragraph.network import OTHER, Network


class Scratch(NamedTuple):
    """What a thread has of its own.

    Attributes:
        kernel: Work space of the network's kernel.
        of_words: That of skip-gram, where words are trained along.
        pool: int32, room for the noise words of a piece.
        number: As of `apart.localise`.
        by: How much higher the numbers of its copies of frequent words are; 0: there are none.
        words: int32, room for the words of a piece by its own numbers.
    """

    kernel: Any
    of_words: Any
    pool: Array
    number: Array
    by: int
    words: Array


class Local:
    """Room for one piece after the other.

    Attributes:
        words: int32, the words of the piece by its own numbers.
        tags: int32, the model's number of each row of `documents`.
        rate: The learning rate at which it was learned from.

    Args:
        network: Of the model.
        size: Words of a piece, at most.
        pool: Noise words that are drawn for it.
    """

    def __init__(self, network: Network, size: int, pool: int) -> None:
        from inlay.kernels.rows import aligned_zeros

        design, self.row = network.design, network.row
        self.width, self.has_null = design.slots * self.row, design.concatenate
        self.words, self.tags = np.empty(size, np.int32), np.empty(0, np.int32)
        self.pool, self.even = np.empty(pool, np.int32), np.zeros(pool, np.uint32)
        self.rows, self.read = np.empty(size + pool, np.int32), np.empty(0, np.int32)
        self.n_rows, self.n_words, self.rate = 0, 0, 0.0
        self.outputs = aligned_zeros((size + pool) * self.width)
        self.inputs = aligned_zeros((size + 1) * self.row if network.words.size else 0)
        self.documents = aligned_zeros(0)
        self.before: list[Array] = []

    def take(
        self,
        network: Network,
        documents: Array,
        ids: Array,
        seed: np.uint64,
        number: Array,
        offsets: Array,
        numbers: Array,
    ) -> Any:
        """Copy the rows of a piece.

        Args:
            network: Of the model.
            documents: Rows of all tags.
            ids: The words of the piece.
            seed: Of its noise words.
            number: As of `apart.localise`.
            offsets: Where the tags of each of its texts begin.
            numbers: The tags.

        Returns:
            Its `paragraph.Tags`.
        """
        from inlay.kernels import apart, paragraph
        from inlay.kernels.rows import aligned_zeros

        accept, alias = network.noise
        self.n_words, self.n_rows = apart.localise(
            ids, accept, alias, seed ^ OTHER, number, self.words, self.pool, self.rows
        )
        self.used = self.words[: ids.size]
        apart.gather(network.outputs, self.rows, self.n_rows, self.width, self.outputs)
        self.read = self.rows[: self.n_words]
        if self.has_null:  # which stands behind the words of the piece, too
            self.read = np.append(self.read, np.int32(network.words.size // self.row - 1))
        if self.inputs.size:
            apart.gather(network.words, self.read, self.read.size, self.row, self.inputs)
        self.tags, own = np.unique(numbers, return_inverse=True)
        if self.documents.size < self.tags.size * self.row:
            self.documents = aligned_zeros(2 * self.tags.size * self.row)
        apart.gather(documents, self.tags, self.tags.size, self.row, self.documents)
        return paragraph.Tags(offsets, own.astype(np.int32))

    def network(self, network: Network) -> Network:
        """The model's network, of these rows."""
        from inlay.kernels.sampling import Noise

        words = self.inputs[: self.read.size * self.row] if self.inputs.size else self.inputs
        return network.on(
            words=words,
            outputs=self.outputs,
            keep=network.keep[self.rows[: self.n_words]],
            noise=Noise(self.even, self.pool),
        )

    def pull(self, anchors: Array, factor: Array) -> None:
        """Draw vectors of words back to their anchors, each time that they were read."""
        from inlay.kernels.apart import pull

        pull(self.used, self.used.size, anchors, self.read, factor, self.row, self.inputs)

    def _parts(self) -> list[tuple[Array, Array, int]]:
        """Rows, their numbers in the model, their width: as read, as predicted, of tags."""
        return [
            (self.inputs, self.read if self.inputs.size else self.read[:0], self.row),
            (self.outputs, self.rows[: self.n_rows], self.width),
            (self.documents, self.tags, self.row),
        ]

    def subtract(self, network: Network, documents: Array) -> None:
        """Make the rows what they have changed by since the model's, which are as they were."""
        from inlay.kernels.apart import differences

        models = network.words, network.outputs, documents
        for model, (own, rows, width) in zip(models, self._parts(), strict=True):
            differences(model, rows, rows.size, width, own)

    def remember(self) -> None:
        """Keep the rows as they are, for `subtract_remembered`."""
        self.before = [own[: rows.size * width].copy() for own, rows, width in self._parts()]

    def subtract_remembered(self) -> None:
        """`subtract`, where others may have changed the model since."""
        for before, (own, _, _) in zip(self.before, self._parts(), strict=True):
            own[: before.size] -= before

    def add(self, network: Network, documents: Array, factors: Any, share: tuple[int, int]) -> None:
        """Add the changes to the model, times the factor of each row; see `apart.add`."""
        from inlay.kernels.apart import add

        models = network.words, network.outputs, documents
        for model, of, (own, rows, width) in zip(models, factors, self._parts(), strict=True):
            add(own, rows, rows.size, width, of, *share, model)
