"""torchtext.data.utils: `get_tokenizer` and `ngrams_iterator`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from inlay import tokenizers
from inlay.checks import described, many_tokens, whole
from inlay.compat.refusals import refuses
from inlay.compat.torchtext.refused import OF_DATA
from inlay.errors import ArgumentError, ArgumentTypeError

__all__ = ["basic_english", "get_tokenizer", "ngrams_iterator"]

# What `basic_english` sets apart, and what it drops.
APART = {ord(mark): f" {mark} " for mark in "'.,()!?"} | {ord(mark): " " for mark in ";:"}
LIBRARIES = {
    "spacy": "a callable: spacy.blank('en').tokenizer, whose tokens have .text",
    "moses": "a callable: sacremoses.MosesTokenizer().tokenize",
    "toktok": "a callable: nltk.tokenize.toktok.ToktokTokenizer().tokenize",
    "revtok": "a callable: revtok.tokenize",
    "subword": "a callable: functools.partial(revtok.tokenize, decap=True)",
}


def basic_english(line: str) -> list[str]:
    r"""Split a text in English by the rules of torchtext's `"basic_english"`.

    Everything is lower-cased. `'`, `.`, `,`, `(`, `)`, `!` and `?` are tokens; `"`, `;`, `:` and
    `<br />` are dropped, of which `"` does not even part a word.

    Examples:
        >>> basic_english("It's \"so-so\"; see (2)!<br />Really...")
        ['it', "'", 's', 'so-so', 'see', '(', '2', ')', '!', 'really', '.', '.', '.']
    """
    if not isinstance(line, str):
        raise ArgumentTypeError("line", expected="a text", got=described(line))
    return line.lower().replace('"', "").replace("<br />", " ").translate(APART).split()


def get_tokenizer(
    tokenizer: str | Callable[[str], list[str]] | None, language: str = "en"
) -> Callable[[str], list[str]]:
    """The tokenizer of a name.

    Args:
        tokenizer: `"basic_english"`, any name that `inlay.tokenizers.get_tokenizer` knows, or a
            callable, which is returned. None: `str.split`.
        language: `"en"`, where it matters.

    Raises:
        ArgumentError: Another name, or another language.
    """
    if tokenizer is None:
        return str.split
    if tokenizer == "basic_english":
        if language != "en":
            hint = "inlay.tokenizers.get_tokenizer('words'), for any language"
            raise ArgumentError("language", expected="'en'", got=repr(language), hint=hint)
        return basic_english
    if callable(tokenizer):
        return tokenizer
    if tokenizer in LIBRARIES:
        expected, hint = "'basic_english', or a callable", LIBRARIES[tokenizer]
        raise ArgumentError("tokenizer", expected=expected, got=repr(tokenizer), hint=hint)
    found: Any = tokenizers.get_tokenizer(tokenizer)
    return found  # type: ignore[no-any-return]


def ngrams_iterator(token_list: Sequence[str], ngrams: int) -> Iterator[str]:
    """All tokens, then all pairs of neighbours joined by a space, and so on, up to `ngrams`.

    Examples:
        >>> list(ngrams_iterator(["here", "we", "are"], 2))
        ['here', 'we', 'are', 'here we', 'we are']
    """
    tokens, most = many_tokens("token_list", token_list), whole("ngrams", ngrams, least=0)
    return (
        " ".join(tokens[start : start + n])
        for n in range(1, max(most, 1) + 1)
        for start in range(len(tokens) - n + 1)
    )


__getattr__ = refuses(__name__, OF_DATA)
