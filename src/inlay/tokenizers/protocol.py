"""What a tokenizer is, and the two stand-ins: for one of the user's own, for one not opened."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from inlay.checks import described, many_tokens
from inlay.errors import ArgumentError, ArgumentTypeError, InlayError
from inlay.tokenizers.words import lower, split, words

Tokenizer = Callable[[str], list[str]]
# What a user may give: a name, the path of a file of pieces, a function (also a generator).
TokenizerLike = str | os.PathLike[str] | Callable[[str], Iterable[str]]


class Named:
    """A tokenizer with state or a library behind it, known by a name that says all about it.

    It pickles as what its name says and no more: a library and its dictionary are opened where
    they are first used, once in a process.

    Attributes:
        name: What a file holds, and what `get_tokenizer` makes it of again.
        is_local: Whether it never looks across white space, so that a text's tokens are those
            of the pieces that `str.split` makes of it.
        splits_at_spaces: Whether it never looks across a space, U+0020, at least: whoever cuts a
            text there, and nowhere else, has the same tokens.
    """

    name: str
    is_local: ClassVar[bool] = False

    @property
    def splits_at_spaces(self) -> bool:
        """Whether it never looks across a space."""
        return self.is_local

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text.

        Raises:
            ArgumentTypeError: It is no text.
            ArgumentError: It holds half a character, which no library can be given.
        """
        if not isinstance(text, str):
            raise ArgumentTypeError(
                self.name, expected="a text, as one string", got=described(text)
            )
        try:
            return self._split(text)
        except UnicodeEncodeError as error:
            raise self._half(error) from None

    def batch(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The tokens of each text, which some libraries find faster for many at once."""
        try:
            yield from self._batch(texts)
        except UnicodeEncodeError as error:
            raise self._half(error) from None

    def _batch(self, texts: Iterable[str]) -> Iterator[list[str]]:
        return map(self, texts)

    def _half(self, error: UnicodeEncodeError) -> ArgumentError:
        return ArgumentError(
            self.name,
            expected="text that UTF-8 can hold",
            got=f"half of a surrogate pair, {error.object[error.start]!r}",
            hint="text.encode('utf-8', 'replace').decode()",
        )

    def _split(self, text: str) -> list[str]:
        raise NotImplementedError


@dataclass(frozen=True)
class Checked:
    """A tokenizer of the user's own: what it returns is looked at before it is counted.

    One string would pass for a list of its characters, and what is no token for an unknown one.
    """

    tokenizer: Callable[[str], Any]
    name: str | None = None

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text: a list, or what a generator gives.

        Raises:
            ArgumentTypeError: The tokenizer returned something else than strings in an order.
        """
        tokens: Any = self.tokenizer(text)
        if isinstance(tokens, str):
            raise ArgumentTypeError(
                "what the tokenizer returned",
                expected="a list of tokens",
                got=described(tokens),
                hint="lambda text: text.lower().split(), to split at white space",
            )
        return many_tokens("what the tokenizer returned", tokens)


@dataclass(frozen=True)
class NotOpened:
    """Stands where a file names a tokenizer that cannot be had: ids and vectors work without.

    Attributes:
        name: As in the file, and written again by whoever saves.
        error: What is raised when it is to tokenize.
    """

    name: str
    error: InlayError

    def __call__(self, text: str) -> list[str]:
        """Raise the error that says how to get the tokenizer."""
        raise self.error


def batched(tokenizer: Tokenizer, texts: Iterable[str]) -> Iterator[list[str]]:
    """The tokens of each text, by a tokenizer's own way for many if it has one."""
    return tokenizer.batch(texts) if isinstance(tokenizer, Named) else map(tokenizer, texts)


def is_local(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer never looks across white space; see `Named`."""
    if isinstance(tokenizer, Named):
        return tokenizer.is_local
    return any(tokenizer is plain for plain in (words, lower, split))


def splits_at_spaces(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer never looks across a space, U+0020; see `Named`."""
    return is_local(tokenizer) or (isinstance(tokenizer, Named) and tokenizer.splits_at_spaces)
