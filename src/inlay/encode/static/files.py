"""Static encoders out of files: a folder of ours, a folder of model2vec."""

from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.containers import safetensors
from inlay.core import Table
from inlay.encode.folder import read_folder
from inlay.encode.static.encoder import StaticEncoder
from inlay.encode.static.learned import Fitted
from inlay.encode.static.pooling import LEARNED
from inlay.encode.static.saving import KIND, LEARNED_FILE
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.formats import Model2Vec, load
from inlay.formats.beside import json_of
from inlay.formats.model2vec import CONFIG
from inlay.formats.places import entry_file
from inlay.tokenizers import NotOpened, TokenizerLike, saved_tokenizer

HINT = "inlay.load_encoder(folder, tokenizer=...)"
MODEL2VEC_LENGTH = 512  # tokens, where its config does not say how many


def read_ours(
    folder: Path,
    *,
    tokenizer: TokenizerLike | None = None,
    max_length: int | None = None,
    verify: bool = False,
) -> StaticEncoder:
    """Read what `write` wrote.

    Raises:
        FormatError: Something is missing or damaged.
    """
    content = read_folder(folder, KIND)
    where = str(folder)
    with damage_reported(where, expected="a static encoder, saved by inlay", hint="save it again"):
        tables = [load(_inside(folder, name), verify=verify) for name in content["tables"]]
        try:
            encoder = StaticEncoder(
                tables,
                tokenizer=_tokenizer_in(folder, content) if tokenizer is None else tokenizer,
                pool=content["pool"],
                max_length=content["max_length"] if max_length is None else max_length,
                max_characters=content["max_characters"],
                normalize=content["normalize"],
            )
        except (ArgumentError, TypeError) as error:
            raise _damaged(where, "settings of a static encoder", str(error)) from error
        if content["learned"] is not None:
            encoder.fitted = _fitted(folder, encoder, content["learned"])
    return encoder


def read_model2vec(
    folder: Path, *, tokenizer: TokenizerLike | None = None, max_length: int | None = None
) -> StaticEncoder:
    """Read a folder of model2vec, as an encoder with the same vectors as its own `encode`.

    Its embeddings may be float16, in which it then also rounds its result; ours is float32. Like
    it, this reads 512 tokens of a text or as many as the config says, and of a string so many
    times the characters that the median token has; unknown tokens are left out after that.

    Args:
        folder: The folder, or one of Sentence Transformers with `0_StaticEmbedding` in it.
        tokenizer: Another than that of the folder.
        max_length: Another number of tokens.

    Raises:
        FormatError: It is damaged.
        MissingPackageError: `tokenizers` is not installed.
    """
    file = Path(entry_file(folder))
    table = load(file)
    details = table.provenance
    if details.get("weights") == "beside":
        table = load(file, format=Model2Vec(weights="multiply"))
    places = (file.parent / CONFIG, folder / CONFIG)
    config: Any = next((json_of(place) for place in places if place.is_file()), {})
    if not isinstance(config, dict):
        raise FormatError(CONFIG, expected="a JSON object", got=type(config).__name__)
    if max_length is None:
        max_length = config.get("max_length", MODEL2VEC_LENGTH)
    with damage_reported(str(folder), expected="a folder of model2vec"):
        try:
            return StaticEncoder(
                table,
                tokenizer=file.parent / "tokenizer.json" if tokenizer is None else tokenizer,
                max_length=max_length,
                max_characters=None if max_length is None else max_length * _median_length(table),
                normalize=config.get("normalize", False) or _normalizes(folder),
            )
        except (ArgumentError, TypeError) as error:
            raise _damaged(CONFIG, "settings of model2vec", str(error)) from error


def _median_length(table: Table) -> int:
    """The median of the tokens' lengths in characters, rounded down, and at least 1."""
    begins = np.append(0, np.cumsum((table.tokens.blob & 0xC0) != 0x80))
    lengths = np.diff(begins[table.tokens.offsets])
    return max(int(np.median(lengths)), 1) if lengths.size else 1


def _normalizes(folder: Path) -> bool:
    """Whether Sentence Transformers' list of modules has one that gives vectors the length 1."""
    file = folder / "modules.json"
    if not file.is_file():
        return False
    modules = json_of(file)
    return isinstance(modules, list) and any(
        isinstance(one, dict) and str(one.get("type")).endswith(".Normalize") for one in modules
    )


def _tokenizer_in(folder: Path, content: dict[str, Any]) -> TokenizerLike:
    """The tokenizer that a folder has or names; what raises when it is used, if there is none."""
    if content["tokenizer_file"] is not None:
        return _inside(folder, content["tokenizer_file"])
    found = saved_tokenizer(content["tokenizer"], hint=HINT)
    if found is None:
        error = ArgumentError(
            "tokenizer",
            expected="the function that splits texts, which no file can hold",
            got="none",
            hint=HINT,
        )
        return NotOpened("", error)
    return found


def _fitted(folder: Path, encoder: StaticEncoder, said: dict[str, Any]) -> Fitted:
    arrays = safetensors.Safetensors.open(_inside(folder, LEARNED_FILE))
    weights = []
    for i, table in enumerate(encoder.tables):
        weights.append(_floats(arrays, f"weights_{i}", (len(table),)))
    directions = _floats(arrays, "directions", (None, encoder.dim))
    if encoder.pool not in LEARNED:
        raise _damaged(LEARNED_FILE, "a pooling that learns", encoder.pool)
    return Fitted(tuple(weights), float(said["unseen"]), directions, dict(said["about"]))


def _floats(arrays: Any, name: str, shape: tuple[int | None, ...]) -> Array:
    array: Array = arrays[name][...]
    fits = array.ndim == len(shape) and array.dtype == np.float32
    if not fits or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
        raise _damaged(LEARNED_FILE, f"{name}: float32 {shape}", f"{array.dtype} {array.shape}")
    return np.ascontiguousarray(array)


def _inside(folder: Path, name: str) -> Path:
    """A file of the folder, and of no other."""
    if Path(name).name != name:
        raise _damaged("encoder.json", "names of files in the folder", repr(name))
    return folder / name


def _damaged(where: str, expected: str, got: str) -> InlayError:
    return FormatError(where, expected=expected, got=got, hint="save or download it again")
