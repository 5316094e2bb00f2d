"""fastText's lines, where a text may have several labels, at any place in it."""

from collections.abc import Iterator
from pathlib import Path

from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import read_lines
from inlay.errors import FormatError
from inlay.text.labelled.records import PREFIX
from inlay.text.labelled.texts import Item


def is_of_lines(path: Path, encoding: Encoding) -> bool:
    """Whether the first line of a file that is not blank begins with a label."""
    if not path.is_file():
        return False
    first = next((line for line in read_lines(path, encoding) if line.strip()), "")
    return first.lstrip().startswith(PREFIX)


def several_labels(path: Path, encoding: Encoding, skipped: dict[str, int]) -> Iterator[Item]:
    """Each text, and its labels in the order in which they stand; blank lines are counted.

    Raises:
        FormatError: A line without a label.
    """
    for number, line in enumerate(read_lines(path, encoding), 1):
        words = line.split()
        if not words:
            skipped["blank lines"] = skipped.get("blank lines", 0) + 1
            continue
        labels = [word.removeprefix(PREFIX) for word in words if word.startswith(PREFIX)]
        where = f"{path}, line {number}"
        if not labels:
            expected = f"{PREFIX}NAME in it"
            raise FormatError(where, expected=expected, got=f"{line.strip()[:60]!r}")
        if not all(labels):
            raise FormatError(where, expected=f"{PREFIX} with a name behind it", got="none")
        if words[len(labels) - 1].startswith(PREFIX) and not any(
            word.startswith(PREFIX) for word in words[len(labels) :]
        ):  # all stand first: the text stays as it is written
            text = line.rstrip("\r\n").lstrip()
            for _ in labels:
                text = text.split(maxsplit=1)[1] if len(text.split(maxsplit=1)) > 1 else ""
        else:
            text = " ".join(word for word in words if not word.startswith(PREFIX))
        yield Item(text, labels, f"{path.name}:{number}")
