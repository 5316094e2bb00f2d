"""A paragraph-vector model as an encoder: the vector of a text that best predicts its words."""

import copy
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import every_text, number, shown, whole, whole_or_none
from inlay.core import Table
from inlay.encode.base import TextEncoder
from inlay.encode.paragraph.network import Design
from inlay.encode.paragraph.reading import Reader
from inlay.encode.paragraph.saving import Parts, write
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.formats.native import content_digests
from inlay.jobs.threads import thread_count
from inlay.paths import path_to_read
from inlay.tokenizers import DEFAULT, TokenizerLike, get_tokenizer, tokenizer_name
from inlay.tokenizers.pieces import MARK, Pieces

if TYPE_CHECKING:
    from inlay.encode.static.lexicon import Lexicon

ELSEWHERE = {
    **dict.fromkeys(("epochs", "steps", "n_iter"), "infer_epochs="),
    **dict.fromkeys(("learning_rate", "lr", "start_alpha"), "alpha="),
}


class ParagraphEncoder(TextEncoder):
    """Vectors of texts that have learned to predict the words of their text (Doc2Vec).

    `inlay.train.doc2vec` makes one. A new text is read as in the training, but that nothing of the
    words changes: its vector begins at random and goes through the text `infer_epochs` times. All
    that is left to chance depends on the known words of the text and their order alone, so that the
    same text always has the same vector, whatever stands beside it. Words that the training did not
    know are left out. A text without a known word is all zeros, and so is an empty one.

    Attributes:
        documents: A `Table` of the texts of the training, by their tags; `most_similar` finds
            those near a vector.
        words: A `Table` of the vectors of words that were trained along, or None.
        outputs: A `Table` of what predicts each word: side by side for as many as it is predicted
            from.
        design: The settings that reading a text depends on.
        infer_epochs: How many times a new text is gone through.
        alpha: Learning rate at the start of that.
        min_alpha: Learning rate at its end.
        provenance: How it was trained.

    Source: Le and Mikolov 2014, "Distributed Representations of Sentences and Documents".
    """

    pools = ("paragraph",)
    MADE = ("_lexicon", "_reader")

    def __init__(
        self,
        design: Design,
        *,
        outputs: Table,
        documents: Table,
        words: Table | None = None,
        null: Array | None = None,
        tokenizer: TokenizerLike | None = None,
        max_length: int | None = None,
        workers: int | None = None,
        provenance: dict[str, Any] | None = None,
    ) -> None:
        self.design, self.outputs = design, outputs
        self.documents, self.words, self.null = documents, words, null
        self.dim = design.vector_size
        self.tokenizer: TokenizerLike = DEFAULT if tokenizer is None else tokenizer
        self.max_length = whole_or_none("max_length", max_length)
        self.workers = whole_or_none("workers", workers)
        self.infer_epochs, self.alpha = design.epochs, design.alpha
        self.min_alpha = design.min_alpha
        self.provenance = {} if provenance is None else provenance

    def __repr__(self) -> str:
        kind = self.design.name.partition(", negative")[0]
        return (
            f"ParagraphEncoder({kind}: vectors of {self.dim}, {len(self.documents):,} documents, "
            f"{len(self.outputs):,} words)"
        )

    def __getitem__(self, tag: Any) -> NoReturn:
        """Say where the vectors of the training's texts are."""
        raise ArgumentTypeError(
            "ParagraphEncoder",
            expected="texts to encode",
            got=f"[{shown(tag)}]",
            hint=f"encoder.documents[{shown(str(tag))}], for the vector of a text by its tag",
        )

    @classmethod
    @refuses_unknown(ELSEWHERE)
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        tokenizer: TokenizerLike | None = None,
        max_length: int | None = None,
        infer_epochs: int | None = None,
        alpha: float | None = None,
        min_alpha: float | None = None,
        workers: int | None = None,
        verify: bool = False,
    ) -> "ParagraphEncoder":
        """Read the folder that `save` wrote.

        Args:
            path: The folder.
            tokenizer: How strings become words. None: as in the training.
            max_length: Read so many words of each text. None: as it was saved.
            infer_epochs: As of `adjusted`, and so are `alpha` and `min_alpha`.
            alpha: See there.
            min_alpha: See there.
            workers: Threads. None: as many as serve it.
            verify: Compare the digests of the tables with what is read.

        Raises:
            MissingFileError: Nothing is there.
            FormatError: It is something else, or damaged.
        """
        from inlay.encode.paragraph.files import damaged, read

        folder = path_to_read("path", path)
        parts = read(folder, tokenizer=tokenizer, verify=verify)
        try:
            encoder = cls(
                parts.design,
                outputs=parts.outputs,
                documents=parts.documents,
                words=parts.words,
                null=parts.null,
                tokenizer=parts.tokenizer,
                max_length=parts.max_length,
                provenance=parts.provenance,
            ).adjusted(
                infer_epochs=parts.infer_epochs, alpha=parts.alpha, min_alpha=parts.min_alpha
            )
        except (ArgumentError, ArgumentTypeError) as error:
            raise damaged(folder, str(error)) from error
        given = {"max_length": max_length, "workers": workers}
        for name, value in given.items():
            if value is not None:
                vars(encoder)[name] = whole_or_none(name, value)
        return encoder.adjusted(infer_epochs=infer_epochs, alpha=alpha, min_alpha=min_alpha)

    @refuses_unknown(ELSEWHERE)
    def adjusted(
        self,
        *,
        infer_epochs: int | None = None,
        alpha: float | None = None,
        min_alpha: float | None = None,
    ) -> Self:
        """The same encoder, which reads new texts otherwise; nothing is copied.

        Args:
            infer_epochs: How many times a text is gone through: more make the vectors of short
                texts better, and take as much longer. None: as before, which is as in the training
                at first.
            alpha: Learning rate at the start. None: as before.
            min_alpha: Learning rate at the end, to which it falls evenly. None: as before, or
                `alpha` if that is lower.

        Raises:
            ArgumentError: No such number, or a rate at which vectors grow without bound.
        """
        epochs = self.infer_epochs if infer_epochs is None else whole("infer_epochs", infer_epochs)
        alpha = self.alpha if alpha is None else number("alpha", alpha, above=0)
        if min_alpha is None:
            min_alpha = min(self.min_alpha, alpha)
        Design(**asdict(self.design) | {"alpha": alpha, "min_alpha": min_alpha})  # checks them
        other = copy.copy(self)
        vars(other).update(infer_epochs=epochs, alpha=alpha, min_alpha=float(min_alpha))
        return other

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides what `hash` names."""
        tokenizer = get_tokenizer(self.tokenizer)
        name = tokenizer_name(tokenizer) or None
        if isinstance(tokenizer, Pieces):  # the same wherever its file lies
            name = f"tokenizer{MARK}{tokenizer.sha256}"
        return {
            "tokenizer": name,
            "max_length": self.max_length,
            "infer_epochs": self.infer_epochs,
            "alpha": self.alpha,
            "min_alpha": self.min_alpha,
        }

    def known(self, texts: Iterable[Text]) -> tuple[Array, Array]:
        """Count the words of each text, and those of them that the training knew.

        Returns:
            `(n_known, n_words)`: int64 `(n,)` each.
        """
        n_known, n_words = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for block in self._read(every_text("texts", texts), None):
            rows, offsets = self._rows(block)
            n_known.append(np.diff(np.append(0, np.cumsum(rows >= 0))[offsets]))
            n_words.append(np.diff(offsets))
        return np.concatenate(n_known), np.concatenate(n_words)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the tables and `encoder.json`; `inlay.load_encoder` reads them.

        `documents.safetensors` and `words.safetensors` are tables as any other, which
        `inlay.load` reads as well. A tokenizer that is a file is copied into the folder. A callable
        of yours is not in it: give it again when you load.

        Raises:
            MissingFileError: There is no folder around it.
            ArgumentError: It is a file, or a folder with something else in it.
        """
        write(Parts(**{name: getattr(self, name) for name in Parts._fields}), folder)

    def _hash(self) -> str:
        tables = [self.outputs, *([self.words] if self.design.reads_words and self.words else [])]
        named = [
            "inlay paragraph",
            asdict(self.design),
            [content_digests(table) for table in tables],
        ]
        found = hashlib.sha256(json.dumps(named, sort_keys=True).encode())
        if self.null is not None:
            found.update(self.null.tobytes())
        return found.hexdigest()

    def _learned(self) -> Iterable[Array]:
        tables = (self.documents, self.words, self.outputs)
        return [table.vectors for table in tables if table is not None]

    @cached_property
    def _lexicon(self) -> "Lexicon":
        from inlay.encode.static.lexicon import Lexicon  # which compiles

        return Lexicon(get_tokenizer(self.tokenizer), [self.outputs])

    @cached_property
    def _reader(self) -> Reader:
        words, counts = None, self.outputs.counts
        if self.design.reads_words and self.words is not None:
            words = self.words.vectors
            if self.null is not None:
                words = np.vstack([words, self.null[None]])
        if counts is None:
            raise ArgumentError("outputs", expected="a table with counts", got="one without")
        return Reader(self.design, counts, self.outputs.vectors, words)

    def _rows(self, texts: list[str | list[str]]) -> tuple[Array, Array]:
        """The row of each word, below 0 if it is not known, and where each text begins."""
        words = self._lexicon.read(texts, self.max_length)
        return words.rows[0][words.numbers], words.offsets

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        rows, offsets = self._rows(texts)
        known = rows >= 0
        words = rows[known]
        ids = np.full(words.size + len(texts), -1, np.int32)
        if len(texts) == 1:
            ids[:-1] = words
        else:
            is_word = np.ones(ids.size, bool)
            is_word[np.append(0, np.cumsum(known))[offsets[1:]] + np.arange(len(texts))] = False
            ids[is_word] = words
        rates = _rates(self.alpha, self.min_alpha, self.infer_epochs)
        return self._reader.infer(ids, rates, self.workers or thread_count())


@lru_cache(16)
def _rates(alpha: float, min_alpha: float, n: int) -> Array:
    """The learning rate of each time that a text is gone through, float32; not to be changed."""
    return np.linspace(alpha, min_alpha, n).astype(np.float32)
