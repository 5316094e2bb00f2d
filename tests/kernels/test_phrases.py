import numpy as np
import pytest

from inlay.kernels import phrases
from inlay.kernels.word_keys import word_keys

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


@pytest.mark.parametrize(
    "joined",
    [phrases.joined_neighbours, phrases.joined_neighbours.py_func],
    ids=["compiled", "plain"],
)
def test_neighbours_are_joined_within_sentences(joined):
    words = ["new", "york", "of", "constellation"]
    blob = np.frombuffer("".join(words).encode(), np.uint8)
    offsets = np.cumsum([0, *map(len, words)])
    connects = np.array([False, False, True, False])
    ids = np.array([2, 0, 1, 2, 2, 3, -1, 0, 2, -1, 1, -1, 3, 0], np.int32)
    text = np.zeros(200, np.uint8)
    items = [np.zeros(ids.size, kind) for kind in (np.uint64, np.int32, np.int32)]
    between = np.frombuffer(b"__", np.uint8)
    n = joined(ids, offsets, blob, connects, between, text, tuple(items))
    keys, starts, stops = items
    found = [bytes(text[starts[i] : stops[i]]).decode() for i in range(n)]
    assert found == ["new__york", "york__of__of__constellation", "constellation__new"]
    expected = np.zeros(3, np.uint64)
    raw = [word.encode() for word in found]
    word_keys(
        np.frombuffer(b"".join(raw), np.uint8),
        np.cumsum([0, *map(len, raw)]),
        expected,
        np.zeros(3, np.int32),
        np.zeros(3, np.int32),
    )
    assert keys[:n].tolist() == expected.tolist()
