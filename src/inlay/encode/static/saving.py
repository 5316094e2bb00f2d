"""A static encoder as a folder of files.

It has `encoder.json`, for each table a native file, `learned.safetensors` where something was
learned, and the tokenizer, if that is a file:

    weights_0, weights_1 ...   F32 [vocab_size]   what each row of a table counts
    directions                 F32 [k, dim]       what is taken away from each vector
"""

import os
from typing import Any

from inlay.containers import safetensors
from inlay.encode import tokenizer_file
from inlay.encode.folder import written_folder
from inlay.encode.static.vectors import StaticVectors

KIND = "static"
LEARNED_FILE = "learned.safetensors"


def write(encoder: StaticVectors, folder: str | os.PathLike[str]) -> None:
    """Write an encoder's folder; see `StaticEncoder.save`."""
    names = [f"table_{i}.safetensors" for i in range(len(encoder.tables))]
    fitted = encoder.fitted
    content: dict[str, Any] = {
        "tables": names,
        **tokenizer_file.facts(encoder.tokenizer),
        "pool": encoder.pool,
        "max_length": encoder.max_length,
        "max_characters": encoder.max_characters,
        "normalize": encoder.normalize,
        "learned": None if fitted is None else {"unseen": fitted.unseen, "about": fitted.about},
    }
    with written_folder(folder, KIND, content) as part:
        for name, table in zip(names, encoder.tables, strict=True):
            table.save(part / name)
        tokenizer_file.write(encoder.tokenizer, part)
        if fitted is not None:
            arrays = {f"weights_{i}": weights for i, weights in enumerate(fitted.weights)}
            safetensors.write(part / LEARNED_FILE, arrays | {"directions": fitted.directions})
