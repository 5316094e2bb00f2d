"""A file of encoded texts: one `.safetensors` that any tool can read.

    vectors  F32 or F16 [n, layers, dim]       pooled: a row for each text
             F32 or F16 [tokens, layers, dim]  else: a row for each token, text after text
    offsets  I64 [n + 1]                       not pooled only: where each text's rows begin

The metadata are strings: `format` ("inlay-features"), `version` ("1"), `settings` (JSON: the
encoder, the layers' names, how texts were cut and pooled) and `texts` (a digest of them all).
The header's length depends on the settings alone, so rows are written before they are counted.
"""

import hashlib
import json
import operator
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import open_content
from inlay.checks import described
from inlay.containers.protocol import wrong
from inlay.containers.safetensors import make_header, read_header, tensor_array
from inlay.errors import FormatError, IdError
from inlay.jobs.journal import Job, Journal

MARK, VERSION = "inlay-features", "1"
STORED: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "float16": np.dtype("<f2")}
ROOM = 128  # bytes: five numbers of a header, each of up to 19 digits


@dataclass(frozen=True)
class Features:
    """Encoded texts, mapped from their file: only what is looked at is read.

    Attributes:
        vectors: As stored, `(n, layers, dim)`, or `(tokens, layers, dim)` if not pooled.
        offsets: int64 `(n + 1,)`: text i has the rows `offsets[i]` to `offsets[i + 1]`. None
            if pooled.
        layers: Their names: numbers as the encoder counts them, or "mix".
        settings: What the vectors depend on: the encoder (its hash, tokenizer, engine, ...),
            `layers`, `mix`, `pool`, `max_length`, `dtype` and `block`.
        texts: Digest of the texts.
    """

    vectors: Array
    offsets: Array | None
    layers: tuple[str, ...]
    settings: dict[str, Any]
    texts: str

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Map a file of features; nothing is read but its header.

        Writing to the arrays never reaches the file.

        Raises:
            FormatError: Not a file of features, or a damaged one.
            MissingFileError: There is no such file.
        """
        source = open_content(path, what="a file of features", choosable=False)
        data, name = source.array().view(np.ndarray), source.name
        header = read_header(data, name)
        mark = header.metadata.get("format"), header.metadata.get("version")
        if mark != (MARK, VERSION):
            raise FormatError(
                name, expected=f"{MARK} of version {VERSION}", got=f"{mark[0]} of {mark[1]}"
            )
        settings, offsets = _settings(header.metadata, name), None
        vectors = tensor_array(data, header, "vectors", name)
        if vectors.ndim != 3 or vectors.shape[1] != len(settings["layers"]):
            raise wrong(name, f"layers {settings['layers']}", f"shape {vectors.shape}")
        if settings["pool"] is None:
            offsets = tensor_array(data, header, "offsets", name)
            if offsets.ndim != 1 or offsets[:1] != 0 or offsets[-1] != len(vectors):
                raise wrong(name, f"offsets from 0 to {len(vectors)}", f"{offsets.shape}")
        texts = header.metadata.get("texts", "")
        return cls(vectors, offsets, tuple(settings["layers"]), settings, texts)

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.vectors.shape[2])

    def __len__(self) -> int:
        return len(self.vectors) if self.offsets is None else self.offsets.size - 1

    def text(self, i: int) -> Array:
        """The vectors of text i, not copied: `(layers, dim)` or `(layers, tokens, dim)`.

        Raises:
            IdError: There is no such text.
        """
        n = len(self)
        if isinstance(i, bool) or not hasattr(i, "__index__") or not -n <= operator.index(i) < n:
            raise IdError(
                "text", expected=f"a whole number below {n}", got=described(i), hint=".vectors[...]"
            )
        i %= n
        if self.offsets is None:
            found: Array = self.vectors[i]
        else:
            found = self.vectors[self.offsets[i] : self.offsets[i + 1]].transpose(1, 0, 2)
        return found

    __getitem__ = text


def features_job(target: Path, settings: dict[str, Any], *, overwrite: bool) -> Job:
    """The job that writes features, for `inlay.jobs.journal`."""
    return Job(target, settings, _header_size(settings), "texts", overwrite)


def finish(journal: Journal, settings: dict[str, Any]) -> None:
    """Turn the rows of a journal, whose blocks are blocks of texts, into a file of features."""
    ragged = settings["pool"] is None
    n = rows = 0

    def offsets() -> Iterator[bytes]:
        nonlocal n, rows
        if ragged:
            yield bytes(8)
        for block in journal.blocks():
            if ragged:
                yield (rows + np.cumsum(block.counts)).astype("<i8").tobytes()
            n, rows = n + len(block.counts), rows + sum(block.counts)

    def header() -> bytes:
        texts = digest_of_all(block.key for block in journal.done)
        head, size = _header(settings, rows, n, texts), _header_size(settings)
        return (size - 8).to_bytes(8, "little") + head[8:].ljust(size - 8)

    journal.finish(offsets(), header)


def _header_size(settings: dict[str, Any]) -> int:
    """Bytes before the rows, however many there will be: a multiple of 64."""
    return len(_header(settings, 0, 0, "0" * 64)) + ROOM


def _header(settings: dict[str, Any], rows: int, n: int, texts: str) -> bytes:
    shape = (rows, len(settings["layers"]), settings["encoder"]["dim"])
    # Arrays of one number, seen as often as need be: a header asks for their sizes only.
    arrays = {"vectors": np.broadcast_to(np.zeros((), STORED[settings["dtype"]]), shape)}
    if settings["pool"] is None:
        arrays["offsets"] = np.broadcast_to(np.zeros((), "<i8"), n + 1)
    text = json.dumps(settings, ensure_ascii=False)
    return make_header(
        arrays, {"format": MARK, "version": VERSION, "settings": text, "texts": texts}
    )


def digest(texts: list[Any]) -> str:
    """SHA-256 of a block of texts, which are strings or lists of tokens."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def digest_of_all(blocks: Iterable[str]) -> str:
    """SHA-256 of the digests of all blocks."""
    return hashlib.sha256("".join(blocks).encode()).hexdigest()


def _settings(metadata: dict[str, str], name: str) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads(metadata["settings"])
        layers, _ = settings["layers"], settings["pool"]
        if isinstance(layers, list) and all(isinstance(layer, str) for layer in layers):
            return settings
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise wrong(name, "settings in JSON", f"{type(error).__name__}: {error}") from error
    raise wrong(name, "names of layers", f"{layers!r:.60}")
