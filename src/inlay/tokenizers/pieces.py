"""Subword pieces by a file: a `tokenizer.json` of Hugging Face, or a SentencePiece model.

The name of such a tokenizer is the path with the file's SHA-256, `tokenizer.json#sha256=...`, so
that whatever was saved with it notices when another file stands there.
"""

import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, islice, pairwise
from pathlib import Path
from typing import Any

from inlay.bytes.content import open_content
from inlay.errors import FormatError, MissingFileError
from inlay.optional import require
from inlay.tokenizers.protocol import Named

SUFFIXES = (".json", ".model")
EXPECTED = "a tokenizer.json of Hugging Face or a SentencePiece model"
MARK = "#sha256="
BATCH = 1024  # texts that are split at a time, by threads of the library
TOGETHER = 64  # of them as one, in half the time, where they are words rather than texts:
SHORT = 16  # of fewer characters than this


@dataclass(frozen=True)
class Pieces(Named):
    """The pieces of a text as a file says, as they stand in its vocabulary; no special tokens.

    It travels to another process as path and digest.
    """

    path: str
    sha256: str

    @classmethod
    def of(cls, name: str | os.PathLike[str]) -> "Pieces":
        """Open a file, or the folder of a `tokenizer.json`; the digest may be part of the name.

        Raises:
            MissingFileError: There is no such file.
            FormatError: It is something else, or not the file of this digest.
            MissingPackageError: The library that reads it is not installed.
        """
        path, _, expected = os.fspath(name).partition(MARK)
        if Path(path).is_dir():
            path = str(Path(path, "tokenizer.json"))
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            raise MissingFileError(
                path,
                expected="the file of a tokenizer (tokenizer.json or a SentencePiece .model)",
                got="nothing there",
                hint="tokenizer= with the path where it is now",
            ) from None
        sha256 = _digest(path, found.st_mtime_ns, found.st_size)
        if expected not in ("", sha256):
            raise FormatError(
                path,
                expected=f"the tokenizer of SHA-256 {expected[:12]}..., as it was saved",
                got=f"another file, of {sha256[:12]}...",
                hint="tokenizer= with the path of the right one",
            )
        _opened(path, found.st_mtime_ns, found.st_size)
        return cls(path, sha256)

    @property
    def name(self) -> str:  # type: ignore[override]  # not to be set
        """The path and the digest."""
        return f"{self.path}{MARK}{self.sha256}"

    @property
    def splits_at_spaces(self) -> bool:
        """Whether it never looks across a space: so it is with the tokenizers of BERT."""
        found: bool = self._library().splits_at_spaces
        return found

    def _batch(self, texts: Iterable[str]) -> Iterator[list[str]]:
        texts = iter(texts)
        while some := list(islice(texts, BATCH)):
            try:
                found = self._library().many(some)
            except TypeError:
                _check_whole(some)
                raise
            yield from found

    def _split(self, text: str) -> list[str]:
        try:
            tokens: list[str] = self._library().one(text)
        except TypeError:
            _check_whole([text])
            raise
        return tokens

    def _library(self) -> Any:
        found = os.stat(self.path)
        if _digest(self.path, found.st_mtime_ns, found.st_size) != self.sha256:
            self.of(self.name)  # which raises
        return _opened(self.path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _digest(path: str, changed: int, size: int) -> str:
    import hashlib

    return hashlib.sha256(_bytes(path)).hexdigest()


@lru_cache(maxsize=8)
def _opened(path: str, changed: int, size: int) -> Any:
    """The library's object of a file, as long as that stays as it is."""
    data = _bytes(path)
    return (_HuggingFace if data.lstrip()[:1] == b"{" else _SentencePiece)(path, data)


def _bytes(path: str) -> bytes:
    what = "a tokenizer.json or a SentencePiece model"
    return open_content(path, what=what, choosable=False).array().tobytes()


# What is done to characters one by one, or within a word; and what splits at white space first.
_NORMALISERS = {"BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "StripAccents"}
_SPLITTERS = {"BertPreTokenizer", "Whitespace", "WhitespaceSplit"}


def splits_at_spaces(data: bytes) -> bool:
    """Whether a `tokenizer.json` never looks across a space, as far as we know its parts."""
    content: Any = json.loads(data)
    normalisers = _steps(content.get("normalizer"), "normalizers")
    splitters = _steps(content.get("pre_tokenizer"), "pretokenizers")
    return (
        all(step in _NORMALISERS for step in normalisers)
        and splitters[:1] != []
        and splitters[0] in _SPLITTERS
        and not any(" " in str(added["content"]) for added in content.get("added_tokens") or ())
    )


def _steps(part: Any, inside: str) -> list[str]:
    """The types of the steps of which a part consists."""
    if part is None:
        return []
    if part["type"] == "Sequence":
        return [name for step in part[inside] for name in _steps(step, inside)]
    return [str(part["type"])]


class _HuggingFace:
    """A `tokenizer.json`, without the padding and truncation that it may ask for."""

    def __init__(self, path: str, data: bytes) -> None:
        library = require("tokenizers", extra="tokenizers", need="reading a tokenizer.json")
        try:
            self.inner = library.Tokenizer.from_buffer(data)
        except Exception as error:  # its only class of errors
            raise _no_tokenizer(path, error) from error
        self.path = path
        self.inner.no_padding()
        self.inner.no_truncation()
        self.splits_at_spaces = splits_at_spaces(data)

    def one(self, text: str) -> list[str]:
        return list(self._batch([text])[0].tokens)

    def many(self, texts: list[str]) -> list[list[str]]:
        if self.splits_at_spaces and sum(map(len, texts)) < SHORT * len(texts):
            groups = [texts[i : i + TOGETHER] for i in range(0, len(texts), TOGETHER)]
            joined = self._batch(list(map(" ".join, groups)))
            return list(chain.from_iterable(map(_apart, joined, groups)))
        return [text.tokens for text in self._batch(texts)]

    def _batch(self, texts: list[str]) -> list[Any]:
        try:
            return list(self.inner.encode_batch(texts, add_special_tokens=False))
        except (TypeError, UnicodeError):  # of a text, of which the caller says it
            raise
        except Exception as error:  # its only class of errors: the unknown piece is none of all
            raise _no_tokenizer(self.path, error) from error


def _check_whole(texts: Iterable[str]) -> None:
    """Raise what the library should of half a surrogate pair, of which it says TypeError."""
    for text in texts:
        text.encode()


def _apart(found: Any, texts: list[str]) -> list[list[str]]:
    """The tokens of each of some texts that were split as one, with a space between them."""
    tokens, starts = found.tokens, [start for start, _ in found.offsets]
    ends = accumulate(len(text) + 1 for text in texts)
    cuts = [0, *(bisect_left(starts, end) for end in ends)]
    return [tokens[begin:end] for begin, end in pairwise(cuts)]


class _SentencePiece:
    """A SentencePiece model; a piece that begins a word begins with its mark for a space."""

    splits_at_spaces = False  # what stands before a piece is part of it

    def __init__(self, path: str, data: bytes) -> None:
        self.inner = opened_model(path, data, expected=EXPECTED)

    def one(self, text: str) -> list[str]:
        return list(self.inner.encode(text, out_type=str))

    def many(self, texts: list[str]) -> list[list[str]]:
        return list(self.inner.encode(texts, out_type=str))


def opened_model(where: str, model: bytes, *, expected: str, extra: str = "sentencepiece") -> Any:
    """The library's processor of a SentencePiece model.

    Args:
        where: Its file, for the message.
        model: The file's content.
        expected: What it should be, for the message.
        extra: That which has the library.

    Raises:
        FormatError: It is none.
        MissingPackageError: sentencepiece is not installed.
    """
    library = require("sentencepiece", extra=extra, need="reading a SentencePiece model")
    try:
        if not model:
            raise ValueError("an empty file")  # noqa: TRY301  # the library takes it for none
        return library.SentencePieceProcessor(model_proto=model)
    except Exception as error:  # RuntimeError and others, by what is wrong
        raise _damaged(where, expected, error) from error


def _no_tokenizer(path: str, error: Exception) -> FormatError:
    return _damaged(path, EXPECTED, error)


def _damaged(where: str, expected: str, error: Exception) -> FormatError:
    return FormatError(where, expected=expected, got=f"{error}".strip()[:200] or repr(error))
