"""ELMo as an encoder: texts in, vectors that know their context out."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import (
    described,
    every_text,
    flag,
    folder_to_write,
    many_tokens,
    one_text,
    whole_or_none,
)
from inlay.core import Table
from inlay.core.travel import check_travels
from inlay.encode.elmo.files import read
from inlay.encode.elmo.hosted import Hosted
from inlay.encode.elmo.lexicon import Lexicon, check_origin, given_words
from inlay.encode.elmo.mix import Mix
from inlay.encode.elmo.network import Network, States
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.pair import write_pair
from inlay.encode.elmo.report import chosen_tokenizer, read_report
from inlay.encode.elmo.running import Runner
from inlay.encode.elmo.travel import remembered
from inlay.encode.elmo.weights import Weights
from inlay.encode.engines import Engine, Precision, packer
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.jobs.threads import available_workers
from inlay.tokenizers import Tokenizer, TokenizerLike, get_tokenizer, tokenizer_name
from inlay.tokenizers.named import DEFAULT

MADE = ("_tokenize", "_network", "_lexicon")  # when they are first used


def check_parts(options: Any, weights: Any) -> None:
    """Refuse files, for which there is another door, and parts the other way round.

    Raises:
        ArgumentTypeError: Neither `Options`, then `Weights`.
    """
    if not isinstance(options, Options) or not isinstance(weights, Weights):
        raise ArgumentTypeError(
            "Elmo",
            expected="Options, then Weights",
            got=f"{described(options)}, {type(weights).__name__}",
            hint="Elmo.load(path), for files",
        )


class Elmo(Hosted):
    """A bidirectional language model with character input, after Peters et al. 2018.

    Each text begins from a zero state, so that a text has the same vectors whatever stands
    beside it and in whatever order: with the engine "numba" to the last bit.

    Args:
        options: The network's shape.
        weights: Its numbers.
        mix: How `elmo` mixes the layers; None: evenly, gamma 1.
        tokenizer: How strings become tokens: a name or a callable; see `inlay.tokenizers`. None:
            "words". Lists of tokens are taken as they are. For strings of tokens with white space
            between them, as TF Hub's module reads all strings, give "split".
        pad_token: A token that is none: the network does not see it, and it counts in no mean. In
            strings it stands between white space, whatever the tokenizer.
        max_length: Read so many tokens of each text; None: all.
        stateful: Begin each text where the text at the same place of the call before ended, as
            the original implementations did and the published reference vectors were made.
            Then a result depends on what came before; each call is one batch.
        engine: What multiplies; see `inlay.encode.engines.packer`.
        precision: Of the products.
        workers: Threads, each with sentences of its own. None: one for each processor; for the
            engine "torch", which has its own, one.
        vocab_to_cache: Words whose vectors without context are made once and kept, or the table
            that `word_table` made of them, or its file.
        provenance: Where it comes from.

    Attributes:
        dim: Numbers in a token's vector, 2P.
        n_layers: The LSTM layers and the words' own below them.
        provenance: What `inlay.train.bilm` noted of its training: settings, `perplexity`,
            `seconds`. Empty for an ELMo of others.
    """

    def __init__(
        self,
        options: Options,
        weights: Weights,
        *,
        mix: Mix | None = None,
        tokenizer: TokenizerLike | None = None,
        pad_token: str | None = None,
        max_length: int | None = None,
        stateful: bool = False,
        engine: Engine = "numba",
        precision: Precision = "float32",
        workers: int | None = None,
        vocab_to_cache: Sequence[str] | Table | str | os.PathLike[str] | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        check_parts(options, weights)
        if pad_token is not None and not isinstance(pad_token, str):
            raise ArgumentTypeError(
                "pad_token", expected="a token, or None", got=described(pad_token)
            )
        if mix is not None and not isinstance(mix, Mix):
            raise ArgumentTypeError("mix", expected="a Mix, or None", got=described(mix))
        self.options, self.weights = options, weights
        self.dim, self.n_layers = 2 * options.projection_dim, options.n_layers + 1
        self.mix = mix or Mix((0.0,) * self.n_layers)
        if not self.mix.fits(self.n_layers):
            raise ArgumentError(
                "mix", expected=f"{self.n_layers} finite numbers and gamma", got=f"{self.mix!r:.60}"
            )
        self.tokenizer: TokenizerLike = DEFAULT if tokenizer is None else tokenizer
        self.pad_token = pad_token
        self.max_length = whole_or_none("max_length", max_length)
        self.engine, self.precision = engine, precision
        self.stateful = flag("stateful", stateful)
        # torch has threads of its own; two kinds at once are in each other's way.
        alone = stateful or (engine == "torch" and workers is None)
        self.workers = 1 if alone else available_workers(workers)
        get_tokenizer(self.tokenizer)
        self._states = States() if stateful else None
        self._given = given_words(vocab_to_cache)
        self.provenance: dict[str, Any] = dict(provenance or {})
        packer(engine, precision)  # so that what cannot be is refused now

    def __getstate__(self) -> dict[str, Any]:
        check_travels("tokenizer", self.tokenizer)
        return self._given_state()

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(deepcopy(self._given_state(), memo))
        return twin

    def _given_state(self) -> dict[str, Any]:
        """All but what is made when it first runs: engines cannot be copied."""
        return {name: value for name, value in vars(self).items() if name not in MADE}

    def __repr__(self) -> str:
        shape = f"{self.options.n_layers} layers of {self.options.dim}"
        return f"Elmo({shape}, {self.dim // 2} projected: vectors of {self.dim})"

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        weights: str | os.PathLike[str] | None = None,
        *,
        mix: Mix | None = None,
        tokenizer: TokenizerLike | None = None,
        pad_token: str | None = None,
        max_length: int | None = None,
        stateful: bool = False,
        engine: Engine = "numba",
        precision: Precision = "float32",
        workers: int | None = None,
        vocab_to_cache: Sequence[str] | Table | str | os.PathLike[str] | None = None,
        verify: bool = False,
    ) -> Self:
        """Read an ELMo from this machine's files.

        Args:
            path: A folder with `options.json` and `weights.hdf5`, as AllenNLP published them and
                `inlay train bilm` writes them; or the options' file; or a TensorFlow checkpoint
                of bilm-tf; or the folder of a TF Hub module; or a PyTorch state_dict of a model
                of AllenNLP's that has an ELMo inside.
            weights: The weights' file, if `path` is the options'.
            mix: How `elmo` mixes the layers; None: as the files say, else evenly.
            tokenizer: As of `Elmo`; None: the one that it was trained with by
                `inlay.train.bilm`, else "words". Another than that one is warned of.
            pad_token: As of `Elmo`.
            max_length: As of `Elmo`.
            stateful: As of `Elmo`.
            engine: As of `Elmo`.
            precision: As of `Elmo`.
            workers: As of `Elmo`.
            vocab_to_cache: As of `Elmo`.
            verify: Compare the digest that `save` noted with the weights: a flipped bit in them
                is an error. Others' files have no digest to compare.

        Returns:
            The encoder. The weights are read into memory; when it first runs it lays them out
            anew, once.

        Raises:
            MissingFileError: Nothing of the kind is there.
            FormatError: Options or weights that are damaged or do not fit each other.
            ArgumentError: `verify`, and no digest.
            MissingPackageError: h5py (or TensorFlow, PyTorch) is not installed.
        """
        found = read(path, weights, verify=flag("verify", verify))
        report = read_report(Path(found.where).parent)
        return cls(
            found.options,
            remembered(found),
            mix=found.mix if mix is None else mix,
            tokenizer=chosen_tokenizer(report, tokenizer),
            pad_token=pad_token,
            max_length=max_length,
            stateful=stateful,
            engine=engine,
            precision=precision,
            workers=workers,
            vocab_to_cache=vocab_to_cache,
            provenance=report,
        )

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write `options.json` and `weights.hdf5`, as the official files are.

        The mix and the tokenizer are not in them: give them again when you load. Other files in
        the folder stay. Killed at any moment, it leaves the model that was there or this one.

        Raises:
            MissingFileError: There is no folder around it.
            ArgumentError: It is a file.
            MissingPackageError: h5py is not installed.
        """
        folder = folder_to_write(folder)
        folder.mkdir(exist_ok=True)
        write_pair(folder, self.options, self.weights)

    @cached_property
    def hash(self) -> str:
        """Of the numbers and the shape: what names the model in caches."""
        return self.weights.hash(self.options)

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides the weights; see `inlay.encode.protocol`.

        Raises:
            ArgumentError: It is stateful: a text's vectors depend on those before.
        """
        if self.stateful:
            raise ArgumentError("encoder", expected="a stateless one", got="stateful=True")
        return {
            "tokenizer": tokenizer_name(self.tokenizer) or None,
            "pad_token": self.pad_token,
            "max_length": self.max_length,
            "engine": self.engine,
            "precision": self.precision,
        }

    @cached_property
    def _tokenize(self) -> Tokenizer:
        return get_tokenizer(self.tokenizer)

    @cached_property
    def _network(self) -> Network:
        return Network(self.options, self.weights, packer(self.engine, self.precision))

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon(self._network, self._table())

    def _table(self) -> Table | None:
        given = self._given
        if isinstance(given, Path):
            from inlay.formats import load

            given = load(given)
        if given is None or isinstance(given, Table):
            return None if given is None else check_origin(given, self._origin)
        return self.word_table(given)

    @property
    def _origin(self) -> dict[str, Any]:
        return {"model": "ELMo", "elmo": self.hash, "precision": self.precision}

    def word_table(self, words: Iterable[str]) -> Table:
        """The vectors of words without context, as a static embedding.

        Args:
            words: Any words; repeated ones are left out.

        Returns:
            float32 `(n, P)`, with the weights' hash in its provenance. Saved, it serves as
            `vocab_to_cache`, and as a table like any other.
        """
        words = list(dict.fromkeys(many_tokens("words", words)))
        vectors = Lexicon(self._network).vectors(words)
        return Table(words, vectors, provenance=self._origin)

    def tokenize(self, text: Text) -> list[str]:
        """The tokens of a text, `pad_token` among them, cut at `max_length`."""
        return self._tokens(one_text("text", text))

    def _tokens(self, text: str | list[str]) -> list[str]:
        tokens = self._split_text(text) if isinstance(text, str) else text
        return tokens[: self.max_length]

    def _split_text(self, text: str) -> list[str]:
        pad = self.pad_token
        if not pad or pad not in text:
            return self._tokenize(text)
        between = re.split(rf"(?<!\S){re.escape(pad)}(?!\S)", text)
        return [token for part in between for token in (pad, *self._tokenize(part))][1:]

    def layers(self, texts: Iterable[Text]) -> Iterator[Array]:
        """All layers of each text, in order.

        Reads texts as it goes, a block at a time, so that neither texts nor results need fit
        into memory.

        Yields:
            float32 `(n_layers, n_tokens, dim)`: the words' own vectors twice, side by side, then
            each LSTM layer's, forward and backward; zeros where a token is `pad_token`.
        """
        for tokens, layers in self._run(texts):
            if self.pad_token not in tokens:
                yield layers
                continue
            spread = np.zeros((self.n_layers, len(tokens), self.dim), np.float32)
            spread[:, [token != self.pad_token for token in tokens]] = layers
            yield spread

    def pooled(self, texts: Iterable[Text]) -> Array:
        """The mean of each layer over a text's tokens.

        A mean over tokens and a mix of layers may change places, so that training a mix on
        these is the same as training it on every token.

        Returns:
            float32 `(n_texts, n_layers, dim)`; zeros for a text without tokens.
        """
        means = [
            layers.mean(axis=1) if layers.shape[1] else np.zeros((self.n_layers, self.dim))
            for _, layers in self._run(texts)
        ]
        return np.array(means, np.float32).reshape(-1, self.n_layers, self.dim)

    def encode(self, texts: Iterable[Text]) -> Array:
        """One vector for each text: the mean of `elmo` over its tokens.

        Returns:
            float32 `(n_texts, dim)`; zeros for a text without tokens.

        Raises:
            ArgumentTypeError: A text that is neither a string nor a list of strings.
        """
        return self.mix(np.moveaxis(self.pooled(texts), 1, 0))

    def encode_tokens(self, texts: Iterable[Text]) -> tuple[Array, Array]:
        """A vector for each token.

        Returns:
            `(elmo, mask)`: float32 `(n_texts, n_tokens, dim)`, zeros where a text has ended,
            and bool `(n_texts, n_tokens)`.
        """
        found = self.outputs(texts)
        return found["elmo"], found["mask"]

    def outputs(self, texts: Iterable[Text]) -> dict[str, Array]:
        """Everything, under the names of TF Hub's module.

        Returns:
            `word_emb` `(n_texts, n_tokens, P)`; `lstm_outputs1`, `lstm_outputs2`, ... and `elmo`,
            the mix, `(n_texts, n_tokens, dim)`; `default` `(n_texts, dim)`, the mean of `elmo`
            over real tokens, as in version 3 of that module; all float32; `mask`, bool
            `(n_texts, n_tokens)`. Allocates `4 * dim * (n_layers + 1.5)` bytes a token.
        """
        every = list(self._split(texts))
        shape = len(every), max(map(len, every), default=0)
        mask = np.zeros(shape, bool)
        layers = np.zeros((self.n_layers, *shape, self.dim), np.float32)
        default = np.zeros((len(every), self.dim), np.float32)
        for i, (tokens, found) in enumerate(self._run(every)):
            mask[i, : len(tokens)] = [token != self.pad_token for token in tokens]
            layers[:, i, mask[i]] = found
            if found.shape[1]:
                default[i] = self.mix(found.mean(axis=1))
        named = {f"lstm_outputs{k}": layers[k] for k in range(1, self.n_layers)}
        words = layers[0, :, :, : self.options.projection_dim]
        return {
            "word_emb": words,
            **named,
            "elmo": self.mix(layers),
            "default": default,
            "mask": mask,
        }

    def reset_states(self) -> None:
        """Forget where texts ended, if `stateful`."""
        if self._states is not None:
            self._states = States()

    def _split(self, texts: Iterable[Text]) -> Iterator[list[str]]:
        return map(self._tokens, every_text("texts", texts))

    def _run(self, texts: Iterable[Text]) -> Iterator[tuple[list[str], Array]]:
        """Each text's tokens and the layers `(n_layers, n, dim)` of its n real ones."""
        run = Runner(self._network, self._lexicon, self.pad_token, self.workers)
        if self._states is not None:
            return run.as_one(self._split(texts), self._states)
        return run.in_threads(self._split(texts))
