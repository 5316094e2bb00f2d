"""The container of TensorFlow's checkpoints: `NAME.index`, and data in one or several files.

TensorFlow itself reads them.

Source: https://www.tensorflow.org/guide/checkpoint
"""

import re
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import Container, LazyArray, Read, wrong
from inlay.errors import FormatError, InlayError
from inlay.optional import require

MAGIC = bytes.fromhex("57fb808b247547db")  # the last bytes of an index, which is a sorted table


class TensorFlow(Container):
    """The variables of a checkpoint, by name. bfloat16 is read as float32, which holds it.

    Args:
        path: The checkpoint: what the names of its files have in common, or one of them.
    """

    kind = "tensorflow"

    def __init__(self, path: Path) -> None:
        tf = require("tensorflow", extra="tensorflow", need="reading a TensorFlow checkpoint")
        prefix, where = prefix_of(path), str(path)
        try:
            reader = tf.train.load_checkpoint(str(prefix))
            types = reader.get_variable_to_dtype_map()
            shapes = {name: tuple(s) for name, s in reader.get_variable_to_shape_map().items()}
            entries = {
                name: LazyArray(shapes[name], _dtype(types[name]), _reader(reader, name, where))
                for name in sorted(shapes)
            }
            _check_sizes(entries, prefix, where)
        except (InlayError, MemoryError):
            raise
        except Exception as error:  # broken bytes make TensorFlow raise anything
            raise _not_whole(where, error) from error
        super().__init__(where, entries)

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether it has an index."""
        return index_of(path).is_file()

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        """By the last bytes of the index: the first could be those of any file."""
        index = index_of(path)
        if not cls.exists(path) or index.stat().st_size < len(MAGIC):
            return False
        with index.open("rb") as file:
            file.seek(-len(MAGIC), 2)
            return file.read() == MAGIC

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the index."""
        return cls(path)


def prefix_of(path: Path) -> Path:
    """What TensorFlow calls a checkpoint, which is several files: what their names share."""
    return path.parent / re.sub(r"\.(index|data-\d+-of-\d+)$", "", path.name)


def index_of(path: Path) -> Path:
    """The index of a checkpoint, of which `path` may be any file, or the prefix."""
    prefix = prefix_of(path)
    return prefix.parent / f"{prefix.name}.index"


def _dtype(stored: Any) -> np.dtype[Any]:
    return np.dtype(np.float32 if stored.name == "bfloat16" else stored.as_numpy_dtype)


def _check_sizes(entries: dict[str, LazyArray], prefix: Path, where: str) -> None:
    """The data hold what the index claims, uncompressed; texts are longer than their pointers."""
    files = [p for p in prefix.parent.glob("*.data-*") if prefix_of(p) == prefix]
    there = sum(file.stat().st_size for file in files)
    for name, entry in entries.items():
        size = 2 if entry.dtype == np.float32 else entry.dtype.itemsize  # it may be bfloat16
        claimed = int(np.prod(entry.shape, dtype=object)) * (1 if entry.dtype.hasobject else size)
        if claimed > there:
            expected = f"a TensorFlow checkpoint with {claimed} bytes for {name!r} {entry.shape}"
            raise wrong(where, expected, f"{there} bytes of data")


def _reader(reader: Any, name: str, where: str) -> Read:
    def read(index: Any) -> Array:
        try:
            whole = np.asarray(reader.get_tensor(name))
        except MemoryError:
            raise
        except Exception as error:
            raise _not_whole(f"{where}, {name}", error) from error
        if whole.dtype.name == "bfloat16":
            whole = whole.astype(np.float32)
        return np.asarray(whole[index])

    return read


def _not_whole(where: str, error: Exception) -> FormatError:
    return FormatError(where, expected="a TensorFlow checkpoint", got=str(error))
