"""The token <-> id map of one model."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import described, many_texts, shown
from inlay.core.counting import check_no_path, most_frequent
from inlay.core.elsewhere import OF_COUNTING, OF_TOKENS, OF_VOCABULARIES
from inlay.core.given import (
    checked_counts,
    listed_tokens,
    placed,
    row_or_none,
    special_ids,
    warn_of_padding,
    warn_of_texts,
)
from inlay.core.mapping import checked_mapping, tokens_by_id
from inlay.core.numericalizer import Numericalizer, decoded
from inlay.core.rows import Rows
from inlay.core.tokens import Tokens
from inlay.core.vocabulary_file import EXPECTED, SavedVocabulary, read, write
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    InlayError,
    UnknownTokenError,
)
from inlay.tokenizers import (
    DEFAULT,
    TokenizerLike,
    get_tokenizer,
    saved_tokenizer,
    settled,
    tokenizer_name,
)

DICT_LIMIT = 1_000_000  # tokens; a larger vocabulary is searched without a dict of 100 MB


class Vocabulary(Rows, Numericalizer):
    """An immutable map between tokens and ids `0 .. vocab_size - 1`, with its own pad and unk.

    Made of tokens in the order of their ids; `from_texts` counts the tokens of texts,
    `from_mapping` takes over another library's map.

    Attributes:
        tokens: All tokens in id order, pad and unk among them.
        pad_id: Id that fills up short texts, or None.
        unk_id: Id of any token that is not here, or None: then such a token is an error.
        counts: How often each token was seen, int64 `(vocab_size,)`, read-only, or None.
        tokenizer: How a text becomes tokens: a name or a callable; None if a file could not
            hold it.

    Examples:
        >>> vocab = Vocabulary(["good", "film"])
        >>> vocab.tokens.tolist()
        ['<pad>', '<unk>', 'good', 'film']
        >>> vocab.encode(["a good film", "good"])
        array([[1, 2, 3],
               [2, 0, 0]], dtype=int32)
    """

    _elsewhere = OF_VOCABULARIES

    @refuses_unknown(OF_TOKENS)
    def __init__(
        self,
        tokens: Iterable[str],
        *,
        pad: str | None = "<pad>",
        unk: str | None = "<unk>",
        pad_id: int = 0,
        unk_id: int = 1,
        counts: Sequence[int] | Array | None = None,
        tokenizer: TokenizerLike | None = None,
    ) -> None:
        """Number tokens in the order given, around the pad and unk ids.

        The defaults are Keras' (pad 0, unk 1); `pad_id=1, unk_id=0` is the custom of the
        PyTorch tutorials. With `pad=None, unk=None` ids are the positions in `tokens`, and a
        `Tokens` is shared, not copied.

        Args:
            tokens: Each once: a list, a numpy array of strings, a pandas Index. A special
                token among them stands once, at its own id.
            pad: The padding token. None: there is none.
            unk: The token that stands for unknown ones. None: there is none.
            pad_id: Where `pad` stands.
            unk_id: Where `unk` stands.
            counts: How often each of `tokens` was seen.
            tokenizer: How a text becomes tokens: a name such as `"lower"` or `"jieba"`, or
                a callable; see `inlay.tokenizers.get_tokenizer`. None: `"words"`.

        Raises:
            ArgumentError: A token comes twice, or pad and unk are the same.
            ArgumentTypeError: A string, a dict or a set instead of a list of tokens.
            IdError: A special id lies beyond the vocabulary.
        """
        tokenizer = DEFAULT if tokenizer is None else tokenizer
        get_tokenizer(tokenizer)
        given = listed_tokens(tokens)
        if counts is None:  # what was counted was split on purpose
            warn_of_texts(given)
            if pad is not None:
                warn_of_padding(given, pad, "Vocabulary(tokens")
        special = special_ids(pad, unk, pad_id, unk_id)
        if not special:
            store = Tokens.from_list(given).check_distinct()
            self._fill(store, None, None, counts, tokenizer)
            return
        rows = placed(given, special)
        if counts is not None:
            known = dict(zip(given, checked_counts(counts, len(given)).tolist(), strict=True))
            counts = [known.get(token, 0) for token in rows]
        self._fill(
            Tokens.from_list(rows).check_distinct(),
            None if pad is None else special[pad],
            None if unk is None else special[unk],
            counts,
            tokenizer,
        )

    @classmethod
    @refuses_unknown(OF_COUNTING)
    def from_texts(
        cls,
        texts: Iterable[Text],
        *,
        min_count: int = 1,
        max_size: int | None = None,
        pad: str | None = "<pad>",
        unk: str | None = "<unk>",
        pad_id: int = 0,
        unk_id: int = 1,
        tokenizer: TokenizerLike | None = None,
    ) -> Self:
        """Count the tokens of texts; the most frequent get the lowest ids.

        Equally frequent tokens come in the order of their code points, so that the same
        texts give the same ids in whatever order they are read.

        Args:
            texts: Texts, or lists of tokens. Read once; only the counts are held.
            min_count: Leave out tokens seen less often.
            max_size: Keep at most this many ids, pad and unk included.
            pad: The padding token. None: there is none.
            unk: The token that stands for unknown ones. None: there is none.
            pad_id: Where `pad` stands.
            unk_id: Where `unk` stands.
            tokenizer: How a text becomes tokens: a name such as `"lower"` or `"jieba"`, or
                a callable; see `inlay.tokenizers.get_tokenizer`. None: `"words"`.

        Raises:
            ArgumentError: `max_size` leaves no room beside pad and unk.
            ArgumentTypeError: One string instead of many texts, or something that is no text.

        Examples:
            >>> vocab = Vocabulary.from_texts(["a good film", "a bad film"])
            >>> vocab.tokens.tolist()
            ['<pad>', '<unk>', 'a', 'film', 'bad', 'good']
        """
        check_no_path(texts)
        tokenizer, texts = settled(tokenizer, many_texts("texts", texts))
        kept = most_frequent(
            texts,
            get_tokenizer(tokenizer),
            min_count=min_count,
            max_size=max_size,
            special=special_ids(pad, unk, pad_id, unk_id),
        )
        tokens = [token for token, _ in kept]
        if isinstance(tokenizer, str):  # none of which leaves several words together
            warn_of_texts(tokens, "strings, and not lists, if they are texts")
        return cls(
            tokens,
            pad=pad,
            unk=unk,
            pad_id=pad_id,
            unk_id=unk_id,
            counts=[n for _, n in kept],
            tokenizer=tokenizer,
        )

    @classmethod
    def from_mapping(
        cls,
        mapping: Mapping[str, int],
        *,
        pad: str | None = None,
        unk: str | None = None,
        tokenizer: TokenizerLike | None = None,
    ) -> Self:
        """Take over another library's map of token to id, ids unchanged.

        Keras' `tokenizer.word_index`, scikit-learn's `vectorizer.vocabulary_`, torchtext's
        `vocab.get_stoi()` and Hugging Face's `tokenizer.get_vocab()` are such maps.

        Args:
            mapping: Ids must be `0 .. len(mapping) - 1`, each once; or, with a `pad` that it does
                not have, `1 .. len(mapping)`, as in Keras, which pads with 0.
            pad: The token that is padding, if it has one. One that is not in the mapping gets
                the id 0 if that is free.
            unk: The token that stands for unknown ones, if it has one.
            tokenizer: How a text becomes tokens, as in `from_texts`.

        Raises:
            ArgumentError: Ids with holes or twice (a map of frequencies, for example).
            ArgumentTypeError: No mapping.
            UnknownTokenError: `pad` or `unk` is not in the mapping.

        Examples:
            >>> word_index = {"the": 1, "film": 2}
            >>> Vocabulary.from_mapping(word_index, pad="<pad>").tokens.tolist()
            ['<pad>', 'the', 'film']
        """
        ids = checked_mapping(mapping, pad, unk)
        pad_id, unk_id = (None if token is None else ids[token] for token in (pad, unk))
        tokens = Tokens.from_list(tokens_by_id(ids))
        tokenizer = DEFAULT if tokenizer is None else tokenizer
        return cls._of(tokens, pad_id=pad_id, unk_id=unk_id, tokenizer=tokenizer)

    @classmethod
    def _of(
        cls,
        tokens: Tokens,
        *,
        pad_id: int | None = None,
        unk_id: int | None = None,
        counts: Any = None,
        tokenizer: TokenizerLike | None = DEFAULT,
    ) -> Self:
        """A vocabulary of tokens that are distinct and hold their special ones already."""
        vocab = cls.__new__(cls)
        vocab._fill(tokens, pad_id, unk_id, counts, tokenizer)
        return vocab

    def _fill(
        self,
        tokens: Tokens,
        pad_id: int | None,
        unk_id: int | None,
        counts: Any,
        tokenizer: TokenizerLike | None,
    ) -> None:
        if isinstance(tokenizer, str | os.PathLike):
            tokenizer = tokenizer_name(tokenizer)  # which pins a file by its digest
        elif tokenizer is not None:
            get_tokenizer(tokenizer)
        pad_id = row_or_none("pad_id", pad_id, len(tokens))
        unk_id = row_or_none("unk_id", unk_id, len(tokens))
        if pad_id is not None and pad_id == unk_id:
            raise ArgumentError("pad_id and unk_id", expected="two ids", got=f"{pad_id} twice")
        if counts is not None:
            counts = checked_counts(counts, len(tokens))
        self._set(tokens=tokens, pad_id=pad_id, unk_id=unk_id, counts=counts, tokenizer=tokenizer)

    @property
    def pad(self) -> str | None:
        """The padding token, or None."""
        return None if self.pad_id is None else self.tokens[self.pad_id]

    @property
    def unk(self) -> str | None:
        """The token that stands for unknown ones, or None."""
        return None if self.unk_id is None else self.tokens[self.unk_id]

    def __getitem__(self, token: str) -> int:
        """The id of a token; `unk_id` for one that is not here.

        Raises:
            UnknownTokenError: The token is not here and there is no unk.
            ArgumentTypeError: Not a token; the token of an id is `vocab.tokens[id]`.
        """
        if not isinstance(token, str):
            raise ArgumentTypeError(
                "vocabulary[...]",
                expected="a token",
                got=described(token),
                hint="vocab.tokens[id] for a token by its id, vocab.encode for many",
            )
        return int(self._ids([token])[0])

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} tokens, pad_id={self.pad_id}, unk_id={self.unk_id})"

    def _find(self, tokens: Sequence[str]) -> Array:
        """The ids of tokens, int64 `(len(tokens),)`, -1 for those that are not here."""
        if len(self) > DICT_LIMIT:
            return self.tokens.find_many(tokens)
        get = self.tokens.as_dict.get
        return np.fromiter((get(token, -1) for token in tokens), np.int64, len(tokens))

    def _ids(self, tokens: Sequence[str]) -> Array:
        ids = self._find(tokens)
        missing = ids < 0
        if missing.any():
            if self.unk_id is None:
                raise UnknownTokenError(
                    "vocabulary",
                    expected="known tokens, for there is no unk token",
                    got=shown(tokens[int(missing.argmax())]),
                    hint="build the vocabulary with unk='<unk>'",
                )
            ids[missing] = self.unk_id
        return ids

    def decode(self, ids: Iterable[Any]) -> list[Any]:
        """Turn ids back into tokens, leaving padding out: a list a text.

        Args:
            ids: Integers `(tokens,)` for one text or `(batch, tokens)` for many, which may be
                lists of different lengths.

        Raises:
            IdError: An id below 0 or beyond the vocabulary.

        Examples:
            >>> vocab = Vocabulary(["good", "film"])
            >>> vocab.decode([[2, 3, 0]])
            [['good', 'film']]
        """
        return decoded(ids, self.tokens, self.pad_id)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write readable JSON. A tokenizer of your own is not in it: pass it to `load`."""
        write(self._saved(), path)

    def _saved(self) -> SavedVocabulary:
        tokenizer = None if self.tokenizer is None else tokenizer_name(self.tokenizer)
        counts = None if self.counts is None else self.counts.tolist()
        return SavedVocabulary(tokenizer, self.pad_id, self.unk_id, self.tokens.tolist(), counts)

    @classmethod
    def _of_saved(cls, saved: SavedVocabulary, tokenizer: TokenizerLike | None, hint: str) -> Self:
        """Make what a file held; `hint` says how to pass a tokenizer that it could not hold."""
        if tokenizer is None:
            tokenizer = saved_tokenizer(saved.tokenizer, hint=hint)
        return cls._of(
            Tokens.from_list(saved.tokens).check_distinct(),
            pad_id=saved.pad_id,
            unk_id=saved.unk_id,
            counts=saved.counts,
            tokenizer=tokenizer,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, tokenizer: TokenizerLike | None = None) -> Self:
        """Read what `save` wrote.

        Args:
            path: The file.
            tokenizer: Another than the one in the file, or the one that it could not hold. A
                `"module:function"` that stands in the file is not imported by itself: without
                it all works but texts.

        Raises:
            FormatError: The file is something else or damaged.
            MissingFileError: There is no such file.
        """
        if tokenizer is not None:
            get_tokenizer(tokenizer)
        saved = read(path)
        try:
            return cls._of_saved(saved, tokenizer, "Vocabulary.load(path, tokenizer=...)")
        except InlayError as error:
            got = str(error).rstrip(".")
            raise FormatError(str(path), expected=EXPECTED, got=got) from error
