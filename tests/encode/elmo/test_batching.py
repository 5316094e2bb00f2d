import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.encode.elmo import batching
from inlay.encode.elmo.batching import batches_of, blocks


@given(st.lists(st.integers(2, 400)), st.integers(1, 8))
def test_every_text_is_in_one_batch(lengths, workers):
    batches = batches_of(lengths, workers)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(batches)
    ordered = [lengths[i] for batch in batches for i in batch]
    assert ordered == sorted(lengths)


@pytest.mark.parametrize("n", [57, 128, 219, 1000])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_batches_are_alike_and_as_many_for_each_worker(n, workers):
    lengths = [20 + 37 * i % 131 for i in range(n)]
    batches = batches_of(lengths, workers)
    assert len(batches) % workers == 0
    sizes = [sum(lengths[i] for i in batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 2 * max(lengths)
    assert max(sizes) <= 1.5 * batching.BATCH + max(lengths)


def test_blocks_are_read_as_they_are_asked_for():
    texts = iter([["word"] * 100] * 1000)
    first = next(blocks(texts))
    assert batching.BLOCK <= 102 * len(first) < batching.BLOCK + 102
    assert len(list(texts)) == 1000 - len(first)
