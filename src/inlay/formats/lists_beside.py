"""The file of tokens that lies beside a matrix, by the names that people give such files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from inlay.errors import FormatError
from inlay.formats.beside import TOKENIZER

# What is looked for beside `vectors.npy`: these, and `vectors.txt`, `vectors.vocab`, ...
STEMS = ("words", "vocab", "vocabulary", "tokens", "metadata", "word_index")
SUFFIXES = (".txt", ".json", ".vocab", ".tsv")
# Of SentencePiece, as Hugging Face keeps them.
MODELS = ("spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "spm.model")
# Files of a model's folder that a `tokenizer.json` says more of.
LESS = ("vocab.txt", "vocab.json", *MODELS)
SETTINGS = ("config.json", "tokenizer_config.json", "special_tokens_map.json")
LISTED = 3  # names in a hint


def list_beside(path: Path) -> Path:
    """The one file of tokens beside a matrix.

    If none lies beside a checkpoint of TensorFlow, which has a folder of its own, the one in the
    folder around it or in another folder there is taken.

    Raises:
        FormatError: None, or several; it names those that may be meant.
    """
    found = list(dict.fromkeys(_named(path)))
    if path.with_name(TOKENIZER) in found:
        found = [file for file in found if file.name not in LESS]
    around = list(dict.fromkeys(_around(path))) if not found and path.suffix == ".index" else []
    several = found or around
    if len(several) == 1:
        return several[0]
    others = sorted(
        file for file in _files(path.parent) if file.suffix in SUFFIXES and file != path
    )
    others = [file for file in others if file.name not in SETTINGS]
    # One that lies beside the matrix is called by its name alone.
    shown = [file.name if file.parent == path.parent else str(file) for file in several or others]
    raise FormatError(
        path.name,
        expected="tokens in the file, or one list of them beside it",
        got=f"{len(several)} lists: {', '.join(shown)}" if several else "none",
        hint=" or ".join(f"tokens={name!r}" for name in shown[:LISTED])
        or "tokens= with a file of one token per line, a .json, or a list",
    )


def _named(path: Path) -> Iterator[Path]:
    stem = path.name.split(".")[0]
    names = [name + suffix for name in (stem, *STEMS) for suffix in SUFFIXES]
    for name in (*names, TOKENIZER, *MODELS):
        file = path.with_name(name)
        if file.is_file() and file != path and name not in SETTINGS:
            yield file
    yield from _called_vocabulary(_files(path.parent), path)


def _around(path: Path) -> Iterator[Path]:
    """In the folders beside and in this one, and in the one around it."""
    for folder in (path.parent, path.absolute().parent.parent):
        inner = [child for child in _children(folder) if child.is_dir()]
        for place in (folder, *inner):
            if place != path.absolute().parent:
                yield from _called_vocabulary(_files(place), path)
                yield from (
                    file
                    for name in ("metadata.tsv", "word_index.json", TOKENIZER)
                    if (file := place / name).is_file()
                )


def _called_vocabulary(files: Iterable[Path], path: Path) -> Iterator[Path]:
    return (
        file
        for file in files
        if "vocab" in file.name.lower() and file.suffix in SUFFIXES and file != path
    )


def _files(folder: Path) -> list[Path]:
    return [child for child in _children(folder) if child.is_file()]


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # of which one may not look into
        return []
