import json
import subprocess
import sys

import numpy as np
import pytest

from inlay import HashingVocabulary, Vocabulary
from inlay.core import Tokens
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    IdError,
    MissingFileError,
    UnknownTokenError,
)

TEXTS = ["b a a c", "a b d", "B"]


def test_from_texts_orders_by_count_then_code_point():
    vocab = Vocabulary.from_texts(TEXTS)
    assert vocab.tokens.tolist() == ["<pad>", "<unk>", "a", "b", "B", "c", "d"]
    assert vocab.counts.tolist() == [0, 0, 3, 2, 1, 1, 1]
    again = Vocabulary.from_texts(reversed(TEXTS))
    assert again.tokens == vocab.tokens


def test_min_count_and_max_size():
    assert Vocabulary.from_texts(TEXTS, min_count=2).tokens.tolist() == ["<pad>", "<unk>", "a", "b"]
    assert len(Vocabulary.from_texts(TEXTS, max_size=5)) == 5
    assert len(Vocabulary.from_texts(["<pad> <unk> a b"], tokenizer="split", max_size=3)) == 3
    assert Vocabulary.from_texts(TEXTS, max_size=3, unk=None).tokens.tolist() == ["<pad>", "a", "b"]
    with pytest.raises(ArgumentError, match="max_size"):
        Vocabulary.from_texts(TEXTS, max_size=2)


def test_tokenizers_and_token_lists():
    assert "B" not in Vocabulary.from_texts(TEXTS, tokenizer="lower")
    assert Vocabulary.from_texts([["x y", "z"]]).tokens[2:] == ["x y", "z"]
    reversing = Vocabulary.from_texts(["ab"], tokenizer=lambda text: [text[::-1]])
    assert reversing.encode(["ab"]).tolist() == [[2]]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["<pad>", "<unk>", "x", "y"]),
        ({"pad_id": 1, "unk_id": 0}, ["<unk>", "<pad>", "x", "y"]),
        ({"pad": "", "unk": "[UNK]"}, ["", "[UNK]", "x", "y"]),
        ({"pad_id": 3, "unk_id": 0}, ["<unk>", "x", "y", "<pad>"]),
        ({"unk": None}, ["<pad>", "x", "y"]),
        ({"pad": None, "unk_id": 0}, ["<unk>", "x", "y"]),
        ({"pad": None, "unk": None}, ["x", "y"]),
    ],
)
def test_special_tokens_where_the_user_wants_them(settings, expected):
    vocab = Vocabulary(["x", "y"], **settings)
    assert vocab.tokens.tolist() == expected
    assert vocab.pad == settings.get("pad", "<pad>")
    assert vocab.unk == settings.get("unk", "<unk>")


def test_a_special_token_among_the_tokens_is_not_repeated():
    vocab = Vocabulary(["x", "<unk>", "y"], counts=[5, 4, 3])
    assert vocab.tokens.tolist() == ["<pad>", "<unk>", "x", "y"]
    assert vocab.counts.tolist() == [0, 4, 5, 3]


def test_bad_special_tokens():
    with pytest.raises(IdError, match="the id of '<unk>'"):
        Vocabulary(["x"], unk_id=9)
    with pytest.raises(ArgumentError):
        Vocabulary(["x"], pad_id=1)
    with pytest.raises(ArgumentError, match="'x' at 2 and 4"):
        Vocabulary(["x", "y", "x"])


def test_without_special_tokens_the_store_is_shared():
    store = Tokens.from_list(["x", "y"])
    assert Vocabulary(store, pad=None, unk=None).tokens is store


def test_from_mapping_keeps_ids():
    vocab = Vocabulary.from_mapping({"y": 1, "[UNK]": 0, "x": 2}, unk="[UNK]")
    assert (vocab["x"], vocab["never seen"], vocab.pad_id) == (2, 0, None)
    with pytest.raises(ArgumentError, match="each id from 0 to 1 once, got 7 for 'b'"):
        Vocabulary.from_mapping({"a": 0, "b": 7})
    with pytest.raises(ArgumentError, match="each id"):
        Vocabulary.from_mapping({"a": 0, "b": 0})
    with pytest.raises(UnknownTokenError, match="special token 'p'"):
        Vocabulary.from_mapping({"a": 0}, pad="p")


def test_encode_shapes_sides_and_types():
    vocab = Vocabulary(["a", "b", "c"])
    ids = vocab.encode(["a b c", "c", ""])
    assert ids.dtype == np.int32
    assert ids.tolist() == [[2, 3, 4], [4, 0, 0], [0, 0, 0]]
    assert vocab.encode(["a b c", "x"], max_length=2).tolist() == [[2, 3], [1, 0]]
    assert vocab.encode(["a b c"], max_length=2, truncate="start").tolist() == [[3, 4]]
    assert vocab.encode(["a", "b c"], pad_side="start").tolist() == [[0, 2], [3, 4]]
    assert vocab.encode(["a"], max_length=4).shape == (1, 4)
    assert vocab.encode([]).shape == (0, 0)
    assert vocab.encode([], max_length=4).shape == (0, 4)
    assert vocab.encode([["a", "b"], ("c",)]).tolist() == [[2, 3], [4, 0]]


def test_encode_refuses_what_would_go_wrong_silently():
    vocab = Vocabulary(["a"])
    with pytest.raises(ArgumentTypeError, match="got str"):
        vocab.encode("a b")
    with pytest.raises(ArgumentTypeError, match="text 1: expected a string or a list of tokens"):
        vocab.encode(["a", 3])
    with pytest.raises(ArgumentTypeError, match="text 0"):
        vocab.encode([float("nan")])
    with pytest.raises(ArgumentError, match="max_length"):
        vocab.encode(["a"], max_length=0)
    with pytest.raises(ArgumentError, match="truncate"):
        vocab.encode(["a"], truncate="left")
    bare = Vocabulary(["a", "b"], pad=None, unk=None)
    with pytest.raises(ArgumentError, match="no pad id"):
        bare.encode(["a b", "a"])
    with pytest.raises(UnknownTokenError, match="'zebra'"):
        bare.encode(["a zebra"])


@pytest.mark.parametrize("text", [None, float("nan"), b"a b", {"a": 3}, 5, ["a", None]])
def test_what_is_no_text_is_never_counted(text):
    with pytest.raises(ArgumentTypeError, match="text 1: expected a string or a list of tokens"):
        Vocabulary.from_texts(["a b", text])


def test_one_string_is_no_list_of_tokens():
    for special in ({}, {"pad": None, "unk": None}):
        with pytest.raises(ArgumentTypeError, match="tokens: expected a list of tokens, got str"):
            Vocabulary("good", **special)


@pytest.mark.parametrize("token", [2, None, ["a"]])
def test_what_is_no_token_has_no_id_not_even_the_unknown_one(token):
    with pytest.raises(ArgumentTypeError, match=r"expected a token, .*Try: vocab\.tokens\[id\]"):
        Vocabulary(["a"])[token]


def test_counts_are_never_rounded():
    with pytest.raises(ArgumentError, match="counts: expected whole numbers"):
        Vocabulary(["a"], counts=[1.7])


def test_a_very_large_vocabulary_makes_no_dict(monkeypatch):
    monkeypatch.setattr("inlay.core.vocabulary.DICT_LIMIT", 0)
    monkeypatch.setattr("inlay.core.tokens.SMALL", 0)
    vocab = Vocabulary(["a", "b"])
    assert vocab.encode(["b x a"]).tolist() == [[3, 1, 2]]
    assert "as_dict" not in vars(vocab.tokens)


def test_decode_undoes_encode():
    vocab = Vocabulary(["a", "b"])
    assert vocab.decode(vocab.encode(["a b", "b"])) == [["a", "b"], ["b"]]
    assert vocab.decode([2, 1, 0]) == ["a", "<unk>"]
    assert vocab.decode([[2], [3, 2], []]) == [["a"], ["b", "a"], []]
    assert vocab.decode([]) == []
    for wrong in ([9], [-1], [1.0]):
        with pytest.raises(IdError, match="decode"):
            vocab.decode(wrong)


def test_json_round_trip(tmp_path):
    path = tmp_path / "vocabulary.json"
    vocab = Vocabulary.from_texts(["é “x”", "é"], pad_id=1, unk_id=0, tokenizer="lower")
    vocab.save(path)
    assert "é" in path.read_text("utf-8")
    loaded = Vocabulary.load(path)
    assert loaded.tokens == vocab.tokens
    assert (loaded.pad_id, loaded.unk_id, loaded.tokenizer) == (1, 0, "lower")
    assert loaded.counts.tolist() == vocab.counts.tolist()


def test_a_tokenizer_of_ones_own_is_asked_for(tmp_path):
    path = tmp_path / "vocabulary.json"
    Vocabulary.from_texts(["a b"], tokenizer=str.split).save(path)
    with pytest.raises(ArgumentError, match=r"Vocabulary.load\(path, tokenizer"):
        Vocabulary.load(path).encode(["a"])
    assert Vocabulary.load(path, tokenizer=str.split).encode(["a"]).tolist() == [[2]]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        "[" * 100_000,
        json.dumps({"format": "other", "version": 1}),
        json.dumps({"format": "inlay-vocabulary", "version": 99}),
        json.dumps({"format": "inlay-vocabulary", "version": 1, "tokens": ["a"]}),
        json.dumps(
            {
                "format": "inlay-vocabulary",
                "version": 1,
                "tokens": ["a", "a"],
                "pad_id": None,
                "unk_id": None,
                "counts": None,
                "tokenizer": "words",
            }
        ),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_text(content)
    with pytest.raises(FormatError, match=r"v\.json"):
        Vocabulary.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"v\.json: .* got nothing there"):
        Vocabulary.load(tmp_path / "v.json")
    with pytest.raises(MissingFileError, match="got a folder"):
        Vocabulary.load(tmp_path)


def test_hashing_vocabulary_is_the_same_in_every_process():
    vocab = HashingVocabulary(50)
    ids = vocab.encode(["some words", "more"])
    assert ids.shape == (2, 2)
    assert ids[1, 1] == 0
    assert 1 <= ids[ids > 0].min() <= ids.max() < len(vocab)
    script = (
        "from inlay import HashingVocabulary as H; print(H(50).encode(['some words']).tolist())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert other.stdout.strip() == str(ids[:1].tolist())
    with pytest.raises(ArgumentError, match="size"):
        HashingVocabulary(1)
