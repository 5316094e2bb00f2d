"""word2vecjson: one JSON object of words, each with a list of numbers.

    {"the": [0.25, -1], "film": [3.5, 4]}

Also with a name in front, as the files have that are scripts: `var wordVecs = {...};`. It is read
a few megabytes at a time; what is kept is all that is in memory.

Source: https://github.com/turbomaze/word2vecjson
"""

import codecs
import json
import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.limits import TEXT
from inlay.containers.protocol import wrong
from inlay.core import Table, Tokens
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.rows import as_keep
from inlay.formats.selection import packed_tokens, table_of

START = re.compile(r"\ufeff?\s*(?:(?:var|let|const)\s+[\w$]+\s*=\s*)?\{\s*", re.ASCII)
# The first word and number; a word may be a megabyte, which is no use looking for.
FIRST = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,99}(?:(?:var|let|const)\s[\w$]{1,99}\s{0,9}=\s{0,9})?"
    rb'\{\s{0,99}"(?:[^"\\]|\\.){0,999}"\s{0,99}:\s{0,99}\[\s{0,99}-?[\dNI]'
)
COLON, GAP = re.compile(r"\s*:\s*"), re.compile(r"\s*(,?)\s*")
BLANK, END = re.compile(r"\s*"), re.compile(r"[\s;]*")
LONGEST_START = 1000
READ_AT_ONCE = 1 << 20
ROWS_AT_ONCE = 4096


@options
class Word2VecJson(NumbersFormat):
    """A JSON object of words with their vectors.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "word2vec-json"
    suffixes: ClassVar[tuple[str, ...]] = ()

    def sniff(self, head: bytes, path: Path) -> bool:
        return FIRST.match(head) is not None

    def read(self, source: Content, options: ReadOptions) -> Table:
        """The numbers become float32."""
        wanted = as_keep(options.keep)
        words: list[str] = []
        blocks: list[Array] = []
        rows: list[list[float]] = []
        read = dim = 0
        with source.open() as file:
            for word, vector in _entries(file, source.name):
                dim = len(vector)
                if options.limit == read:
                    break
                read += 1
                if _is_kept(word, wanted):
                    words.append(word)
                    rows.append(vector)
                if len(rows) == ROWS_AT_ONCE:
                    blocks.append(_block(rows, dim))
                    rows.clear()
        matrix = np.concatenate([*blocks, _block(rows, dim)])
        tokens = packed_tokens(words, source.name)
        return table_of(source, options, self, tokens, matrix.__getitem__, read=read)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


def _is_kept(word: str, wanted: Container[str] | Tokens | None) -> bool:
    return wanted is None or word in wanted


@np.errstate(over="ignore")  # what is beyond float32 is told later
def _block(rows: list[list[float]], dim: int) -> Array:
    return np.array(rows, np.float64).astype(np.float32).reshape(len(rows), dim)


class _Text:
    """The text of a file, as far as it has been asked for."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.file, self.name = file, name
        self.text, self.at, self.ended = "", 0, False
        self.decode = codecs.getincrementaldecoder("utf-8")().decode

    def more(self) -> bool:
        """Read on; False at the end of the file."""
        if self.ended:
            return False
        rest = self.text[self.at :]
        if len(rest) > TEXT.bytes():
            raise TEXT.exceeded(self.name)
        # As much again as there is, so that no long word is looked through many times.
        piece = self.file.read(max(READ_AT_ONCE, len(rest)))
        self.ended = not piece
        self.text, self.at = rest + self.decode(piece, self.ended), 0
        return True

    def skip(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Go on behind what a pattern matches, which may be nothing, wherever that ends."""
        while True:
            found = pattern.match(self.text, self.at)
            assert found is not None, "a pattern that matches nothing too"
            if found.end() < len(self.text) or not self.more():
                self.at = found.end()
                return found

    def ready(self) -> bool:
        """Whether a word and its numbers are there whole, which end with the first bracket."""
        while self.text.find("]", self.at) < 0:
            if not self.more():
                return False
        return True


def _entries(file: IO[bytes], name: str) -> Iterator[tuple[str, list[float]]]:
    """Each word and its numbers."""
    text, number, dim = _Text(file, name), 0, -1
    while not (start := START.match(text.text)) and len(text.text) < LONGEST_START and text.more():
        pass
    if start is None:
        raise wrong(name, "a JSON object", repr(text.text[:40]))
    text.at = start.end()
    while True:
        number += 1
        where = f"{name}, word {number}"
        word, vector = _entry(text, where)
        dim = len(vector) if dim < 0 else dim
        if len(vector) != dim or not dim:
            raise wrong(where, f"{max(dim, 1)} numbers, as word 1 has", str(len(vector)))
        yield word, vector
        if text.skip(GAP)[1] != ",":
            break
    rest = text.text[text.at : text.at + 40]
    text.at += rest.startswith("}")
    text.skip(END)
    if not rest.startswith("}") or text.at < len(text.text):
        raise wrong(f"{name}, behind word {number}", "a comma, or the end", repr(rest))


def _entry(text: _Text, where: str) -> tuple[str, list[float]]:
    """The next word and its numbers. A bracket in a word makes it look whole before it is."""
    while text.ready():
        try:
            word, vector, text.at = _parsed(text.text, text.skip(BLANK).end())
        except (ValueError, RecursionError) as error:
            if text.more():
                continue
            raise wrong(where, "a word and its numbers", f"{error!s:.200}") from error
        if not isinstance(word, str) or not isinstance(vector, list):
            raise wrong(where, "a word and its numbers", f"something else behind {word!r:.40}")
        if not set(map(type, vector)) <= {int, float}:
            raise wrong(where, "a word and its numbers", f"others in the list of {word!r:.40}")
        return word, vector
    raise wrong(where, "a word and its numbers", "the end of the file")


def _parsed(text: str, at: int) -> tuple[Any, Any, int]:
    """A key, a value, and where it ends; the value is None if it begins as no list does."""
    decoder = json.JSONDecoder()
    word, at = decoder.raw_decode(text, at)
    behind = COLON.match(text, at)
    at = behind.end() if behind else at
    if text[at : at + 1].strip() not in (("[", "") if behind else ("",)):
        return word, None, at
    return word, *decoder.raw_decode(text, at)
