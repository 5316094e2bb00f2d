"""What a folder says of the model in it: its licence, and the languages that it reads.

Models of the Hugging Face Hub have both in the head of README.md:

    ---
    language:
    - en
    - ko
    license: apache-2.0
    ---
"""

import re
from pathlib import Path
from typing import NamedTuple

LARGEST = 1 << 16  # bytes of a head
LICENSE = re.compile(r"(licen[cs]e|copying|notice)([.-].*)?", re.IGNORECASE)
HEAD = re.compile(r"\ufeff?---\s*\n(.*?)\n---\s*(?:\n|$)", re.DOTALL)
ENTRY = re.compile(r"^(language|license)[ \t]*:[ \t]*(.*(?:\n[ \t]*-[ \t]+.*)*)$", re.MULTILINE)
VALUE = re.compile(r"[\w.+-]+(?: [\w.+-]+)*")


class Card(NamedTuple):
    """What is known.

    Attributes:
        licence: Its name, as the model says it, or None.
        licence_files: The names of the files that hold its text.
        languages: Their codes, in the model's own order; empty if it does not say.
    """

    licence: str | None
    licence_files: list[str]
    languages: list[str]


def read_card(folder: Path) -> Card:
    """Look at the files of a folder; what is not there, or not as usual, is left out."""
    files = [path.name for path in folder.iterdir() if LICENSE.fullmatch(path.name)]
    said: dict[str, list[str]] = {}
    try:
        with (folder / "README.md").open("rb") as file:
            text = file.read(LARGEST).decode("utf-8", errors="replace").replace("\r\n", "\n")
    except OSError:
        text = ""
    if head := HEAD.match(text):
        for name, value in ENTRY.findall(head[1]):
            items = re.split(r"\n[ \t]*-|,", value)
            said[name] = [found[0] for item in items if (found := VALUE.search(item))]
    return Card(next(iter(said.get("license", [])), None), sorted(files), said.get("language", []))
