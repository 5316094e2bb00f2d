"""Weights of models: what Keras, PyTorch, TensorFlow and Hugging Face keep them in.

Each reads one matrix out of a container, by its name. Nothing of the model is built or run.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, ClassVar

from inlay.bytes.content import Content
from inlay.containers import Container
from inlay.containers.hdf5 import Hdf5
from inlay.containers.safetensors import Safetensors
from inlay.containers.tensorflow import TensorFlow
from inlay.containers.torch import Torch
from inlay.core import Table
from inlay.errors import FormatError, InlayError
from inlay.formats.arrays import ArraysFormat
from inlay.formats.format_options import options
from inlay.formats.native import is_ours
from inlay.formats.protocol import ReadOptions

# A zip with its pickle, or the number that the older layout begins with.
SAVED_BY_TORCH = re.compile(
    rb"PK\x03\x04.{26}[^/]{1,999}/data\.pkl|\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19\.", re.DOTALL
)


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
class Hdf5Arrays(CheckpointFormat):
    """The weights of a Keras model in HDF5 (`.h5`, `.weights.h5`), or any arrays in it.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "hdf5"
    container: ClassVar[type[Container]] = Hdf5


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


@options
class TorchArrays(CheckpointFormat):
    """The tensors of a file that `torch.save` wrote (`.pt`, `.pth`, `.bin`).

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "torch"
    container: ClassVar[type[Container]] = Torch

    def sniff(self, head: bytes, path: Path) -> bool:
        return bool(SAVED_BY_TORCH.match(head))


@options
class SafetensorsArrays(CheckpointFormat):
    """The tensors of a `.safetensors` file that is not a table of ours.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "safetensors"
    container: ClassVar[type[Container]] = Safetensors

    def sniff(self, head: bytes, path: Path) -> bool:
        return Safetensors.sniff(head, path) and not is_ours(head)
