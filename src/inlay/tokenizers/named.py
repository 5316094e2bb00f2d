"""A tokeniser by its name, or a callable of the user's own, whose answers are looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inlay.checks import described, many_tokens
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.tokenizers.words import lower, split, words

Tokenizer = Callable[[str], list[str]]

TOKENIZERS: dict[str, Tokenizer] = {"words": words, "lower": lower, "split": split}


@dataclass(frozen=True)
class Checked:
    """A tokeniser of the user's own: what it returns is looked at before it is counted.

    One string would pass for a list of its characters, and what is no token for an unknown one.
    """

    tokenizer: Tokenizer

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text.

        Raises:
            ArgumentTypeError: The tokeniser returned something else than a list of strings.
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


def get_tokenizer(tokenizer: str | Tokenizer) -> Tokenizer:
    """The tokeniser of a name, or the callable itself, whose answers are looked at."""
    if isinstance(tokenizer, str) and tokenizer in TOKENIZERS:
        return TOKENIZERS[tokenizer]
    if isinstance(tokenizer, str) or not callable(tokenizer):
        kind = ArgumentError if isinstance(tokenizer, str) else ArgumentTypeError
        expected = f"one of {sorted(TOKENIZERS)} or a callable"
        raise kind("tokenizer", expected=expected, got=described(tokenizer))
    is_ours = isinstance(tokenizer, Checked) or tokenizer in TOKENIZERS.values()
    return tokenizer if is_ours else Checked(tokenizer)


def tokenizer_name(tokenizer: str | Tokenizer) -> str | None:
    """The name that a file can hold, or None for a callable of the user's own."""
    chosen = get_tokenizer(tokenizer)
    return next((name for name, known in TOKENIZERS.items() if known is chosen), None)
