"""torchtext's `Vocab`: tokens and their ids, to which tokens can be added."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn

from inlay.checks import described, many, many_tokens, shown
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    IdError,
    UnknownNameError,
    UnknownTokenError,
)

# As torchtext said it before version 0.9.
ELSEWHERE = {
    "stoi": "v.get_stoi()",
    "itos": "v.get_itos()",
    "freqs": "collections.Counter(tokens)",
    "vectors": "glove.get_vecs_by_tokens(v.get_itos())",
    "load_vectors": "glove.get_vecs_by_tokens(v.get_itos())",
    "set_vectors": "glove.get_vecs_by_tokens(v.get_itos())",
    "unk_index": "v.get_default_index()",
    "extend": "v.append_token(token)",
    "vocab": "v itself",
    "is_jitable": "v itself, which is not for TorchScript",
    "encode": "inlay.Vocabulary.from_mapping(v.get_stoi(), pad='<pad>', unk='<unk>').encode(texts)",
}


class Vocab(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """Tokens and their ids; what is not here has the default id, if one is set.

    Examples:
        >>> v = Vocab(["<unk>", "good", "film"])
        >>> v["film"], v(["good", "film"]), v.lookup_tokens([0, 2])
        (2, [1, 2], ['<unk>', 'film'])
        >>> v.set_default_index(0)
        >>> v["bad"]
        0
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        """Number tokens in their order.

        Args:
            tokens: Each once.

        Raises:
            ArgumentError: A token twice.
            ArgumentTypeError: No list of strings.
        """
        super().__init__()
        if hasattr(tokens, "most_common"):
            hint = "vocab(ordered_dict), or build_vocab_from_iterator(lists of tokens)"
            got = described(tokens)
            raise ArgumentTypeError("Vocab", expected="a list of tokens", got=got, hint=hint)
        self._tokens: list[str] = []
        self._ids: dict[str, int] = {}
        self._default: int | None = None
        for token in many_tokens("tokens", tokens):
            self.append_token(token)

    def forward(self, tokens: Sequence[str]) -> list[int]:
        """The ids of tokens: `v(tokens)`."""
        return self.lookup_indices(tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __getitem__(self, token: str) -> int:
        """The id of a token.

        Raises:
            UnknownTokenError: It is not here, and there is no default.
        """
        found = self._ids.get(token, self._default)
        if found is None:
            raise UnknownTokenError(
                "Vocab",
                expected="a token that is here, for no default index is set",
                got=shown(token) if isinstance(token, str) else described(token),
                hint="v.set_default_index(v['<unk>'])",
            )
        return found

    def __getattr__(self, name: str) -> Any:
        if name in ELSEWHERE:
            expected, hint = "a name that a Vocab has", ELSEWHERE[name]
            raise UnknownNameError(f"Vocab.{name}", expected=expected, got=repr(name), hint=hint)
        return super().__getattr__(name)

    def set_default_index(self, index: int | None) -> None:
        """Say which id a token has that is not here: any number. None: that is an error."""
        self._default = None if index is None else _id(index)

    def get_default_index(self) -> int | None:
        """The id of a token that is not here, or None."""
        return self._default

    def insert_token(self, token: str, index: int) -> None:
        """Put a token where another stands, which moves up by one, as do all behind it.

        Raises:
            ArgumentError: The token is here already.
            IdError: There is no such place.
        """
        (token,) = many_tokens("token", [token])
        if token in self._ids:
            got = f"{shown(token)}, which has the id {self._ids[token]}"
            raise ArgumentError("token", expected="one that is not here", got=got)
        if not isinstance(index, int) or not 0 <= index <= len(self):
            expected = f"a place from 0 to {len(self)}"
            raise IdError("index", expected=expected, got=described(index))
        self._tokens.insert(index, token)
        self._ids.update((self._tokens[i], i) for i in range(index, len(self)))

    def append_token(self, token: str) -> None:
        """Put a token behind the others.

        Raises:
            ArgumentError: The token is here already.
        """
        self.insert_token(token, len(self))

    def lookup_token(self, index: int) -> str:
        """The token of an id.

        Raises:
            IdError: There is no such id.
            ArgumentTypeError: No whole number.
        """
        at = _id(index)
        if not 0 <= at < len(self):
            raise IdError("index", expected=f"an id from 0 to {len(self) - 1}", got=str(at))
        return self._tokens[at]

    def lookup_tokens(self, indices: Iterable[int]) -> list[str]:
        """The tokens of ids.

        Raises:
            IdError: There is no such id.
            ArgumentTypeError: No whole numbers.
        """
        return [self.lookup_token(index) for index in many("indices", indices, "ids")]

    def lookup_indices(self, tokens: Sequence[str]) -> list[int]:
        """The ids of tokens.

        Raises:
            UnknownTokenError: One is not here, and there is no default.
            ArgumentTypeError: A text instead of its tokens.
        """
        return [self[token] for token in many_tokens("tokens", tokens)]

    def get_stoi(self) -> dict[str, int]:
        """Token and id, as a dict of your own."""
        return dict(self._ids)

    def get_itos(self) -> list[str]:
        """The tokens in the order of their ids, as a list of your own."""
        return list(self._tokens)


def _id(index: Any) -> int:
    """A whole number, which may be below 0."""
    if isinstance(index, bool) or not hasattr(index, "__index__"):
        raise ArgumentTypeError("index", expected="an id, a whole number", got=described(index))
    return operator.index(index)
