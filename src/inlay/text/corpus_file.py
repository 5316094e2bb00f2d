"""A numbered corpus in a folder: made once, then read without reading the text.

It is one `.safetensors` file: `ids` first, as they are numbered in place, then `counts` and the
tokens as in a table; the metadata say what it was made from, and its fingerprint. Whoever opens
it takes the fingerprint of what is there, so that no byte of it is believed unseen.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import kind_of
from inlay.bytes.writing import atomic_path
from inlay.checks import warn
from inlay.containers.protocol import mapped_bytes
from inlay.containers.safetensors import Safetensors, make_header, read_header
from inlay.core.tokens import Tokens, pack
from inlay.errors import ArgumentError, FormatError
from inlay.jobs.same import check_same
from inlay.text.numbered import Corpus
from inlay.text.space import write_whole

NAME = "corpus.safetensors"
START = 4096  # where the numbers begin, behind a header of whatever size
ENDS = 1 << 16  # bytes of each file's beginning and end that a digest is taken of
KIND = "inlay corpus"
ANEW = "another folder, or remove this file so that the text is numbered anew"


class Numbered(NamedTuple):
    """What was written as numbers.

    Attributes:
        size: How many numbers, sentence ends included.
        tokens: The vocabulary.
        counts: How often each was read.
        words: How many words were read.
        tokenizer: The name of what made them.
    """

    size: int
    tokens: list[str]
    counts: Array
    words: int
    tokenizer: str | None


def digest_of_files(files: Iterable[Path]) -> dict[str, Any] | None:
    """What tells whether files are the same without reading them whole; None: a pipe is among them.

    It is taken of each one's size, the time of its last change, and the first and last 64 KiB.
    """
    digest, n, size = hashlib.sha256(), 0, 0
    for path in files:
        if kind_of(path) != stat.S_IFREG:
            return None
        with path.open("rb") as file:
            about = os.stat(file.fileno())
            ends = file.read(ENDS)
            if about.st_size > ENDS:
                file.seek(max(ENDS, about.st_size - ENDS))
                ends += file.read(ENDS)
        said = [about.st_size, about.st_mtime_ns, hashlib.sha256(ends).hexdigest()]
        digest.update(json.dumps(said).encode())
        n, size = n + 1, size + about.st_size
    return {"files": n, "bytes": size, "digest": digest.hexdigest()}


def read_corpus(path: Path, about: Mapping[str, Any]) -> Corpus | None:
    """The corpus of a file, if it is whole and of this text; None: it is to be made.

    Args:
        path: The file.
        about: The `"settings"` it is to be made with, and the `"text"`, a digest of the files it
            is made from; None for texts that nobody can look at without reading them: those are
            numbered again.

    Raises:
        ArgumentError: It was made with other settings, or is no corpus.
    """
    if not path.exists():
        return None
    found = _metadata(path)
    check_same(path, found["settings"], about["settings"], hint=ANEW)
    if about["text"] is None:
        return None
    if found["text"] != json.loads(json.dumps(about["text"])):
        warn(f"{path}: the text has changed since it was numbered, and is numbered again.")
        return None
    try:
        corpus = _mapped(path)
        whole = corpus.fingerprint == found["fingerprint"]
    except (FormatError, KeyError, UnicodeDecodeError, ValueError, TypeError):
        whole = False
    if not whole:
        warn(f"{path}: the numbered corpus is damaged or cut off, and the text is numbered again.")
        return None
    return corpus


def write_corpus(
    path: Path, about: Mapping[str, Any], number: Callable[[IO[bytes]], Numbered]
) -> Corpus:
    """Make the corpus of a file, whole or not at all.

    Args:
        path: The file.
        about: As for `read_corpus`.
        number: Writes the numbers from `START` on.
    """
    with atomic_path(path) as part:
        with part.open("w+b", buffering=0) as file:
            made = number(file)
            blob, offsets = pack(made.tokens, errors="surrogatepass")
            ids = np.dtype("<i4").itemsize * made.size
            file.truncate(START + ids)
            file.seek(START + ids)
            arrays = {"counts": made.counts, "offsets": offsets, "blob": blob}
            for array in arrays.values():
                write_whole(file, array.astype(array.dtype.newbyteorder("<"), copy=False))
        numbers = np.memmap(part, "<i4", "r", START, (made.size,))
        corpus = Corpus(numbers, made.tokens, made.counts, made.words, made.tokenizer)
        fingerprint = corpus.fingerprint
        said = {**about, "words": made.words, "tokenizer": made.tokenizer}
        said["fingerprint"] = fingerprint
        metadata = {"kind": KIND, "about": json.dumps(said)}
        header = make_header({"ids": numbers, **arrays}, metadata)[8:].rstrip()
        del numbers, corpus  # before it is renamed, which Windows would refuse
        with part.open("r+b") as file:
            file.write((START - 8).to_bytes(8, "little") + header.ljust(START - 8))
    corpus = _mapped(path)
    corpus.__dict__["fingerprint"] = fingerprint
    return corpus


def _metadata(path: Path) -> dict[str, Any]:
    """What a file says that it is of."""
    try:
        metadata = read_header(mapped_bytes(path), str(path), alone=True).metadata
        if metadata["kind"] == KIND:
            about: dict[str, Any] = {**json.loads(metadata["about"])}
            if about.keys() >= {"settings", "text", "fingerprint", "words", "tokenizer"}:
                return about
    except (FormatError, KeyError, ValueError, TypeError):
        pass
    raise ArgumentError(
        str(path),
        expected="nothing there, or a corpus that was numbered",
        got="another file, or the beginning of one damaged",
        hint=ANEW,
    )


def _mapped(path: Path) -> Corpus:
    about = _metadata(path)
    file = Safetensors.open(path)
    ids, counts, offsets, blob = (file[name][:] for name in ("ids", "counts", "offsets", "blob"))
    Tokens(blob, offsets, name=str(path)).check()
    raw = blob.tobytes()
    tokens = [raw[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(offsets.tolist())]
    every = about["settings"]["every_text"]
    return Corpus(ids, tokens, np.array(counts), about["words"], about["tokenizer"], every)
