"""Files that once hung, filled the memory, or came out as another library's exception.

Each is made when it is asked for, is small on the disk, and has to be refused by an error of ours.
"""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fuzz import encoders, fasttext, others
from fuzz.targets import (
    Files,
    classifier_seeds,
    elmo_seeds,
    folder_seeds,
    hdf5_seeds,
    keras_seeds,
    labelled_seeds,
    onnx_seeds,
    parquet_seeds,
    saved,
    tensorflow_seeds,
    torch_seeds,
)


class Case(NamedTuple):
    """A file, or a folder of them.

    Attributes:
        name: What is wrong with it.
        target: Who reads it.
        make: Gives the files.
        needs: A package without which it cannot be made or read.
    """

    name: str
    target: str
    make: Callable[[], Files]
    needs: str = ""


def one(content: bytes, name: str = "x") -> Callable[[], Files]:
    """A single file."""
    return lambda: {name: content}


def keras_with(settings: bytes) -> Files:
    """A model of Keras with other settings."""
    files = dict(keras_seeds()[0])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files["x"])) as old, zipfile.ZipFile(out, "w") as new:
        new.writestr("config.json", settings)
        new.writestr("model.weights.h5", old.read("model.weights.h5"))
    return files | {"x": out.getvalue()}


def tar_claiming(size: int) -> bytes:
    """A tar archive whose one member says that it has so many bytes."""
    info = tarfile.TarInfo("pos/1.txt")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 13)


def npy(header: str | bytes, body: bytes = b"") -> bytes:
    """An .npy with this header."""
    text = header if isinstance(header, bytes) else header.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def npy_of(shape: str, dtype: str = "'<f4'") -> bytes:
    """An .npy that claims this shape."""
    return npy(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}\n")


def zip_of(name: str, content: bytes, *changes: tuple[int, bytes]) -> bytes:
    """A zip of one member, with bytes of its entry in the directory changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    data = bytearray(file.getvalue())
    at = data.rindex(b"PK\x01\x02")
    for offset, new in changes:
        data[at + offset : at + offset + len(new)] = new
    return bytes(data)


def safetensors(header: object, body: bytes = b"") -> bytes:
    """A safetensors file with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def elmo_with(part: str, name: str, value: Any) -> Callable[[], Files]:
    """An ELMo whose options have another value."""

    def make() -> Files:
        files = elmo_seeds()[0]
        options = json.loads(files["options.json"])
        options[part][name] = value
        return files | {"options.json": json.dumps(options).encode()}

    return make


def classifier_with(name: str, value: Any, file: str = "settings.json") -> Callable[[], Files]:
    """A classifier whose settings have another value; without it, if the value is `...`."""

    def make() -> Files:
        files = classifier_seeds()[0]
        settings = json.loads(files[file])
        settings[name] = value
        if value is ...:
            del settings[name]
        return files | {file: json.dumps(settings).encode()}

    return make


def seed_with(seeds: Callable[[], list[Files]], file: str, content: bytes) -> Callable[[], Files]:
    """The first seed with one file replaced."""
    return lambda: seeds()[0] | {file: content}


def damaged_gzip(content: bytes) -> bytes:
    """A gzip whose middle is damaged."""
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


def outside(virtual: bool) -> Callable[[], Files]:
    """An HDF5 file that takes its numbers from another file."""

    def make() -> Files:
        import h5py

        file = io.BytesIO()
        with h5py.File(file, "w") as root:
            if virtual:
                layout = h5py.VirtualLayout((4,), np.uint8)
                layout[:] = h5py.VirtualSource("secret.h5", "a", (4,), np.uint8)
                root.create_virtual_dataset("a", layout)
            else:
                root.create_dataset("a", (4,), np.uint8, external=[("secret.txt", 0, 4)])
        return {"x": file.getvalue(), "secret.txt": b"root"}

    return make


def matrix() -> bytes:
    """A small .npy."""
    file = io.BytesIO()
    np.save(file, np.ones((5, 3), np.float32))
    return file.getvalue()


def cut_tar() -> Files:
    """The first half of an archive of labelled texts."""
    (packed,) = (files["x.tar.gz"] for files in labelled_seeds() if "x.tar.gz" in files)
    return {"x.tar.gz": packed[: len(packed) // 2]}


def beyond_unicode() -> Files:
    """An .npz whose tokens have numbers that no character has."""
    file = io.BytesIO()
    np.savez(file, m=np.ones((1, 2)), words=np.array([0x7FFFFFFF], "<u4").view("<U1"))
    return {"x": file.getvalue()}


def tensor(span: list[Any], shape: list[int] | None = None) -> dict[str, Any]:
    """A header of one tensor."""
    return {"a": {"dtype": "U8", "shape": [0] if shape is None else shape, "data_offsets": span}}


def native_with(old: bytes, new: bytes) -> Files:
    """A native table with a piece of its header replaced."""
    (content,) = saved("x.safetensors")
    assert content.count(old) == 1, "the seed has changed"
    return {"x": content.replace(old, new)}


def fasttext_with(at: int, value: bytes) -> Callable[[], Files]:
    """A model of fastText with a piece of it replaced."""
    content = fasttext.seeds()[0]
    return one(content[:at] + value + content[at + len(value) :])


def row_beyond() -> Files:
    """A quantised model whose first bucket has a row that is not there."""
    content = fasttext.seeds()[3]
    at = content.index(b"__label__bad\0") + 13 + 9 + 4
    return {"x": content[:at] + b"\xff\xff\xff\x7f" + content[at + 4 :]}


DEEP = b"[" * 100_000
BAD_NATIVE = safetensors({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}})


def unfinished() -> object:
    """KeyedVectors whose vectors are said to be nowhere."""
    found = others.key_vectors()
    del found.vectors
    return found


LONG_R = struct.pack(">iiii", 14, -1, 1 << 28, 0)
ENDLESS = (
    "DROP TABLE magnitude",
    "CREATE VIEW magnitude AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT i AS key, i AS dim_0 FROM n",
)
CASES: tuple[Case, ...] = (
    # Hangs.
    Case("a tar whose member claims 2^60 bytes", "packed", one(tar_claiming(2**60))),
    Case("the same, of labelled texts", "labelled", one(tar_claiming(2**60), "x.tar")),
    Case("a line of 250,000 digits", "text", one(b"a " + b"1" * 250_000 + b"x 1\n")),
    Case("the same, as a whole file", "text", one(b"1" * 250_000)),
    Case("the same, as labelled text", "labelled", one(b"1" * 250_000, "x.txt")),
    Case("ELMo of 2^63 layers", "elmo", elmo_with("lstm", "n_layers", 2**63), "h5py"),
    Case("ELMo of 2^31 highways", "elmo", elmo_with("char_cnn", "n_highway", 2**31), "h5py"),
    Case(
        "ELMo with words of 2^40 characters",
        "elmo",
        elmo_with("char_cnn", "max_characters_per_token", 2**40),
        "h5py",
    ),
    # Bombs.
    Case(
        "a packed native file, bad and large",
        "packed",
        one(gzip.compress(BAD_NATIVE + bytes(1 << 28), 9)),
    ),
    Case("a packed line of 256 MiB", "text", one(gzip.compress(b"a 1 2\n" + b"1" * (1 << 28), 9))),
    Case("an .npy that claims 2 TB", "numpy", one(npy_of("(2000000, 250000)"))),
    Case("an .npz that claims 2 TB", "numpy", one(zip_of("m.npy", npy_of("(2000000, 250000)")))),
    Case(
        "an .npz whose member claims 4 GB",
        "numpy",
        one(zip_of("m.npy", npy_of("(1000, 1000)"), (24, b"\xfe\xff\xff\xff"))),
    ),
    Case("a dimension of 10^9 - 1", "text", one(b"2 999999999\n" + b"a 1\n" * 100_000)),
    Case("a binary dimension of 10^9 - 1", "binary", one(b"2 999999999\na \0\0\0\0")),
    Case("a header of 2^39 bytes", "native", one((2**39).to_bytes(8, "little") + b'{"a":1}')),
    Case("fastText of 2^31 - 1 words", "fasttext", fasttext_with(64, b"\xff\xff\xff\x7f" * 2)),
    Case("fastText of 2^60 buckets", "fasttext", fasttext_with(84, (2**60).to_bytes(8, "little"))),
    Case("fastText of n-grams of 2^31 - 1", "fasttext", fasttext_with(48, b"\xff\xff\xff\x7f")),
    Case("fastText of dimension 2^31 - 1", "fasttext", fasttext_with(8, b"\xff\xff\xff\x7f")),
    Case("fastText of 2^31 - 1 buckets", "fasttext", fasttext_with(40, b"\xff\xff\xff\x7f")),
    Case("a bucket of row 2^31 - 1", "fasttext", row_beyond),
    # Other libraries' exceptions.
    Case("damaged gzip", "packed", one(damaged_gzip(saved("x.bin")[0] * 50))),
    Case(
        "damaged gzip of labelled texts",
        "labelled",
        one(damaged_gzip(b"text,label\na,b\n" * 99), "x.csv"),
    ),
    Case("a tar.gz cut in the middle", "labelled", cut_tar),
    Case("a zip with a password", "packed", one(zip_of("x", b"a 1 2\n", (8, b"\1\0")))),
    Case(
        "a zip packed by a method of the future",
        "packed",
        one(zip_of("x", b"a 1 2\n", (10, b"\x63\0"))),
    ),
    Case("a zip member without a name", "packed", one(zip_of("x", b"a 1 2\n", (28, b"\0\0\1\0")))),
    Case(
        "a zip member with a NUL in its name",
        "packed",
        one(zip_of("a\0b", b"a 1 2\n", (16, b"\7\0\0\0"))),
    ),
    Case(
        "a zip that says where nothing is",
        "packed",
        one(zip_of("x", b"a 1 2\n", (42, b"\0\0\0\x80"))),
    ),
    Case("deep JSON of tokens", "tokens", lambda: {"tokens.json": DEEP, "x.npy": matrix()}),
    Case("deep JSON lines", "labelled", one(DEEP, "x.jsonl")),
    Case(
        "deep JSON of a classifier",
        "classifier",
        seed_with(classifier_seeds, "settings.json", DEEP),
    ),
    Case("deep JSON of a vocabulary", "vocabulary", one(DEEP)),
    Case("deep JSON of an ELMo", "elmo", seed_with(elmo_seeds, "options.json", DEEP), "h5py"),
    Case("deep JSON of a header", "native", one(safetensors(DEEP))),
    Case("an .npy header that is no Python", "numpy", one(npy("{'descr': (\n"))),
    Case("an .npy header that is deep", "numpy", one(npy(b"(" * 60_000))),
    Case("an .npy header of odd bytes", "numpy", one(npy(b"{'descr': '\0\xff'}\\\n"))),
    Case("an .npy of a negative shape", "numpy", one(npy_of("(-1, 3)"))),
    Case("an .npy of a shape of 10^30", "numpy", one(npy_of(f"(3, {10**30})"))),
    Case("an .npy of a shape of words", "numpy", one(npy_of("('a', None)"))),
    Case("an .npy of 99 dimensions", "numpy", one(npy_of(str((1,) * 99)))),
    Case("an .npy of a list for a dtype", "numpy", one(npy_of("(1, 1)", "[('a', '<f4', -1)]"))),
    Case("an .npy of no dtype", "numpy", one(npy_of("(1, 1)", "'<q9'"))),
    Case("an .npy of Python objects", "numpy", one(npy_of("(1, 1)", "'|O'") + b"cos\nsystem\n.")),
    Case("an .npz of a damaged .npy", "numpy", one(zip_of("m.npy", npy_of("(1, 1)", "{}")))),
    Case("strings beyond Unicode", "numpy", beyond_unicode),
    Case("a tensor that ends before it begins", "native", one(safetensors(tensor([8, 0])))),
    Case("a tensor beyond the file", "native", one(safetensors(tensor([0, 2**62])))),
    Case(
        "a tensor of a shape that wraps around",
        "containers",
        one(safetensors(tensor([0, 4], [2**62, 8]), bytes(4))),
    ),
    Case("offsets of words", "native", one(safetensors(tensor(["0", None])))),
    Case(
        "a native table whose index is too small",
        "native",
        lambda: native_with(b'"shape":[16]', b'"shape":[15]'),
    ),
    Case("a finalfusion file of 2^32 chunks", "finalfusion", one(b"FiFu" + bytes(4) + b"\xff" * 4)),
    Case(
        "a finalfusion matrix of 2^60 rows",
        "finalfusion",
        one(others.fifu_seeds()[0].replace(struct.pack("<QI", 5, 3), struct.pack("<QI", 2**60, 3))),
    ),
    Case(
        "a gensim pickle with a string of four gigabytes",
        "gensim",
        one(b"\x80\x02cgensim.models\nA\nX\xff\xff\xff\xffa."),
    ),
    Case("a gensim pickle of words alone", "gensim", lambda: {"x": others.pickled(unfinished())}),
    Case(
        "a spaCy map of 2^32 keys",
        "spacy",
        lambda: others.spacy_files() | {"key2row": b"\xdf\xff\xff\xff\xff\1\1"},
    ),
    Case("deep JSON of strings", "spacy", lambda: others.spacy_files() | {"strings.json": DEEP}),
    Case(
        "deep JSON of a tokenizer",
        "model2vec",
        lambda: others.model2vec_files() | {"tokenizer.json": DEEP},
    ),
    Case(
        "deep JSON of a tokenizer's settings",
        "folder",
        lambda: folder_seeds()[0] | {"tokenizer_config.json": DEEP},
    ),
    Case("deep JSON of a Keras model", "keras", lambda: keras_with(DEEP), "h5py"),
    Case("a quotation mark that is never closed", "csv", one(b'a,0.5,1\n"' + b"x," * 200_000)),
    Case(
        "an Arrow file at which polars panics",
        "parquet",
        lambda: {"x": parquet_seeds()[1]["x"][:-60] + b"ARROW1"},
        "polars",
    ),
    Case("deep JSON of vectors", "json", one(b'{"a": [1], "b": ' + DEEP)),
    Case(
        "R lists within lists",
        "r",
        one(b"X\n\0\0\0\2" + bytes(8) + struct.pack(">ii", 19, 1) * 100_000),
    ),
    Case(
        "a Magnitude file whose words are an endless view",
        "magnitude",
        lambda: {"x": others.magnitude(others.VECTORS, others.WORDS, 7, *ENDLESS)},
    ),
    Case("an R vector of 2^60 numbers", "r", one(b"X\n\0\0\0\2" + bytes(8) + LONG_R)),
    Case("a classifier without params", "classifier", classifier_with("params", ...)),
    Case("params that are a list", "classifier", classifier_with("params", [1])),
    Case("classes that are a number", "classifier", classifier_with("classes", 7)),
    Case("classes of lists", "classifier", classifier_with("classes", [["a"], ["b"]])),
    Case("a history of words", "classifier", classifier_with("history", {"loss": ["x"]})),
    Case("n_trainable of null", "classifier", classifier_with("n_trainable", None)),
    Case(
        "settings that are a list",
        "classifier",
        seed_with(classifier_seeds, "settings.json", b"[]"),
    ),
    Case(
        "vocabulary of null", "classifier", seed_with(classifier_seeds, "vocabulary.json", b"null")
    ),
    Case(
        "weights that are empty",
        "classifier",
        seed_with(classifier_seeds, "weights.safetensors", b""),
    ),
    Case("a vocabulary of numbers", "vocabulary", one(b'{"tokens": [1, 2]}')),
    Case("ELMo options of null", "elmo", seed_with(elmo_seeds, "options.json", b"null"), "h5py"),
    Case("ELMo filters of words", "elmo", elmo_with("char_cnn", "filters", ["a"]), "h5py"),
    Case("an ELMo of a negative dim", "elmo", elmo_with("lstm", "dim", -1), "h5py"),
    # Files that reach outside.
    Case("HDF5 with numbers in another file", "hdf5", outside(virtual=False), "h5py"),
    Case("HDF5 of virtual numbers", "hdf5", outside(virtual=True), "h5py"),
    Case("a cut state_dict", "torch", lambda: {"x": torch_seeds()[0]["x"][:900]}, "torch"),
    Case("a pickle of a program", "torch", one(b"\x80\x02cos\nsystem\n(X\x01\0\0\0:tR."), "torch"),
    Case(
        "a pickle that imports a name of a megabyte",
        "torch",
        one(b"\x80\x02ctorch\n" + b"[" * (1 << 20) + b"\n."),
        "torch",
    ),
    Case(
        "a pickle with a string of four gigabytes",
        "torch",
        one(b"\x80\x02X\xff\xff\xff\xffa."),
        "torch",
    ),
    Case(
        "an ONNX model with numbers elsewhere",
        "onnx",
        lambda: {"x": onnx_seeds()[0]["x"].replace(b"location\x12\1y", b"location\x12\1/")},
    ),
    Case("an index of another folder", "shards", one(b'{"weight_map": {"a": "../y"}}')),
    Case(
        "a TensorFlow checkpoint without its data",
        "tensorflow",
        lambda: {"x.index": tensorflow_seeds()[0]["x.index"]},
    ),
    Case("HDF5 that is cut", "hdf5", lambda: {"x": hdf5_seeds()[0]["x"][:1000]}, "h5py"),
    Case(
        "deep JSON of a static encoder",
        "static",
        seed_with(encoders.static_seeds, "encoder.json", DEEP),
    ),
    Case(
        "model2vec without its unknown piece",
        "model2vec-encoder",
        lambda: {
            name: content.replace(b'"unk_token": "[UNK]"', b'"unk_token": "[UNW]"')
            for name, content in encoders.model2vec_folders()[0].items()
        },
        "tokenizers",
    ),
    Case(
        "a BERT without its unknown piece",
        "transformer",
        lambda: encoders.transformer_seeds()[0] | {"vocab.txt": b"[PAD]\n[CLS]\n[SEP]\na\n"},
        "tokenizers",
    ),
    Case(
        "a USE that is cut",
        "use",
        lambda: {name: content[:99] for name, content in encoders.use_seeds()[0].items()},
        "sentencepiece",
    ),
)
