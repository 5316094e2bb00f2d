import numpy as np
import pytest

from inlay.bytes.protobuf import fields, signed, varint, varints
from inlay.errors import FormatError


def read(data):
    return [(n, bytes(v) if isinstance(v, memoryview) else v) for n, v in fields(data, "x")]


def view(*data):
    return memoryview(b"".join(data))


def test_the_four_ways_to_write_a_value():
    data = view(
        b"\x08\x96\x01", b"\x11" + (2**63 + 5).to_bytes(8, "little"), b"\x1a\x03abc", b"\x25abcd"
    )
    assert read(data) == [
        (1, 150),
        (2, 2**63 + 5),
        (3, b"abc"),
        (4, int.from_bytes(b"abcd", "little")),
    ]
    assert read(view()) == []
    assert read(view(b"\xfa\x07\x00")) == [(127, b"")]


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"\x08", "a number without an end"),
        (b"\x08" + b"\xff" * 10 + b"\1", "a number without an end at byte 1"),
        (b"\x1a\x04abc", "a field 3 of 4 bytes where 3 are left"),
        (b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "of 18446744073709551615 bytes"),
        (b"\x11abc", "a field 2 of 8 bytes where 3 are left"),
        (b"\x0b", "a field of type 3"),
        (b"\x02\x00", "a field 0"),
    ],
)
def test_what_is_no_message(data, got):
    with pytest.raises(FormatError, match=f"x: expected a message of protocol buffers, got.*{got}"):
        read(view(data))


def test_signs():
    assert [signed(n) for n in (0, 2**63 - 1, 2**63, 2**64 - 1)] == [0, 2**63 - 1, -(2**63), -1]
    assert varint(view(b"\xff" * 9 + b"\x01"), 0, "x") == (2**64 - 1, 10)


def test_packed_numbers_equal_one_after_the_other():
    rng = np.random.default_rng(0)
    numbers = [int(n) >> int(s) for n, s in rng.integers(0, [2**62, 62], (500, 2))]
    numbers += [0, 127, 128, 2**64 - 1]
    packed = b""
    for number in numbers:
        while number > 127:
            packed += bytes([number & 127 | 128])
            number >>= 7
        packed += bytes([number])
    data, at, expected = view(packed), 0, []
    while at < len(data):
        number, at = varint(data, at, "x")
        expected.append(number)
    found = varints(data, "x")
    assert found.dtype == np.uint64
    assert found.tolist() == expected
    assert expected[-4:] == [0, 127, 128, 2**64 - 1]
    assert varints(view(), "x").shape == (0,)


@pytest.mark.parametrize("data", [b"\x80", b"\x01\x80", b"\x80" * 10 + b"\x01"])
def test_packed_numbers_without_an_end(data):
    with pytest.raises(FormatError, match="a message of protocol buffers"):
        varints(view(data), "x")
