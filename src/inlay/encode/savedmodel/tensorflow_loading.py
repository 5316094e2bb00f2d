"""TensorFlow reads a SavedModel: graph, tables and variables. What it says of a bad one is ours."""

import importlib
import re
import shutil
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

from inlay.bytes.damage import CUT_OFF
from inlay.encode.savedmodel.files import GRAPH, files_of, tag_sets
from inlay.encode.savedmodel.tensorflow_references import with_resources
from inlay.errors import ArgumentError, FormatError, MissingPackageError

UNKNOWN = re.compile(r"Op type not registered '([^']+)'")
# Who has the ops that TensorFlow lacks: by their names, its module, and what pip calls it.
OPS = (
    (
        r"Sentencepiece|TFText>|.*(WithOffsets|Wordpiece|UTF8|Bert|Tokenize)",
        "tensorflow_text",
        "tensorflow-text, in the version of this TensorFlow",
    ),
    (r"SimpleML", "tensorflow_decision_forests", "tensorflow-decision-forests"),
    (r"Addons>", "tensorflow_addons", "tensorflow-addons"),
    (r"IO>", "tensorflow_io", "tensorflow-io"),
)
MULTILINGUAL = '; or inlay.load_encoder("use-multilingual"), if it is that one'
# Lines of TensorFlow's errors that say nothing of the file.
NOISE = re.compile(r"\s*(Graph execution error|Detected at|File \"|<stack|\[\[|You may be|$)")


def load_root(folder: Path, tags: Sequence[str] | None, *, restore: bool = True) -> Any:
    """Load a SavedModel. Nothing is run but its graph: tables are filled, variables restored.

    Args:
        folder: Where it is.
        tags: Those of the graph, of several; None: the only one, or that without any, as modules
            of TF Hub have it, or "serve".
        restore: Whether its variables get their numbers.

    Raises:
        MissingFileError: There is none.
        FormatError: It is damaged.
        ArgumentError: It has no graph with these tags.
        MissingPackageError: It has an op of a package that is not here.
    """
    files_of(folder)  # or it says that there is none
    chosen, of_objects = _tags(folder, tags)
    options = tf.saved_model.LoadOptions(experimental_skip_checkpoint=not restore)
    imported: set[str] = set()
    place = folder if of_objects else with_resources(folder, chosen)
    with _quiet():
        while True:
            try:
                root = tf.saved_model.load(
                    str(place), tags=None if of_objects else chosen, options=options
                )
                break
            except Exception as error:
                if (found := UNKNOWN.search(str(error))) is None:
                    raise damaged(folder, error) from error
                module, name = _package(found[1])
                if not module or module in imported or not _imported(module):
                    raise _missing(folder, found[1], name) from error
                imported.add(module)
    if place != folder:  # whose files it may be asked for when it is saved
        weakref.finalize(root, shutil.rmtree, place, ignore_errors=True)
    return root


def damaged(folder: Path, error: Exception) -> FormatError:
    """What TensorFlow says of files that it cannot read."""
    return FormatError(str(folder), expected="a whole SavedModel", got=said(error), hint=CUT_OFF)


def said(error: Exception) -> str:
    """The line of an error of TensorFlow's that tells what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if not NOISE.match(line)]
    return f"{lines[0] if lines else type(error).__name__:.200}"


def _tags(folder: Path, tags: Sequence[str] | None) -> tuple[list[str], bool]:
    known, of_objects = tag_sets(folder)
    if tags is None:
        for usual in ([], ["serve"]):
            if usual in known:
                return usual, of_objects
        if len(known) == 1:
            return known[0], of_objects
    elif sorted(tags) in known:
        return sorted(tags), of_objects
    expected = f"tags of one of its graphs: {' or '.join(map(str, known))}"
    raise ArgumentError("tags", expected=expected, got=str(None if tags is None else list(tags)))


def _package(op: str) -> tuple[str, str]:
    """The module of the package that has an op, and what pip calls it; "" if it is unknown."""
    found = ((module, name) for pattern, module, name in OPS if re.match(pattern, op))
    return next(found, ("", ""))


def _imported(module: str) -> bool:
    """Import a package, whereupon TensorFlow knows its ops; False: it is not installed."""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _missing(folder: Path, op: str, name: str) -> MissingPackageError:
    hint = f"pip install {name}" if name else "import the package that has the op first"
    if op.startswith("Sentencepiece"):
        hint += MULTILINGUAL
    return MissingPackageError(
        str(folder / GRAPH),
        expected=f"ops of TensorFlow alone, or a package with {op!r}",
        got="an op that is not installed here",
        hint=hint,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow warns of what is looked at here anyway: old saves, unused functions."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
