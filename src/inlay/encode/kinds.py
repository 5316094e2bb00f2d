"""The kinds of encoders that files can hold, and which of them a path is."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from inlay.encode.protocol import Encoder
from inlay.errors import FormatError, MissingFileError

SHOWN = 5  # names of a folder in a message
DOWNLOAD = "download it first, and give its folder; or hf://OWNER/REPO, of the Hugging Face Hub"
NEAR = 0.7  # how like a name what was written is, to be told of it


@runtime_checkable
class Kind(Protocol):
    """A kind of encoder. Anything with these members is accepted as `kind=`.

    One whose encoders have names has `named` too: see `inlay.encode.names.NamingKind`.

    Attributes:
        name: What `kind=` and messages call it.
        files: What it is made of, in words: "a folder with model.json".
        takes: The settings of `load_encoder` that have an effect on it.
    """

    @property
    def name(self) -> str: ...

    @property
    def files(self) -> str: ...

    @property
    def takes(self) -> tuple[str, ...]: ...

    def sniff(self, path: Path) -> bool:
        """Whether a path, which is there, may be of this kind; reads little."""
        ...

    def load(self, path: Path, **settings: Any) -> Encoder:
        """Read the encoder, with those settings that were given, all of them in `takes`."""
        ...


class ElmoKind:
    """Everything that people have of an ELMo."""

    name = "elmo"
    files = "options.json + weights.hdf5, a TensorFlow checkpoint, a TF-Hub module or a state_dict"
    takes = ("tokenizer", "max_length", "engine", "precision", "workers", "verify")

    def sniff(self, path: Path) -> bool:
        from inlay.encode.elmo.files import is_elmo

        return is_elmo(path)

    def load(self, path: Path, **settings: Any) -> Encoder:
        from inlay.encode.elmo.encoder import Elmo

        return Elmo.load(path, **settings)


def recognise(path: Path, kinds: Sequence[Kind]) -> Kind:
    """The one kind that fits.

    Raises:
        MissingFileError: There is nothing.
        FormatError: No kind fits, or several do: it is never guessed.
    """
    fitting = [kind for kind in kinds if kind.sniff(path)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = [kind.name for kind in fitting]
        raise FormatError(
            str(path),
            expected="an encoder that only one kind fits",
            got=f"one that fits {' and '.join(names)}",
            hint=f"kind={names[0]!r}, or whichever it is",
        )
    if not os.path.lexists(path):
        expected = "an encoder: its folder or file, or a name that this machine has"
        got = "no such file or folder"
        raise MissingFileError(str(path), expected=expected, got=got, hint=_near(path, kinds))
    known = "; ".join(f"{kind.name}: {kind.files}" for kind in kinds)
    expected = f"an encoder ({known})"
    hint = "" if path.is_dir() else "inlay.load(path), if it holds vectors of words"
    raise FormatError(str(path), expected=expected, got=_found(path), hint=hint)


def _near(path: Path, kinds: Sequence[Kind]) -> str:
    """What may be meant by a name where nothing is."""
    from difflib import get_close_matches

    names = [name for kind in kinds for name in getattr(kind, "names", ())]
    given = str(path)
    close = [name for name in names if name.split("-")[0] == given.casefold()]
    close += get_close_matches(given.casefold(), names, 1, NEAR)
    return f"{close[0]}, whose weights come with a package" if close else DOWNLOAD


def _found(path: Path) -> str:
    """What is there instead."""
    if not path.is_dir():
        if not path.is_file():
            return "something that is neither a file nor a folder"
        with path.open("rb") as file:
            return f"a file that begins with {file.read(16)!r}"
    names = sorted(os.listdir(path))
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return f"a folder with {shown}" if names else "an empty folder"
