"""Changes to the bytes of a small valid file, of the kinds that have found mistakes."""

import gzip
import io
import re
import zipfile

import numpy as np

INTERESTING = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40)
INTERESTING += (2**53 + 1, 2**60, 2**63 - 1, 2**63, 2**64 - 1)
WORDS = b'|-1|0|1e999|nan|-inf|null|true|""|[]|{}|"x"|9007199254740993|99999999999999999999|1.5'
BYTES = b'\0\x01\t\n\r "[]{}:,.-+019eE\x7f\x80\xbf\xc3\xed\xfe\xff'
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
MOST = 1 << 20  # bytes that a mutant may grow to


def mutated(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """One to four changes, at times inside of the packing, whose checksums are made anew.

    Args:
        data: A file.
        rng: Decides.
        others: Files to take pieces from.
    """
    if rng.random() < 0.6:
        if data.startswith(b"PK\x03\x04"):
            return _in_zip(data, rng, others)
        if data.startswith(b"\x1f\x8b"):
            return _in_gzip(data, rng, others)
    for _ in range(int(rng.integers(1, 5))):
        data = CHANGES[rng.integers(len(CHANGES))](data, rng, others)
    return data[:MOST]


def _place(data: bytes, rng: np.random.Generator) -> int:
    """Anywhere, but half of the time near the front, where headers are."""
    most = len(data) if rng.random() < 0.5 else min(len(data), 200)
    return int(rng.integers(most + 1))


def _flip(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    at = min(_place(data, rng), max(len(data) - 1, 0))
    return (
        data[:at]
        + bytes(byte ^ 1 << rng.integers(8) for byte in data[at : at + 1])
        + data[at + 1 :]
    )


def _byte(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    at, size = _place(data, rng), int(rng.integers(2))
    return data[:at] + bytes([BYTES[rng.integers(len(BYTES))]]) + data[at + size :]


def _delete(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + int(rng.geometric(0.1)) :]


def _cut(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    return data[: _place(data, rng)]


def _repeat(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    at = _place(data, rng)
    piece = data[at : at + int(rng.geometric(0.05))]
    return data[:at] + piece * int(rng.choice([2, 3, 100, 5000])) + data[at:]


def _number(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """Another number where one stands, as text."""
    found = list(NUMBER.finditer(data[:100_000]))
    if not found:
        return _integer(data, rng, others)
    match = found[rng.integers(len(found))]
    words = WORDS.split(b"|")
    if rng.random() < 0.5:
        new = str(INTERESTING[rng.integers(len(INTERESTING))]).encode()
    else:
        new = words[rng.integers(len(words))]
    return data[: match.start()] + new + data[match.end() :]


def _integer(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """Another number where anything stands, as bytes."""
    width = int(rng.choice([1, 2, 4, 8]))
    value = INTERESTING[rng.integers(len(INTERESTING))] % 2 ** (8 * width)
    at = _place(data, rng)
    return data[:at] + value.to_bytes(width, "little") + data[at + width :]


def _splice(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    other = others[rng.integers(len(others))]
    return data[: _place(data, rng)] + other[_place(other, rng) :]


def _nest(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    at = _place(data, rng)
    opening = [b"[", b'{"a":', b"(", b'"'][rng.integers(4)]
    return data[:at] + opening * int(rng.choice([1, 50, 20_000])) + data[at:]


CHANGES = (_flip, _byte, _delete, _cut, _repeat, _number, _number, _integer, _splice, _nest)


def _in_gzip(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    return gzip.compress(mutated(gzip.decompress(data), rng, others), 1, mtime=0)


def _in_zip(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        members = [(info.filename, old.read(info)) for info in old.infolist()]
        chosen = int(rng.integers(len(members)))
        for i, (name, content) in enumerate(members):
            changed = mutated(content, rng, others) if i == chosen else content
            method = zipfile.ZIP_DEFLATED if rng.random() < 0.3 else zipfile.ZIP_STORED
            new.writestr(name, changed, method)
    return file.getvalue()
