import zlib

import numpy as np
import pytest
from fuzz.others import VECTORS, WORDS, model2vec_files, safetensors_of, tokenizer_of

from inlay import load
from inlay.errors import ArgumentError, FormatError
from inlay.formats import Model2Vec, format_of
from tests.data import shared
from tests.formats.readers import base, check_reader

MAPPING = np.array([2, 0, 0, 1, 2], np.int32)
WEIGHTS = np.array([1, 2, 0.5, 3, 4])


@pytest.fixture
def folder(make):
    """Write the files of a folder; gives the one that stands for it."""

    def write(changed=None, **arrays):
        for name, content in (model2vec_files(**arrays) | (changed or {})).items():
            path = make(content, name)
        return path.with_name("model.safetensors")

    return write


@pytest.mark.parametrize("name", ["embeddings", "embedding.weight"])
def test_the_contract(folder, name):
    path = folder(**{name: VECTORS})
    check_reader(path, WORDS, VECTORS, "model2vec", mapped=True, packed=False)
    config = load(path).provenance["config"]
    assert config == {"model_type": "model2vec", "normalize": True}


def test_folders(folder, tmp_path):
    inside = tmp_path / "0_StaticEmbedding"
    inside.mkdir()
    path = folder()
    assert load(tmp_path).provenance["format"] == "model2vec"
    for file in [*tmp_path.iterdir()]:
        if file.is_file():
            file.rename(inside / file.name)
    assert load(tmp_path).tokens.tolist() == WORDS
    assert not path.exists()


def test_rows_that_several_tokens_share(folder):
    path = folder(embeddings=VECTORS[:3], mapping=MAPPING, weights=WEIGHTS)
    table = load(path)
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, VECTORS[MAPPING])
    assert table.provenance["weights"] == "beside"
    assert np.array_equal(load(path, keep=["film", "x.y"]).matrix, VECTORS[[0, 2]])
    scaled = load(path, format=Model2Vec(weights="multiply"))
    assert scaled.matrix.dtype == np.float32
    assert np.array_equal(scaled.matrix, VECTORS[MAPPING] * WEIGHTS[:, None].astype("f4"))
    kept = load(path, format=Model2Vec(weights="multiply"), keep=["film"])
    assert np.array_equal(kept.matrix, scaled.matrix[2:3])
    with pytest.raises(FormatError, match="weights beside the embeddings, got none"):
        load(folder(), format=Model2Vec(weights="multiply"))
    with pytest.raises(ArgumentError):
        Model2Vec(weights="all")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1"])
def test_numbers_are_the_same_numbers(folder, dtype):
    stored = VECTORS.astype(dtype)
    table = load(folder(embeddings=stored))
    assert np.array_equal(table.matrix, stored)
    assert table.matrix.dtype == (np.float32 if dtype == "i1" else stored.dtype)


def test_rows_without_a_token_are_left_out(folder):
    more = np.concatenate([VECTORS, VECTORS])
    path = folder({"tokenizer.json": tokenizer_of(words=WORDS[:3])}, embeddings=more)
    table = load(path)
    assert np.array_equal(table.matrix, VECTORS[:3])
    assert base(table.storage) is not None
    added = tokenizer_of(words=WORDS[:1], added_tokens=[{"id": 4, "content": "<x>"}])
    table = load(folder({"tokenizer.json": added}))
    assert table.tokens.tolist() == ["the", "<x>"]
    assert np.array_equal(table.matrix, VECTORS[[0, 4]])


def test_the_tokens_that_pad_and_stand_for_unknown_ones(folder):
    vectors = VECTORS.copy()
    vectors[1] = 0
    model = {"type": "WordPiece", "unk_token": "film", "vocab": {w: i for i, w in enumerate(WORDS)}}
    files = {"tokenizer.json": tokenizer_of(model=model, padding={"pad_token": "é"})}
    table = load(folder(files, embeddings=vectors))
    assert (table.pad_id, table.unk_id) == (1, 2)
    table = load(folder(files, embeddings=VECTORS))  # a row that pads is all zeros
    assert (table.pad_id, table.unk_id) == (None, 2)
    table = load(folder({"tokenizer.json": tokenizer_of("Unigram")}))
    assert (table.pad_id, table.unk_id) == (None, None)


def test_without_a_tokenizer_it_is_another_format_s(make):
    path = make(safetensors_of(embeddings=VECTORS), "model.safetensors")
    assert not Model2Vec().sniff(path.read_bytes(), path)
    make(tokenizer_of(), "tokenizer.json")
    assert format_of(path).name == "model2vec"
    for other in ({"embeddings": VECTORS, "other": VECTORS}, {"weights": WEIGHTS}):
        path = make(safetensors_of(**other), "model.safetensors")
        assert not Model2Vec().sniff(path.read_bytes(), path)


BROKEN = [
    ({}, {"embeddings": VECTORS[0]}, "a matrix of embeddings"),
    ({}, {"embeddings": VECTORS.astype(np.int64)}, "embeddings of float or int8, got int64"),
    ({}, {"embeddings": VECTORS[:4]}, "a row for each id up to 4 in tokenizer.json, got 4 rows"),
    ({}, {"embeddings": VECTORS, "mapping": MAPPING[:3]}, "a row for each id up to 4"),
    ({}, {"embeddings": VECTORS[:2], "mapping": MAPPING}, "rows below 2, got 2"),
    ({}, {"embeddings": VECTORS, "mapping": MAPPING - 1}, "rows below 5, got -1"),
    ({}, {"embeddings": VECTORS, "mapping": WEIGHTS}, "a mapping of tokens to rows"),
    ({}, {"embeddings": VECTORS, "weights": WEIGHTS[:4]}, "a weight for each token"),
    ({}, {"embeddings": VECTORS * np.nan}, "finite numbers"),
    ({"tokenizer.json": b"{}"}, {}, "a tokenizer with a vocabulary"),
    ({"tokenizer.json": tokenizer_of(words=["\ud800"])}, {}, "text that UTF-8 can hold"),
    ({"config.json": b"{"}, {}, "JSON"),
]


@pytest.mark.parametrize(("files", "arrays", "message"), BROKEN, ids=[m for _, _, m in BROKEN])
def test_what_cannot_be_read(folder, files, arrays, message):
    path = folder(files, **arrays)
    with pytest.raises(FormatError, match=message):
        load(path)


# What model2vec 0.10 gives of the same folders: the CRC-32 of the rows of all its tokens.
REAL = [
    (("model2vec-minilm",), (29_525, 256), np.float16, "!", 3150931254),
    (("model2vec-fixtures", "test-model-vocab-quantized"), (29_524, 64), "f4", "▁!", 515450753),
    (("model2vec-fixtures", "test-model-float32"), (29_528, 2), np.float32, "[CLS]", 3650801684),
]


@pytest.mark.parametrize(("parts", "shape", "dtype", "third", "crc"), REAL)
def test_real_folders(parts, shape, dtype, third, crc):
    table = load(shared(*parts, "model.safetensors"))
    assert (table.matrix.shape, table.matrix.dtype, table.tokens[2]) == (shape, dtype, third)
    assert zlib.crc32(table.matrix.tobytes()) == crc
    assert table.provenance["config"]["model_type"] == "model2vec"
    assert table.tokens[table.unk_id] == "[UNK]"
