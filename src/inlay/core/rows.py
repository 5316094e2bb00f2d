"""Tokens in row order, special ones among them: what a table and a vocabulary have in common."""

from collections.abc import Iterator

from inlay.aliases import Array
from inlay.core.elsewhere import Elsewhere
from inlay.core.immutable import Immutable
from inlay.core.tokens import Tokens


class Rows(Immutable, Elsewhere):
    """An immutable list of distinct tokens, their counts, and which row is padding or unknown.

    Attributes:
        tokens: The tokens in row order; a sequence of strings.
        counts: How often each token was seen, int64 `(vocab_size,)`, read-only, or None.
        pad_id: The row that is padding, or None.
        unk_id: The row that stands for unknown tokens, or None.
    """

    tokens: Tokens
    counts: Array | None
    pad_id: int | None
    unk_id: int | None

    @property
    def vocab_size(self) -> int:
        """How many tokens there are, special ones among them: its `len`."""
        return len(self)

    @property
    def stoi(self) -> dict[str, int]:
        """Token to row as a dict, as torchtext says it: about 100 bytes a token."""
        return self.tokens.as_dict

    @property
    def itos(self) -> Tokens:
        """`tokens`, as torchtext says it."""
        return self.tokens

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self.tokens

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)
