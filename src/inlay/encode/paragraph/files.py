"""A paragraph encoder out of the folder that `saving` wrote."""

from pathlib import Path

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.containers import safetensors
from inlay.core import Table
from inlay.encode import tokenizer_file
from inlay.encode.folder import read_folder
from inlay.encode.paragraph.network import Design
from inlay.encode.paragraph.saving import DOCUMENTS, KIND, NULL, OUTPUTS, WORDS, Parts
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.formats import load
from inlay.tokenizers import TokenizerLike

EXPECTED, HINT = "a paragraph encoder, saved by inlay", "load_encoder(folder, tokenizer=...)"


def read(folder: Path, *, tokenizer: TokenizerLike | None, verify: bool) -> Parts:
    """Read what `write` wrote; the numbers among the settings are not checked.

    Args:
        folder: Where it is.
        tokenizer: Another one than that of the folder, or None.
        verify: Whether digests are compared.

    Raises:
        FormatError: Something is missing or damaged.
    """
    content = read_folder(folder, KIND)
    with damage_reported(str(folder), expected=EXPECTED, hint="save it again"):
        try:
            design = Design(**content["design"])
        except (ArgumentError, TypeError) as error:
            raise damaged(folder, str(error)) from error
        outputs = _table(folder / OUTPUTS, design.slots * design.vector_size, verify)
        if outputs.counts is None or not (outputs.counts > 0).all():
            raise _wrong(folder / OUTPUTS, "counts of all words", "none, or some that are 0")
        words = None
        if design.reads_words or design.words:
            words = _table(folder / WORDS, design.vector_size, verify)
            if not np.array_equal(words.tokens, outputs.tokens):
                raise _wrong(folder / WORDS, f"the words of {OUTPUTS}", "others")
        return Parts(
            design=design,
            outputs=outputs,
            documents=_table(folder / DOCUMENTS, design.vector_size, verify),
            words=words,
            null=_null(folder / NULL, design.vector_size) if design.concatenate else None,
            tokenizer=tokenizer_file.read(folder, content, tokenizer, hint=HINT),
            max_length=content["max_length"],
            infer_epochs=content["infer_epochs"],
            alpha=content["alpha"],
            min_alpha=content["min_alpha"],
            provenance=dict(content["provenance"]),
        )


def damaged(folder: Path, got: str) -> InlayError:
    """The error of settings that cannot be."""
    return _wrong(folder, "settings of a paragraph encoder", got)


def _table(path: Path, dim: int, verify: bool) -> Table:
    table = load(path, verify=verify)
    if table.dim != dim:
        raise _wrong(path, f"vectors of {dim} numbers", f"{table.dim}")
    return table


def _null(path: Path, dim: int) -> Array:
    array: Array = safetensors.Safetensors.open(path)["null"][...]
    if array.shape != (dim,) or array.dtype != np.float32:
        raise _wrong(path, f"null: float32 ({dim},)", f"{array.dtype} {array.shape}")
    return np.ascontiguousarray(array)


def _wrong(where: Path, expected: str, got: str) -> InlayError:
    return FormatError(str(where), expected=expected, got=got, hint="save it again")
