"""Whether texts are split as those were that a table was trained on, and what it costs if not."""

from collections import Counter
from typing import Any

import numpy as np

from inlay.checks import warn
from inlay.core.alignment import FORMS, Coverage, find_rows
from inlay.core.tokens import Tokens
from inlay.core.vocabulary import Vocabulary
from inlay.errors import InlayError
from inlay.tokenizers import get_tokenizer, saved_tokenizer, tokenizer_name

CHEAP = 50_000  # tokens of a vocabulary that are split once more to tell what it costs


def split_by(given: Any, otherwise: str | None) -> str | None:
    """The name of the tokenizer behind what a table is aligned to; None if it is not known.

    Args:
        given: A vocabulary or a table; or tokens, or a map, which have no tokenizer.
        otherwise: The name for these.
    """
    if isinstance(given, Vocabulary):
        return None if given.tokenizer is None else tokenizer_name(given.tokenizer)
    name: str | None = getattr(given, "tokenizer", None)
    return otherwise if name is None else name


def warn_of_cost(
    tokens: Tokens, trained: str, vocab: Vocabulary, splits: str, coverage: Coverage
) -> None:
    """Warn that a table is aligned to words of another tokenizer than its own.

    Args:
        tokens: The table's.
        trained: The name of its tokenizer.
        vocab: What it is aligned to.
        splits: The name of the vocabulary's tokenizer.
        coverage: How much of the vocabulary was found.
    """
    cost = ""
    if coverage.n_tokens and coverage.n_tokens_found is not None:
        share = coverage.n_tokens_found / coverage.n_tokens
        better = _share_found(tokens, trained, vocab)
        is_told = better is not None and better > share
        cost = f" Of its running words {share:.1%} were found"
        cost += f"; of those of {trained!r} it would be {better:.1%}." if is_told else "."
    warn(
        f"the table was trained on texts split by the tokenizer {trained!r}, and the vocabulary "
        f"splits them by {splits!r}.{cost} Try: tokenizer={trained!r}."
    )


def _share_found(tokens: Tokens, trained: str, vocab: Vocabulary) -> float | None:
    """The share of running words that a table's own tokenizer would make of a vocabulary's.

    That of the texts themselves, where it only splits or changes what the other left whole. What
    the other split, it cannot join again, so the share may come out too low.
    """
    if vocab.counts is None or len(vocab) > CHEAP:
        return None
    try:
        found = saved_tokenizer(trained, hint="")
    except InlayError:
        return None
    if not isinstance(found, str):  # a function of somebody's, or of what is not installed
        return None
    tokenize = get_tokenizer(found)
    counter: Counter[str] = Counter()
    special = (vocab.pad_id, vocab.unk_id)
    for i, (token, n) in enumerate(zip(vocab.tokens, vocab.counts.tolist(), strict=True)):
        if i not in special:
            for part in tokenize(token):
                counter[part] += n
    rows, _ = find_rows(tokens.find_many, list(counter), FORMS)
    counts = np.fromiter(counter.values(), np.int64, len(counter))
    return float(counts[rows >= 0].sum() / counts.sum()) if counts.sum() else None
