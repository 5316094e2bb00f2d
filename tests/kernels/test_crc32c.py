import numpy as np
import pytest

from inlay.containers.checksums import FEW
from inlay.containers.checksums import crc32c as checksum
from inlay.kernels.crc32c import crc32c

# RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
VECTORS = [
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
    (b"123456789", 0xE3069283),
    (b"", 0),
]


def plainly(data):
    """Bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize("function", [crc32c, crc32c.py_func, checksum], ids="njit py few".split())
def test_known_checksums(function):
    for data, expected in VECTORS:
        found = function(np.frombuffer(data, np.uint8), np.uint32(0))
        assert int(found) == expected == plainly(data)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 63, 1000])
def test_pieces_and_odd_places(size):
    data = np.random.default_rng(size).integers(0, 256, size + 3, dtype=np.uint8)[3:]
    expected = plainly(data.tobytes())
    for cut in (0, 1, size // 2, size):
        for function in (crc32c, crc32c.py_func, checksum):
            first = np.uint32(function(data[:cut], np.uint32(0)))
            assert int(function(data[cut:], first)) == expected


def test_few_and_many_are_the_same():
    data = np.random.default_rng(0).integers(0, 256, FEW + 9, dtype=np.uint8)
    assert checksum(data) == checksum(data[FEW:], checksum(data[:FEW]))
