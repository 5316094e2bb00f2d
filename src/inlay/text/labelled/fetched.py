"""Labelled texts by their name in the catalogue: which file holds them, and how it is read."""

from pathlib import Path
from typing import Any

from inlay.checks import choice
from inlay.sources.fetching import fetch_source
from inlay.sources.source import Source

DEFAULTS = {"encoding": "utf-8", "errors": "strict"}  # of `read_labelled`; the others are None


def fetched_texts(source: Source, settings: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """The path of a source's texts, and the settings that read them.

    Args:
        source: Of labelled texts.
        settings: The arguments of `read_labelled` but the first; those that are not the default
            go before what the catalogue says.

    Raises:
        ArgumentError: A `split` that the source does not have.
        DownloadError: It cannot be fetched.
    """
    given = {name: v for name, v in settings.items() if v is not None and v != DEFAULTS.get(name)}
    if source.parts:
        splits = list(source.parts)
        part = source.parts[choice("split", given.pop("split", splits[0]), splits)]
        return fetch_source(source).path / part, {**source.reading, **given}
    return fetch_source(source).path, {**source.reading, **given}
