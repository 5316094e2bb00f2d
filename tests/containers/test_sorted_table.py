import numpy as np
import pytest
from fuzz.checkpoints import block, table, varint

from inlay.containers.sorted_table import MAGIC, entries
from inlay.errors import FormatError
from tests.processes import soon

PAIRS = [(f"name/{i:04}".encode(), bytes([i % 256]) * (i % 7)) for i in range(300)]


def read(data):
    return {key: bytes(value) for key, value in entries(memoryview(data), "x").items()}


@pytest.mark.parametrize("per_block", [1, 7, 300])
def test_every_pair_in_order(per_block):
    groups = [PAIRS[i : i + per_block] for i in range(0, 300, per_block)]
    data = table([(group[-1][0], block(group)) for group in groups])
    assert list(read(data).items()) == PAIRS


def test_an_empty_table():
    assert read(table([])) == {}


def test_every_changed_byte_is_noticed_but_for_padding():
    data = bytearray(table([(b"", block([(b"", b"1"), (b"ab", b"2"), (b"ac", b"3")]))]))
    good, missed = read(data), []
    for at in range(len(data)):
        data[at] ^= 1
        try:
            assert read(data) == good
            missed.append(at)
        except FormatError:
            pass
        data[at] ^= 1
    # The handle of the empty block about the table, its block, and what fills the footer up.
    places = range(len(data) - 48, len(data) - 8)
    unused = data.index(block([]) + b"\0")
    assert set(missed) <= {*places, *range(unused, unused + 9)}


@pytest.mark.parametrize(
    ("blocks", "got"),
    [
        ([(b"a", block([(b"b", b""), (b"a", b"")]))], "in order, got b'a' behind b'b'"),
        ([(b"a", block([(b"a", b"")]))] * 2, "in order, got b'a' behind b'a'"),
        ([(b"a", b"")], "with whole blocks, got 0 marks in 0 bytes"),
        ([(b"a", b"\xff\xff\xff\xff")], "with whole blocks, got 4294967295 marks in 4 bytes"),
        ([(b"a", b"\x01\x00\x00" + bytes(4))], "with whole keys and values"),
        ([(b"a", b"\x00\x05\x00abc" + bytes(4))], "with whole keys and values"),
        ([(b"a", b"\x00\x01\x7fabc" + bytes(4))], "with whole keys and values"),
        ([(b"a", b"\xff" * 12 + bytes(4))], "a number without an end"),
    ],
)
def test_blocks_that_lie(blocks, got):
    with pytest.raises(FormatError, match=got):
        read(table(blocks))


def test_keys_that_share_too_much():
    """A few bytes each claim a copy of the key before them."""
    size = 1 << 20
    long = b"\0" + varint(size) + b"\0" + b"a" * size
    content = long + b"".join(varint(size + i) + b"\1\0a" for i in range(100_000))
    data = table([(b"a", content + bytes(4))])
    with soon(), pytest.raises(FormatError, match="keys of up to"):
        read(data)


def test_blocks_that_are_read_more_than_once():
    first = block([(b"a", b"")])
    again = block([(b"a", varint(0) + varint(len(first))), (b"b", varint(0) + varint(len(first)))])
    forged = bytearray(table([(b"a", first), (b"z", again)]))
    assert read(table([(b"a", first)])) == {b"a": b""}
    # The footer's second handle now says that the index is the block of ours.
    at = len(first) + 5
    start = len(forged) - 48
    forged[start : start + 40] = (b"\0\0" + varint(at) + varint(len(again))).ljust(40, b"\0")
    with pytest.raises(FormatError, match="one block behind the other, got one at 0"):
        read(forged)


@pytest.mark.parametrize("data", [b"", MAGIC, bytes(40) + b"12345678"])
def test_no_table(data):
    with pytest.raises(FormatError, match="a TensorFlow checkpoint's index with a footer"):
        read(data)


def test_a_table_that_is_cut():
    data = table([(b"a", block(PAIRS))])
    rng = np.random.default_rng(0)
    for at in rng.integers(48, len(data), 50):
        with pytest.raises(FormatError):
            read(data[at:])
