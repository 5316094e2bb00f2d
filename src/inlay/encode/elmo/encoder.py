"""ELMo as an encoder: texts in, vectors that know their context out."""

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from inlay.calls import refuses_unknown
from inlay.checks import described, flag, whole_or_none
from inlay.core import Table
from inlay.encode.elmo.files import read
from inlay.encode.elmo.hosted import Hosted
from inlay.encode.elmo.lexicon import given_words
from inlay.encode.elmo.network import States
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.pair import write_pair
from inlay.encode.elmo.report import chosen_tokenizer, read_report
from inlay.encode.elmo.text_vectors import TextVectors
from inlay.encode.elmo.travel import remembered
from inlay.encode.elmo.weights import Weights
from inlay.encode.elsewhere import OF_LOADING
from inlay.encode.engines import Engine, Precision, check_engine, packer, workers_of
from inlay.encode.mix import Mix
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.paths import folder_to_write
from inlay.tokenizers import TokenizerLike, get_tokenizer, tokenizer_name
from inlay.tokenizers.named import DEFAULT


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


class Elmo(TextVectors, Hosted):
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
        precision: The precision of the products.
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
        self.options = replace(options, projects=weights.projects)
        self.weights = weights
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
        self.workers = 1 if stateful else workers_of(engine, workers)
        get_tokenizer(self.tokenizer)
        self._states = States() if stateful else None
        self._given = given_words(vocab_to_cache)
        self.provenance: dict[str, Any] = dict(provenance or {})
        packer(engine, precision)  # so that what cannot be is refused now

    def __copy__(self) -> Self:
        return deepcopy(self)

    def __repr__(self) -> str:
        shape = f"{self.options.n_layers} layers of {self.options.dim}"
        return f"Elmo({shape}, {self.dim // 2} projected: vectors of {self.dim})"

    @classmethod
    @refuses_unknown(OF_LOADING)
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
            MissingPackageError: The weights are in HDF5, and h5py is not installed.
        """
        check_engine(engine, precision)  # before the weights are read
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

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides the weights; see `inlay.encode.protocol`.

        Raises:
            ArgumentError: It is stateful: a text's vectors depend on those before.
        """
        if self.stateful:
            raise ArgumentError("encoder", expected="a stateless one", got="stateful=True")
        return super().settings | {
            "tokenizer": tokenizer_name(self.tokenizer) or None,
            "pad_token": self.pad_token,
            "engine": self.engine,
            "precision": self.precision,
        }
