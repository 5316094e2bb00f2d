"""A static encoder out of the folder that `saving` wrote."""

from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.containers import safetensors
from inlay.encode import tokenizer_file
from inlay.encode.folder import read_folder
from inlay.encode.static.encoder import StaticEncoder
from inlay.encode.static.learned import Fitted
from inlay.encode.static.pooling import LEARNED
from inlay.encode.static.saving import KIND, LEARNED_FILE
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.formats import load
from inlay.tokenizers import TokenizerLike

HINT = "inlay.load_encoder(folder, tokenizer=...)"


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
                tokenizer=tokenizer_file.read(folder, content, tokenizer, hint=HINT),
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
