"""Small files as other libraries write them, made without these libraries: seeds, and for tests."""

import contextlib
import io
import json
import pickle
import sqlite3
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.containers.safetensors import write_to

WORDS = ["the", "é", "film", "1", "x.y"]
VECTORS = np.array([[0, 1, -2.5], [0.25, 3, 4], [1e-3, 7, 8], [9, -1, 2], [5, 6, 7]], np.float32)
Matrix = NDArray[np.float32]


# -- finalfusion -------------------------------------------------------------------------------


def strings(words: Iterable[str]) -> bytes:
    """Strings behind their lengths."""
    encoded = [word.encode() for word in words]
    return b"".join(struct.pack("<I", len(word)) + word for word in encoded)


def fifu_words(kind: int = 1, words: Sequence[str] = WORDS, ngrams: Sequence[str] = ()) -> bytes:
    """A vocabulary, with n-grams of 3 to 6 characters if it is of a kind that has them."""
    head = struct.pack("<Q", len(words))
    if kind == 8:
        head += struct.pack("<QII", len(ngrams), 3, 6)
    elif kind != 1:
        head += struct.pack("<III", 3, 6, 2)
    rows = (strings([ngram]) + struct.pack("<Q", i) for i, ngram in enumerate(ngrams))
    return head + strings(words) + b"".join(rows)


def fifu_plain(at: int, vectors: Matrix = VECTORS) -> bytes:
    """A matrix, in a chunk whose content begins at this place of the file."""
    pad = bytes(4 - (at + 16) % 4)
    return struct.pack("<QII", *vectors.shape, 10) + pad + vectors.astype("<f4").tobytes()


def fifu_quantised(
    at: int,
    codes: NDArray[np.uint8],
    centroids: Matrix,
    projection: Matrix | None = None,
    norms: Matrix | None = None,
) -> bytes:
    """A quantised matrix; `centroids` are `(parts, centroids, numbers in a part)`."""
    parts, n, width = centroids.shape
    given = (projection is not None, norms is not None)
    head = struct.pack("<IIIIIQII", *given, parts, parts * width, n, len(codes), 1, 10)
    arrays = [array for array in (projection, centroids, norms) if array is not None]
    numbers = b"".join(array.astype("<f4").tobytes() for array in arrays)
    return head + bytes(4 - (at + 36) % 4) + numbers + codes.astype(np.uint8).tobytes()


def fifu_norms(at: int, norms: Matrix) -> bytes:
    """Norms of words."""
    pad = bytes(4 - (at + 12) % 4)
    return struct.pack("<QI", len(norms), 10) + pad + norms.astype("<f4").tobytes()


class Fifu:
    """A file that grows chunk by chunk; `kinds` are those that its header lists."""

    def __init__(self, *kinds: int) -> None:
        self.content = b"FiFu" + struct.pack(f"<II{len(kinds)}I", 0, len(kinds), *kinds)

    @property
    def at(self) -> int:
        """Where the content of the next chunk begins."""
        return len(self.content) + 12

    def add(self, kind: int, chunk: bytes) -> "Fifu":
        """Add a chunk."""
        self.content += struct.pack("<IQ", kind, len(chunk)) + chunk
        return self


def fifu_seeds() -> list[bytes]:
    """Plain, with subwords, norms and a description, and quantised."""
    plain = Fifu(1, 2).add(1, fifu_words())
    plain.add(2, fifu_plain(plain.at))
    files = [plain]
    for kind in (3, 7, 8):
        file = Fifu(5, kind, 2, 6).add(5, b'[a]\nb = 1.5\nc = "x"\n')
        file.add(kind, fifu_words(kind, ngrams=["<th", "the"] if kind == 8 else ()))
        file.add(2, fifu_plain(file.at, np.concatenate([VECTORS, VECTORS[:4]])))
        files.append(file.add(6, fifu_norms(file.at, np.arange(5, dtype=np.float32))))
    quantised = Fifu(1, 4).add(1, fifu_words())
    codes = np.array([[0, 1], [1, 0], [1, 1], [0, 0], [1, 1]], np.uint8)
    arrays = codes, np.arange(8).reshape(2, 2, 2), np.arange(16).reshape(4, 4), np.arange(5)
    quantised.add(4, fifu_quantised(quantised.at, *arrays))
    return [file.content for file in [*files, quantised]]


# -- gensim ------------------------------------------------------------------------------------


class NamedPickler(pickle._Pickler):
    """A pickler that writes classes by the names that they have, whether they are there or not."""

    def save_global(self, obj: Any, name: str | None = None) -> None:
        """Write a name."""
        self.write(f"c{obj.__module__}\n{name or obj.__qualname__}\n".encode())
        self.memoize(obj)


def pickled(value: object, protocol: int = 4) -> bytes:
    """A pickle, which may hold objects of `foreign` classes."""
    file = io.BytesIO()
    NamedPickler(file, protocol).dump(value)
    return file.getvalue()


def foreign(name: str, **state: object) -> Any:
    """An object of a class of somebody's, by its dotted name."""
    module, _, last = name.rpartition(".")
    made = type(last, (), {"__module__": module, "__qualname__": last})()
    made.__dict__.update(state)
    return made


def key_vectors(**state: object) -> Any:
    """KeyedVectors of gensim 4."""
    given: dict[str, object] = {
        "vector_size": VECTORS.shape[1],
        "index_to_key": list(WORDS),
        "key_to_index": {word: row for row, word in enumerate(WORDS)},
        "vectors": VECTORS,
        "expandos": {"count": np.array([9, 7, 5, 4, 2])},
        "__numpys": [],
    }
    return foreign("gensim.models.keyedvectors.KeyedVectors", **given | state)


def old_vectors(**state: object) -> Any:
    """KeyedVectors of gensim 3."""
    counts = dict(zip(WORDS, (9, 7, 5, 4, 2), strict=True))
    vocab = {
        word: foreign("gensim.models.keyedvectors.Vocab", count=count, index=row)
        for row, (word, count) in enumerate(counts.items())
    }
    given = {"index2word": list(WORDS), "vocab": vocab, "syn0": VECTORS}
    return foreign("gensim.models.keyedvectors.Word2VecKeyedVectors", **given | state)


def npy(array: NDArray[Any]) -> bytes:
    """An array as `np.save` writes it."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def gensim_seeds() -> list[dict[str, bytes]]:
    """KeyedVectors, a model with its arrays beside it, an old one, and documents."""
    apart = key_vectors(__numpys=["vectors"])
    del apart.vectors
    model = foreign("gensim.models.word2vec.Word2Vec", wv=apart, __recursive_saveloads=["wv"])
    tags = {"max_rawint": 2, "offset2doctag": ["a", "b"], "count": 5, "vectors_docs": VECTORS}
    documents = foreign("gensim.models.keyedvectors.Doc2VecKeyedVectors", **tags)
    both = foreign("gensim.models.doc2vec.Doc2Vec", wv=old_vectors(), docvecs=documents)
    parts = {"vectors_vocab": VECTORS, "vectors_ngrams": VECTORS[:2], "bucket": 2}
    subwords = key_vectors(**parts, min_n=3, max_n=6)
    del subwords.vectors
    return [
        {"x": pickled(key_vectors())},
        {"x": pickled(subwords)},
        {"x": pickled(model), "x.wv.vectors.npy": npy(VECTORS)},
        {"x": pickled(old_vectors(), 2)},
        {"x": pickled(both, 2)},
    ]


# -- spaCy -------------------------------------------------------------------------------------

# What spaCy 3.8 makes of the words.
SPACY_KEYS = [
    7425985699627899538,
    16256712947286012828,
    1827453542365867094,
    5533571732986600803,
    1862959740540492927,
]


def spacy_keys(keys: Sequence[int], rows: Sequence[int]) -> bytes:
    """A map of hashes to rows, in msgpack."""
    pairs = zip(keys, rows, strict=True)
    return bytes([0x80 + len(keys)]) + b"".join(
        b"\xcf" + key.to_bytes(8, "big") + bytes([row]) for key, row in pairs
    )


def spacy_files(
    vectors: NDArray[Any] = VECTORS,
    rows: Sequence[int] = range(5),
    strings: Sequence[str] = ("not a word", *WORDS),
    mode: str = "default",
) -> dict[str, bytes]:
    """A folder of vectors."""
    return {
        "vectors": npy(vectors),
        "key2row": spacy_keys(SPACY_KEYS[: len(rows)], rows),
        "strings.json": json.dumps(strings).encode(),
        "vectors.cfg": json.dumps({"mode": mode}).encode(),
    }


def spacy_seeds() -> list[dict[str, bytes]]:
    """As spaCy writes it, with a row that several share, and with floret's rows of n-grams."""
    said = {"mode": "floret", "minn": 2, "maxn": 3, "hash_count": 2, "hash_seed": 7}
    floret = spacy_files(rows=()) | {"vectors.cfg": json.dumps(said).encode()}
    return [spacy_files(), spacy_files(VECTORS[:3], (2, 0, 0, 1, 2)), floret]


# -- model2vec ---------------------------------------------------------------------------------


def safetensors_of(**arrays: NDArray[Any]) -> bytes:
    """A file of tensors."""
    file = io.BytesIO()
    write_to(file, arrays)
    return file.getvalue()


def tokenizer_of(kind: str = "WordPiece", words: Sequence[str] = WORDS, **more: object) -> bytes:
    """A `tokenizer.json`, as far as its vocabulary goes."""
    vocab: object = {word: i for i, word in enumerate(words)}
    if kind == "Unigram":
        vocab = [[word, -float(i)] for i, word in enumerate(words)]
    whole = {"version": "1.0", "added_tokens": [], "model": {"type": kind, "vocab": vocab}}
    return json.dumps(whole | more).encode()


def model2vec_files(**arrays: NDArray[Any]) -> dict[str, bytes]:
    """A folder of a static model."""
    return {
        "model.safetensors": safetensors_of(**arrays or {"embeddings": VECTORS}),
        "tokenizer.json": tokenizer_of(),
        "config.json": b'{"model_type": "model2vec", "normalize": true}',
    }


def model2vec_seeds() -> list[dict[str, bytes]]:
    """Plain, quantised with a mapping and weights, and of whole numbers."""
    mapping, weights = np.array([2, 0, 0, 1, 2], np.int32), np.arange(5.0)
    return [
        model2vec_files(),
        model2vec_files(embeddings=VECTORS[:3], mapping=mapping, weights=weights),
        model2vec_files(embeddings=VECTORS.astype(np.int8))
        | {"tokenizer.json": tokenizer_of("Unigram")},
    ]


# -- word2vecjson ------------------------------------------------------------------------------


def json_seeds() -> list[bytes]:
    """Plain, laid out in lines, and as a script."""
    rows = {word: [float(x) for x in row] for word, row in zip(WORDS, VECTORS, strict=True)}
    text = json.dumps(rows)
    texts = [text, json.dumps(rows, indent=1, ensure_ascii=False), f"var wordVecs = {text};"]
    return [text.encode() for text in texts]


# -- R -----------------------------------------------------------------------------------------


R_FORMS = {">": b"X", "<": b"B", "A": b"A"}  # how numbers are written


class RValue:
    """A value of R in the making: what it is as bytes, given how numbers are written."""

    def __init__(self, kind: int, content: Any, **attributes: "RValue") -> None:
        self.kind, self.content, self.attributes = kind, content, attributes

    def written(self, order: str = ">") -> bytes:
        """The value behind its flags, and its attributes behind it."""
        if self.kind == 2:
            return r_pairs(order, self.content)
        flags = self.kind | (0x200 if self.attributes and self.kind != 238 else 0)
        whole = r_ints(order, flags) + self._content(order)
        if self.kind == 238:
            return whole + (r_pairs(order, self.attributes))
        return whole + (r_pairs(order, self.attributes) if self.attributes else b"")

    def _content(self, order: str) -> bytes:
        if self.kind == 254:
            return b""
        if self.kind == 238:
            return b"".join(part.written(order) for part in self.content)
        head = r_ints(order, len(self.content))
        if self.kind == 16:
            return head + b"".join(r_string(order, text) for text in self.content)
        if self.kind == 19:
            return head + b"".join(value.written(order) for value in self.content)
        if order == "A":
            return head + b"".join(r_word(number) for number in self.content)
        kind = {10: "i4", 13: "i4", 14: "f8"}[self.kind]
        return head + np.asarray(self.content, order + kind).tobytes()


def r_ints(order: str, *numbers: int) -> bytes:
    """Whole numbers: big-endian (`">"`), little-endian (`"<"`), or as text (`"A"`)."""
    if order == "A":
        return b"".join(map(r_word, numbers))
    return struct.pack(f"{order}{len(numbers)}i", *numbers)


def r_word(number: Any) -> bytes:
    """A number as text, as `OutInteger` and `OutReal` write it, but for a 17th digit."""
    if isinstance(number, int | np.integer):
        return b"NA\n" if number == -(2**31) else b"%d\n" % number
    named = {np.inf: b"Inf\n", -np.inf: b"-Inf\n"}
    return b"NaN\n" if number != number else named.get(number, b"%.17g\n" % number)


def r_escaped(content: bytes) -> bytes:
    """A string as text, as `OutString` writes it."""
    named = {ord(c): f"\\{e}".encode() for c, e in zip("\n\t\v\b\r\f\a", "ntvbrfa", strict=True)}
    named |= {ord(c): f"\\{c}".encode() for c in "\\?'\""}
    return b"".join(
        named.get(c) or (b"\\%03o" % c if c <= 32 or c > 126 else bytes([c])) for c in content
    ) + b"\n"  # fmt: skip


def r_string(order: str, text: str | bytes | None) -> bytes:
    """A string; bytes are marked as Latin-1, and None is a missing one."""
    if text is None:
        return r_ints(order, 9, -1)
    latin = isinstance(text, bytes)
    content = text if isinstance(text, bytes) else text.encode()
    head = r_ints(order, 9 | (4 if latin else 8) << 12, len(content))
    return head + (r_escaped(content) if order == "A" else content)


def r_pairs(order: str, values: dict[str, RValue]) -> bytes:
    """Values by name."""
    found = b""
    for name, value in values.items():
        symbol = r_ints(order, 1) + r_string(order, name)
        found += r_ints(order, 2 | 0x400) + symbol + value.written(order)
    return found + r_ints(order, 254)


def r_strings(*texts: str | bytes | None) -> RValue:
    """A vector of strings."""
    return RValue(16, texts)


def r_matrix(vectors: NDArray[Any] = VECTORS, words: Sequence[str] = WORDS) -> RValue:
    """A matrix with the names of its rows."""
    names = RValue(19, [r_strings(*words), RValue(254, None)])
    shape = RValue(13, vectors.shape)
    return RValue(14, vectors.T.reshape(-1), dim=shape, dimnames=names)


def r_frame(columns: dict[str, RValue], rows: RValue) -> RValue:
    """A data frame."""
    attributes = {"names": r_strings(*columns), "class": r_strings("data.frame")}
    return RValue(19, list(columns.values()), **attributes, **{"row.names": rows})


def r_columns(vectors: NDArray[Any] = VECTORS) -> dict[str, RValue]:
    """The columns of a matrix."""
    return {f"V{j}": RValue(14, column) for j, column in enumerate(vectors.T)}


def rda(values: dict[str, RValue], order: str = ">", version: int = 3) -> bytes:
    """A file of values by name."""
    return b"RD%b%d\n" % (R_FORMS[order], version) + r_head(order, version) + r_pairs(order, values)


def rds(value: RValue, order: str = ">", version: int = 2) -> bytes:
    """A file of one value."""
    return r_head(order, version) + value.written(order)


def r_head(order: str, version: int) -> bytes:
    """What stands before the values."""
    head = R_FORMS[order] + b"\n" + r_ints(order, version, 262_657, 131_840)
    if version != 3:
        return head
    return head + r_ints(order, 5) + (r_escaped(b"UTF-8") if order == "A" else b"UTF-8")


def r_seeds() -> list[bytes]:
    """A matrix, and data frames with names of rows and with a column of words."""
    words = RValue(16, WORDS)
    automatic = RValue(13, [-(2**31), -5])
    factor = RValue(13, [5, 4, 3, 2, 1], levels=words, **{"class": r_strings("factor")})
    return [
        rda({"x": r_matrix()}),
        rda({"other": r_strings("a"), "x": r_frame(r_columns(), words)}, "<"),
        rds(r_frame({"word": words} | r_columns(), automatic)),
        rds(r_frame(r_columns() | {"word": factor}, automatic), version=3),
        rda({"x": r_matrix()}, "A"),
    ]


# -- Magnitude ---------------------------------------------------------------------------------


def magnitude(
    vectors: NDArray[Any] = VECTORS,
    words: Sequence[Any] = WORDS,
    precision: object = 7,
    *more: str,
    lengths: bool = True,
) -> bytes:
    """A database of unit vectors, and what else is executed in it."""
    dim = vectors.shape[1]
    columns = [*(f"dim_{i} INTEGER" for i in range(dim)), *["magnitude REAL"] * lengths]
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE magnitude (key TEXT COLLATE NOCASE, {', '.join(columns)})")
        database.execute("CREATE TABLE magnitude_format (key TEXT COLLATE NOCASE, value INTEGER)")
        for word, vector in zip(words, vectors.astype(float), strict=True):
            length = float(np.linalg.norm(vector))
            numbers = [round(float(x) / length * 10**7) for x in vector]
            row = [word, *numbers, *[length] * lengths]
            database.execute(f"INSERT INTO magnitude VALUES ({', '.join('?' * len(row))})", row)
        for key, value in (("version", 2), ("dim", dim), ("precision", precision)):
            database.execute("INSERT INTO magnitude_format VALUES (?, ?)", (key, value))
        for statement in more:
            database.execute(statement)
        database.commit()
        return database.serialize()


def magnitude_seeds() -> list[bytes]:
    """As the second version of the converter writes it, and as the first did."""
    index = "CREATE INDEX magnitude_key_idx ON magnitude (key)"
    return [magnitude(VECTORS, WORDS, 7, index), magnitude(lengths=False)]
