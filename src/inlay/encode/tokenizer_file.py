"""The tokenizer in an encoder's folder: a name, or a file beside the others."""

from pathlib import Path
from typing import Any

from inlay.errors import ArgumentError, FormatError
from inlay.text.phrases import Phrases
from inlay.tokenizers import (
    NotOpened,
    TokenizerLike,
    get_tokenizer,
    saved_tokenizer,
    tokenizer_name,
)
from inlay.tokenizers.pieces import Pieces

PHRASES = "phrases.json"


def saved_name(tokenizer: Pieces) -> str:
    """What the file of a tokenizer is called in an encoder's folder."""
    return f"tokenizer{Path(tokenizer.path).suffix}"


def facts(tokenizer: TokenizerLike) -> dict[str, Any]:
    """What `encoder.json` says of a tokenizer: its name, or else the name of its file."""
    found = get_tokenizer(tokenizer)
    if isinstance(found, Pieces):
        return {"tokenizer": None, "tokenizer_file": saved_name(found)}
    if isinstance(found, Phrases) and found.name:
        return {"tokenizer": None, "tokenizer_file": PHRASES}
    return {"tokenizer": tokenizer_name(found) or None, "tokenizer_file": None}


def write(tokenizer: TokenizerLike, folder: Path) -> None:
    """Write the file of a tokenizer, if it has one."""
    found = get_tokenizer(tokenizer)
    if isinstance(found, Pieces):
        (folder / saved_name(found)).write_bytes(Path(found.path).read_bytes())
    elif isinstance(found, Phrases) and found.name:
        found.save(folder / PHRASES)


def read(
    folder: Path, said: dict[str, Any], given: TokenizerLike | None, *, hint: str
) -> TokenizerLike:
    """The tokenizer that a folder has or names; what raises when it is used, if there is none.

    Args:
        folder: Where the encoder is.
        said: What its `encoder.json` says.
        given: Another one, which the user wants instead, or None.
        hint: How to give another: "load_encoder(folder, tokenizer=...)".

    Raises:
        FormatError: The file is damaged, or would be one of another folder.
    """
    if given is not None:
        return given
    file: str | None = said["tokenizer_file"]
    if file is not None:
        if Path(file).name != file:
            expected, again = "names of files in the folder", "save it again"
            raise FormatError(str(folder), expected=expected, got=repr(file), hint=again)
        return Phrases.load(folder / file) if file == PHRASES else folder / file
    found = saved_tokenizer(said["tokenizer"], hint=hint)
    if found is None:
        error = ArgumentError(
            "tokenizer",
            expected="the function that splits texts, which no file can hold",
            got="none",
            hint=hint,
        )
        return NotOpened("", error)
    return found
