"""Texts of different lengths in rectangles of ids: little padding, few different shapes."""

from collections.abc import Sequence

import numpy as np

from inlay.aliases import Array, Text
from inlay.classify.forms import find_forms
from inlay.core import Vocabulary
from inlay.core.numericalizer import token_lists

CHUNK = 512
SHORTEST = 8
NARROWEST = 32  # in prediction, where a new width costs more than the padding that it spares
ENOUGH = 200  # batches of a width, in all epochs, that repay compiling a program for it


def encode(vocab: Vocabulary, texts: Sequence[Text], max_length: int | None) -> list[Array]:
    """Each text's ids without padding, int32 `(tokens,)`; cut at `max_length`.

    A word that is not known is looked for in other forms.
    """
    rows: list[Array] = []
    for start in range(0, len(texts), CHUNK):
        lists = token_lists(texts[start : start + CHUNK], vocab._tokenizer())
        kept = [tokens[:max_length] for tokens in lists]
        flat = [token for tokens in kept for token in tokens]
        ids = find_forms(vocab._find, flat)
        ids[ids < 0] = vocab.unk_id
        ends = np.cumsum([len(tokens) for tokens in kept])
        rows += np.split(ids.astype(np.int32), ends[:-1])
    return rows


def rectangle(rows: Sequence[Array], width: int, pad_id: int, n_rows: int) -> Array:
    """int32 `(n_rows, width)`: the rows filled up with padding, then rows of padding only."""
    result = np.full((n_rows, width), pad_id, np.int32)
    for i, row in enumerate(rows):
        result[i, : len(row)] = row
    return result


def training_widths(lengths: Array, batch_size: int, epochs: int) -> Array:
    """The few widths that training batches come in, ascending; the last fits every text.

    A compiled backend makes a program for each width, in two to four seconds. Powers of two
    and the steps halfway between them, each only if it has `ENOUGH` batches in all epochs.
    """
    longest = max(SHORTEST, int(lengths.max(initial=0)))
    widths: list[int] = []
    taken = 0
    for width in _steps(longest):
        n_texts = int((lengths <= width).sum())
        if epochs * (n_texts - taken) >= ENOUGH * batch_size and width < longest:
            widths.append(width)
            taken = n_texts
    return np.asarray([*widths, longest], np.int64)


def plan(lengths: Array, widths: Array, batch_size: int, rng: np.random.Generator) -> list[Array]:
    """Which texts go together, a random choice among those of about equal length.

    Returns:
        Positions int64, `batch_size` in each, in random order; one batch may have fewer.
    """
    order = rng.permutation(len(lengths))
    order = order[np.argsort(np.searchsorted(widths, lengths[order]), kind="stable")]
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def prediction_plan(lengths: Array, batch_size: int) -> list[Array]:
    """All texts by length, so that a batch is hardly wider than its texts."""
    order = np.argsort(lengths, kind="stable")
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def prediction_shape(n_texts: int, longest: int) -> tuple[int, int]:
    """Rows and columns rounded up to powers of two, so that a compiled backend meets few shapes."""
    return _power_of_two(n_texts), max(NARROWEST, _power_of_two(longest))


def _power_of_two(n: int) -> int:
    return 1 << max(0, n - 1).bit_length()


def _steps(longest: int) -> list[int]:
    """8, 12, 16, 24, 32, 48, ... up to `longest`."""
    steps = [SHORTEST]
    while steps[-1] < longest:
        last = steps[-1]
        steps.append(last * 3 // 2 if last & (last - 1) == 0 else last * 4 // 3)
    return steps
