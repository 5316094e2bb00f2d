"""`inlay catalogue`: what can be fetched by name."""

import re
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.failures import Command
from inlay.cli.options import json_option
from inlay.cli.outputs import print_json, say, size
from inlay.errors import ArgumentError

if TYPE_CHECKING:
    from inlay.sources import Source

HELP = """List the public embeddings and data sets that can be downloaded by name.

Each line shows the name, the size of the download, how many vectors or texts there are, and the
licence. WORDS select those in whose name, kind, language or description all of them stand.
Without WORDS, one line stands for the vectors that fastText has for many languages.

\b
Example:
  inlay catalogue glove
  inlay catalogue cc.ko"""

# The families that one line stands for: by the names of their members.
FAMILIES = {
    r"cc\.\w+\.300\.vec": "cc.LANGUAGE.300.vec",
    r"cc\.\w+\.300\.bin": "cc.LANGUAGE.300.bin",
    r"wiki\.\w+": "wiki.LANGUAGE",
    r"wiki\.\w+\.align": "wiki.LANGUAGE.align",
}


@click.command(cls=Command, help=HELP)
@click.argument("words", nargs=-1)
@json_option
def catalogue(words: tuple[str, ...], as_json: bool) -> None:
    from inlay.sources.names import near_names, search

    text = " ".join(words)
    found = search(text)
    if not found:
        raise ArgumentError(
            "inlay catalogue",
            expected="words of the catalogue",
            got=repr(text[:100]),
            hint=", ".join(near_names(text)),
        )
    if as_json:
        print_json({"sources": [_facts(source) for source in found]})
        return
    rows = [_row(source) for source in found] if words else _overview(found)
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, about, shape, licence, note in rows:
        cells = (f"{name:<{wide[0]}}", f"{about:>{wide[1]}}", f"{shape:>{wide[2]}}")
        say("  ".join([*cells, f"{licence:<{wide[3]}}", note]))


def _row(source: "Source") -> list[str]:
    about = size(source.bytes) if source.bytes else ""
    shape = f"{source.rows:,}" if source.rows else ""
    if source.dim:
        shape = f"{shape} x {source.dim}" if shape else f"x {source.dim}"
    return [source.name, about, shape, source.licence or "none found", source.note]


def _overview(found: list["Source"]) -> list[list[str]]:
    """A line each, but for families of one language after the other."""
    rows, members = [], dict[str, list["Source"]]()
    for source in found:
        family = next((f for p, f in FAMILIES.items() if re.fullmatch(p, source.name)), None)
        if family is None:
            rows.append(_row(source))
        else:
            members.setdefault(family, []).append(source)
    for family, sources in members.items():
        row = _row(sources[0])
        rows.append([family, "", row[2], row[3], f"{row[4]} ({len(sources)} languages)"])
    return rows


def _facts(source: "Source") -> dict[str, Any]:
    return {
        "name": source.name,
        "aliases": list(source.aliases),
        "kind": source.kind,
        "language": source.language or None,
        "rows": source.rows,
        "dim": source.dim,
        "bytes": source.bytes,
        "licence": source.licence or None,
        "note": source.note,
        "urls": [url for download in source.downloads for url in download.urls],
        "sha256": source.sha256 or None,
        "member": source.member,
    }
