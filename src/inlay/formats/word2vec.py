"""word2vec text: a header `rows dim`, then `token number ... number`, a row a line.

fastText's `.vec` files are the same, with a space before every line's end.
"""

from pathlib import Path
from typing import IO

from inlay.bytes.content import Content
from inlay.core import Table
from inlay.formats.lines import TextHead, text_head, usual_dim
from inlay.formats.protocol import ReadOptions
from inlay.formats.text import read_text
from inlay.formats.text_writer import SEPARATORS, check_tokens, write_text

HINT = "save as .safetensors or .npz, which hold any token"


class Word2VecText:
    """Text with a header."""

    name = "word2vec"
    suffixes = (".txt",)
    space_at_end = False

    def sniff(self, head: bytes, path: Path) -> bool:
        return path.suffix.lower() != ".vec" and has_header(text_head(head))

    def read(self, source: Content, options: ReadOptions) -> Table:
        return read_text(source, options, format=self.name, header=True)

    def write(self, table: Table, file: IO[bytes]) -> None:
        check_tokens(table, self.name, HINT, forbidden=SEPARATORS)
        write_text(table, file, header=True, space_at_end=self.space_at_end)


class FastTextVec(Word2VecText):
    """The `.vec` file that fastText writes beside a model."""

    name = "fasttext"
    suffixes = (".vec",)
    space_at_end = True

    def sniff(self, head: bytes, path: Path) -> bool:
        return path.suffix.lower() == ".vec" and has_header(text_head(head))


def has_header(head: TextHead | None) -> bool:
    """Whether line 1 can be a header: two whole numbers that the rows do not contradict."""
    if head is None or head.header is None:
        return False
    usual, _ = usual_dim(head.lines[1:])
    # Rows of one number contradict any other dimension: then line 1 is such a row itself.
    return usual != 1 or head.header[1] == 1
