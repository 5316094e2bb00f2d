"""Names of the catalogue where others have the path of a file: which, and what for."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inlay.errors import ArgumentError, MissingFileError
from inlay.sources.hub_files import HUB, hub_name

if TYPE_CHECKING:
    from inlay.sources.source import Kind, Source

LONGEST = 100  # characters of a name
# As owners and models are named there, without what looks like the suffix of a file.
REPOSITORY = re.compile(r"[A-Za-z\d][\w.-]*/[A-Za-z\d][\w-]*(\.\d[\w-]*)*")
NEAR = 3  # names that a hint has
# What reads each kind.
READERS: "dict[Kind, tuple[str, str]]" = {
    "vectors": ("a table of vectors", "inlay.load({!r})"),
    "labelled": ("labelled texts", "inlay.read_labelled({!r})"),
    "encoder": ("an encoder", "inlay.load_encoder({!r})"),
    "corpus": ("a corpus", "inlay.sources.fetch({!r}), which gives its path"),
}


def asked_for(given: Any, kind: "Kind") -> "Source | None":
    """The source that is meant by what may also be a path; None, if it is one.

    A file or folder of that name, in the working folder, is what is meant then.

    Args:
        given: What the user wrote.
        kind: What it is to be.

    Raises:
        ArgumentError: It is of another kind.
    """
    if isinstance(given, str) and given.startswith(HUB) and not os.path.lexists(given):
        return on_hub(given, kind)
    source = _source(given)
    if source is not None and source.kind != kind:
        expected, _ = READERS[kind]
        got, hint = READERS[source.kind]
        raise ArgumentError(source.name, expected=expected, got=got, hint=hint.format(source.name))
    return source


@contextmanager
def near_told(given: Any, *usual: str) -> Iterator[None]:
    """A block that looks for a file; if there is none, names of the catalogue may be meant.

    Args:
        given: What the user wrote.
        usual: Hints that say less than such a name.
    """
    try:
        yield
    except MissingFileError as error:
        if error.hint in ("", *usual):  # no file is near
            error.hint = near_hint(given) or error.hint
        raise


def on_hub(name: str, kind: "Kind" = "vectors") -> "Source":
    """The source of a name of the Hugging Face Hub.

    Raises:
        ArgumentError: It is none.
    """
    from inlay.sources.source import Source

    found = hub_name(name)
    return Source(name=found.repository.rpartition("/")[2], url=name, kind=kind)


def near_hint(given: Any) -> str:
    """What to try for a name where no file is; "" if nothing in the catalogue is like it."""
    if not isinstance(given, str) or len(given) > LONGEST:
        return ""
    if REPOSITORY.fullmatch(given) and not os.path.isdir(given.partition("/")[0]):
        return f"{HUB}{given}, if a model of the Hugging Face Hub is meant"
    if {"/", "\\"} & {*given}:
        return ""
    from inlay.sources.names import near_names

    near = near_names(given)
    return f"{' or '.join(near[:NEAR])}, of the catalogue" if near else ""


def _source(given: Any) -> "Source | None":
    known: Any = sys.modules.get("inlay.sources.source")  # not imported, not a source
    if known is not None and isinstance(given, known.Source):
        found: Source = given
        return found
    if not isinstance(given, str) or len(given) > LONGEST or os.path.lexists(given):
        return None
    from inlay.sources.names import find

    return find(given)
