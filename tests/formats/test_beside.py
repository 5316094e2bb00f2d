import json

import pytest
from fuzz.others import WORDS, tokenizer_of

from inlay.errors import FormatError, MissingFileError
from inlay.formats.beside import bytes_of, json_of, vocabulary_of
from tests.data import shared


def tokenizer_vocabulary(path):
    return vocabulary_of(json_of(path), path.name)


@pytest.mark.parametrize("kind", ["WordPiece", "BPE", "WordLevel", "Unigram"])
def test_the_vocabulary_of_every_model(make, kind):
    tokens, ids = tokenizer_vocabulary(make(tokenizer_of(kind), "tokenizer.json"))
    assert (tokens, ids.tolist()) == (WORDS, [0, 1, 2, 3, 4])


def test_added_tokens_and_gaps(make):
    added = [{"id": 2, "content": "<mask>"}, {"id": 9, "content": "<pad>"}, "odd"]
    path = make(tokenizer_of(added_tokens=added), "tokenizer.json")
    tokens, ids = tokenizer_vocabulary(path)
    assert tokens == ["the", "é", "<mask>", "1", "x.y", "<pad>"]
    assert ids.tolist() == [0, 1, 2, 3, 4, 9]


def vocab(value):
    return json.dumps({"model": {"vocab": value}}).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "a tokenizer with a vocabulary"),
        (vocab("abc"), "a tokenizer with a vocabulary, got str"),
        (vocab({"a": 0, "b": 0}), "each token has an id"),
        (vocab({"a": "0"}), "each token has an id"),
        (vocab({"a": -1}), "tokens and their ids"),
        (vocab({"a": True}), "tokens and their ids"),
        (vocab([[5, 0.0]]), "tokens and their ids, got 5 with 0"),
        (vocab([[]]), "tokens and their ids"),
        (tokenizer_of(added_tokens=[{"id": "x"}]), "tokens and their ids"),
    ],
)
def test_what_is_no_vocabulary(make, content, message):
    with pytest.raises(FormatError, match=message):
        tokenizer_vocabulary(make(content, "tokenizer.json"))


def test_files_that_are_not_there_or_too_large(make, monkeypatch):
    path = make("[1]", "x.json")
    assert json_of(path) == [1]
    assert bytes_of(path).tobytes() == b"[1]"
    with pytest.raises(MissingFileError):
        json_of(path.with_name("y.json"))
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "2")
    with pytest.raises(FormatError, match="INLAY_MAX_UNPACKED"):
        json_of(path)


def test_real_tokenizers():
    tokens, ids = tokenizer_vocabulary(shared("model2vec-minilm", "tokenizer.json"))
    assert (len(tokens), tokens[:3], int(ids[-1])) == (29_525, ["[PAD]", "[UNK]", "!"], 29_524)
    folder = shared("model2vec-fixtures", "test-model-vocab-quantized")
    tokens, ids = tokenizer_vocabulary(folder / "tokenizer.json")
    assert (len(tokens), tokens[2]) == (29_524, "▁!")
