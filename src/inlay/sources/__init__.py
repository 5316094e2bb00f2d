"""Public embeddings and texts by name: what there is, and how it comes onto this machine."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.calls import refuses_unknown

if TYPE_CHECKING:
    from inlay.sources.names import catalogue, find
    from inlay.sources.source import Download, Source

__all__ = ["Download", "Source", "catalogue", "fetch", "find"]

# Imported when first used: whoever reads a file of vectors passes by here.
_HOME = {
    "Download": "inlay.sources.source",
    "Source": "inlay.sources.source",
    "catalogue": "inlay.sources.names",
    "find": "inlay.sources.names",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'inlay.sources' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


@refuses_unknown({"force": "inlay cache remove NAME first", "cache": "INLAY_CACHE=FOLDER"})
def fetch(source: "str | Source", *, verify: bool = False, progress: bool | None = None) -> Path:
    r"""Have the file of a source on this disk: downloaded, or found in the cache.

    `inlay.load`, `inlay.load_encoder` and `inlay.read_labelled` take the same names and fetch by
    themselves. A download that is cut off, or stopped by Ctrl-C, goes on where it ended; of
    several processes one downloads. Where a SHA-256 is published the file must have it; where
    none is, that of the first download is noted beside it, and any other is an error from then on.

    The cache is the folder that this system has for it, or `INLAY_CACHE`. With `INLAY_OFFLINE=1`
    no server is asked. Proxies are those of the environment (`HTTPS_PROXY`).

    Args:
        source: A name of `catalogue()`, in any spelling; the address of a file; a name of the
            Hugging Face Hub, `"hf://OWNER/REPO"` or `"hf://OWNER/REPO@REVISION/FILE"`, whose own
            package fetches and keeps it; or a `Source` of your own, which says more about it.
        verify: Read all of a file that is there, and compare it with what was noted.
        progress: Whether to show a bar. None: on a terminal. What is downloaded, how much it is,
            under which licence and where to, is printed on standard error unless this is False.

    Returns:
        The file as it came, packed or not; the folder, where several files belong together.

    Raises:
        ArgumentError: No such name, with those that are near.
        ArgumentTypeError: Neither a name nor a source.
        MissingPackageError: `huggingface_hub` is not installed, and a name of the Hub was given.
        DownloadError: No address gave the file, or not the one that it should be; there is no
            network by `INLAY_OFFLINE`; the disk is full.
        FormatError: An archive that must be unpacked, and holds something else.

    Examples:
        >>> import os; from tempfile import mkdtemp
        >>> before = os.environ.get("INLAY_CACHE", ""); os.environ["INLAY_CACHE"] = mkdtemp()
        >>> from inlay.sources import Source
        >>> published = Path(mkdtemp(), "tiny.vec")
        >>> _ = published.write_text("2 2\ngood 1 0\nfilm 0 1\n")
        >>> digest = "049903c85ec9a5e992b5b5dff81d1d5d6f8f1ebb6a2f473ba0522f51ec5f4caf"
        >>> tiny = Source(name="tiny", url=published.as_uri(), sha256=digest)
        >>> fetch(tiny).name
        'tiny.vec'
        >>> os.environ["INLAY_CACHE"] = before
    """
    from inlay.sources.fetching import as_source, fetch_source

    return fetch_source(as_source(source), verify=verify, progress=progress).path
