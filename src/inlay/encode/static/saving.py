"""A static encoder as a folder of files.

It has `encoder.json`, for each table a native file, `learned.safetensors` where something was
learned, and the tokenizer, if that is a file:

    weights_0, weights_1 ...   F32 [vocab_size]   what each row of a table counts
    directions                 F32 [k, dim]       what is taken away from each vector
"""

import os
from pathlib import Path
from typing import Any

from inlay.containers import safetensors
from inlay.encode.folder import written_folder
from inlay.encode.static.vectors import StaticVectors
from inlay.tokenizers import get_tokenizer, tokenizer_name
from inlay.tokenizers.pieces import Pieces

KIND = "static"
LEARNED_FILE = "learned.safetensors"


def saved_name(tokenizer: Pieces) -> str:
    """What the file of a tokenizer is called in an encoder's folder."""
    return f"tokenizer{Path(tokenizer.path).suffix}"


def write(encoder: StaticVectors, folder: str | os.PathLike[str]) -> None:
    """Write an encoder's folder; see `StaticEncoder.save`."""
    tokenizer = get_tokenizer(encoder.tokenizer)
    file = saved_name(tokenizer) if isinstance(tokenizer, Pieces) else None
    names = [f"table_{i}.safetensors" for i in range(len(encoder.tables))]
    fitted = encoder.fitted
    content: dict[str, Any] = {
        "tables": names,
        "tokenizer": (tokenizer_name(tokenizer) or None) if file is None else None,
        "tokenizer_file": file,
        "pool": encoder.pool,
        "max_length": encoder.max_length,
        "max_characters": encoder.max_characters,
        "normalize": encoder.normalize,
        "learned": None if fitted is None else {"unseen": fitted.unseen, "about": fitted.about},
    }
    with written_folder(folder, KIND, content) as part:
        for name, table in zip(names, encoder.tables, strict=True):
            table.save(part / name)
        if file is not None and isinstance(tokenizer, Pieces):
            (part / file).write_bytes(Path(tokenizer.path).read_bytes())
        if fitted is not None:
            arrays = {f"weights_{i}": weights for i, weights in enumerate(fitted.weights)}
            safetensors.write(part / LEARNED_FILE, arrays | {"directions": fitted.directions})
