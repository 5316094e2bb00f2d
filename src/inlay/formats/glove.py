"""GloVe text: `token number ... number`, a row a line, no header.

The last `dim` fields are the vector and all before them is the token, spaces included: the
840B vectors have tokens such as `. . .` and `at name@domain.com`.
"""

import re
from pathlib import Path
from typing import IO, ClassVar

from inlay.bytes.content import Content
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.format_options import TextFormat
from inlay.formats.heads import has_header, text_head
from inlay.formats.protocol import ReadOptions
from inlay.formats.strangers import FLORET_TEXT, NUMBERS_BY_COMMAS
from inlay.formats.text import read_text
from inlay.formats.text_writer import check_glove_tokens, write_text

HINT = "save as .safetensors or .npz"


class Glove(TextFormat):
    """Text without a header.

    Nothing in such a file says where a token ends. If `dim` does not say it either, the first
    lines do; what then looks like no table of words is refused: numbers for tokens, a single
    number in each line, many lines that begin alike.

    Args:
        nonfinite: Whether NaN and infinity (also `1e39`, beyond float32) are errors.
        encoding: What the tokens are written in.
        errors: What to do with tokens that are not in it: `"strict"` raises; `"replace"`,
            `"ignore"` and `"backslashreplace"` are Python's, and counted in the provenance.
        dim: How many numbers end each line.
    """

    name: ClassVar[str] = "glove"
    suffixes: ClassVar[tuple[str, ...]] = (".txt",)

    def sniff(self, head: bytes, path: Path) -> bool:
        found = text_head(head)
        if found is None or NUMBERS_BY_COMMAS.match(head) or re.match(FLORET_TEXT, head):
            return False
        # `5 1` is a header, or the token 5 in one dimension, which a reader of headers notices by
        # the number of rows; but `0 3` alone may be an empty table or a row.
        return not has_header(found) or (found.header is not None and not any(found.rows))

    def read(self, source: Content, options: ReadOptions) -> Table:
        return read_text(source, options, self)

    def write(self, table: Table, file: IO[bytes]) -> None:
        if not len(table):
            expected, got = "at least one row, which says the dimension", "an empty table"
            raise FormatError("save", expected=expected, got=got, hint=HINT)
        check_glove_tokens(table, self.name, HINT)
        write_text(table, file, header=False)
