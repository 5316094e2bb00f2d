"""Keras' files: the weights of a model in HDF5 (`.h5`, `.weights.h5`), and whole models (`.keras`).

A `.keras` file is a zip with the settings and the weights:

    config.json       the layers, with the names that the user gave them
    model.weights.h5  their variables, as `layers/embedding/vars/0`
    metadata.json     the version of Keras, and when

Nothing in the settings is built or run.

Source: https://keras.io/api/models/model_saving_apis, `keras/src/saving/saving_lib.py`.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from inlay.bytes.content import WINDOW, Content
from inlay.bytes.damage import damage_reported
from inlay.bytes.limits import UNPACKED
from inlay.bytes.stretch import Place, stored_at
from inlay.containers import Container
from inlay.containers.hdf5 import Hdf5
from inlay.containers.protocol import LazyArray
from inlay.errors import InlayError
from inlay.formats.arrays import Known
from inlay.formats.checkpoints import CheckpointFormat
from inlay.formats.format_options import options
from inlay.formats.keras_names import Layers, layers_of
from inlay.formats.protocol import ReadOptions

if TYPE_CHECKING:
    from zipfile import ZipFile

START = re.compile(rb"PK\x03\x04.{26}(?:metadata\.json|config\.json|model\.weights\.h5)", re.DOTALL)
SETTINGS, WEIGHTS = "config.json", "model.weights.h5"
A_MODEL = "a Keras model"


@options
class Hdf5Arrays(CheckpointFormat):
    """The weights of a Keras model in HDF5 (`.h5`, `.weights.h5`), or any arrays in it.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "hdf5"
    container: ClassVar[type[Container]] = Hdf5

    @contextlib.contextmanager
    def opened(self, source: Content, options: ReadOptions) -> Iterator[Container]:
        """The arrays by the names of the layers, if it is a model of Keras 3."""
        with self.contained(source) as arrays:
            assert isinstance(arrays, Hdf5)
            yield Layers(arrays, {})

    def meant(
        self, source: Content, arrays: Mapping[str, LazyArray], name: str | None
    ) -> tuple[str | None, Known]:
        assert isinstance(arrays, Layers)
        return arrays.meant(name)


@options
class KerasArrays(Hdf5Arrays):
    """The weights in a `.keras` file, of which only the array that is asked for is read.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "keras"

    def sniff(self, head: bytes, path: Path) -> bool:
        return START.match(head) is not None

    @contextlib.contextmanager
    def opened(self, source: Content, options: ReadOptions) -> Iterator[Container]:
        """The arrays in the weights; where Keras did not pack these, they stay where they are."""
        import tempfile
        import zipfile

        with contextlib.ExitStack() as stack:
            path = stack.enter_context(source.on_disk())
            with damage_reported(source.name, expected=A_MODEL):
                archive = stack.enter_context(zipfile.ZipFile(path))
                names = _own_names(archive, source.name)
                with path.open("rb") as file:
                    place = stored_at(file, archive.getinfo(WEIGHTS))
            if place is None:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="inlay-"))
                with damage_reported(source.name, expected=A_MODEL):
                    path = _unpacked(archive, Path(folder, WEIGHTS), source.name)
            yield stack.enter_context(_arrays(path, place, names, source.name))


@contextlib.contextmanager
def _arrays(
    path: Path, place: Place | None, names: Mapping[str, str], where: str
) -> Iterator[Layers]:
    try:
        with Hdf5(path, place) as arrays:
            yield Layers(arrays, names)
    except InlayError as error:
        error.where = error.where.replace(str(path), where)
        raise


def _own_names(archive: "ZipFile", where: str) -> dict[str, str]:
    """The names of the layers at their places, by the settings."""
    with archive.open(SETTINGS) as file:
        content = file.read(UNPACKED.bytes() + 1)
    if len(content) > UNPACKED.bytes():
        raise UNPACKED.exceeded(where)
    return dict(layers_of(json.loads(content)))


def _unpacked(archive: "ZipFile", weights: Path, where: str) -> Path:
    most = UNPACKED.bytes()
    with archive.open(WEIGHTS) as file, weights.open("wb") as out:
        while piece := file.read(WINDOW):
            if out.tell() + len(piece) > most:
                raise UNPACKED.exceeded(where)
            out.write(piece)
    return weights
