"""Universal Sentence Encoder as an encoder: texts of any of its languages in, vectors out."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import every_text, flag, whole_or_none
from inlay.encode.base import TextEncoder
from inlay.encode.batching import packed_batches
from inlay.encode.elsewhere import OF_LOADING
from inlay.encode.engines import Engine, Precision, check_engine, packer, workers_of
from inlay.encode.stamps import check_noted
from inlay.encode.use.files import read, write
from inlay.encode.use.hosted import Hosted
from inlay.encode.use.network import Network
from inlay.encode.use.pieces import Pieces
from inlay.encode.use.travel import remembered
from inlay.encode.use.weights import Weights
from inlay.jobs.threads import Pool
from inlay.paths import path_to_read

ANY = 1 << 40  # pieces: the network itself goes through a text a stretch at a time


class Use(TextEncoder, Hosted):
    """The multilingual Universal Sentence Encoder, version 3, after Yang et al. 2019.

    Sentences that mean the same have near vectors, in one language or in two of its sixteen.
    `inlay.load_encoder("use-multilingual")` reads it from an installed package, without a download.

    A text has one vector, of length 1, and no vectors of words: what the network makes of a piece
    serves its sum alone. So it is no `WordEncoder`, and `tokens` and `layers` are refused. An empty
    text has a vector too, that of its two marks.

    With the engine "numba" a text has the same vector to the last bit whatever stands beside it.

    Args:
        weights: The network's numbers.
        pieces: How texts become pieces.
        max_length: Read so many pieces of each text; None: all.
        engine: What multiplies; see `inlay.encode.engines.packer`.
        precision: The precision of the products.
        workers: Threads, each with texts of its own. None: one for each processor; for the engine
            "torch", which has its own, one.
        provenance: Where it comes from.

    Attributes:
        dim: Numbers in a vector, 512.
        provenance: `source`, `licence` and `languages`, where they are known.

    Source: Yang et al. 2019, "Multilingual Universal Sentence Encoder for Semantic Retrieval".
    """

    pools = ("sqrtn",)
    MADE = ("_network",)

    def __init__(
        self,
        weights: Weights,
        pieces: Pieces,
        *,
        max_length: int | None = None,
        engine: Engine = "numba",
        precision: Precision = "float32",
        workers: int | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        self.weights, self.pieces = weights, pieces
        self.dim = weights.shape.dim
        self.max_length = whole_or_none("max_length", max_length)
        self.engine, self.precision = engine, precision
        # torch has threads of its own; two kinds at once are in each other's way.
        self.workers = workers_of(engine, workers)
        self.provenance: dict[str, Any] = dict(provenance or {})
        check_engine(engine, precision)

    def __repr__(self) -> str:
        return f"Use({len(self.weights.table)} pieces, vectors of {self.dim})"

    @classmethod
    @refuses_unknown(OF_LOADING)
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        max_length: int | None = None,
        engine: Engine = "numba",
        precision: Precision = "float32",
        workers: int | None = None,
        verify: bool = False,
    ) -> Self:
        """Read one from this machine's files.

        Args:
            path: The folder of the package's files, or one that `save` wrote.
            max_length: As of `Use`; None: what it was saved with.
            engine: As of `Use`.
            precision: As of `Use`.
            workers: As of `Use`.
            verify: Compare the digest that `save` noted with what is read. The package's files
                have none.

        Returns:
            The encoder, with 79 MB of weights: the embeddings of pieces as bytes, 66 MB, which a
            saved folder maps, and the network. Running lays the network out once more, 12 MB.

        Raises:
            MissingFileError: A file is not there.
            FormatError: A damaged one, or files of several models.
            ArgumentError: `verify`, and no digest.
            MissingPackageError: sentencepiece is not installed.
        """
        check_engine(engine, precision)  # before the weights are read
        verify = flag("verify", verify)
        folder = path_to_read("path", path)
        found = read(folder)
        encoder = cls(
            remembered(found.weights, folder),
            found.pieces,
            max_length=found.max_length if max_length is None else max_length,
            engine=engine,
            precision=precision,
            workers=workers,
            provenance=found.provenance,
        )
        if verify:
            check_noted(str(path), found.noted, encoder.hash)
        return encoder

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write `weights.safetensors`, `sp.model` and `encoder.json`; see `TextEncoder.save`.

        An encoder that stood there is replaced as a whole.

        Raises:
            MissingFileError: There is no folder around it.
            ArgumentError: It is a file, or a folder with something else in it.
        """
        said = {"max_length": self.max_length, "sha256": self.hash}
        write(folder, self.weights, self.pieces, self.provenance | said)

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides the weights."""
        names = ("max_length", "engine", "precision")
        return {"pool": self.pools[0]} | {name: getattr(self, name) for name in names}

    def piece_ids(self, texts: Iterable[Text], *, max_length: int | None = None) -> Array:
        """Texts as the layers of `to_keras` and `to_torch` take them.

        Args:
            texts: Strings, or lists of tokens.
            max_length: The most pieces between the marks; and the result is two wider, whatever the
                texts, which spares frameworks that compile for each shape. None: the encoder's own;
                without one the longest text decides.

        Returns:
            int32 `(n, pieces)`: the mark of the beginning, pieces, the mark of the end, and 0
            behind it.
        """
        length = whole_or_none("max_length", max_length)
        every = list(every_text("texts", texts))
        return self.pieces.padded(every, self.max_length if length is None else length)

    def layer_rows(self, texts: Sequence[Text]) -> list[Array]:
        """What the layer takes of each text: `piece_ids` of it alone."""
        return [self.piece_ids([text])[0] for text in texts]

    @cached_property
    def _network(self) -> Network:
        return Network(self.weights, packer(self.engine, self.precision))

    def _learned(self) -> Iterable[Array]:
        return self.weights.arrays().values()

    def _hash(self) -> str:
        digest = self.weights.digest()
        digest.update(self.pieces.model)
        return str(digest.hexdigest())

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        ids = self.pieces.ids(texts, self.max_length)
        network = self._network  # made here, not in several threads at once
        if self.workers == 1:
            return network.vectors(ids)
        batches = packed_batches([len(one) for one in ids], self.workers, tokens=ANY)
        vectors = np.empty((len(texts), self.dim), np.float32)
        with Pool(self.workers) as threads:
            runs = threads.map(lambda batch: network.vectors([ids[i] for i in batch]), batches)
            for batch, found in zip(batches, runs, strict=True):
                vectors[batch] = found
        return vectors
