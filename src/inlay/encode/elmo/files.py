"""Find and read an ELMo, whatever a user has of it: a folder, a file, a checkpoint."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inlay.bytes.writing import restore_folder
from inlay.containers import kind_of_file
from inlay.containers.tensorflow import index_of, latest_in, prefix_of
from inlay.encode.elmo.checkpoints import has_elmo, infer_options, read_tensorflow, read_torch
from inlay.encode.elmo.options import LARGEST_FILE, Options
from inlay.encode.elmo.pair import OPTIONS, WEIGHTS, read_pair
from inlay.encode.elmo.weights import Weights, fitted
from inlay.encode.mix import Mix
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.paths import path_to_read

Form = Literal["hdf5", "tensorflow", "torch", "options"]

_FORMS: dict[str, Form] = {kind: kind for kind in ("hdf5", "tensorflow", "torch")}
_SUFFIXES: dict[str, Form] = {
    ".index": "tensorflow",
    ".hdf5": "hdf5",
    ".h5": "hdf5",
    ".th": "torch",
    ".pt": "torch",
    ".json": "options",
}
# What a folder's weights are called; the first name that is there counts.
_WEIGHTS = (WEIGHTS, "*weights*.hdf5", "variables/variables.index")
GRAPH = "saved_model.pb"
_CHECKPOINTS = ("*.index", "weights.th", "best.th", "*.th", "*.pt")
_OPTIONS = (OPTIONS, "*options*.json")
DOWNLOAD = "download it first, and give the folder in which it is"
_SHAPES = "options.json + weights.hdf5, a TensorFlow checkpoint, a TF-Hub module or a state_dict"


@dataclass(frozen=True)
class Found:
    """An ELMo as it was found.

    Attributes:
        mixes: Scalar mixes that came with it, from a model that was trained on top of it.
        where: The file of its weights.
        options_file: That of its options, if it has one.
    """

    options: Options
    weights: Weights
    mixes: tuple[Mix, ...]
    where: str
    options_file: Path | None

    @property
    def mix(self) -> Mix | None:
        """The first mix: the only one, as a rule."""
        return self.mixes[0] if self.mixes else None


def read(
    path: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None = None,
    *,
    verify: bool = False,
) -> Found:
    """Read an ELMo from this machine's files.

    Options are looked for beside the weights: the same name with "options" for "weights", then
    `options.json`, then any one `*options*.json`. Checkpoints do without: `infer_options` says
    what is then taken for granted. So do weights that inlay wrote, which have a note of theirs.

    Args:
        path: A folder; an options file; a file of weights (HDF5, or a `state_dict` with
            AllenNLP's ELMo inside); a checkpoint's prefix or index; a TF-Hub module's folder.
        weights: The weights, where `path` names the options or their folder.
        verify: Compare the digest that inlay noted with the weights; reads all of them.

    Raises:
        MissingFileError: Nothing there, or weights without options.
        ArgumentError: A folder with several models; `verify` and no digest.
        FormatError: A broken file, files that do not belong together, or another digest.
    """
    path = path_to_read("path", path)
    restore_folder(path)  # of a training that was killed between two names
    if weights is not None:
        file = path_to_read("weights", weights)
        options = _find(path, _OPTIONS) if path.is_dir() else path
    elif path.is_dir():
        file = _weights_in(path)
        options = _options_of(file)
    elif _form(path) == "options":
        file, options = _named_like(path, WEIGHTS) or _weights_in(path.parent), path
    else:
        file, options = path, _options_of(path)
    form = _form(file)
    if form == "options":
        raise FormatError(str(file), expected="the weights of an ELMo", got="options")
    if form == "hdf5":
        return Found(*read_pair(file, options, verify=verify), (), str(file), options)
    if verify:
        raise ArgumentError("verify", expected="weights.hdf5 that inlay wrote", got=str(file))
    return _read_checkpoint(form, file, options)


def is_elmo(path: Path) -> bool:
    """Whether a path looks like one that `read` takes; a file's head is read, or its index."""
    restore_folder(path)
    try:
        if (path / GRAPH).is_file() and not _find(path, _WEIGHTS[:2]):
            return has_elmo(_weights_in(path))  # among the SavedModels, which are many
        if path.is_dir():
            return bool(_weights_in(path))
        return _form(path) != "options" or _speaks_of_elmo(path)
    except (MissingFileError, FormatError):
        return False
    except ArgumentError:  # several models, among which `read` asks to choose
        return True


def _speaks_of_elmo(file: Path) -> bool:
    """Whether JSON may be the options of one: other JSON holds vectors."""
    with file.open("rb") as opened:
        text = opened.read(LARGEST_FILE)
    return b'"char_cnn"' in text or b'"lstm"' in text


def _read_checkpoint(form: Form, file: Path, options_file: Path | None) -> Found:
    options, where = None if options_file is None else Options.load(options_file), str(file)
    found = read_torch(file) if form == "torch" else read_tensorflow(prefix_of(file))
    options = fitted(options or infer_options(found.arrays, where), found.arrays)
    n_layers = options.n_layers + 1
    for mix in found.mixes:
        if not mix.fits(n_layers):
            raise FormatError(
                where,
                expected=f"{n_layers} finite numbers and gamma in a scalar mix",
                got=str(mix),
            )
    weights = Weights.take(found.arrays, options, where)
    return Found(options, weights, found.mixes, where, options_file)


def _form(path: Path) -> Form:
    """What a file is, by its first bytes, else by its name."""
    if index_of(path).is_file():
        return "tensorflow"
    if not path.is_file():
        raise MissingFileError(
            str(path),
            expected=_SHAPES,
            got="no such file or folder",
            hint=DOWNLOAD,
        )
    found = kind_of_file(path)
    if found is not None and found.kind in _FORMS:
        return _FORMS[found.kind]
    if path.suffix not in _SUFFIXES:
        raise FormatError(
            str(path),
            expected=_SHAPES,
            got="another file" if found is None else f"a file of {found.kind}",
            hint="unpack an archive first",
        )
    return _SUFFIXES[path.suffix]


def _weights_in(folder: Path) -> Path:
    file = _find(folder, _WEIGHTS) or latest_in(folder) or _find(folder, _CHECKPOINTS)
    if file is None:
        raise MissingFileError(str(folder), expected=_SHAPES, got="none of them in this folder")
    return file


def _options_of(weights: Path) -> Path | None:
    """The options of a file of weights, by its name or in its folder."""
    folder = weights.parent
    own = _named_like(weights, OPTIONS) or _find(folder, _OPTIONS)
    if own is None and folder.name == "variables":  # of TensorFlow's SavedModel
        return _find(folder.parent, _OPTIONS)
    return own


def _named_like(path: Path, end: str) -> Path | None:
    """`elmo_small_weights.hdf5` for `elmo_small_options.json`, and the other way round."""
    file = path.with_name(re.sub(r"(options\.json|weights\.hdf5)$", end, path.name))
    return file if file != path and file.is_file() else None


def _find(folder: Path, patterns: tuple[str, ...]) -> Path | None:
    for pattern in patterns:
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            raise ArgumentError(
                str(folder),
                expected=f"one {pattern}",
                got=", ".join(file.name for file in found),
                hint="give both by name: the options, the weights",
            )
        if found:
            return found[0]
    return None
