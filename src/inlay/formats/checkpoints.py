"""Weights of models: what PyTorch, TensorFlow and Hugging Face keep them in.

Each reads one matrix out of a container, by its name. Nothing of the model is built or run.
Without a name the input embedding is taken if the framework calls it by one name alone: Keras
(whose own files `keras` reads) keeps `embeddings` in a layer of that kind and nowhere else, and a
folder of Hugging Face, which has a `config.json`, has one of a few names for each kind of model.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.containers import Container
from inlay.containers.onnx import Onnx
from inlay.containers.protocol import LazyArray
from inlay.containers.safetensors import Safetensors
from inlay.containers.shards import Shards
from inlay.containers.tensorflow import TensorFlow
from inlay.containers.torch import Torch
from inlay.core import Table
from inlay.errors import FormatError, InlayError
from inlay.formats.arrays import OF_KERAS, ArraysFormat, FoundArray, Known
from inlay.formats.assembled import assembled
from inlay.formats.beside import json_of
from inlay.formats.format_options import options
from inlay.formats.native import is_ours
from inlay.formats.parts import Joined
from inlay.formats.protocol import ReadOptions
from inlay.formats.selection import packed_tokens, table_of
from inlay.sources.hub_files import EMBEDDING as OF_HUGGING_FACE

# A zip with its pickle, or, of TorchScript, numbers first; or what the older layout begins with.
SAVED_BY_TORCH = re.compile(
    rb"PK\x03\x04.{26}[^/]{1,999}/data(?:\.pkl|/\d)|\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19\.",
    re.DOTALL,
)
CONFIG = "config.json"  # of Hugging Face


@options
class CheckpointFormat(ArraysFormat):
    """A file of a model's weights.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    container: ClassVar[type[Container]]

    def sniff(self, head: bytes, path: Path) -> bool:
        return self.container.sniff(head, path)

    @contextlib.contextmanager
    def opened(self, source: Content, options: ReadOptions) -> Iterator[Container]:
        """The arrays, of which the parts of a layer are one."""
        with self.contained(source) as arrays:
            yield assembled(arrays)

    @contextlib.contextmanager
    def contained(self, source: Content) -> Iterator[Container]:
        """The container; one that is packed is unpacked to a temporary file."""
        with source.on_disk() as path:
            try:
                with self.container.open(path) as arrays:
                    yield arrays
            except InlayError as error:
                error.where = error.where.replace(str(path), source.name)
                raise

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise FormatError(
            "save",
            expected="a format of vectors",
            got=f"{self.name}, in which a framework keeps a whole model",
            hint=".safetensors, which holds everything",
        )


@options
class TensorFlowArrays(CheckpointFormat):
    """The variables of a TensorFlow checkpoint or SavedModel.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "tensorflow"
    container: ClassVar[type[Container]] = TensorFlow

    def sniff(self, head: bytes, path: Path) -> bool:
        return path.suffix == ".index" and TensorFlow.sniff(head, path)

    @contextlib.contextmanager
    def opened(self, source: Content, options: ReadOptions) -> Iterator[Container]:
        """The container, in which the parts of a variable are one array."""
        with self.contained(source) as arrays:
            yield assembled(Joined(arrays))

    def meant(
        self, source: Content, arrays: Mapping[str, LazyArray], name: str | None
    ) -> tuple[str | None, Known]:
        return name, OF_KERAS


@options
class ModelArrays(CheckpointFormat):
    """A format in which Hugging Face keeps models, too.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    def meant(
        self, source: Content, arrays: Mapping[str, LazyArray], name: str | None
    ) -> tuple[str | None, Known]:
        config = source.path.with_name(CONFIG)
        settings = json_of(config) if name is None and config.is_file() else None
        is_model = isinstance(settings, dict) and "model_type" in settings
        return name, OF_HUGGING_FACE if is_model else None


@options
class TorchArrays(ModelArrays):
    """The tensors of a file that `torch.save` wrote (`.pt`, `.pth`, `.bin`).

    A dict of words and their vectors, each a tensor of its own, is a table as it stands.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "torch"
    container: ClassVar[type[Container]] = Torch

    def sniff(self, head: bytes, path: Path) -> bool:
        return bool(SAVED_BY_TORCH.match(head))

    def read(self, source: Content, options: ReadOptions) -> Table:
        if options.name is None and options.tokens is None:
            with self.opened(source, options) as arrays:
                if _are_words(arrays):
                    return self._of_words(source, options, arrays)
        return super().read(source, options)

    def list_arrays(self, source: Content) -> list[FoundArray]:
        with self.opened(source, ReadOptions()) as arrays:
            are_words = _are_words(arrays)
        return [] if are_words else super().list_arrays(source)

    def _of_words(
        self, source: Content, options: ReadOptions, arrays: Mapping[str, LazyArray]
    ) -> Table:
        names = list(arrays)
        first = arrays[names[0]]

        def rows(index: slice | Array) -> Array:
            chosen = np.arange(len(names))[index].tolist()
            matrix = np.empty((len(chosen), *first.shape), first.dtype.newbyteorder("="))
            for at, row in enumerate(chosen):
                matrix[at] = arrays[names[row]][...]
            return matrix

        return table_of(source, options, self, packed_tokens(names, source.name), rows)


def _are_words(arrays: Mapping[str, LazyArray]) -> bool:
    """Whether these are many vectors of one length, and nothing else."""
    kinds = {(entry.shape, entry.dtype) for entry in arrays.values()}
    if len(kinds) != 1 or len(arrays) < 2:
        return False
    ((shape, dtype),) = kinds
    return len(shape) == 1 and shape[0] > 0 and dtype.kind == "f" and dtype.itemsize <= 8


@options
class SafetensorsArrays(ModelArrays):
    """The tensors of a `.safetensors` file that is not a table of ours.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "safetensors"
    container: ClassVar[type[Container]] = Safetensors

    def sniff(self, head: bytes, path: Path) -> bool:
        return Safetensors.sniff(head, path) and not is_ours(head)


@options
class ShardsArrays(ModelArrays):
    """The tensors of a model in several files, by the index beside them.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "shards"
    container: ClassVar[type[Container]] = Shards


@options
class OnnxArrays(CheckpointFormat):
    """The initialisers and constants of an ONNX model; numbers beside the model too.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "onnx"
    container: ClassVar[type[Container]] = Onnx

    def meant(
        self, source: Content, arrays: Mapping[str, LazyArray], name: str | None
    ) -> tuple[str | None, Known]:
        return name, OF_HUGGING_FACE
