"""What is read as a paragraph encoder: a folder of ours."""

from pathlib import Path
from typing import Any

from inlay.encode.folder import kind_in
from inlay.encode.protocol import Encoder


class ParagraphKind:
    """Vectors of texts that predict their words."""

    name = "paragraph"
    files = "what inlay.train.doc2vec made and `save` wrote"
    takes = ("tokenizer", "max_length", "workers", "verify")

    def sniff(self, path: Path) -> bool:
        return path.is_dir() and kind_in(path) == self.name

    def load(self, path: Path, **settings: Any) -> Encoder:
        from inlay.encode.paragraph.encoder import ParagraphEncoder

        return ParagraphEncoder.load(path, **settings)
