"""Words in the order in which a vocabulary has them."""

import random

import numpy as np
import pytest

from inlay.core.tokens import pack
from inlay.text.distinct import Words

STEM = "counterrevolutio"  # 16 bytes, up to which words are sorted as numbers
NAMES = ["b", "a", "", "a\0", "ab", "é", "z", "한국", "\ud800", "😀", f"{STEM}n", STEM, f"{STEM}a"]
NAMES += [f"{STEM}n\0", f"{STEM[:-1]}a", STEM[:8], f"{STEM[:8]}\0", "\uffff"]


def vocabulary(names, counts):
    blob, offsets = pack(names, errors="surrogatepass")
    return Words(np.zeros(len(names), np.uint64), np.array(counts), offsets, blob)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("most", [1, 3])
def test_words_are_sorted_by_their_counts_and_then_by_their_code_points(seed, most):
    draw = random.Random(seed)
    names = draw.sample(NAMES, len(NAMES))
    counts = [draw.randrange(most) for _ in names]
    words = vocabulary(names, counts)
    expected = sorted(range(len(names)), key=lambda i: (-counts[i], names[i]))
    found = words.by_frequency(np.arange(len(names)))
    assert found.tolist() == expected
    assert words.strings(found) == [names[i] for i in expected]
    some = np.array(draw.sample(range(len(names)), 9))
    assert words.by_frequency(some).tolist() == [i for i in expected if i in some]


@pytest.mark.parametrize("names", [[], [""], ["a"]], ids=repr)
def test_few_words_are_sorted(names):
    words = vocabulary(names, [1] * len(names))
    assert words.strings(words.by_frequency(np.arange(len(names)))) == names
