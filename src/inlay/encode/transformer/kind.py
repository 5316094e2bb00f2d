"""Transformers as a kind of encoder."""

from pathlib import Path
from typing import Any

from inlay.encode.protocol import Encoder


class TransformerKind:
    """Folders of `transformers` and of sentence-transformers."""

    name = "transformer"
    files = "a folder of a transformer, with config.json, its weights and its tokenizer"
    takes = ("max_length", "engine", "precision", "workers", "verify")

    def sniff(self, path: Path) -> bool:
        from inlay.encode.transformer.files import looks_like

        return path.is_dir() and looks_like(path)

    def load(self, path: Path, **settings: Any) -> Encoder:
        from inlay.encode.transformer.encoder import Transformer

        return Transformer.load(path, **settings)
