"""word2vec text: a header `rows dim`, then `token number ... number`, a row a line.

fastText's `.vec` files are the same, with a space before every line's end.
"""

from pathlib import Path
from typing import IO, ClassVar

from inlay.bytes.content import Content
from inlay.checks import choice
from inlay.core import Table
from inlay.formats.format_options import HeaderUse, TextFormat, options
from inlay.formats.heads import has_header, text_head
from inlay.formats.protocol import ReadOptions
from inlay.formats.text import read_text
from inlay.formats.text_writer import SEPARATORS, check_tokens, write_text

HINT = "save as .safetensors or .npz, which hold any token"


@options
class Word2VecText(TextFormat):
    """Text with a header.

    Args:
        nonfinite: Whether NaN and infinity (also `1e39`, beyond float32) are errors.
        encoding: What the tokens are written in.
        errors: What to do with tokens that are not in it: `"strict"` raises; `"replace"`,
            `"ignore"` and `"backslashreplace"` are Python's, and counted in the provenance.
        dim: How many numbers end each line, if the header does not say it right.
        header: `"ignore"` takes the rows there are, whatever the first line says.
    """

    header: HeaderUse = "check"

    name: ClassVar[str] = "word2vec"
    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    space_at_end: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("header", self.header, ("check", "ignore"))

    def sniff(self, head: bytes, path: Path) -> bool:
        return path.suffix.lower() != ".vec" and has_header(text_head(head))

    def read(self, source: Content, options: ReadOptions) -> Table:
        return read_text(source, options, self, header=self.header)

    def write(self, table: Table, file: IO[bytes]) -> None:
        check_tokens(table, self.name, HINT, forbidden=SEPARATORS)
        write_text(table, file, header=True, space_at_end=self.space_at_end)


class FastTextVec(Word2VecText):
    """The `.vec` file that fastText writes beside a model; its options are `Word2VecText`'s."""

    name: ClassVar[str] = "fasttext-vec"
    suffixes: ClassVar[tuple[str, ...]] = (".vec",)
    space_at_end: ClassVar[bool] = True

    def sniff(self, head: bytes, path: Path) -> bool:
        return path.suffix.lower() == ".vec" and has_header(text_head(head))
