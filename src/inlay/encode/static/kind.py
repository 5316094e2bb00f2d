"""What is read as a static encoder: a folder of ours, one of model2vec, any file of vectors."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.encode.folder import kind_in
from inlay.encode.protocol import Encoder
from inlay.encode.trained import warn_of_tokenizer
from inlay.errors import InlayError

if TYPE_CHECKING:
    from inlay.encode.static.encoder import StaticEncoder
    from inlay.tokenizers import TokenizerLike


class StaticKind:
    """Vectors of words, pooled."""

    name = "static"
    files = "a file of vectors of words, a folder of model2vec, or what a StaticEncoder saved"
    takes = ("tokenizer", "max_length", "verify")

    def sniff(self, path: Path) -> bool:
        if path.is_dir():
            return kind_in(path) == self.name or _is_model2vec(path)
        return path.is_file() and _has_vectors(path)

    def load(self, path: Path, **settings: Any) -> Encoder:
        encoder = self._load(path, **settings)
        if (given := settings.get("tokenizer")) is not None:
            warn_of_tokenizer("these vectors were", trained_with(path, encoder), given)
        return encoder

    def _load(self, path: Path, **settings: Any) -> "StaticEncoder":
        from inlay.encode.static.encoder import StaticEncoder
        from inlay.encode.static.files import read_ours
        from inlay.encode.static.model2vec import read_model2vec

        if path.is_dir():
            if kind_in(path) == self.name:
                return read_ours(path, **settings)
            if _is_model2vec(path):
                if settings.pop("verify", False):
                    raise _no_digests(path)
                return read_model2vec(path, **settings)
        from inlay.formats import load

        table = load(path, verify=settings.pop("verify", False))
        return StaticEncoder(table, **settings)


def trained_with(path: Path, encoder: "StaticEncoder") -> "TokenizerLike | None":
    """The tokenizer of the training, where a file says it: of model2vec, the folder's own."""
    if path.is_dir() and kind_in(path) is None:
        from inlay.formats.beside import TOKENIZER
        from inlay.formats.places import entry_file

        return Path(entry_file(path)).with_name(TOKENIZER)
    return encoder.tables[0].tokenizer


def _is_model2vec(folder: Path) -> bool:
    """Whether the file that stands for a folder holds the embeddings of model2vec."""
    from inlay.formats.model2vec import is_model2vec
    from inlay.formats.places import entry_file

    file = Path(entry_file(folder))
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return is_model2vec(opened.read(1 << 16), file)


def _has_vectors(path: Path) -> bool:
    """Whether `inlay.load(path)` gives a table, as far as can be told without reading it."""
    from inlay.formats import find_table, format_of

    try:
        format_of(path)
        find_table(path)  # raises for a file of arrays, none of which must be a table
    except (InlayError, OSError):
        return False
    return True


def _no_digests(path: Path) -> InlayError:
    from inlay.errors import ArgumentError

    hint = "verify=False"
    return ArgumentError(str(path), expected="digests, for verify=True", got="none", hint=hint)
