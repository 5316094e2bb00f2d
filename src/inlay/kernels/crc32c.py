"""CRC-32C, the checksum of TensorFlow's files: polynomial 0x1EDC6F41, reflected 0x82F63B78.

Eight bytes at a time: `TABLES[k, b]` is the remainder of byte `b` with `k` bytes of zeros behind
it, so that the remainders of eight bytes are looked up independently and added (xor).

Source: Kounavis and Berry 2005, "A systematic approach to building high performance,
software-based, CRC generators" (slicing by 8); RFC 3720, appendix B.4 (test vectors)
"""

import numpy as np

from inlay.kernels.compiled import njit

_EIGHT, _BYTE, _ALL = np.uint32(8), np.uint32(0xFF), np.uint32(0xFFFFFFFF)


def _tables() -> np.ndarray:
    tables = np.empty((8, 256), np.uint32)
    tables[0] = np.arange(256)
    for _ in range(8):
        odd = tables[0] & 1
        tables[0] = (tables[0] >> 1) ^ odd * np.uint32(0x82F63B78)
    for k in range(1, 8):
        tables[k] = tables[0][tables[k - 1] & 255] ^ (tables[k - 1] >> 8)
    return tables


TABLES = _tables()


@njit(cache=True, nogil=True)
def crc32c(data, crc):
    """The checksum of what came before, `crc` uint32 (0 for nothing), and `data` uint8 `(n,)`."""
    crc = np.uint32(crc) ^ _ALL
    n = data.size
    at = 0
    while n - at >= 8:
        low = np.uint32(
            crc
            ^ np.uint32(data[at])
            ^ np.uint32(data[at + 1]) << _EIGHT
            ^ np.uint32(data[at + 2]) << np.uint32(16)
            ^ np.uint32(data[at + 3]) << np.uint32(24)
        )
        crc = np.uint32(
            TABLES[7, low & _BYTE]
            ^ TABLES[6, (low >> _EIGHT) & _BYTE]
            ^ TABLES[5, (low >> np.uint32(16)) & _BYTE]
            ^ TABLES[4, low >> np.uint32(24)]
            ^ TABLES[3, data[at + 4]]
            ^ TABLES[2, data[at + 5]]
            ^ TABLES[1, data[at + 6]]
            ^ TABLES[0, data[at + 7]]
        )
        at += 8
    for i in range(at, n):
        crc = np.uint32(TABLES[0, (crc ^ data[i]) & _BYTE] ^ (crc >> _EIGHT))
    return crc ^ _ALL
