"""CRC-32C as TensorFlow stores it, of few bytes and of many."""

import numpy as np

from inlay.aliases import Array

FEW = 1 << 15  # bytes that take less time than the import of a compiler does
_MASK = 0xFFFFFFFF
_TABLE: list[int] = []


def crc32c(data: Array, before: int = 0) -> int:
    """The checksum of uint8 `(n,)`, behind bytes whose own is `before`.

    Examples:
        >>> hex(crc32c(np.frombuffer(b"123456789", np.uint8)))
        '0xe3069283'
    """
    if data.size > FEW:
        from inlay.kernels.crc32c import crc32c as compiled

        return int(compiled(data, np.uint32(before)))
    table = _TABLE or _fill()
    crc = before ^ _MASK
    for byte in data.tobytes():
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ _MASK


def masked(crc: int) -> int:
    """A checksum as it is stored: turned and moved, since one of bytes with their own is weak.

    Examples:
        >>> hex(masked(0xE3069283))
        '0xc78ab0e5'
    """
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & _MASK


def _fill() -> list[int]:
    """The remainder of each byte; the polynomial is 0x1EDC6F41, reflected."""
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        _TABLE.append(crc)
    return _TABLE
