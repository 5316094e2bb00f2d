"""Ids without a list of tokens."""

import zlib
from collections.abc import Sequence

import numpy as np

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import described, whole
from inlay.core.elsewhere import OF_HASHES, Elsewhere
from inlay.core.immutable import Immutable
from inlay.core.numericalizer import Numericalizer
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentTypeError
from inlay.tokenizers import DEFAULT, TokenizerLike, get_tokenizer


def buckets(vocab_size: int) -> Tokens:
    """What the rows of a table are called whose ids a hash gives: padding, then each by its id."""
    return Tokens.from_list(["<pad>", *(f"<bucket {i}>" for i in range(1, vocab_size))])


class HashingVocabulary(Immutable, Elsewhere, Numericalizer):
    """Ids without a list of tokens: `id = 1 + crc32(token) mod (vocab_size - 1)`, 0 for padding.

    What Keras calls `one_hot` and `hashing_trick`, with a hash that is the same in every
    process. Different tokens may share an id, and an id cannot be turned back. `Table.random` makes
    vectors for the ids.

    Args:
        vocab_size: How many ids there are, padding among them: rows of the layer. At most
            2^31, for ids are int32.
        tokenizer: How a text becomes tokens: a name, as `"words"`, `"lower"` or `"split"`, or a
            callable `str -> list[str]`. None: `"words"`.

    Examples:
        >>> HashingVocabulary(1000).encode(["a good film"])
        array([[172, 627, 933]], dtype=int32)

    Source: Weinberger et al. 2009, Feature hashing for large scale multitask learning.
    """

    vocab_size: int
    unk_id = None
    _elsewhere = OF_HASHES

    @refuses_unknown(
        dict.fromkeys(("num_bins", "num_buckets", "n_features", "hash_size"), "vocab_size=")
    )
    def __init__(self, vocab_size: int, *, tokenizer: TokenizerLike | None = None) -> None:
        tokenizer = DEFAULT if tokenizer is None else tokenizer
        get_tokenizer(tokenizer)
        vocab_size = whole("vocab_size", vocab_size, least=2, most=2**31)
        self._set(vocab_size=vocab_size, pad_id=0, tokenizer=tokenizer)

    def __len__(self) -> int:
        return self.vocab_size

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str)  # any token has an id

    def __getitem__(self, token: str) -> int:
        if not isinstance(token, str):
            raise ArgumentTypeError(
                "vocabulary[...]",
                expected="a token",
                got=described(token),
                hint="vocab.encode for many; an id cannot be turned back into a token",
            )
        return 1 + zlib.crc32(token.encode(errors="replace")) % (self.vocab_size - 1)

    def __repr__(self) -> str:
        return f"HashingVocabulary({self.vocab_size})"

    def _ids(self, tokens: Sequence[str]) -> Array:
        return np.fromiter(map(self.__getitem__, tokens), np.int64, len(tokens))
