"""A SavedModel as an encoder: what its graph makes of strings, or of ids, is the vector."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import described, text_or_none
from inlay.core import TextToIds
from inlay.encode.base import TextEncoder
from inlay.encode.batching import padded_batches
from inlay.encode.elsewhere import OF_LOADING
from inlay.encode.folder import FILE, read_folder, written_folder
from inlay.encode.savedmodel.asked import checked_arguments, checked_tags
from inlay.encode.savedmodel.files import NAME, copy_files, digest_of, stamps_of
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.hosts.backends import load_keras
from inlay.optional import require
from inlay.paths import path_to_read
from inlay.tokenizers import tokenizer_name

if TYPE_CHECKING:
    import keras

IDS = "text_to_ids.json"
MOST, TOKENS = 256, 8192  # texts, and tokens with their padding, that run at once
LETTERS = 5  # of a word, roughly
HINT = "SavedModelEncoder.load(folder, to_ids=inlay.core.TextToIds(vocab, max_length=...))"


class SavedModelEncoder(TextEncoder):
    """A SavedModel of TensorFlow, Keras or TF Hub whose call gives a vector for each text.

    Nothing of the folder is executed but the graph, by TensorFlow. Whether a text has the same
    vector whatever stands beside it is up to the graph: batches are run, up to 256 texts in each.
    An empty text that is given as a string has the vector that the graph gives it, or zeros, if
    that is NaN. Where the graph takes ids and texts of any length, texts of equal length run
    together, without padding, and one without tokens has zeros.

    It travels to another process as the name of its folder, which must be there too, unchanged.

    Args:
        folder: The SavedModel.
        signature: What to call; None: `__call__`, "serving_default", "default" or "serve", the
            first that gives vectors.
        output_key: Which of its outputs; None: "default", or the only one that is a vector.
        arguments: Other arguments of the call, by name: JSON values.
        tags: Of the graph, if there are several.
        to_ids: Texts to ids, where the graph takes these: as it was trained with.

    Attributes:
        dim: Numbers in a vector.
        folder: Where it is.
        signature: What is called.
        output_key: What is taken of its outputs.

    Raises:
        MissingFileError: There is no SavedModel.
        FormatError: It is damaged.
        ArgumentError: It has no vectors, or nothing of these names; the message lists what it
            has. It takes ids, and there is no `to_ids`, or one of another length; or strings, and
            there is one.
        MissingPackageError: TensorFlow is not installed, or a package with ops that it needs.
    """

    MADE = ("_loaded",)

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        signature: str | None = None,
        output_key: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        to_ids: TextToIds | None = None,
    ) -> None:
        self.folder = path_to_read("folder", folder).absolute()
        self.arguments, self.tags = checked_arguments(arguments), checked_tags(tags)
        self.signature = text_or_none("signature", signature)
        self.output_key = text_or_none("output_key", output_key)
        if to_ids is not None and not isinstance(to_ids, TextToIds):
            raise ArgumentTypeError(
                "to_ids", expected="a TextToIds, or None", got=described(to_ids), hint=HINT
            )
        self.to_ids = to_ids
        self.max_length = None if to_ids is None else to_ids.max_length
        self._stamps = stamps_of(self.folder)
        endpoint, key = self._opened()
        vars(self).update(signature=endpoint.name, output_key=key)  # what was found, for None
        self._check_input(endpoint.input)
        shape = endpoint.outputs[key].shape
        known = None if shape is None else shape[1]
        self.dim = known if known is not None else int(self._block(["a"], "")[0].size)

    def __repr__(self) -> str:
        return f"SavedModelEncoder({str(self.folder)!r}, vectors of {self.dim})"

    @classmethod
    @refuses_unknown(OF_LOADING)
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        signature: str | None = None,
        output_key: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        to_ids: TextToIds | None = None,
    ) -> Self:
        """Read a SavedModel, or what `save` has written, which has its settings beside it.

        Args:
            path: The folder.
            signature: As of `SavedModelEncoder`.
            output_key: As of `SavedModelEncoder`.
            arguments: As of `SavedModelEncoder`.
            tags: As of `SavedModelEncoder`.
            to_ids: As of `SavedModelEncoder`.

        Raises:
            InlayError: As of `SavedModelEncoder`.
        """
        folder = path_to_read("path", path)
        given: dict[str, Any] = {"signature": signature, "output_key": output_key}
        given |= {"arguments": arguments, "tags": tags, "to_ids": to_ids}
        if (folder / FILE).is_file():
            saved = read_folder(folder, NAME)
            saved = {name: saved.get(name) for name in given}
            if signature is not None and signature != saved["signature"]:
                saved["output_key"] = saved["arguments"] = None  # which were those of another
            given = {name: saved[name] if v is None else v for name, v in given.items()}
        if given["to_ids"] is None and (folder / IDS).is_file():
            given["to_ids"] = TextToIds.load(folder / IDS)
        return cls(folder, **given)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Copy the SavedModel, and write the settings beside it: `inlay.load_encoder` reads both.

        To TensorFlow, it is a SavedModel as before.

        Raises:
            MissingFileError: There is no folder around it.
            ArgumentError: It is a file, or a folder with something else in it.
        """
        names = ("signature", "output_key", "arguments", "tags")
        with written_folder(folder, NAME, {n: getattr(self, n) for n in names}) as part:
            copy_files(self.folder, part)
            if self.to_ids is not None:
                self.to_ids.save(part / IDS)

    @property
    def settings(self) -> dict[str, Any]:
        """What may change a vector besides the files and the ids of texts."""
        names = ("signature", "output_key", "arguments", "tags")
        vocab = None if self.to_ids is None else self.to_ids.vocab.tokenizer
        tokenizer = {} if vocab is None else {"tokenizer": tokenizer_name(vocab) or None}
        return super().settings | {n: getattr(self, n) for n in names} | tokenizer

    def to_keras(
        self,
        *,
        trainable: bool = False,
        output_key: str | None = None,
        signature: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        by_reference: bool = False,
        name: str | None = None,
        dtype: Any = None,
    ) -> "keras.layers.Layer":
        """Make a Keras layer of it, which takes what the SavedModel takes: strings, or ids.

        Args:
            trainable: Whether its variables train, which `layer.trainable` changes later.
            output_key: Another output than the encoder's.
            signature: Another call than the encoder's; then None stands for its usual output.
            arguments: Other arguments than the encoder's.
            by_reference: Whether a saved model names the folder and its digest, in the place of
                the SavedModel itself.
            name: The layer's name.
            dtype: A dtype or a policy, as of any Keras layer.

        Returns:
            See `inlay.encode.savedmodel.keras.SavedModelLayer`. Allocates the variables once more.

        Raises:
            UnsupportedError: Keras runs on another backend than TensorFlow.
            ArgumentError: As of `SavedModelEncoder`.
            MissingPackageError: Keras is not installed.
        """
        load_keras("making a Keras layer")
        from inlay.encode.savedmodel.keras import SavedModelLayer

        if signature is None or signature == self.signature:
            signature, output_key = self.signature, output_key or self.output_key
            arguments = self.arguments if arguments is None else arguments
        return SavedModelLayer(
            self.folder,
            trainable=trainable,
            output_key=output_key,
            signature=signature,
            arguments=arguments,
            tags=self.tags,
            by_reference=by_reference,
            name=name,
            dtype=dtype,
        )

    @property
    def n_parameters(self) -> int:
        """How many numbers are in the variables that train."""
        return sum(variable.shape.num_elements() for variable in self._trained())

    @property
    def n_bytes(self) -> int:
        """The bytes of these numbers."""
        return sum(v.shape.num_elements() * v.dtype.size for v in self._trained())

    def _trained(self) -> list[Any]:
        return [variable for variable in self._opened()[0].variables() if variable.trainable]

    def learning_layer(self, *, by_token: bool) -> "keras.layers.Layer":
        """See `inlay.encode.protocol.LearningEncoder`: every variable trains."""
        del by_token  # there is one vector for each text
        return self.to_keras(trainable=True)

    def layer_rows(self, texts: Sequence[Text]) -> list[Array]:
        """What the layer takes of each text: itself, or ids where the graph takes ids."""
        if self.to_ids is not None:
            return [self.to_ids([text])[0] for text in texts]
        strings = (text if isinstance(text, str) else " ".join(text) for text in texts)
        return [np.array([_bytes(text)], object) for text in strings]

    # -- what the base asks for -----------------------------------------------------------------

    def _hash(self) -> str:
        parts = [digest_of(self.folder)]
        if self.to_ids is not None:
            with tempfile.TemporaryDirectory() as folder:
                self.to_ids.save(Path(folder, IDS))
                parts.append(hashlib.sha256(Path(folder, IDS).read_bytes()).hexdigest())
        return hashlib.sha256(json.dumps(["inlay savedmodel", *parts]).encode()).hexdigest()

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        if self.to_ids is not None:
            return self._of_ids(texts)
        strings = [text if isinstance(text, str) else " ".join(text) for text in texts]
        lengths = [len(text) // LETTERS + 1 for text in strings]
        vectors = None
        for batch in padded_batches(lengths, tokens=TOKENS, most=MOST):
            found = self._run(np.array([_bytes(strings[i]) for i in batch], object), "strings")
            vectors = _placed(vectors, found, batch, len(texts))
        for i, text in enumerate(strings):
            if vectors is not None and not text.strip() and not np.isfinite(vectors[i]).all():
                vectors[i] = 0
        return np.empty((0, self.dim), np.float32) if vectors is None else vectors

    def _of_ids(self, texts: list[str | list[str]]) -> Array:
        assert self.to_ids is not None
        ids = [self.to_ids([text])[0] for text in texts]
        vectors = None
        for length in sorted({len(one) for one in ids}):
            equal = [i for i, one in enumerate(ids) if len(one) == length]
            step = max(1, min(MOST, TOKENS // max(length, 1)))
            for begin in range(0, len(equal) if length else 0, step):
                batch = equal[begin : begin + step]
                found = self._run(np.array([ids[i] for i in batch]), "ids")
                vectors = _placed(vectors, found, batch, len(texts))
        return np.zeros((len(texts), self.dim), np.float32) if vectors is None else vectors

    def _run(self, inputs: Array, what: str) -> Array:
        from inlay.encode.savedmodel.tensorflow_running import run

        endpoint, key = self._opened()
        return run(str(self.folder), endpoint, key, inputs, what)

    def _opened(self) -> tuple[Any, str]:
        """The graph's function and which output of it, loaded when it is first used."""
        loaded: tuple[Any, Any, str] | None = vars(self).get("_loaded")
        if loaded is None:
            require("tensorflow", extra="tensorflow", need="running a SavedModel")
            from inlay.encode.savedmodel.tensorflow_graph import Graph

            self._check_unchanged()
            graph = Graph(self.folder, tags=self.tags)
            endpoint, key = graph.endpoint(
                self.signature, self.output_key, self.arguments, vector=True
            )
            assert key is not None
            loaded = self._loaded = graph, endpoint, key
        return loaded[1:]

    def _check_unchanged(self) -> None:
        if stamps_of(self.folder) != self._stamps:
            raise FormatError(
                str(self.folder),
                expected="the SavedModel that this encoder was made of",
                got="another, written since",
                hint="load it again",
            )

    def _check_input(self, takes: Any) -> None:
        """Refuse a graph of ids without what makes ids, and the other way round."""
        where, strings = str(self.folder), takes.dtype == "string"
        if strings and self.to_ids is not None:
            raise ArgumentError(
                "to_ids", expected="None, for the graph takes strings", got="a TextToIds"
            )
        if strings:
            return
        if self.to_ids is None:
            raise ArgumentError(
                where,
                expected="what makes ids of texts, for the graph takes ids",
                got=f"no to_ids, and {takes}",
                hint=HINT,
            )
        if takes.shape is not None and len(takes.shape) != 2:
            raise ArgumentError(
                where, expected="a graph that takes ids (n, tokens)", got=str(takes)
            )
        length = None if takes.shape is None else takes.shape[1]
        if length is not None and length != self.to_ids.max_length:
            raise ArgumentError(
                "to_ids",
                expected=f"max_length={length}, for the graph takes so many ids of a text",
                got=f"max_length={self.to_ids.max_length}",
            )


def _bytes(text: str) -> bytes:
    """A text in UTF-8, with a question mark for half a character."""
    return text.encode(errors="replace")


def _placed(vectors: Array | None, found: Array, batch: list[int], n: int) -> Array:
    """Vectors of some texts in the rows of theirs; the first ones say how wide these are."""
    if vectors is None:
        vectors = np.zeros((n, found.shape[1]), np.float32)
    vectors[batch] = found
    return vectors
