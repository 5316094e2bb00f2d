"""What a transformer answers about texts: windows of pieces to vectors of texts and of words."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import one_text, shown, some_of, warn
from inlay.encode.base import TextEncoder
from inlay.encode.batching import packed_batches
from inlay.encode.mix import Mix
from inlay.encode.transformer.files import SENTENCES, Files
from inlay.encode.transformer.head import Head
from inlay.encode.transformer.network import Network
from inlay.encode.transformer.pieces import Pieces, PieceTokenizer, read_tokenizer
from inlay.encode.transformer.pooling import JOINED, combined, pooled
from inlay.encode.transformer.settings import LAST4, Layer, Settings, Words, layers_of, piece_dim
from inlay.encode.transformer.windows import Window, windows
from inlay.encode.transformer.words import by_words, words_read
from inlay.errors import FormatError, UnsupportedError
from inlay.jobs.threads import Pool

BATCH = 2048  # pieces that run at once, roughly
# Texts that are looked at for words that the model does not know, how much of each, and the share
# of its words, and of all texts, from which on they are told of. Of English, MiniLM knows all.
SAMPLE, SHORT, FEW = 100, 300, 0.1
LETTERS = re.compile(r"[^\W\d_]+")
HELD = 8192  # pieces of which all layers are held at once


class TextVectors(TextEncoder):
    """The half of `Transformer` that runs: the other half says how, and makes, keeps and sends it.

    Attributes:
        max_length: Pieces read of a text, the special ones included; None: all.
        longest: Pieces of a window, the special ones included.
        prompt: What stands in front of each text.
        layer: Which layer, or mix of them, the vectors are of.
        words: How the pieces of a word become its vector.
        workers: Threads.
    """

    longest: int
    prompt: str
    layer: Layer
    words: Words
    workers: int
    _files: Files
    _settings: Settings
    _rows: int | None  # of the embedding; None: not known
    _told: bool

    def _made_network(self) -> Network:
        """What runs the model."""
        raise NotImplementedError

    @cached_property
    def _network(self) -> Network:
        return self._made_network()

    @cached_property
    def _head(self) -> Head:
        return self._settings.head(self._files)

    @cached_property
    def _pieces(self) -> PieceTokenizer:
        lower = self._files.said(SENTENCES).get("do_lower_case") is True
        return read_tokenizer(self._files.folder, self._files.config, lower=lower)

    @property
    def has_tokens(self) -> bool:
        """Whether words have vectors of as many numbers as texts: see `pool` of `load`."""
        return self.dim == piece_dim(self._files, self.layer)

    def _doubts(self, texts: list[str | list[str]]) -> list[str]:
        found = [self._unknown(text) for text in texts[:SAMPLE]]
        told = [words for words in found if words]
        if len(told) < max(1, FEW * len(texts[:SAMPLE])):
            return []
        return [
            f"encoder: {len(told)} of {len(found)} texts have words that this model does not know, "
            f"such as {shown(told[0][0])}, and all of these are one and the same to it. Try: a "
            'model of their language, or inlay.load_encoder("use-multilingual")'
        ]

    def _unknown(self, text: str | list[str]) -> list[str]:
        """The unknown words at a text's beginning, if they are a part to speak of."""
        words = LETTERS.findall(text[:SHORT] if isinstance(text, str) else " ".join(text[:SHORT]))
        unknown = [
            w for w, is_new in zip(words, self._pieces.unknown(words), strict=True) if is_new
        ]
        return unknown if len(unknown) > FEW * len(words) else []

    def tokenize(self, text: Text) -> list[str]:
        """The words of a text of which any piece is read; see the class for what they are."""
        if not self.has_tokens:
            raise self._lacks("tokenize")
        (found,) = self._pieces.pieces([one_text("text", text)], self.prompt)
        return words_read(found, self._most(found.ids))

    def mix(self, layers: Array) -> Array:
        """Layers `(n_layers, ...)` to the one of `layer`, `(...)`."""
        if self.n_layers == 1:
            only: Array = layers[0]
            return only
        one: Array = self.layer(layers) if isinstance(self.layer, Mix) else layers[int(self.layer)]
        return one

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        every = self._each_pooled(texts, pool, self._needed)
        if isinstance(self.layer, Mix):
            vectors = [self.layer(layers) for layers in every]
        else:
            vectors = [_beside(layers, pool) for layers in every]
        return np.ascontiguousarray(self._head(np.stack(vectors)), np.float32)

    def _pooled(self, texts: list[str | list[str]], pool: str) -> Array:
        if not self.has_tokens:
            return self._block(texts, pool)[:, None]
        found = self._each_pooled(texts, pool, self._reported)
        if self.layer == LAST4:
            return np.stack([_beside(layers, pool)[None] for layers in found])
        return np.stack(list(found))

    @property
    def _needed(self) -> list[int]:
        """The layers that vectors are made of."""
        if isinstance(self.layer, int):
            return [self.layer % layers_of(self._files)]
        return self._reported

    @property
    def _reported(self) -> list[int]:
        """The layers that `layers` gives, or lays side by side."""
        every = list(range(layers_of(self._files)))
        return every[-4:] if self.layer == LAST4 else every

    def _each_pooled(
        self, texts: list[str | list[str]], pool: str, keep: Sequence[int]
    ) -> Iterator[Array]:
        """Of each text float32 `(len(keep), width of the pooling)`."""
        ids = self._cut(self._pieces.ids(texts, self.prompt))
        cuts = [self._windows(one) for one in ids]
        flat = [window for cut in cuts for window in cut]
        done: list[Array] = [np.empty(0)] * len(flat)
        for i, rows in self._run(flat, keep):
            counted, first = self._counted(flat[i])
            done[i] = np.stack([pooled(layer, counted, pool, first=first) for layer in rows])
        at = 0
        for cut in cuts:
            some = np.stack(done[at : at + len(cut)])
            at += len(cut)
            counts = np.array([window.keep.stop - window.keep.start for window in cut])
            width = some.shape[2] // (1 + pool.count(JOINED))
            each = range(some.shape[1])
            yield np.stack([combined(some[:, k], counts, pool, width) for k in each])

    def _counted(self, window: Window) -> tuple[Array, int]:
        """Which rows of a window count in a mean, and which is that of "cls"."""
        counted = np.zeros(len(window.ids), bool)
        counted[window.keep] = True
        if self._head.special:
            counted[: window.low] = counted[len(counted) - len(self._pieces.after) :] = True
        first = self._skipped if window.begin == 0 and self._skipped < len(counted) else 0
        counted[:first] = False
        return counted, first

    def _layers(self, texts: list[str | list[str]]) -> Iterator[Array]:
        every = self._pieces.pieces(texts, self.prompt)
        begin, held = 0, 0
        for i, found in enumerate(every, 1):
            held += len(found.ids)
            if held >= HELD or i == len(every):
                yield from self._words_of(every[begin:i])
                begin, held = i, 0

    def _words_of(self, every: list[Pieces]) -> Iterator[Array]:
        """Of each text `(n_layers, words, dim)`."""
        ids, keep = self._cut([found.ids for found in every]), self._reported
        cuts = [self._windows(one) for one in ids]
        flat = [(i, window) for i, cut in enumerate(cuts) for window in cut]
        dim = piece_dim(self._files, -1)
        every_rows = [np.empty((len(keep), len(one), dim), np.float32) for one in ids]
        for k, rows in self._run([window for _, window in flat], keep):
            i, window = flat[k]
            every_rows[i][:, window.kept] = rows[:, window.keep]
        for found, rows in zip(every, every_rows, strict=True):
            read = rows.shape[1]
            n = len(words_read(found, read))
            layers = by_words(rows, found.words[:read], n, self.words)
            yield np.concatenate(list(layers), -1)[None] if self.layer == LAST4 else layers

    def _run(self, flat: list[Window], keep: Sequence[int]) -> Iterator[tuple[int, Array]]:
        """Each window's number and its rows, float32 `(len(keep), pieces, dim)`."""
        network = self._network
        batches = packed_batches([len(w.ids) for w in flat], self.workers, tokens=BATCH)

        def run(batch: list[int]) -> Array:
            return network([flat[i].ids for i in batch], keep)

        def split(batch: list[int], rows: Array) -> Iterator[tuple[int, Array]]:
            at = 0
            for i in batch:
                yield i, rows[:, at : at + len(flat[i].ids)]
                at += len(flat[i].ids)

        if self.workers == 1 or len(batches) == 1:
            for batch in batches:
                yield from split(batch, run(batch))
            return
        with Pool(self.workers) as threads:
            found = threads.in_order(run, batches, 2 * self.workers)
            for batch, rows in zip(batches, found, strict=True):
                yield from split(batch, rows)

    def _windows(self, ids: Array) -> list[Window]:
        return windows(ids, self.longest, self._pieces.before, self._pieces.after)

    def _most(self, ids: Array) -> int:
        """How many of a text's pieces are read."""
        special = len(self._pieces.before) + len(self._pieces.after)
        return len(ids) if self.max_length is None else min(len(ids), self.max_length - special)

    def _cut(self, ids: list[Array], most: int | None = None) -> list[Array]:
        """Pieces, checked; no more than `most`, or else `max_length`."""
        cut = [one[: self._most(one) if most is None else most] for one in ids]
        largest = max((int(one.max()) for one in cut if len(one)), default=0)
        if self._rows is not None and largest >= self._rows:
            raise self._misfit(f"piece {largest:,}")
        n = sum(len(a) < len(b) for a, b in zip(cut, ids, strict=True))
        if n and not self._told:
            self._told = True
            said = f"max_length={self.max_length}" if most is None else f"{self.longest}"
            instead = (
                "max_length=None, which reads all, in windows"
                if most is None
                else ("parts of these texts, one by one")
            )
            warn(
                f"{some_of(n, len(ids), 'has', 'have')} more than {said} pieces: what stands "
                f"behind them was not read. Try: {instead}."
            )
        return cut

    @cached_property
    def _skipped(self) -> int:
        """Rows of a prompt that is not to count, the special ones in front of it included."""
        if self._head.prompt or not self.prompt:
            return 0
        return len(self._pieces.before) + len(self._pieces.ids([self.prompt])[0])

    def _misfit(self, got: str) -> FormatError:
        return FormatError(
            str(self._files.folder),
            expected=f"a tokenizer of at most {self._rows:,} pieces, as the weights have rows",
            got=got,
            hint="download the folder again: its files do not belong together",
        )

    def _lacks(self, what: str) -> UnsupportedError:
        if what == "save" or self.has_tokens:
            return super()._lacks(what)
        return UnsupportedError(
            f"Transformer.{what}",
            expected=f"an encoder with a vector for each token of {self.dim} numbers, as a text's",
            got=f"one of {piece_dim(self._files, self.layer)}",
            hint="Transformer.load(folder, pool='mean'), which reads the transformer alone",
        )


def _beside(layers: Array, pool: str) -> Array:
    """Pooled layers `(k, modes * dim)` side by side, mode by mode: `(modes * k * dim,)`."""
    modes = 1 + pool.count(JOINED)
    joined: Array = layers.reshape(len(layers), modes, -1).transpose(1, 0, 2).reshape(-1)
    return joined
