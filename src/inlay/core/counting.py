"""The tokens of texts, counted: what a vocabulary is made of."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from inlay.aliases import Text
from inlay.bytes.content import kind_of
from inlay.checks import whole, whole_or_none
from inlay.core.numericalizer import token_lists
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.tokenizers import Tokenizer


def check_no_path(texts: Any) -> None:
    """Refuse the name of a file, whose characters would pass for texts.

    Raises:
        ArgumentTypeError: There is a file or folder of this name.
    """
    if isinstance(texts, str | os.PathLike) and kind_of(Path(texts)) is not None:
        hint = "open(path, encoding='utf-8') for a text on each line, inlay.read_labelled(path)"
        expected, got = "a list of texts", f"the path {os.fspath(texts)!r}"
        raise ArgumentTypeError("texts", expected=expected, got=got, hint=hint)


def most_frequent(
    texts: Iterable[Text],
    tokenize: Tokenizer,
    *,
    min_count: Any,
    max_size: Any,
    special: Mapping[str, int],
) -> list[tuple[str, int]]:
    """Tokens and their counts by falling count, equal ones by their code points.

    Args:
        texts: Read once.
        tokenize: For those that are no lists of tokens.
        min_count: Leave out tokens seen less often.
        max_size: Keep at most this many, the special ones counted in; None: all.
        special: Tokens that are in the vocabulary anyway.

    Raises:
        ArgumentError: `max_size` leaves no room beside the special tokens.
    """
    least = whole("min_count", min_count, least=0)
    most = whole_or_none("max_size", max_size)
    if most is not None and most <= len(special):
        raise ArgumentError(
            "max_size", expected=f"more than the {len(special)} special tokens", got=str(most)
        )
    counter: Counter[str] = Counter()
    for tokens in token_lists(texts, tokenize):
        counter.update(tokens)
    kept = [(token, n) for token, n in counter.items() if n >= least]
    kept.sort(key=lambda item: (-item[1], item[0]))
    if most is not None:
        kept = [item for item in kept if item[0] not in special][: most - len(special)]
    return kept
