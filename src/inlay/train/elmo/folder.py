"""The folder of a biLM that is trained: whose it is, what is finished in it, how it is written."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inlay.aliases import Array
from inlay.bytes.writing import atomic_folder, atomic_path, clear_leftovers, restore_folder
from inlay.containers import safetensors
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.pair import OPTIONS, WEIGHTS, write_pair
from inlay.encode.elmo.report import REPORT
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, FormatError
from inlay.jobs.same import check_same
from inlay.paths import check_writable, folder_to_write
from inlay.train.elmo import resume

SOFTMAX = "softmax.safetensors"
OURS = {OPTIONS, WEIGHTS, "vocab.txt", SOFTMAX, REPORT, resume.NAME}


def check(folder: Path) -> None:
    """Refuse a folder that holds anything but a training: the result would replace it.

    What a kill left beside it is cleared away, or put back if it was the folder itself.

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file, cannot be written to, or holds other things.
    """
    folder = folder_to_write(folder).resolve()
    restore_folder(folder)
    clear_leftovers(folder)
    check_writable(str(folder), folder)
    if not folder.exists():
        return
    names = {file.name for file in folder.iterdir() if not _is_part(file.name)}
    others = names - (OURS if names & {REPORT, resume.NAME} else set())
    if others:
        raise ArgumentError(
            str(folder),
            expected="a new folder, or one of an earlier training",
            got=f"one with {min(others)} in it",
        )


def is_finished(folder: Path, about: dict[str, Any], *, softmax: bool) -> bool:
    """Whether this training has ended in a folder.

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
        return False
    try:
        report: dict[str, Any] = json.loads(path.read_text("utf-8"))
        was = {**report["settings"], "tokenizer": report.get("tokenizer"), "text": report["text"]}
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
    return True


def write(
    folder: Path,
    options: Options,
    weights: Weights,
    vocabulary: Sequence[str],
    report: dict[str, Any],
    softmax: Mapping[str, Array],
) -> None:
    """Put the result in the place of all that is in the folder, in one step.

    The checkpoint stays till then, so that a kill costs nothing. A folder that cannot be renamed
    keeps its place: there the model itself goes first and comes last, so that none is read as
    another's.
    """
    folder = folder.resolve()

    def fill(into: Path) -> None:
        _write_text(into / "vocab.txt", "".join(f"{word}\n" for word in vocabulary))
        if softmax:
            safetensors.write(into / SOFTMAX, softmax)
        _write_text(into / REPORT, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        write_pair(into, options, weights)

    if folder != Path.cwd() and not folder.is_mount():
        with atomic_folder(folder) as part:
            fill(part)
        return
    for name in (OPTIONS, WEIGHTS, SOFTMAX):
        (folder / name).unlink(missing_ok=True)
    fill(folder)
    (folder / resume.NAME).unlink(missing_ok=True)
    clear_leftovers(folder / resume.NAME)


def _is_part(name: str) -> bool:
    """Whether it is what a killed process leaves of a file of ours."""
    found = re.fullmatch(r"\.(.+)\.\w+\.part", name)
    return found is not None and found[1] in OURS


def _write_text(path: Path, text: str) -> None:
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8", errors="surrogatepass", newline="\n")
