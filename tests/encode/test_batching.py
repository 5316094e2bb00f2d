import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.encode.batching import BATCH, blocks, packed_batches, padded_batches


@given(st.lists(st.integers(2, 400), max_size=50), st.integers(1, 8))
def test_every_text_is_in_one_batch(lengths, workers):
    batches = packed_batches(lengths, workers)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(batches)
    ordered = [lengths[i] for batch in batches for i in batch]
    assert ordered == sorted(lengths)


@pytest.mark.parametrize("n", [57, 128, 219, 1000])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_batches_are_alike_and_as_many_for_each_worker(n, workers):
    lengths = [20 + 37 * i % 131 for i in range(n)]
    batches = packed_batches(lengths, workers)
    assert len(batches) % workers == 0
    sizes = [sum(lengths[i] for i in batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 2 * max(lengths)
    assert max(sizes) <= 1.5 * BATCH + max(lengths)


def test_blocks_are_read_as_they_are_asked_for():
    texts = iter([["word"] * 100] * 1000)
    first = next(blocks(texts, most=99, size=len, total=1000))
    assert len(first) == 10
    assert len(list(texts)) == 990
    assert [len(b) for b in blocks("abcdefg", most=3)] == [3, 3, 1]
    assert list(blocks([], most=3)) == []


@given(st.lists(st.integers(0, 400), max_size=50), st.none() | st.integers(1, 5))
def test_padding_stays_within_the_batch(lengths, most):
    batches = padded_batches(lengths, tokens=500, most=most)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch, after in zip(batches, [*batches[1:], []], strict=False):
        longest = max(lengths[i] for i in batch)
        assert len(batch) == 1 or len(batch) * longest <= 500
        assert most is None or len(batch) <= most
        fits = (len(batch) + 1) * longest <= 500 and len(batch) != most
        assert not after or not fits, "one more had fitted"
        assert not after or lengths[after[0]] <= lengths[batch[-1]]
