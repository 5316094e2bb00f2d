"""Encoders by a name instead of a path: of an installed package, or in Hugging Face's cache.

Nothing here asks a network.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from inlay.encode.kinds import Kind

REPOSITORY = re.compile(r"[A-Za-z\d][\w.-]*/[A-Za-z\d][\w.-]*")
# What sentence-transformers means by a name without an owner.
OWNER = "sentence-transformers"


@runtime_checkable
class NamingKind(Kind, Protocol):
    """A kind some of whose encoders have names."""

    def named(self, name: str) -> Path | None:
        """Where the encoder of a name lies on this machine; None: it is no name of this kind.

        Raises:
            MissingPackageError: The package that has it is not installed.
            MissingFileError: It is not on this machine.
        """
        ...


def named(name: str, kinds: Sequence[Kind]) -> tuple[Kind | None, Path] | None:
    """What a name stands for.

    Args:
        name: What the user wrote; nothing of this name is in the working folder.
        kinds: Those asked.

    Returns:
        The kind, or None where only the content can tell, and the path. None if it is no name.

    Raises:
        MissingPackageError: The package that has it is not installed.
        MissingFileError: It is not on this machine.
    """
    for kind in kinds:
        if isinstance(kind, NamingKind) and (path := kind.named(name)) is not None:
            return kind, path
    path = in_cache(name if "/" in name else f"{OWNER}/{name}")
    return None if path is None else (None, path)


def in_cache(repository: str, revision: str = "main") -> Path | None:
    """The folder of a model that is in the cache of Hugging Face; None if it is not there."""
    if not REPOSITORY.fullmatch(repository):
        return None
    owner, _, name = repository.partition("/")
    folder = hugging_face_cache() / f"models--{owner}--{name}"
    try:
        commit = (folder / "refs" / revision).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    snapshot = folder / "snapshots" / commit
    return snapshot if snapshot.is_dir() else None


def hugging_face_cache() -> Path:
    """Where models lie that other libraries have downloaded, as its documentation says."""
    said = os.environ
    if cache := said.get("HF_HUB_CACHE") or said.get("HUGGINGFACE_HUB_CACHE"):
        return Path(cache).expanduser()
    home = said.get("HF_HOME") or Path(said.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(home).expanduser() / "hub"
