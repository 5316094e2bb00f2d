"""Texts to ids of pieces, by the model's own tokenizer, and pieces back to words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.encode.transformer.files import read_settings
from inlay.errors import FormatError, MissingFileError
from inlay.optional import require

TOKENIZER, VOCABULARY, SETTINGS = "tokenizer.json", "vocab.txt", "tokenizer_config.json"
# Of which the `transformers` library makes one; without any, it makes one without pieces.
VOCABULARIES = (
    *(VOCABULARY, "vocab.json", "merges.txt", "bpe.codes"),
    *("spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "spm.model", "source.spm"),
)
NEED = "the pieces of a transformer"


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of one text, without the special ones around it.

    Attributes:
        ids: int32 `(n,)`.
        words: int64 `(n,)`: the number of the word that each piece is of, never falling; -1 for a
            piece of none. Empty where words were not asked for.
        tokens: The words.
    """

    ids: Array
    words: Array
    tokens: list[str]


class PieceTokenizer:
    """A tokenizer of the `tokenizers` library, without its own cutting and padding.

    Args:
        content: What its `tokenizer.json` holds, or would hold.
        where: What to call it in messages.
        lower: Whether to lower all letters first, as some files of sentence-transformers want.

    Attributes:
        before: int32: ids of special pieces in front of a text.
        after: int32: ids of those behind it.
    """

    def __init__(self, content: str, where: str, *, lower: bool = False) -> None:
        self._content, self._where, self._lower = content, where, lower
        marked = self._tokenizer.encode("a", add_special_tokens=True)
        own = [i for i, special in enumerate(marked.special_tokens_mask) if not special]
        if not own:
            got = f"{self.size:,} pieces, and none for 'a'"
            raise FormatError(where, expected="a tokenizer with pieces for words", got=got)
        before, after = marked.ids[: own[0]], marked.ids[own[-1] + 1 :]
        self.before, self.after = np.array(before, np.int32), np.array(after, np.int32)

    @property
    def size(self) -> int:
        """Pieces that it knows, those that were added to it among them."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_tokenizer"}

    @cached_property
    def _tokenizer(self) -> Any:
        library = require("tokenizers", extra="transformers", need=NEED)
        try:
            tokenizer = library.Tokenizer.from_str(self._content)
        except Exception as error:  # the library raises nothing narrower
            got = f"{error!s:.200}"
            hint = "download it again; or a newer `tokenizers`"
            raise FormatError(
                self._where, expected="a tokenizer that `tokenizers` reads", got=got, hint=hint
            ) from error
        if self._lower:
            known, own = library.normalizers, tokenizer.normalizer
            steps = [known.Lowercase()] if own is None else [known.Lowercase(), own]
            tokenizer.normalizer = known.Sequence(steps)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def unknown(self, words: Sequence[str]) -> list[bool]:
        """Of which words a part is a piece that stands for all that the model does not know."""
        model = json.loads(self._content)["model"]
        unk_id = model.get("unk_id")
        if unk_id is None and model.get("unk_token"):
            unk_id = self._tokenizer.token_to_id(model["unk_token"])
        found = self._tokenizer.encode_batch_fast(list(words), add_special_tokens=False)
        return [unk_id in one.ids for one in found]

    def ids(self, texts: Sequence[str | list[str]], prompt: str = "") -> list[Array]:
        """The ids of each text's pieces: int32 `(n,)`, without the special ones around it.

        Args:
            texts: Strings, or lists of words.
            prompt: What stands in front of each.
        """
        strings = _strings(texts, prompt)
        found = self._tokenizer.encode_batch_fast(strings, add_special_tokens=False)
        return [np.array(one.ids, np.int32) for one in found]

    def pieces(self, texts: Sequence[str | list[str]], prompt: str = "") -> list[Pieces]:
        """The pieces of each text and the words that they are of.

        Of a string these are the words of the tokenizer; a list of words, without those that are
        empty, is joined by spaces, so that its pieces are those of that string. Pieces of the
        prompt are of no word.

        Args:
            texts: Strings, or lists of words.
            prompt: What stands in front of each.
        """
        strings, skip = _strings(texts, prompt), len(prompt)
        found = self._tokenizer.encode_batch(strings, add_special_tokens=False)
        return [
            _of_string(string, one, skip) if isinstance(text, str) else _of_tokens(text, one, skip)
            for text, string, one in zip(texts, strings, found, strict=True)
        ]


def _strings(texts: Sequence[str | list[str]], prompt: str) -> list[str]:
    """Each text as one string, a lone surrogate, for which UTF-8 has no bytes, as a "?"."""
    joined = [
        prompt + (text if isinstance(text, str) else " ".join(filter(str.strip, text)))
        for text in texts
    ]
    return [text.encode("utf-8", "replace").decode("utf-8") for text in joined]


def _of_string(text: str, found: Any, skip: int) -> Pieces:
    """Words as the tokenizer cuts them, each from its first letter to its last."""
    ends = [end for _, end in found.offsets]
    numbers = [
        -1 if word is None or end <= skip else word
        for word, end in zip(found.word_ids, ends, strict=True)
    ]
    spans: dict[int, tuple[int, int]] = {}
    for word, (begin, end) in zip(numbers, found.offsets, strict=True):
        if word >= 0:
            low, high = spans.get(word, (begin, end))
            spans[word] = min(low, begin), max(high, end)
    cut = {word: text[slice(*spans[word])].strip() for word in sorted(spans)}
    tokens = {word: token for word, token in cut.items() if token}  # and no space alone
    place = {word: i for i, word in enumerate(tokens)}
    words = np.array([place.get(word, -1) for word in numbers], np.int64)
    return Pieces(np.array(found.ids, np.int32), words, list(tokens.values()))


def _of_tokens(tokens: list[str], found: Any, skip: int) -> Pieces:
    """The user's words: a piece is of the one that its last letter stands in."""
    real = [i for i, token in enumerate(tokens) if token.strip()]
    ends = np.cumsum([len(tokens[i]) + 1 for i in real]) - 1 + skip  # a space behind each
    last = np.array([end for _, end in found.offsets], np.int64) - 1
    place = np.searchsorted(ends, last, side="right")
    words = np.array([*real, -1], np.int64)[np.minimum(place, len(real))]
    words[last < skip] = -1
    return Pieces(np.array(found.ids, np.int32), words, list(tokens))


def read_tokenizer(
    folder: Path, config: Mapping[str, Any], *, lower: bool = False
) -> PieceTokenizer:
    """The tokenizer of a folder: `tokenizer.json`, or BERT's from `vocab.txt`.

    What has neither is left to the `transformers` library, as far as that knows it without
    running code of the folder.

    Args:
        folder: Where it is.
        config: The model's `config.json`.
        lower: As of `PieceTokenizer`.

    Raises:
        MissingFileError: There is none.
        FormatError: It is damaged.
        MissingPackageError: A library is not installed.
    """
    file = folder / TOKENIZER
    if file.is_file():
        return PieceTokenizer(_text(file), str(file), lower=lower)
    if (folder / VOCABULARY).is_file() and config.get("model_type") in ("bert", "distilbert"):
        return PieceTokenizer(_bert(folder), str(folder / VOCABULARY), lower=lower)
    if not any((folder / name).is_file() for name in VOCABULARIES):
        got = f"neither {TOKENIZER} nor {VOCABULARY}"
        raise MissingFileError(str(folder), expected="a tokenizer beside the weights", got=got)
    return PieceTokenizer(_by_transformers(folder), str(folder), lower=lower)


def _text(file: Path) -> str:
    with damage_reported(str(file), expected="text in UTF-8"):
        return file.read_text(encoding="utf-8")


def tokenizer_settings(folder: Path) -> dict[str, Any]:
    """What `tokenizer_config.json` says, if it is there."""
    return read_settings(folder / SETTINGS) if (folder / SETTINGS).is_file() else {}


def _bert(folder: Path) -> str:
    """BERT's WordPiece over the lines of `vocab.txt`."""
    library = require("tokenizers", extra="transformers", need=NEED)
    settings = tokenizer_settings(folder)
    lines = _text(folder / VOCABULARY).split("\n")
    vocabulary = {line.rstrip("\r"): i for i, line in enumerate(lines) if line.strip()}
    special = {
        name: str(settings.get(f"{name}_token", f"[{name.upper()}]"))
        for name in ("unk", "cls", "sep", "pad", "mask")
    }
    missing = [special[name] for name in ("unk", "cls", "sep") if special[name] not in vocabulary]
    if missing:
        where = str(folder / VOCABULARY)
        got = f"{len(vocabulary)} lines without {missing[0]}"
        raise FormatError(where, expected="BERT's vocabulary, a piece in each line", got=got)
    tokenizer = library.Tokenizer(
        library.models.WordPiece(vocabulary, unk_token=special["unk"], max_input_chars_per_word=100)
    )
    tokenizer.normalizer = library.normalizers.BertNormalizer(
        handle_chinese_chars=bool(settings.get("tokenize_chinese_chars", True)),
        strip_accents=settings.get("strip_accents"),
        lowercase=bool(settings.get("do_lower_case", True)),
    )
    tokenizer.pre_tokenizer = library.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = library.processors.BertProcessing(
        (special["sep"], vocabulary[special["sep"]]), (special["cls"], vocabulary[special["cls"]])
    )
    tokenizer.add_special_tokens([name for name in special.values() if name in vocabulary])
    return str(tokenizer.to_str())


def _by_transformers(folder: Path) -> str:
    """The tokenizer that the `transformers` library makes of other files."""
    library = require("transformers", extra="transformers", need=NEED)
    expected = f"{TOKENIZER}, or files of which `transformers` makes a tokenizer"
    try:
        tokenizer = library.AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False, use_fast=True
        )
        return str(tokenizer.backend_tokenizer.to_str())
    except Exception as error:  # whatever it raises over the years
        got = f"{type(error).__name__}: {error!s:.200}"
        raise FormatError(str(folder), expected=expected, got=got) from error
