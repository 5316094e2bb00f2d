"""The files of a transformer in a folder, of `transformers` or of sentence-transformers."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from inlay.aliases import Array
from inlay.bytes.damage import CUT_OFF, damage_reported
from inlay.containers import open as open_container
from inlay.errors import FormatError, MissingFileError

CONFIG, MODULES = "config.json", "modules.json"
# The first that is there counts.
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
PROMPTS, SENTENCES = "config_sentence_transformers.json", "sentence_bert_config.json"
TRANSFORMER = "Transformer"
LARGEST = 1 << 26  # bytes of a file of settings
# What `save` copies besides the weights: settings, vocabularies, licences.
COPIED = (".json", ".txt", ".model", ".spm", ".codes", ".md", ".jinja")
OTHERS = (".index.json",)  # of weights in other files than those that are read


@dataclass(frozen=True)
class Module:
    """A step of sentence-transformers behind the transformer.

    Attributes:
        type: The last part of its class's name: "Pooling".
        folder: Where its settings and its numbers are.
    """

    type: str
    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """Its settings; none where it has no file."""
        file = self.folder / CONFIG
        return read_settings(file) if file.is_file() else {}

    def arrays(self) -> Mapping[str, Array]:
        """Its numbers."""
        return read_arrays(weights_in(self.folder))


@dataclass(frozen=True)
class Files:
    """A folder whose parts have been found.

    Attributes:
        root: The folder.
        folder: Where the transformer is, in it.
        config: Its `config.json`.
        weights: The file of its numbers, or the index of several.
        modules: Of sentence-transformers, behind the transformer; None: a folder of
            `transformers`, which says nothing of how texts become one vector.
    """

    root: Path
    folder: Path
    config: dict[str, Any]
    weights: Path
    modules: tuple[Module, ...] | None

    @property
    def where(self) -> str:
        """What to call the settings in messages."""
        return str(self.folder / CONFIG)

    def said(self, name: str) -> dict[str, Any]:
        """Settings of sentence-transformers in a file of this name; empty where it is not there."""
        found = [file for file in (self.folder / name, self.root / name) if file.is_file()]
        return read_settings(found[0]) if found else {}

    def every(self) -> Iterator[Path]:
        """All files that make up the encoder, in a settled order."""
        folders = {self.root, self.folder, *(module.folder for module in self.modules or ())}
        for folder in sorted(folders):
            weights = self._weights_of(folder)
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                text = file.suffix in COPIED and not file.name.endswith(OTHERS)
                if file.is_file() and (text or file in weights):
                    yield file

    def copy(self, target: Path) -> None:
        """Copy all of them into another folder."""
        for file in self.every():
            place = target / file.relative_to(self.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)

    def _weights_of(self, folder: Path) -> set[Path]:
        try:
            own = self.weights if folder == self.folder else weights_in(folder)
        except MissingFileError:
            return set()
        if own.suffix != ".json":
            return {own}
        names = {str(name) for name in read_settings(own).get("weight_map", {}).values()}
        return {own, *(folder / name for name in names)}


def looks_like(path: Path) -> bool:
    """Whether a folder may hold one; reads little, and never fails."""
    try:
        if (path / MODULES).is_file():
            return _type_of(_modules(path)[0]) == TRANSFORMER
        kind = read_settings(path / CONFIG).get("model_type")
        return isinstance(kind, str) and kind != "model2vec"
    except (FormatError, OSError, LookupError):
        return False


def find(root: Path) -> Files:
    """Look what a folder holds; of the numbers nothing is read.

    Raises:
        MissingFileError: A file is missing.
        FormatError: A file is damaged, or the folder asks for code of its own to be run.
    """
    modules, folder = None, root
    if (root / MODULES).is_file():
        first, *others = _modules(root)
        folder = _inside(root, first)
        if _type_of(first) != TRANSFORMER:
            raise FormatError(
                str(root / MODULES), expected=f"a {TRANSFORMER} first", got=_type_of(first)
            )
        modules = tuple(Module(_type_of(other), _inside(root, other)) for other in others)
    if not (folder / CONFIG).is_file():
        raise MissingFileError(
            str(folder), expected=f"a model of `transformers`, with {CONFIG}", got="no such file"
        )
    config = read_settings(folder / CONFIG)
    if config.get("auto_map"):
        raise FormatError(
            str(folder / CONFIG),
            expected="an architecture of the `transformers` library",
            got="an auto_map, which asks for code of the folder to be run",
            hint="another model: inlay runs no code of a model's folder. If the library has the "
            "architecture by now, take auto_map out of the file",
        )
    return Files(root, folder, config, weights_in(folder), modules)


def weights_in(folder: Path) -> Path:
    """The file of a folder's numbers.

    Raises:
        MissingFileError: There is none.
    """
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    expected = "weights: " + " or ".join(WEIGHTS[::2])
    raise MissingFileError(str(folder), expected=expected, got="none of these files")


def read_arrays(file: Path) -> Mapping[str, Any]:
    """The arrays of a file of weights: names, and lazily what they stand for.

    Nothing in the file is run, whatever it is.

    Raises:
        FormatError: It is damaged.
    """
    return open_container(file)


def read_settings(file: Path) -> dict[str, Any]:
    """An object in JSON.

    Raises:
        FormatError: It is none.
    """
    with damage_reported(str(file), expected="settings in JSON", hint=CUT_OFF):
        if file.stat().st_size > LARGEST:
            raise FormatError(str(file), expected=f"up to {LARGEST:,} bytes", got="more")
        found: dict[str, Any] = {**json.loads(file.read_bytes())}
        return found


def _modules(root: Path) -> list[dict[str, Any]]:
    """What `modules.json` lists: at least one."""
    file = root / MODULES
    with damage_reported(str(file), expected="a list of modules in JSON", hint=CUT_OFF):
        found = [{**one} for one in json.loads(file.read_bytes())]
        for one in found:
            _type_of(one), str(one["path"])
        if not found:
            raise FormatError(str(file), expected="a list of modules", got="an empty one")
        return found


def _type_of(module: dict[str, Any]) -> str:
    """The class of a module of sentence-transformers, whichever version wrote its name."""
    name = str(module["type"])
    if name.partition(".")[0] != "sentence_transformers":
        raise FormatError(
            MODULES,
            expected="modules of sentence-transformers",
            got=f"{name:.100}, which is code of the model's own",
            hint="another model: inlay runs no code of a model's folder",
        )
    return name.rpartition(".")[2]


def _inside(root: Path, module: dict[str, Any]) -> Path:
    """The folder of a module: in the model's, wherever its name would lead."""
    path = Path(str(module["path"]))
    if path.is_absolute() or ".." in path.parts:
        raise FormatError(str(root / MODULES), expected="folders within this one", got=str(path))
    return root / path
