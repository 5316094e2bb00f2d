"""Files that are no tables of ours are named for what they are."""

import io
import pickle
import struct
import zipfile
from collections import Counter

import numpy as np
import pytest

from inlay import load
from inlay.errors import FormatError
from inlay.formats.strangers import STRANGERS, describe, is_old_fasttext
from tests.data import shared
from tests.processes import soon

OLD_FASTTEXT = struct.pack("<12id", 10, 5, 5, 5, 5, 1, 2, 2, 1000, 3, 6, 100, 1e-4)


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


KINDS = [
    (b"\x80\x04\x95abc", "a Python pickle, which may run any program and is never opened"),
    (b"SQLite format 3\0..CREATE TABLE x", "an SQLite database"),
    (b"FEA1\0\0\0\0", "a Feather file of version 1. Try: polars or pandas, and Table.tokens"),
    (b"\0\0\6\x08\1\x1a\2\x08\1\0\t\x11conv/bias", "the index of a TensorFlow checkpoint"),
    (b"\x08\1\x12\xfc\xab\x8b\1\n\xfe\x1e", "a TensorFlow SavedModel"),
    (b"\n\x81\2\n\4in_0\x12\5Const*\x0b", "a frozen TensorFlow graph"),
    (b"\x08\7\x12\7pytorch\x1a\x030.2", "an ONNX model"),
    (b"\n\t\n\5<unk>\x18\2\n\7", "a SentencePiece model"),
    (b"\x28\xb5\x2f\xfd..", "a zstd archive"),
    (b"version https://git-lfs.github.com/spec/v1\nsize 5\n", "a pointer of Git LFS"),
    ("a 1 2\n".encode("utf-16"), "text in UTF-16"),
    (b"<!doctype html><p>1 2", "an HTML page. Try: download it again"),
    (b"\0\1\2\3", "binary data of a kind that is not known"),
    (b"9 2 3 6 2 2166136261 < >\n0 0.5 1\n1 2 3\n", "floret's rows of n-grams as text. Try: spacy"),
    (b"some words\nof a text\n", "something that begins with 'some words'"),
]


@pytest.mark.parametrize(("head", "message"), KINDS, ids=[message for _, message in KINDS])
def test_a_file_is_named_by_its_first_bytes(make, head, message):
    with pytest.raises(FormatError, match=f"got {message}"):
        load(make(head))


@pytest.mark.parametrize("protocol", [0, 1, 2, 5])
@pytest.mark.parametrize(
    "value", [["the", "film"], {"the": [0.5, 1]}, np.eye(2), Counter("ab")], ids=type
)
def test_pickles_of_all_protocols(make, protocol, value):
    path = make(pickle.dumps(value, protocol))
    with pytest.raises(FormatError, match="got a Python pickle, which may run any program"):
        load(path)
    np.save(path.with_name("matrix.npy"), np.eye(2))
    with pytest.raises(FormatError, match="got a Python pickle, which may run any program"):
        load(path.with_name("matrix.npy"), tokens=path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.ckpt.data-00000-of-00001", "the numbers of a TensorFlow checkpoint"),
        ("model.meta", "a file of TensorFlow"),
    ],
)
def test_what_has_no_first_bytes_of_its_own_is_named_by_its_name(make, name, message):
    with pytest.raises(FormatError, match=f"got {message}"):
        load(make(b"\x3f\x12\0\0\x7f", name))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("sentencepiece-tftext", "test_oss_model.model"), "a SentencePiece model"),
    ],
)
def test_real_files(parts, message):
    with pytest.raises(FormatError, match=f"got {message}"):
        load(shared(*parts))


def test_settings_that_cannot_be_are_not_fasttext_s():
    assert is_old_fasttext(OLD_FASTTEXT + b"more")
    for place, value in ((0, 0), (0, 20_000), (6, 4), (7, 0), (9, 7), (11, 0)):
        data = bytearray(OLD_FASTTEXT)
        data[4 * place : 4 * place + 4] = value.to_bytes(4, "little")
        assert not is_old_fasttext(bytes(data))
    assert not is_old_fasttext(OLD_FASTTEXT[:-1])


@pytest.mark.parametrize("start", [b"", b"\n\x05\n\x05", b"SQLite format 3\0", b"\x08\x07\x12\x07"])
@pytest.mark.parametrize("fill", [b"a", b"1", b"\x80", b"\n", b" ", b"\0", b"/.", b"Aa"])
def test_no_pattern_takes_long(start, fill):
    with soon():
        describe(start + fill * (1 << 18), "x")
    assert len(STRANGERS) > 5
