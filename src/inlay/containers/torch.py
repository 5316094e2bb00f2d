"""The container of PyTorch: a `state_dict`, in a zip or in the older layout.

Nothing is unpickled but tensors: `torch.load` reads with `weights_only=True`.

Source: https://pytorch.org/docs/stable/notes/serialization.html
"""

from collections import deque
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import Container, LazyArray, Read, wrong
from inlay.errors import FormatError, InlayError
from inlay.optional import require

LONGEST_IMPORT = 1000  # characters
ZIP = b"PK\x03\x04"
PICKLE = b"\x80"


class Torch(Container):
    """The tensors of a `state_dict`; what else stands in it is left out.

    A file in the layout of PyTorch 1.6 and later is mapped; an older one is read whole. bfloat16
    is read as float32, which holds each of its numbers.

    Args:
        path: The file.
    """

    kind = "torch"

    def __init__(self, path: Path) -> None:
        torch = require("torch", extra="torch", need="reading a state_dict")
        where = str(path)
        try:
            with path.open("rb") as file:
                zipped = file.read(4) == ZIP
            _check_members(path, where) if zipped else _check_pickles(path, where)
            # Before 2.3 only a string can be mapped.
            state = torch.load(str(path), map_location="cpu", weights_only=True, mmap=zipped)
        except (InlayError, MemoryError):
            raise
        except Exception as error:  # broken bytes make torch raise anything
            raise FormatError(
                where,
                expected="a state_dict: names and tensors",
                got=f"{type(error).__name__}: {error!s:.200}",
                hint="torch.save(model.state_dict(), path); other objects are not unpickled",
            ) from error
        if not isinstance(state, dict):
            raise FormatError(where, expected="a state_dict", got=type(state).__name__)
        tensors = {str(name): item for name, item in state.items() if torch.is_tensor(item)}
        super().__init__(where, {n: _entry(torch, t, n, where) for n, t in tensors.items()})

    @classmethod
    def sniff(cls, head: bytes, path: Path) -> bool:
        """Any pickle may be its older layout, and any zip that is not another's the newer."""
        return head.startswith((ZIP, PICKLE))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file, or read it whole if it is of the older layout."""
        return cls(path)


def _check_members(path: Path, where: str) -> None:
    """PyTorch compresses nothing, so what the members claim is at most what the file has."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for info in members:
            if info.filename.endswith("/data.pkl"):
                with archive.open(info) as file:
                    _check_pickle(_Bounded(file, info.file_size, where), where)
    packed = [info.filename for info in members if info.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise wrong(where, "a zip that PyTorch wrote, not compressed", f"{packed[0]!r:.80}")
    claimed, size = sum(info.file_size for info in members), path.stat().st_size
    if claimed > size:
        raise wrong(where, f"members within {size} bytes", f"{claimed}")


def _check_pickles(path: Path, where: str) -> None:
    """The older layout has three numbers before the names, each a pickle of its own."""
    with path.open("rb") as file:
        for _ in range(4):
            _check_pickle(_Bounded(file, path.stat().st_size, where), where)


class _Bounded:
    """A file that is not asked for more bytes than it has, which a pickle may claim."""

    def __init__(self, file: IO[bytes], size: int, where: str) -> None:
        self.file, self.size, self.where = file, size, where
        self.readline, self.tell = file.readline, file.tell

    def read(self, n: int) -> bytes:
        if n > self.size:
            raise wrong(self.where, f"strings within {self.size} bytes", f"one of {n} bytes")
        return self.file.read(n)


def _check_pickle(file: Any, where: str) -> None:
    """A pickle's strings are no longer than the file, and what it would import has a short name.

    None of it is imported; but torch searches the name for what to say of it, which takes hours
    if it is a megabyte.

    Args:
        file: `_Bounded`.
        where: The file's name.
    """
    import pickletools

    recent, longest = deque([""], 2), 0
    try:
        for code, argument, _ in pickletools.genops(file):
            if isinstance(argument, str):
                recent.append(argument)
            if code.name in ("GLOBAL", "STACK_GLOBAL"):
                longest = max(longest, *map(len, recent))
    except InlayError:
        raise
    except Exception:  # no pickle, which torch says better
        pass
    if longest > LONGEST_IMPORT:
        raise wrong(
            where, "a state_dict", f"a pickle that imports a name of {longest:,} characters"
        )


def _entry(torch: Any, tensor: Any, name: str, where: str) -> LazyArray:
    where, shape = f"{where}, {name}", tuple(tensor.shape)
    try:
        stored = torch.float32 if tensor.dtype == torch.bfloat16 else tensor.dtype
        dtype = torch.zeros(0, dtype=stored).numpy().dtype
        # A stride of 0 would make as much as one likes of a single number.
        claimed, there = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
    except (TypeError, RuntimeError, NotImplementedError) as error:  # sparse, quantised, 8 bits
        return LazyArray(shape, np.dtype(np.void), _refuse(where, str(error)))
    if claimed > there:
        raise wrong(where, f"{claimed} bytes for {tensor.dtype} of shape {shape}", f"{there}")

    def read(index: Any) -> Array:
        found: Array = tensor.to(stored).numpy(force=True)
        return np.asarray(found[index])

    return LazyArray(shape, dtype, read)


def _refuse(where: str, got: str) -> Read:
    def read(index: Any) -> Array:
        raise FormatError(where, expected="a plain tensor of numbers", got=got)

    return read
