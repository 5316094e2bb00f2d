"""The rows nearest to b - a + c: analogies by 3CosAdd (Mikolov et al. 2013)."""

from collections.abc import Iterator

import numpy as np

from inlay.aliases import Array
from inlay.core.cosine import highest, inverse_norms

SCORES_AT_ONCE = 1 << 24


def nearest_to_offsets(rows: Array, questions: Array, n: int) -> Iterator[Array]:
    """The `n` rows nearest to `b - a + c` of unit vectors, of each question, the nearest first.

    The three rows that are asked about are no answer. Many questions are one product.

    Args:
        rows: Of any lengths, `(vocab_size, dim)`; a float32 copy is made.
        questions: Rows a, b and c: int `(questions, 3)`.
        n: How many.
    """
    normed = np.array(rows, np.float32)
    normed *= inverse_norms(normed)[:, None]
    at = max(SCORES_AT_ONCE // max(len(normed), 1), 1)
    for start in range(0, len(questions), at):
        asked = questions[start : start + at]
        a, b, c = asked.T
        scores = (normed[b] + normed[c] - normed[a]) @ normed.T
        np.put_along_axis(scores, asked, -np.inf, axis=1)
        for of_one in scores:
            yield highest(of_one, n)
