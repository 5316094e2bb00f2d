"""The container of models in several files: an index in JSON that says which array is in which.

`model.safetensors.index.json` and `pytorch_model.bin.index.json` of Hugging Face. The files lie
beside it: a name that would lead elsewhere is refused.

Source: https://huggingface.co/docs/safetensors/index (sharded checkpoints, by transformers)
"""

import json
from pathlib import Path
from typing import Any, Self

from inlay.containers.protocol import Container, LazyArray, is_beside, wrong
from inlay.containers.safetensors import LARGEST_HEADER, Safetensors
from inlay.containers.torch import Torch
from inlay.errors import MissingFileError

MAP = "weight_map"
AN_INDEX = "an index of files of arrays"


class Shards(Container):
    """The arrays of all files that an index names, in its order.

    Args:
        path: The index.
    """

    kind = "shards"

    def __init__(self, path: Path) -> None:
        places = _places(path)
        files: dict[str, Container] = {}
        entries: dict[str, LazyArray] = {}
        for name, file in places.items():
            if file not in files:
                files[file] = _opened(path, file)
            if name not in files[file]:
                raise wrong(str(path), f"{name!r:.200} in {file}", "no such array in it")
            entries[name] = files[file][name]
        super().__init__(str(path), entries)

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        return head.lstrip().startswith(b"{") and f'"{MAP}"'.encode() in head

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the index, and the names in each file."""
        return cls(path)


def _places(path: Path) -> dict[str, str]:
    """The file of each array."""
    where = str(path)
    if path.stat().st_size > LARGEST_HEADER:
        raise wrong(where, f"{AN_INDEX} of up to {LARGEST_HEADER:,} bytes", "more")
    try:
        found: Any = json.loads(path.read_bytes())[MAP]
        places = dict(found.items())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise wrong(where, AN_INDEX, f"{type(error).__name__}: {error!s:.200}") from error
    for file in places.values():
        if not isinstance(file, str) or not is_beside(file):
            raise wrong(where, "files beside the index", f"{file!r:.200}")
    return places


def _opened(path: Path, file: str) -> Container:
    shard = path.with_name(file)
    if not shard.is_file():
        raise MissingFileError(
            str(shard),
            expected=f"a part of {path.name}",
            got="no such file",
            hint="download all files of the model into one folder",
        )
    with shard.open("rb") as content:
        head = content.read(16)
    return next((k for k in (Safetensors, Torch) if k.sniff(head, shard)), Safetensors).open(shard)
