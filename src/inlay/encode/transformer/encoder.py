"""Transformers of the BERT family, and any other that the `transformers` library has."""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import every_text, flag, whole
from inlay.encode.elsewhere import OF_LOADING
from inlay.encode.engines import Engine, Precision, packer, workers_of
from inlay.encode.folder import FILE, read_folder, written_folder
from inlay.encode.mix import Mix
from inlay.encode.stamps import check_noted
from inlay.encode.transformer.files import SENTENCES, Files, find, read_arrays
from inlay.encode.transformer.network import Network, PackedNetwork
from inlay.encode.transformer.pieces import tokenizer_settings
from inlay.encode.transformer.running import TextVectors
from inlay.encode.transformer.settings import LAST4, Layer, Settings, Words, layers_of
from inlay.encode.transformer.shape import shape_of
from inlay.encode.transformer.travel import Stamps, digest
from inlay.encode.transformer.weights import Weights, read_weights
from inlay.errors import FormatError
from inlay.optional import look_for
from inlay.paths import path_to_read

if TYPE_CHECKING:
    import torch

KIND = "transformer"
UNBOUNDED = 1 << 20  # pieces: what is said to be longer is no bound
USUAL = 512  # pieces of a window where nothing says more


class Transformer(TextVectors):
    """Texts by a transformer: BERT, MiniLM, RoBERTa, XLM-RoBERTa, DistilBERT and others.

    Made by `load`. Texts become pieces by the model's own tokenizer. A text that is longer than the
    model takes is read in windows, each of which begins with the last quarter of the one before;
    every piece counts once, and the windows' vectors are averaged by the pieces that they count.

    In a folder of `transformers` the special pieces around a text ([CLS] and [SEP]) count in no
    mean, so that an empty text is all zeros, unless `special_tokens=True` or `pool="cls"`. In one
    of sentence-transformers they do count, and an empty text has the vector of [CLS] and [SEP].

    Vectors of tokens are those of words: of the user's, for a list of words, which is read as the
    string that they make with spaces between them; else of those into which the tokenizer cuts a
    string. A word of no piece (of control characters alone, say) is all zeros.

    BERT, RoBERTa, XLM-RoBERTa, CamemBERT and DistilBERT run in the engines of inlay, of which
    "numba" gives a text the same vectors to the last bit whatever stands beside it; others run by
    the `transformers` library in PyTorch, where they agree within 1e-6 or so.

    Attributes:
        dim: Numbers in a vector.
        n_layers: The embeddings and the layers above them; 1 with `layer="last4"`, and where words
            have vectors of another size than texts.
        pools: What `pool=` may be, the default first.
        max_length: Pieces read of a text, the special ones included; None: all.
        longest: Pieces of a window, the special ones included.
        prompt: What stands in front of each text.
        layer: Which layer, or mix of them, the vectors are of.
        words: How the pieces of a word become its vector.
        engine: What multiplies.
        precision: The precision of the products.
        workers: Threads.
    """

    MADE = ("_network", "_pieces", "_weights", "_head")

    def __init__(self, files: Files, settings: Settings) -> None:
        self._files, self._settings, self._stamps = files, settings, Stamps.of(files)
        self.layer, self.words, self.prompt = settings.layer, settings.words, settings.prompt
        self.engine, self.precision = settings.engine, settings.precision
        self.workers = workers_of(self.engine, settings.workers)
        self._shape = shape_of(files.config, files.where)
        rows = files.config.get("vocab_size")
        self._rows = rows if type(rows) is int else None
        self.dim, self.pools = self._head.dim, self._head.pools
        one = self.layer == LAST4 or not self.has_tokens
        self.n_layers = 1 if one else layers_of(files)
        self.max_length, self.longest, self._told = settings.max_length, self._window(), False
        self._check_pieces()
        if self._shape is not None:
            _ = self._weights  # what does not fit shows now

    @classmethod
    @refuses_unknown(OF_LOADING)
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        pool: str | None = None,
        layer: Layer | None = None,
        words: Words | None = None,
        special_tokens: bool | None = None,
        prompt: str | None = None,
        max_length: int | None = None,
        engine: Engine | None = None,
        precision: Precision | None = None,
        workers: int | None = None,
        verify: bool = False,
    ) -> Self:
        """Read a folder of `transformers` or of sentence-transformers. Nothing in it is executed.

        Args:
            path: The folder: `config.json`, the weights (`model.safetensors` or
                `pytorch_model.bin`) and the tokenizer (`tokenizer.json`, or BERT's `vocab.txt`);
                with `modules.json`, one of sentence-transformers.
            pool: How the vectors of a text's pieces become one: "mean", "cls", "max",
                "mean_sqrt_len", "weightedmean", "lasttoken", or several side by side, such as
                "cls+mean". None: as sentence-transformers' files say, else "mean". Where it is
                given, the transformer alone is read, without the steps behind it in these files.
            layer: The number of a layer, 0 for the embeddings below the first; from the end,
                -1 for the last; "last4": the last four side by side; a `Mix` of all. None: the
                last.
            words: How the pieces of a word become its vector: "mean", "first", "last" or "max".
                None: "mean".
            special_tokens: Whether the special pieces count in a mean. None: only as
                sentence-transformers' files say.
            prompt: What to put in front of each text: a name of the prompts that the folder has, or
                the words themselves; "" for none. None: the folder's default prompt, if it
                says one.
            max_length: Cut each text after so many pieces, the special ones included, and warn.
                None: read all of it, in windows.
            engine: What multiplies; see `inlay.encode.engines.packer`. None: "numba", or "torch"
                for an architecture that only the `transformers` library has.
            precision: The precision of the products. None: "float32".
            workers: Threads. None: as many as serve the engine.
            verify: Compare the digest that `save` noted with the files.

        Raises:
            MissingFileError: There is no such folder, or a file is missing.
            FormatError: A damaged file, files that do not belong together, or a folder that asks
                for code of its own to be run.
            ArgumentError: A setting that cannot be.
            MissingPackageError: `tokenizers`, `transformers` or an engine is not installed.
        """
        given = {
            "pool": pool,
            "layer": layer,
            "words": words,
            "special_tokens": special_tokens,
            "prompt": prompt,
            "max_length": max_length,
            "engine": engine,
            "precision": precision,
            "workers": workers,
        }
        root = path_to_read("path", path)
        said = read_folder(root, KIND) if (root / FILE).is_file() else {}
        files = find(root)
        kept = Settings.kept(files, said.get("settings", {}), str(root / FILE))
        encoder = cls(files, Settings.chosen(files, given, kept))
        if flag("verify", verify):
            check_noted(str(root), said.get("digest"), encoder.hash)
        return encoder

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write a folder that inlay, `transformers` and sentence-transformers read.

        It has copies of the files that this encoder was read from, and `encoder.json` with its
        settings. Killed at any moment, it leaves the folder that was there or this one.

        Raises:
            MissingFileError: There is no folder around it, or the files were removed.
            ArgumentError: It is a file, or a folder with something else in it.
        """
        content = {"settings": self._settings.as_json(), "digest": self.hash}
        with written_folder(folder, KIND, content) as part:
            self._files.copy(part)

    def piece_ids(self, texts: Iterable[Text]) -> Array:
        """The numbers of pieces that the module of `to_torch` reads.

        What is longer than `max_length`, or than the model takes, is cut, with a warning.

        Args:
            texts: Strings, or lists of words.

        Returns:
            int64 `(n, pieces)`, the special ones included; -1 where a text has ended.
        """
        checked, longest = list(every_text("texts", texts)), self.longest
        if self.max_length is not None:
            longest = min(longest, self.max_length)
        special = len(self._pieces.before) + len(self._pieces.after)
        ids = self._cut(self._pieces.ids(checked, self.prompt), longest - special)
        rows = [np.concatenate([self._pieces.before, one, self._pieces.after]) for one in ids]
        found = np.full((len(rows), max(map(len, rows), default=0)), -1, np.int64)
        for row, one in zip(found, rows, strict=True):
            row[: len(one)] = one
        return found

    def to_torch(self, *, trainable: bool = False) -> "torch.nn.Module":
        """Make a PyTorch module of it, which `inlay.to_torch(encoder)` calls.

        Args:
            trainable: Whether the model learns, all of it.

        Returns:
            See `inlay.encode.transformer.torch.TransformerModule`: strings, or the numbers of
            `piece_ids`, to float `(batch, dim)`. Allocates the weights once more.

        Raises:
            MissingPackageError: torch or transformers is not installed.
        """
        packages = {"torch": "torch", "transformers": "transformers"}
        look_for(packages, need="making a torch module of a transformer")
        from inlay.encode.transformer.torch import TransformerModule

        self._stamps.check(self._files)
        return TransformerModule.of(self, trainable=flag("trainable", trainable))

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides the files; see `inlay.encode.protocol`."""
        return {
            "pool": self.pools[0],
            "max_length": self.max_length,
            "layer": repr(self.layer) if isinstance(self.layer, Mix) else self.layer,
            "words": self.words,
            "prompt": self.prompt,
            "special_tokens": self._head.special,
            "engine": self.engine,
            "precision": self.precision,
        }

    def __repr__(self) -> str:
        family = self._files.config.get("model_type")
        return f"Transformer({family}, {layers_of(self._files) - 1} layers: vectors of {self.dim})"

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"hash": self.hash}  # made before it travels

    def _hash(self) -> str:
        self._stamps.check(self._files)
        return digest(self._files)

    def _learned(self) -> Iterator[Array]:
        for array in read_arrays(self._files.weights).values():
            if array.dtype.kind not in "iub":  # which number positions
                yield array[...]

    @cached_property
    def _weights(self) -> Weights:
        assert self._shape is not None, "only what runs in our engines has these"
        self._stamps.check(self._files)
        where = str(self._files.weights)
        return read_weights(read_arrays(self._files.weights), self._shape, where)

    def _made_network(self) -> Network:
        if self._shape is None:
            from inlay.encode.transformer.torch_network import TorchNetwork

            self._stamps.check(self._files)
            family = str(self._files.config.get("model_type"))
            return TorchNetwork(self._files.folder, family, self.precision)
        network = PackedNetwork(self._shape, self._weights, packer(self.engine, self.precision))
        vars(self).pop("_weights", None)  # the network has them, laid out anew
        return network

    def _window(self) -> int:
        """Pieces that run at once: what the files say, and no more than the model takes."""
        said = (
            self._files.said(SENTENCES).get("max_seq_length"),
            tokenizer_settings(self._files.folder).get("model_max_length"),
            self._shape.longest
            if self._shape
            else self._files.config.get("max_position_embeddings"),
        )
        sizes = [size for size in said if type(size) is int and 0 < size < UNBOUNDED]
        return min(sizes, default=USUAL)

    def _check_pieces(self) -> None:
        """Whether the tokenizer fits the rest."""
        special = len(self._pieces.before) + len(self._pieces.after)
        if self.longest <= special:
            got = f"{self.longest}, of which {special} are special"
            raise FormatError(self._files.where, expected="room for a text's pieces", got=got)
        if self.max_length is not None:
            whole("max_length", self.max_length, least=special + 1)
        if self._rows is not None and self._pieces.size > self._rows:
            raise self._misfit(f"one of {self._pieces.size:,}")
