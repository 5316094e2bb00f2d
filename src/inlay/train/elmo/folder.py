"""The folder of a biLM that is trained: whose it is, what is finished in it, how it is written."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inlay.bytes.writing import atomic_path
from inlay.containers import safetensors
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.report import REPORT
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.jobs.same import check_same
from inlay.train.elmo import resume

SOFTMAX = "softmax.safetensors"
OURS = {"options.json", "weights.hdf5", "vocab.txt", SOFTMAX, REPORT, resume.NAME}


def check(folder: Path) -> None:
    """Refuse a folder that holds anything but a training: the result would replace it.

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file, or holds other things.
    """
    if not folder.parent.is_dir():
        raise MissingFileError(
            str(folder), expected="a folder to write into", got=f"no folder {folder.parent}"
        )
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ArgumentError(str(folder), expected="a new folder", got="a file")
    names = {file.name for file in folder.iterdir() if not _is_part(file.name)}
    others = names - (OURS if names & {REPORT, resume.NAME} else set())
    if others:
        raise ArgumentError(
            str(folder),
            expected="a new folder, or one of an earlier training",
            got=f"one with {min(others)} in it",
        )


def finished(folder: Path, about: dict[str, Any], *, softmax: bool) -> dict[str, Any] | None:
    """The report of a training that has ended, if one has.

    Args:
        folder: Of the model.
        about: What the training depends on; see `inlay.jobs.checkpoint.save`.
        softmax: Whether the softmax must be there.

    Raises:
        FormatError: The report is damaged.
        ArgumentError: It was another training.
    """
    path = folder / REPORT
    if not path.exists():
        return None
    try:
        report: dict[str, Any] = json.loads(path.read_text("utf-8"))
        was = {**report["settings"], **{name: report[name] for name in ("tokenizer", "text")}}
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(
            str(path),
            expected="the report of a training",
            got=repr(error),
            hint="resume=False, which trains anew",
        ) from error
    now = about
    if softmax and not (folder / SOFTMAX).exists():
        was, now = was | {"keep_softmax": False}, now | {"keep_softmax": True}
    check_same(path, was, now, hint=resume.HINT)
    return report


def write(
    folder: Path,
    options: Options,
    weights: Weights,
    vocabulary: Sequence[str],
    report: dict[str, Any],
    softmax: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    """Write the result, its report last; the checkpoint stays till then: a kill costs nothing."""
    (folder / SOFTMAX).unlink(missing_ok=True)
    options.save(folder / "options.json")
    weights.save(folder / "weights.hdf5")
    _write_text(folder / "vocab.txt", "".join(f"{word}\n" for word in vocabulary))
    if softmax:
        safetensors.write(folder / SOFTMAX, softmax)
    _write_text(folder / REPORT, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    (folder / resume.NAME).unlink(missing_ok=True)
    for file in folder.iterdir():
        if _is_part(file.name):
            file.unlink(missing_ok=True)


def _is_part(name: str) -> bool:
    """Whether it is what a killed process leaves of a file of ours."""
    found = re.fullmatch(r"\.(.+)\.\w+\.part", name)
    return found is not None and found[1] in OURS


def _write_text(path: Path, text: str) -> None:
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8", errors="surrogatepass", newline="\n")
