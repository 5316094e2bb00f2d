"""`gensim.downloader`: vectors by the names that gensim has for them, out of the catalogue."""

import os
from typing import Any

from inlay.calls import refuses_unknown
from inlay.checks import flag
from inlay.compat.gensim.models.keyedvectors import KeyedVectors
from inlay.formats import load as load_table
from inlay.sources import Source, catalogue, fetch
from inlay.sources.names import known

__all__ = ["info", "load"]

# By which of its names gensim knows a source.
FAMILIES = ("glove-wiki-", "glove-twitter-", "word2vec-google-", "fasttext-", "conceptnet-")


def load(name: str, return_path: bool = False) -> KeyedVectors | str:
    """Fetch vectors, once, and open them.

    Args:
        name: One of `info()`, or any other name of inlay's catalogue.
        return_path: Whether to give the path of the download, and not what is in it.

    Returns:
        The vectors, mapped from the file into which they were converted the first time.

    Raises:
        ArgumentError: No such name, or one of texts.
        DownloadError: It could not be fetched.
    """
    source = known(name)
    if flag("return_path", return_path):
        return os.fspath(fetch(source))
    return KeyedVectors(load_table(source))


@refuses_unknown({"show_only_latest": "leave it out: there is one version of each"})
def info(name: str | None = None, name_only: bool = False) -> dict[str, Any]:
    """What there is, and what is known of it; nothing is downloaded.

    Args:
        name: A name. None: all.
        name_only: Whether to give the names alone.

    Returns:
        Of one name a dict of facts. Of all, a dict of `"corpora"` and `"models"`, each a dict
        of name and facts; or lists of names, if they alone are asked for.

    Raises:
        ArgumentError: No such name.
    """
    if name is not None:
        return _facts(known(name))
    kinds = {"corpora": ("corpus", "labelled"), "models": ("vectors",)}
    found = {
        plural: {_name(source): _facts(source) for source in catalogue() if source.kind in of}
        for plural, of in kinds.items()
    }
    if flag("name_only", name_only):
        return {plural: list(named) for plural, named in found.items()}
    return found


def _name(source: Source) -> str:
    """The name that gensim has for a source, or else ours."""
    return next((alias for alias in source.aliases if alias.startswith(FAMILIES)), source.name)


def _facts(source: Source) -> dict[str, Any]:
    """What is known, in gensim's words; what is not known is left out."""
    facts = {
        "num_records": source.rows,
        "file_size": source.bytes,
        "file_name": source.downloads[0].name,
        "license": source.licence,
        "parameters": {"dimension": source.dim} if source.dim else None,
        "description": source.note,
        "read_more": [source.url],
        "sha256": source.sha256,
    }
    return {fact: value for fact, value in facts.items() if value}
