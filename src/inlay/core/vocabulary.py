"""The token <-> id map of one model."""

import json
import os
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.writing import atomic_path
from inlay.core.encoding import TextEncoder, check_texts, tokens_of
from inlay.core.tokenizer import Tokenizer, get_tokenizer, tokenizer_name
from inlay.core.tokens import Tokens, refuse_one_string
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    IdError,
    MissingFileError,
    UnknownTokenError,
)

FORMAT = "inlay-vocabulary"
DICT_LIMIT = 1_000_000  # tokens; a larger vocabulary is searched without a dict of 100 MB


class Vocabulary(TextEncoder):
    """An immutable map between tokens and ids `0 .. vocab_size - 1`, with its own pad and unk.

    Build one with `from_texts`, `from_tokens` or `from_mapping`.

    Attributes:
        tokens: All tokens in id order, pad and unk among them.
        pad_id: Id that fills up short texts, or None.
        unk_id: Id of any token that is not here, or None: then such a token is an error.
        counts: How often each token was seen, int64 `(vocab_size,)`, or None.

    Example:
        >>> vocab = Vocabulary.from_texts(["a good film", "a bad film"])
        >>> vocab.tokens.tolist()
        ['<pad>', '<unk>', 'a', 'film', 'bad', 'good']
        >>> vocab.encode(["a good movie", "bad"])
        array([[2, 5, 1],
               [4, 0, 0]], dtype=int32)
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        pad_id: int | None = None,
        unk_id: int | None = None,
        counts: Sequence[int] | Array | None = None,
        tokenizer: str | Tokenizer | None = "words",
    ) -> None:
        if tokenizer is not None:
            get_tokenizer(tokenizer)
        check_row("pad_id", pad_id, len(tokens))
        check_row("unk_id", unk_id, len(tokens))
        if pad_id is not None and pad_id == unk_id:
            raise ArgumentError("pad_id and unk_id", expected="two ids", got=f"{pad_id} twice")
        self.tokens, self.pad_id, self.unk_id = tokens, pad_id, unk_id
        self.counts = None if counts is None else checked_counts(counts, len(tokens))
        self.tokenizer = tokenizer

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str | Sequence[str]],
        *,
        min_count: int = 1,
        max_size: int | None = None,
        tokenizer: str | Tokenizer = "words",
        **special: Any,
    ) -> Self:
        """Count the tokens of texts; the most frequent get the lowest ids.

        Equally frequent tokens come in the order of their code points, so that the same
        texts give the same ids in whatever order they are read.

        Args:
            texts: Texts, or lists of tokens. Read once; only the counts are held.
            min_count: Leave out tokens seen less often.
            max_size: Keep at most this many ids, pad and unk included.
            tokenizer: `"words"`, `"lower"`, `"split"`, or a callable `str -> list[str]`.
            **special: `pad, unk, pad_id, unk_id` as in `from_tokens`.
        """
        tokenise = get_tokenizer(tokenizer)
        counter: Counter[str] = Counter()
        for i, text in enumerate(check_texts(texts)):
            counter.update(tokens_of(i, text, tokenise))
        kept = [(token, n) for token, n in counter.items() if n >= min_count]
        kept.sort(key=lambda item: (-item[1], item[0]))
        names = {special.get("pad", "<pad>"), special.get("unk", "<unk>")} - {None}
        if max_size is not None:
            if max_size <= len(names):
                raise ArgumentError(
                    "max_size",
                    expected=f"more than the {len(names)} special tokens",
                    got=str(max_size),
                )
            kept = [item for item in kept if item[0] not in names][: max_size - len(names)]
        tokens = [token for token, _ in kept]
        return cls.from_tokens(tokens, counts=[n for _, n in kept], tokenizer=tokenizer, **special)

    @classmethod
    def from_tokens(
        cls,
        tokens: Iterable[str],
        *,
        pad: str | None = "<pad>",
        unk: str | None = "<unk>",
        pad_id: int = 0,
        unk_id: int = 1,
        counts: Sequence[int] | None = None,
        tokenizer: str | Tokenizer = "words",
    ) -> Self:
        """Number tokens in the order given, around the pad and unk ids.

        The defaults are Keras' (pad 0, unk 1); `pad_id=1, unk_id=0` is the custom of the
        PyTorch tutorials. `pad=None` or `unk=None` leaves that special token out: with both
        out, ids are the positions in `tokens`, and a `Tokens` is shared, not copied.

        Raises:
            ArgumentError: A token comes twice, or a special id lies beyond the vocabulary.
        """
        refuse_one_string(tokens)
        special = [(at, t) for at, t in ((pad_id, pad), (unk_id, unk)) if t is not None]
        if not special:
            store = tokens if isinstance(tokens, Tokens) else Tokens.from_list(list(tokens))
            store.check_distinct()
            return cls(store, counts=counts, tokenizer=tokenizer)
        if len(special) == 2 and (pad == unk or pad_id == unk_id):
            raise ArgumentError("pad and unk", expected="two tokens and two ids", got="the same")
        given = list(tokens)
        # A special token that the texts hold as well stands once, in its own place.
        rows = [token for token in given if token not in (pad, unk)]
        for at, token in sorted(special):
            if not 0 <= at <= len(rows):
                raise IdError(f"the id of {token!r}", expected=f"0 to {len(rows)}", got=str(at))
            rows.insert(at, token)
        store = Tokens.from_list(rows)
        store.check_distinct()
        if counts is not None:
            known = dict(zip(given, checked_counts(counts, len(given)).tolist(), strict=True))
            counts = [known.get(token, 0) for token in rows]
        return cls(
            store,
            pad_id=None if pad is None else pad_id,
            unk_id=None if unk is None else unk_id,
            counts=counts,
            tokenizer=tokenizer,
        )

    @classmethod
    def from_mapping(
        cls,
        mapping: Mapping[str, int],
        *,
        pad: str | None = None,
        unk: str | None = None,
        tokenizer: str | Tokenizer = "words",
    ) -> Self:
        """Take over another library's map of token to id, ids unchanged.

        Args:
            mapping: Ids must be `0 .. len(mapping) - 1`, each once.
            pad: The token that is padding, if it has one.
            unk: The token that stands for unknown ones, if it has one.
            tokenizer: As in `from_texts`.

        Raises:
            ArgumentError: Ids with holes or twice (a map of frequencies, for example).
            UnknownTokenError: `pad` or `unk` is not in the mapping.
        """
        rows: list[str | None] = [None] * len(mapping)
        for token, i in mapping.items():
            if not isinstance(i, int | np.integer) or not 0 <= i < len(rows) or rows[i] is not None:
                raise ArgumentError(
                    "mapping",
                    expected=f"each id from 0 to {len(rows) - 1} once",
                    got=f"{i!r} for {token!r}",
                    hint="if these are frequencies, sort the tokens and use from_tokens",
                )
            rows[i] = token
        for special in (pad, unk):
            if special is not None and special not in mapping:
                raise UnknownTokenError(
                    "mapping", expected=f"the special token {special!r}", got="a map without it"
                )
        return cls(
            Tokens.from_list(rows),  # type: ignore[arg-type]  # every place was filled above
            pad_id=None if pad is None else int(mapping[pad]),
            unk_id=None if unk is None else int(mapping[unk]),
            tokenizer=tokenizer,
        )

    @property
    def pad(self) -> str | None:
        """The padding token, or None."""
        return None if self.pad_id is None else self.tokens[self.pad_id]

    @property
    def unk(self) -> str | None:
        """The token that stands for unknown ones, or None."""
        return None if self.unk_id is None else self.tokens[self.unk_id]

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self.tokens

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

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
                got=f"{type(token).__name__} {token!r:.40}",
                hint="vocab.tokens[id] for a token by its id, vocab.encode for many",
            )
        return int(self._ids([token])[0])

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} tokens, pad_id={self.pad_id}, unk_id={self.unk_id})"

    def _ids(self, tokens: Sequence[str]) -> Array:
        if len(self) <= DICT_LIMIT:
            get = self.tokens.as_dict.get
            ids = np.fromiter((get(token, -1) for token in tokens), np.int64, len(tokens))
        else:
            ids = self.tokens.find_many(tokens)
        missing = ids < 0
        if missing.any():
            if self.unk_id is None:
                raise UnknownTokenError(
                    "vocabulary",
                    expected="known tokens, for there is no unk token",
                    got=repr(tokens[int(missing.argmax())]),
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

        Example:
            >>> vocab = Vocabulary.from_tokens(["good", "film"])
            >>> vocab.decode([[2, 3, 0]])
            [['good', 'film']]
        """
        try:
            array = np.asarray(ids)
        except ValueError:  # rows of different lengths
            return [self.decode(row) for row in ids]
        if array.size and array.dtype.kind not in "iu":
            raise IdError("decode", expected="whole numbers", got=f"{array.dtype}")
        if array.ndim > 1:
            return [self.decode(row) for row in array]
        if array.size and not (array.min() >= 0 and array.max() < len(self)):
            wrong = array[(array < 0) | (array >= len(self))][0]
            raise IdError("decode", expected=f"ids from 0 to {len(self) - 1}", got=str(wrong))
        return [self.tokens[i] for i in array if i != self.pad_id]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write readable JSON. A tokeniser of your own is not in it: pass it to `load`."""
        tokenizer = None if self.tokenizer is None else tokenizer_name(self.tokenizer)
        content = {
            "format": FORMAT,
            "version": 1,
            "tokenizer": tokenizer,
            "pad_id": self.pad_id,
            "unk_id": self.unk_id,
            "tokens": self.tokens.tolist(),
            "counts": None if self.counts is None else self.counts.tolist(),
        }
        with atomic_path(path) as part:
            # As bytes: the same file on every system.
            part.write_bytes(json.dumps(content, ensure_ascii=False, indent=0).encode())

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, tokenizer: str | Tokenizer | None = None
    ) -> Self:
        """Read what `save` wrote.

        Raises:
            FormatError: The file is something else or damaged.
            MissingFileError: There is no such file.
        """
        where = str(path)
        if not Path(path).is_file():
            got = "a folder" if Path(path).is_dir() else "nothing there"
            raise MissingFileError(where, expected="a vocabulary file", got=got)
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["format"] != FORMAT or content["version"] != 1:
                raise FormatError(
                    where,
                    expected=f"{FORMAT} version 1",
                    got=f"{content['format']} version {content['version']}",
                )
            store = Tokens.from_list(content["tokens"])
            store.check_distinct()
            return cls(
                store,
                pad_id=content["pad_id"],
                unk_id=content["unk_id"],
                counts=content["counts"],
                tokenizer=tokenizer or content["tokenizer"],
            )
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(
                where,
                expected="a vocabulary that inlay saved",
                got=f"{type(error).__name__}: {error}",
            ) from error


class HashingVocabulary(TextEncoder):
    """Ids without a list of tokens: `id = 1 + crc32(token) mod (size - 1)`, 0 for padding.

    What Keras calls `one_hot` and `hashing_trick`, with a hash that is the same in every
    process. Different tokens may share an id, and an id cannot be turned back.

    Example:
        >>> HashingVocabulary(1000).encode(["a good film"])
        array([[172, 627, 933]], dtype=int32)

    Source: Weinberger et al. 2009, Feature hashing for large scale multitask learning.
    """

    unk_id = None

    def __init__(self, size: int, *, tokenizer: str | Tokenizer = "words") -> None:
        if size < 2:
            raise ArgumentError("size", expected="2 or more", got=str(size))
        get_tokenizer(tokenizer)
        self.size, self.pad_id, self.tokenizer = size, 0, tokenizer

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, token: str) -> int:
        return 1 + zlib.crc32(token.encode(errors="replace")) % (self.size - 1)

    def _ids(self, tokens: Sequence[str]) -> Array:
        return np.fromiter(map(self.__getitem__, tokens), np.int64, len(tokens))


def check_row(name: str, row: int | None, n: int) -> None:
    """Raise `IdError` for a special id that is no whole number from 0 to `n - 1`."""
    if row is not None and not (isinstance(row, int | np.integer) and 0 <= row < n):
        raise IdError(name, expected=f"a whole number from 0 to {n - 1}", got=repr(row))


def checked_counts(counts: Any, n: int) -> Array:
    """Counts as int64 `(n,)`; floats that are whole are taken, nothing is rounded."""
    array = np.asarray(counts)
    if array.shape != (n,):
        raise ArgumentError("counts", expected=f"{n}, one a token", got=f"shape {array.shape}")
    if array.size and array.dtype.kind not in "iuf":
        raise ArgumentTypeError("counts", expected="whole numbers", got=str(array.dtype))
    wrong = ~((array >= 0) & (array < 2**63) & (array == np.floor(array)))
    if wrong.any():
        got = str(array[wrong][0])
        raise ArgumentError("counts", expected="whole numbers, 0 or more", got=got)
    return array.astype(np.int64, copy=False)
