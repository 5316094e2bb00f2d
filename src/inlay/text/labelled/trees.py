r"""Sentences as trees with a label at each node, as the Stanford Sentiment Treebank has them.

    (3 (2 It) (4 (2 's) (4 (3 lovely) (2 film))))

Each line is a sentence; a node is a phrase of it, and a leaf a word. The labels are 0 to 4, from
very negative to very positive. Words come as they lie in the file, `-LRB-` and `\/` among them,
with a space between two: so do the files that others have made of it.

Source: Socher et al. 2013.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import read_lines
from inlay.errors import FormatError
from inlay.text.labelled.texts import Item

# Of five classes, in two; the one in the middle is in neither.
BINARY = {"0": "0", "1": "0", "3": "1", "4": "1"}
NEUTRAL = "2"
TOKEN = re.compile(r"\(|\)|[^ \t\r\n()]+")  # a word may hold other spaces
FIRST = re.compile(r"\(\s*\d\s+[^\s)]")  # how a file of trees begins


def trees(
    path: Path, encoding: Encoding, skipped: dict[str, int], *, phrases: bool, binary: bool
) -> Iterator[Item]:
    """The sentences, or all phrases: of each sentence itself first, and then from the left.

    Args:
        path: The file.
        encoding: Of its bytes.
        skipped: Where the neutral ones are counted, if there are two classes.
        phrases: Whether each node is a text; one that comes twice is two texts.
        binary: Whether 0 and 1 are 0, and 3 and 4 are 1.

    Raises:
        FormatError: A line that is no tree.
    """
    for number, line in enumerate(read_lines(path, encoding), 1):
        if not line.strip():
            skipped["blank lines"] = skipped.get("blank lines", 0) + 1
            continue
        words, nodes = _parsed(line, f"{path}, line {number}")
        for at, (label, start, stop) in enumerate(nodes if phrases else nodes[:1]):
            if binary and label == NEUTRAL:
                skipped["neutral texts"] = skipped.get("neutral texts", 0) + 1
                continue
            place = f"{path.name}:{number}" + (f".{at}" if phrases else "")
            yield Item(" ".join(words[start:stop]), BINARY[label] if binary else label, place)


def _parsed(line: str, where: str) -> tuple[list[str], list[tuple[str, int, int]]]:
    """The words, and of each node its label and which words it has, the outer ones first."""
    words: list[str] = []
    nodes: list[tuple[str, int, int]] = []
    opened: list[int] = []
    before = ""
    for token in TOKEN.findall(line):
        if token == "(":
            if nodes and not opened:
                raise _wrong(where, "one tree", "another one behind it")
            opened.append(len(nodes))
            nodes.append(("", len(words), 0))
        elif not opened:
            raise _wrong(where, "a tree, such as (3 (2 good) (2 film))", repr(line[:60]))
        elif token == ")":
            label, start, _ = nodes[opened[-1]]
            if not label or start == len(words):
                raise _wrong(where, "a label and words in each pair of brackets", repr(line[:60]))
            nodes[opened.pop()] = (label, start, len(words))
        elif before == "(":
            if token not in ("0", "1", NEUTRAL, "3", "4"):
                raise _wrong(where, "a label from 0 to 4 behind each (", repr(token[:60]))
            nodes[opened[-1]] = (token, len(words), 0)
        else:
            words.append(token)
        before = token
    if opened:
        raise _wrong(where, "as many ) as (", f"{len(opened)} too few")
    return words, nodes


def _wrong(where: str, expected: str, got: str) -> FormatError:
    return FormatError(where, expected=expected, got=got)
