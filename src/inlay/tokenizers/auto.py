"""A look at the script of some texts: which tokenizer suits them, and whether one given can."""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any

from inlay.checks import some_of, warn
from inlay.errors import MissingPackageError
from inlay.tokenizers.named import AUTO, DEFAULT, get_tokenizer, tokenizer_name
from inlay.tokenizers.protocol import TokenizerLike
from inlay.tokenizers.scripts import HAN, HANGUL, KANA, SOUTH_EAST, SPACELESS

SAMPLE = 2000  # texts that are looked at, and as many characters of each
LONG = 10  # letters in a row, from which a run of a script without spaces is no word
# Letters of a run on average, from which runs are clauses: words have 2 on average, or 5 of Thai.
CLAUSE, SOUTH_EAST_CLAUSE = 5, 7
SHARE = 0.1  # of the texts, from which it is worth a warning

# Script, its letters, what splits it, and what does where that is not installed.
SCRIPTS = (
    ("Japanese", KANA, "mecab", "characters"),
    ("Chinese", HAN, "jieba", "characters"),
    ("Korean", HANGUL, "kiwi", "words"),
    ("Thai, Lao, Khmer or Burmese", SOUTH_EAST, "icu", "characters"),
)
SPACED = ("words", "lower", "split")


def settled(
    tokenizer: TokenizerLike | None, texts: Iterable[Any]
) -> tuple[TokenizerLike, Iterable[Any]]:
    """The tokenizer to use for these texts; `"auto"` chooses one, and says so.

    A tokenizer that splits at spaces warns where texts are in a script without any, and one that
    leaves letters as they are where many are stored in parts. Looks at the first 2,000 texts, in
    a few milliseconds.

    Args:
        tokenizer: As given. None: `"words"`.
        texts: Strings, or lists of tokens, which need no tokenizer.

    Returns:
        `(tokenizer, texts)`: a name or a callable, but never "auto"; and the same texts, with
        those that were looked at back in their place.
    """
    tokenizer = DEFAULT if tokenizer is None else tokenizer
    is_auto = isinstance(tokenizer, str) and tokenizer == AUTO
    if not is_auto and not _is_spaced(tokenizer) and not _keeps_form(tokenizer):
        return tokenizer, texts
    if isinstance(texts, list | tuple):
        seen: list[Any] = list(texts[:SAMPLE])
    else:
        rest: Iterator[Any] = iter(texts)
        seen = list(islice(rest, SAMPLE))
        texts = chain(seen, rest)
    if is_auto:
        tokenizer = chosen(_sample(seen))
    for doubt in doubts(tokenizer, seen, chosen=is_auto):
        warn(doubt)
    return tokenizer, texts


def doubts(tokenizer: TokenizerLike, texts: Sequence[Any], *, chosen: bool = False) -> list[str]:
    """What `settled` warns of: why a tokenizer may not suit these texts, and what to try.

    Args:
        tokenizer: A name or a callable, but not "auto".
        texts: Strings, or lists of tokens, of which nothing is said; the first 2,000 count.
        chosen: Whether it is the choice of "auto", whose words are not too long for it.
    """
    spaced, keeps = _is_spaced(tokenizer) and not chosen, _keeps_form(tokenizer)
    if not spaced and not keeps:
        return []
    sample = _sample(texts[:SAMPLE])
    found = [_long_words(tokenizer, sample)] if spaced else []
    found += [_decomposed(tokenizer, sample)] if keeps else []
    return [doubt for doubt in found if doubt]


def _sample(texts: Sequence[Any]) -> list[str]:
    return [text[:SAMPLE] for text in texts if isinstance(text, str)]


def chosen(sample: list[str]) -> str:
    """The name of the tokenizer that suits a sample, which is also printed to standard error."""
    name, why = suited(sample)
    print(f"tokenizer 'auto': {name!r}, for {why}", file=sys.stderr)
    return name


def suited(sample: list[str]) -> tuple[str, str]:
    """The name of the tokenizer that suits a sample, and why.

    The script with the most letters decides, Japanese from a tenth of kana on. Where its library
    is not installed, one that needs none is chosen, and the better one named.
    """
    text = "\n".join(sample)
    if not text.strip():
        return DEFAULT, "no text that can be looked at beforehand"
    counts = _counted(text)
    if 2 * sum(counts) <= sum(map(str.isalpha, text)):
        return DEFAULT, "text with spaces between words"
    script, _, name, without = SCRIPTS[counts.index(max(counts))]
    try:
        get_tokenizer(name)
    except MissingPackageError as error:
        return without, f"{script}; {name!r} would be better: {error.hint}"
    return name, script


def _counted(text: str) -> list[int]:
    """How many letters of each of `SCRIPTS`; those of Chinese count as Japanese amid kana."""
    kana, han, *rest = (sum(map(len, _runs(of, 1).findall(text))) for _, of, _, _ in SCRIPTS)
    return [kana + han, 0, *rest] if 10 * kana >= kana + han else [kana, han, *rest]


@cache
def _runs(letters: str, least: int) -> re.Pattern[str]:
    return re.compile(f"[{letters}]{{{least},}}")


def _is_spaced(tokenizer: TokenizerLike) -> bool:
    steps, last = _parts(tokenizer)
    return last in SPACED and "unwrap" not in steps


def _keeps_form(tokenizer: TokenizerLike) -> bool:
    """Whether what Unicode holds for the same letters become different tokens."""
    steps, last = _parts(tokenizer)
    return (last in (*SPACED, "characters") or last.startswith("ngrams:")) and not (
        {"nfc", "nfkc"} & {*steps}
    )


def _parts(tokenizer: TokenizerLike) -> tuple[list[str], str]:
    """The steps before a named tokenizer, and its own name; "" where it has none."""
    try:
        *steps, last = (tokenizer_name(tokenizer) or "").split("+")
    except MissingPackageError:
        return [], ""
    return steps, last


def _in_parts(text: str) -> str:
    """The first word of a text that composing makes shorter; "" if there is none."""
    if unicodedata.is_normalized("NFC", text):
        return ""
    shorter = (w for w in text.split() if len(unicodedata.normalize("NFC", w)) < len(w))
    return next(shorter, "")


def _decomposed(tokenizer: TokenizerLike, sample: list[str]) -> str:
    """What is said where many texts hold letters in parts, not found among whole ones; or ""."""
    found = [word for word in map(_in_parts, sample) if word]
    if len(found) < max(1, SHARE * len(sample)):
        return ""
    shown = found[0] if len(found[0]) <= 20 else f"{found[0][:20]}..."
    name = tokenizer_name(tokenizer)
    return (
        f"{some_of(len(found), len(sample), 'holds', 'hold')} decomposed letters, as file names of "
        f"macOS do: {shown!r} there is another token than the same word in composed letters. "
        f"Try: tokenizer='nfc+{name}'."
    )


def _long_words(tokenizer: TokenizerLike, sample: list[str]) -> str:
    """What is said where many texts have words that are whole sentences; or ""."""
    text = "\n".join(sample)
    every = _runs(SPACELESS, 1).findall(text)
    if not every:
        return ""
    counts = _counted(text)
    _, letters, better, _ = SCRIPTS[counts.index(max(counts))]
    clause = SOUTH_EAST_CLAUSE if letters == SOUTH_EAST else CLAUSE
    least = clause if sum(map(len, every)) >= clause * len(every) else LONG
    n = sum(_runs(SPACELESS, least).search(text) is not None for text in sample)
    if n < max(1, SHARE * len(sample)):
        return ""
    longest = max(every, key=len)
    shown = longest if len(longest) <= 20 else f"{longest[:20]}..."
    return (
        f"{some_of(n, len(sample), 'has', 'have')} words of up to {len(longest)} letters "
        f"({shown}) with the tokenizer {tokenizer!r}, for their script has no spaces. "
        f"Try: tokenizer='characters', or {better!r}."
    )
