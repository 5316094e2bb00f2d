"""Small models of fastText, written number by number, and vectors by a plain reading of its code.

Nothing here is shared with `inlay.formats.fasttext`: the one is held against the other.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

MAGIC = 793712314
CBOW, SKIPGRAM, SUPERVISED = 1, 2, 3
WORDS = ("</s>", "film", "영화", "é", "naïve", "a", "<", "film😀", "")


def hashed(ngram: bytes) -> int:
    """`Dictionary::hash`: each byte is widened with its sign."""
    h = 2166136261
    for byte in ngram:
        h ^= byte - 256 if byte > 127 else byte
        h = (h & 0xFFFFFFFF) * 16777619 & 0xFFFFFFFF
    return h


def characters(word: bytes) -> list[bytes]:
    """A word cut before each byte that begins a character."""
    found: list[bytes] = []
    for i in range(len(word)):
        if word[i] & 0xC0 == 0x80 and found:
            found[-1] += word[i : i + 1]
        else:
            found.append(word[i : i + 1])
    return found


def grams(word: bytes, min_n: int, max_n: int) -> list[bytes]:
    """`Dictionary::computeSubwords` of `<word>`."""
    letters = characters(b"<" + word + b">")
    return [
        b"".join(letters[i : i + n])
        for i in range(len(letters))
        for n in range(1, max_n + 1)
        if i + n <= len(letters) and n >= min_n
        and not (n == 1 and (i == 0 or i + n == len(letters)))
    ]  # fmt: skip


@dataclass
class Quantiser:
    """`ProductQuantizer`: centroids by part, each float32 `(256, numbers in the part)`."""

    width: int
    parts: list[np.ndarray]

    @classmethod
    def random(cls, dim: int, width: int, rng: np.random.Generator) -> "Quantiser":
        wide = [min(width, dim - at) for at in range(0, dim, width)]
        return cls(width, [rng.normal(size=(256, n)).astype("<f4") for n in wide])

    def dump(self) -> bytes:
        dim = sum(part.shape[1] for part in self.parts)
        head = (dim, len(self.parts), self.width, self.parts[-1].shape[1])
        return struct.pack("<4i", *head) + b"".join(part.tobytes() for part in self.parts)

    def row(self, codes: np.ndarray) -> np.ndarray:
        return np.concatenate([part[code] for part, code in zip(self.parts, codes, strict=True)])


@dataclass
class Matrix:
    """Rows of numbers, or of codes."""

    numbers: np.ndarray | None = None
    codes: np.ndarray | None = None
    quantiser: Quantiser | None = None
    norms: np.ndarray | None = None
    scales: Quantiser | None = None

    def __len__(self) -> int:
        return len(self.numbers if self.codes is None else self.codes)

    def row(self, i: int) -> np.ndarray:
        if self.codes is None:
            return self.numbers[i]
        found = self.quantiser.row(self.codes[i])
        return found if self.norms is None else found * self.scales.parts[0][self.norms[i], 0]

    def dump(self, dim: int) -> bytes:
        if self.codes is None:
            return struct.pack("<qq", len(self), dim) + self.numbers.astype("<f4").tobytes()
        head = struct.pack("<?qqi", self.norms is not None, len(self), dim, self.codes.size)
        body = head + self.codes.tobytes() + self.quantiser.dump()
        return body if self.norms is None else body + self.norms.tobytes() + self.scales.dump()


@dataclass
class Model:
    """A model: `dump()` writes it, `vector(word)` is what fastText's getWordVector says."""

    words: list[bytes]
    dim: int
    min_n: int
    max_n: int
    bucket: int
    input: Matrix
    output: Matrix
    kind: int = SKIPGRAM
    labels: list[bytes] = field(default_factory=list)
    version: int | None = 12  # None: of before there were any
    kept: dict[int, int] | None = None

    def dump(self) -> bytes:
        parts = [] if self.version is None else [struct.pack("<ii", MAGIC, self.version)]
        numbers = (self.dim, 5, 7, 1, 5, 1, 2, self.kind, self.bucket, self.min_n, self.max_n, 100)
        parts.append(struct.pack("<12id", *numbers, 1e-4))
        n, total = len(self.words), len(self.words) + len(self.labels)
        parts.append(struct.pack("<3iq", total, n, len(self.labels), 1000))
        if self.version is not None:
            parts.append(struct.pack("<q", -1 if self.kept is None else len(self.kept)))
        for i, word in enumerate([*self.words, *self.labels]):
            parts.append(word + b"\0" + struct.pack("<qb", 10**6 - i, i >= n))
        parts += [struct.pack("<ii", *pair) for pair in (self.kept or {}).items()]
        for matrix in (self.input, self.output):
            if self.version is not None:
                parts.append(struct.pack("<?", matrix.codes is not None))
            parts.append(matrix.dump(self.dim))
        return b"".join(parts)

    def rows(self, word: bytes) -> list[int]:
        """`Dictionary::getSubwords`."""
        listed = [*self.words, *self.labels]
        found = [listed.index(word)] if word in listed else []
        if word == b"</s>":
            return found
        for gram in grams(word, self.min_n, self.max_n):
            bucket = hashed(gram) % self.bucket
            if self.kept is None:
                found.append(len(self.words) + bucket)
            elif bucket in self.kept:
                found.append(len(self.words) + self.kept[bucket])
        return found

    def vector(self, word: str | bytes) -> np.ndarray:
        rows = self.rows(word.encode() if isinstance(word, str) else word)
        total = np.zeros(self.dim, np.float32)
        for row in rows:
            total += self.input.row(row)
        return total * np.float32(1 / len(rows)) if rows else total


def dense(rows: int, dim: int, rng: np.random.Generator) -> Matrix:
    return Matrix(rng.normal(size=(rows, dim)).astype(np.float32))


def coded(rows: int, dim: int, rng: np.random.Generator, *, width=2, norms=False) -> Matrix:
    quantiser = Quantiser.random(dim, width, rng)
    codes = rng.integers(0, 256, (rows, len(quantiser.parts)), np.uint8)
    if not norms:
        return Matrix(None, codes, quantiser)
    scales = Quantiser.random(1, 1, rng)
    return Matrix(None, codes, quantiser, rng.integers(0, 256, rows, np.uint8), scales)


def model(words=WORDS, *, dim=5, min_n=2, max_n=4, bucket=50, **more) -> Model:
    """A model of numbers."""
    rng = np.random.default_rng(dim + bucket)
    words = [word if isinstance(word, bytes) else word.encode() for word in words]
    n_out = len(more.get("labels", ())) or len(words)
    given = {"input": dense(len(words) + bucket, dim, rng), "output": dense(n_out, dim, rng)} | more
    return Model(words, dim, min_n, max_n, bucket, **given)


LABELS = [b"__label__good", b"__label__bad"]


def supervised(**more) -> Model:
    """One of words without n-grams."""
    return model(kind=SUPERVISED, labels=LABELS, min_n=0, max_n=0, bucket=0, **more)


def quantised(*, norms=True, qout=True, pruned=True, dim=5, bucket=60) -> Model:
    """A `.ftz`."""
    rng = np.random.default_rng(1)
    n = len(WORDS)
    kept = {int(b): i for i, b in enumerate(rng.permutation(bucket)[: bucket // 2])}
    rows = n + (len(kept) if pruned else bucket)
    return model(
        kind=SUPERVISED,
        labels=LABELS,
        dim=dim,
        bucket=bucket,
        kept=kept if pruned else None,
        input=coded(rows, dim, rng, norms=norms),
        output=coded(len(LABELS), dim, rng) if qout else dense(len(LABELS), dim, rng),
    )


MODELS = {
    "skipgram": model(),
    "cbow of long n-grams": model(kind=CBOW, min_n=3, max_n=9, bucket=7, dim=16),
    "every length": model(min_n=0, max_n=6, dim=1),
    "without n-grams": model(min_n=0, max_n=0, bucket=0),
    "version 11": model(version=11),
    "before versions": model(version=None),
    "supervised": supervised(),
    "supervised with n-grams": model(kind=SUPERVISED, labels=LABELS),
    "quantised": quantised(),
    "quantised, all buckets": quantised(pruned=False),
    "quantised without norms": quantised(norms=False, qout=False),
    "quantised in one part": quantised(dim=2),
}


def seeds() -> list[bytes]:
    """Models of words and n-grams, of words alone, of before versions, and quantised."""
    words = ("film", "é")
    return [
        model(words, bucket=9, dim=3).dump(),
        supervised(words=words, dim=3).dump(),
        model(words, bucket=9, dim=3, version=None).dump(),
        quantised(dim=3, bucket=6).dump(),
    ]
