"""Options and weights into one folder, so that they are always those of one model."""

import os
from pathlib import Path

from inlay.bytes.writing import atomic_folder, flush_folder, restore_folder
from inlay.checks import folder_to_write
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.errors import FormatError

OPTIONS, WEIGHTS = "options.json", "weights.hdf5"
UNFINISHED = ".inlay-unfinished"  # is there while one of the two files is of another model


def save(folder: Path, options: Options, weights: Weights) -> None:
    """Write both files: as a whole folder in one step, unless other files are in it.

    A folder with other files, or in which this process stands, stays; the two are replaced one
    after the other, and a mark beside them says so until both are there.

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file.
    """
    folder = folder_to_write(folder)
    there = set(os.listdir(folder)) if folder.exists() else set()
    if there <= {OPTIONS, WEIGHTS} and folder.resolve() != Path.cwd():
        with atomic_folder(folder) as part:
            weights.save(part / WEIGHTS)
            options.save(part / OPTIONS)
        return
    mark = folder / UNFINISHED
    mark.touch()
    flush_folder(folder)
    weights.save(folder / WEIGHTS)
    options.save(folder / OPTIONS)
    mark.unlink()


def check_whole(folder: Path) -> None:
    """Refuse a folder in which `save` was stopped between the two files.

    If it was stopped between the two names of a whole folder, the old one is put back.

    Raises:
        FormatError: Options and weights may be of two models.
    """
    if folder.parent.is_dir():
        restore_folder(folder)
    if (folder / UNFINISHED).exists():
        raise FormatError(
            str(folder),
            expected="options and weights of one model",
            got="a save that was stopped between the two",
            hint="save the encoder again",
        )
