"""Where to look when a folder is named, or what several files have in common."""

import os
import stat

from inlay.bytes.content import kind_of
from inlay.paths import path_to_read

# The file that a folder is known by, if it has it; the first that is there.
INSIDE = (
    "variables/variables.index",  # a SavedModel of TensorFlow
    "model.safetensors",  # Hugging Face, model2vec
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "vectors",  # spaCy
    "vocab/vectors",
    "0_StaticEmbedding/model.safetensors",  # Sentence Transformers
)


def entry_file(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """The file to open for what the user named: most often that itself, as it was written."""
    place = path_to_read("path", path)
    kind = kind_of(place)
    if kind == stat.S_IFDIR:
        there = [place / name for name in INSIDE if (place / name).is_file()]
        indexes = list(place.glob("*.index"))  # of checkpoints
        return there[0] if there else indexes[0] if len(indexes) == 1 else place
    if place.name == "saved_model.pb":
        return entry_file(place.parent) if (place.parent / INSIDE[0]).is_file() else place
    if kind is None or ".data-" in place.name:
        from inlay.containers.tensorflow import index_of

        index = index_of(place)
        return index if kind_of(index) == stat.S_IFREG else path
    return path
