"""A paragraph encoder as a folder of files.

It has `encoder.json`; a native file of what predicts words, with their counts (`outputs`), one of
the texts of the training (`documents`) and one of words, if they were trained (`words`); the vector
`null` that stands where there is no word, if vectors stand side by side; and the tokenizer, if that
is a file.
"""

import os
from dataclasses import asdict
from typing import Any, NamedTuple

from inlay.aliases import Array
from inlay.containers import safetensors
from inlay.core import Table
from inlay.encode import tokenizer_file
from inlay.encode.folder import written_folder
from inlay.encode.paragraph.network import Design
from inlay.tokenizers import TokenizerLike

KIND = "paragraph"
OUTPUTS, DOCUMENTS, WORDS = "outputs.safetensors", "documents.safetensors", "words.safetensors"
NULL = "null.safetensors"


class Parts(NamedTuple):
    """All that a paragraph encoder is made of; see there."""

    design: Design
    outputs: Table
    documents: Table
    words: Table | None
    null: Array | None
    tokenizer: TokenizerLike
    max_length: int | None
    infer_epochs: int
    alpha: float
    min_alpha: float
    provenance: dict[str, Any]


def write(parts: Parts, folder: str | os.PathLike[str]) -> None:
    """Write an encoder's folder; see `ParagraphEncoder.save`."""
    content: dict[str, Any] = {
        "design": asdict(parts.design),
        **tokenizer_file.facts(parts.tokenizer),
        "max_length": parts.max_length,
        "infer_epochs": parts.infer_epochs,
        "alpha": parts.alpha,
        "min_alpha": parts.min_alpha,
        "provenance": parts.provenance,
    }
    with written_folder(folder, KIND, content) as part:
        parts.outputs.save(part / OUTPUTS)
        parts.documents.save(part / DOCUMENTS)
        if parts.words is not None:
            parts.words.save(part / WORDS)
        if parts.null is not None:
            safetensors.write(part / NULL, {"null": parts.null})
        tokenizer_file.write(parts.tokenizer, part)
