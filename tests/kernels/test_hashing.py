import zlib

import numpy as np
import pytest

from inlay.core.tokens import GOLDEN, MAX_64, pack
from inlay.kernels import hashing

WORDS = ["the", "film", "the", "", "é", "film", "long enough to need many steps"]


def compiled_and_plain(kernel):
    return pytest.param(kernel, id="compiled"), pytest.param(kernel.py_func, id="plain")


@pytest.mark.parametrize("build", compiled_and_plain(hashing.build_index))
@pytest.mark.parametrize("find", compiled_and_plain(hashing.find_rows))
@pytest.mark.filterwarnings("ignore:overflow encountered")  # plain numpy says that it wraps
def test_index_holds_first_rows(build, find):
    blob, offsets = pack(WORDS)
    slots, first = np.zeros(16, np.uint32), np.empty(len(WORDS), np.int64)
    build(blob, offsets, slots, np.uint64(60), first)
    assert first.tolist() == [0, 1, 0, 3, 4, 1, 6]
    assert sorted(slots[slots > 0].tolist()) == [1, 2, 4, 5, 7]
    query, query_offsets = pack([*WORDS, "absent"])
    rows = np.empty(len(WORDS) + 1, np.int64)
    find(blob, offsets, slots, np.uint64(60), query, query_offsets, rows)
    assert rows.tolist() == [0, 1, 0, 3, 4, 1, 6, -1]


@pytest.mark.parametrize("build", compiled_and_plain(hashing.build_index))
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_tokens_of_one_hash_are_told_apart(build):
    words = ["plumless", "buckeroo", "plumless", "buckeroo"]
    assert zlib.crc32(words[0].encode()) == zlib.crc32(words[1].encode())
    slots, first = np.zeros(8, np.uint32), np.empty(len(words), np.int64)
    build(*pack(words), slots, np.uint64(61), first)
    assert first.tolist() == [0, 1, 0, 1]
    assert sorted(slots[slots > 0].tolist()) == [1, 2]


def test_first_slot_is_the_documented_one():
    blob, offsets = pack(["film"])
    slots, first = np.zeros(1024, np.uint32), np.empty(1, np.int64)
    hashing.build_index(blob, offsets, slots, np.uint64(54), first)
    assert slots.nonzero()[0] == ((zlib.crc32(b"film") * GOLDEN) & MAX_64) >> 54


def test_a_search_ends_in_a_table_without_an_empty_slot():
    blob, offsets = pack(["a", "b"])
    rows = np.empty(1, np.int64)
    hashing.find_rows(blob, offsets, np.ones(4, np.uint32), np.uint64(62), *pack(["zz"]), rows)
    assert rows[0] == -1
