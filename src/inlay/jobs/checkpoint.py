"""The state of a job that can be stopped: one file, written whole or not at all."""

import errno
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.containers import safetensors
from inlay.errors import FormatError, NoSpaceError
from inlay.jobs.same import check_same

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))  # no quota on Windows


class Checkpoint(NamedTuple):
    """What a job goes on from.

    Attributes:
        position: How far it has come, JSON.
        arrays: All that its steps change.
    """

    position: dict[str, Any]
    arrays: Mapping[str, Array]


def save(path: Path, checkpoint: Checkpoint, about: Mapping[str, Any]) -> None:
    """Write the state of a job over the last one, in one step.

    Args:
        path: The file, a `.safetensors`.
        checkpoint: The state. An array that is not contiguous is copied.
        about: What the job depends on, JSON: settings, and a digest of what it reads.

    Raises:
        NoSpaceError: The disk is full. The last one stays.
    """
    text = {"position": json.dumps(checkpoint.position), "about": json.dumps(about)}
    text["checksum"] = _checksum(text, checkpoint.arrays)
    try:
        safetensors.write(path, checkpoint.arrays, text)
    except OSError as error:
        if error.errno not in FULL:
            raise
        size = sum(array.nbytes for array in checkpoint.arrays.values())
        raise NoSpaceError(
            str(path),
            expected=f"room for a checkpoint of {size / 1e6:,.0f} MB, beside the last one",
            got=str(error.strerror).lower(),
            hint="another folder, on a disk with more room",
        ) from error


def load(
    path: Path, about: Mapping[str, Any], *, hint: str, into: Mapping[str, Array] | None = None
) -> Checkpoint | None:
    """Read the state of a job; None: there is none.

    Args:
        path: The file.
        about: What this job depends on.
        hint: What to try if the file is of another job, or damaged.
        into: Arrays to read those of the same name into, which must all be there; others are
            made. They may be half read where an error is raised.

    Raises:
        ArgumentError: It is the state of another job.
        FormatError: The file is damaged.
    """
    if not path.exists():
        return None
    if path.is_dir():
        raise damaged(path, "a folder", hint=hint)
    into = into or {}
    try:
        with safetensors.Safetensors.open(path) as file:
            text = file.metadata
            # A TypeError, if they are no objects.
            begun, position = ({**json.loads(text[name])} for name in ("about", "position"))
            check_same(path, begun, about, hint=hint)
            arrays = {name: np.array(entry) for name, entry in file.items() if name not in into}
            for name, array in into.items():
                array[...] = _alike(file[name], array)
                arrays[name] = array
            if text["checksum"] != _checksum(text, arrays):
                raise damaged(path, "contents that do not match its checksum", hint=hint)
    except FormatError as error:  # of the file, which would have it downloaded again
        raise damaged(path, error.got, hint=hint) from error
    except (KeyError, TypeError, json.JSONDecodeError, RecursionError) as error:
        raise damaged(path, str(error), hint=hint) from error
    return Checkpoint(position, arrays)


def _alike(found: Any, wanted: Array) -> Any:
    if (found.shape, found.dtype) != (wanted.shape, wanted.dtype):
        raise TypeError(f"{found.dtype} {found.shape} where {wanted.dtype} {wanted.shape} was")
    return found


def _checksum(text: Mapping[str, str], arrays: Mapping[str, Array]) -> str:
    """CRC-32 of the position and all arrays: a bit that fell over would be learned from."""
    check = zlib.crc32(text["position"].encode())
    for name in sorted(arrays):
        flat = np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8)
        check = zlib.crc32(flat, zlib.crc32(name.encode(), check))  # type: ignore[arg-type]
    return f"{check:08x}"


def damaged(path: Path, got: str, *, hint: str) -> FormatError:
    """The error of a checkpoint that cannot be used."""
    return FormatError(
        str(path), expected="the state of a job that was stopped", got=got, hint=hint
    )
