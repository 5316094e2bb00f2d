"""GloVe text: `token number ... number`, a row a line, no header.

The last `dim` fields are the vector and all before them is the token, spaces included: the
840B vectors have tokens such as `. . .` and `at name@domain.com`.
"""

from pathlib import Path
from typing import IO

from inlay.bytes.content import Content
from inlay.core import Table
from inlay.formats.lines import text_head, usual_dim
from inlay.formats.protocol import ReadOptions
from inlay.formats.text import read_text
from inlay.formats.text_writer import check_glove_tokens, write_text


class Glove:
    """Text without a header."""

    name = "glove"
    suffixes = (".txt",)

    def sniff(self, head: bytes, path: Path) -> bool:
        found = text_head(head)
        if found is None:
            return False
        # `5 1` may be a header, or the token 5 in one dimension: then the rows have one too.
        return found.header is None or (len(found.lines) > 1 and usual_dim(found.lines[1:])[0] == 1)

    def read(self, source: Content, options: ReadOptions) -> Table:
        return read_text(source, options, format=self.name, header=False)

    def write(self, table: Table, file: IO[bytes]) -> None:
        check_glove_tokens(table, self.name, "save as .safetensors or .npz")
        write_text(table, file, header=False)
