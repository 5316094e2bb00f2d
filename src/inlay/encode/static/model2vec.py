"""Folders of model2vec, and of Sentence Transformers' static embeddings, as static encoders.

The two libraries read the same files, and do not read texts alike: model2vec cuts them and leaves
unknown tokens out; Sentence Transformers takes them whole, and the unknown token has a vector. A
folder with model2vec's `config.json` is read as model2vec does it, another as the latter.
"""

from pathlib import Path
from typing import Any

import numpy as np

from inlay.bytes.damage import damage_reported
from inlay.core import Table
from inlay.encode.static.encoder import StaticEncoder
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.formats import Model2Vec, load
from inlay.formats.beside import TOKENIZER, json_of
from inlay.formats.model2vec import CONFIG
from inlay.formats.places import entry_file
from inlay.tokenizers import TokenizerLike

LENGTH = 512  # tokens, where the config of model2vec does not say how many
MODULES, EMBEDDING, NORMALIZE = "modules.json", "StaticEmbedding", "Normalize"


def read_model2vec(
    folder: Path, *, tokenizer: TokenizerLike | None = None, max_length: int | None = None
) -> StaticEncoder:
    """Read a folder as an encoder with the vectors that the library gives which wrote it.

    Embeddings of float16 model2vec adds up to float16; the vectors here are float32. Like it, this
    reads 512 tokens of a text, or as many as the config says, and so many times the characters of
    the median token.

    Args:
        folder: The folder, or one of Sentence Transformers with `0_StaticEmbedding` in it.
        tokenizer: Another than that of the folder.
        max_length: Another number of tokens.

    Raises:
        FormatError: It is damaged, or has modules that are no part of a static encoder.
        MissingPackageError: `tokenizers` is not installed.
    """
    file = Path(entry_file(folder))
    table = load(file)
    if table.provenance.get("weights") == "beside":
        table = load(file, format=Model2Vec(weights="multiply"))
    place = file.with_name(TOKENIZER)
    with damage_reported(str(folder), expected="a folder of model2vec"):
        if (folder / CONFIG).is_file():
            settings = _of_model2vec(folder, table, max_length)
        else:
            settings = _of_sentence_transformers(place, max_length)
            table = Table._unchecked(
                table.tokens, table._rows, pad_id=table.pad_id, provenance=table.provenance
            )
        settings["normalize"] = _normalizes(folder) or settings.get("normalize", False)
        try:
            chosen = place if tokenizer is None else tokenizer
            return StaticEncoder(table, tokenizer=chosen, **settings)
        except (ArgumentError, TypeError) as error:
            raise _damaged(CONFIG, "settings of model2vec", str(error)) from error


def _of_model2vec(folder: Path, table: Table, max_length: int | None) -> dict[str, Any]:
    config = json_of(folder / CONFIG)
    if not isinstance(config, dict):
        raise _damaged(CONFIG, "a JSON object", type(config).__name__)
    if max_length is None:
        max_length = config.get("max_length", LENGTH)
    most = None if max_length is None else max_length * _median_length(table)
    return {
        "max_length": max_length,
        "max_characters": most,
        "normalize": config.get("normalize", False),
    }


def _of_sentence_transformers(tokenizer: Path, max_length: int | None) -> dict[str, Any]:
    cut = json_of(tokenizer).get("truncation")
    return {"max_length": cut["max_length"] if cut and max_length is None else max_length}


def _median_length(table: Table) -> int:
    """The median of the tokens' lengths in characters, rounded down, and at least 1."""
    begins = np.append(0, np.cumsum((table.tokens.blob & 0xC0) != 0x80))
    lengths = np.diff(begins[table.tokens.offsets])
    return max(int(np.median(lengths)), 1) if lengths.size else 1


def _normalizes(folder: Path) -> bool:
    """Whether Sentence Transformers' list of modules ends with what gives vectors the length 1."""
    if not (folder / MODULES).is_file():
        return False
    names = [str(one["type"]).rpartition(".")[2] for one in json_of(folder / MODULES)]
    if names[:1] != [EMBEDDING] or not {*names[1:]} <= {NORMALIZE}:
        raise _damaged(MODULES, f"{EMBEDDING}, then {NORMALIZE} or nothing", ", ".join(names))
    return NORMALIZE in names


def _damaged(where: str, expected: str, got: str) -> InlayError:
    return FormatError(where, expected=expected, got=got, hint="download it again")
