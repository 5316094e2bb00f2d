import copy
import gzip
import json
import pickle
import warnings
from collections import Counter

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.core import Tokens
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    IdError,
    ImmutableError,
    InlayError,
    InlayWarning,
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


@pytest.mark.parametrize(
    "tokens",
    [
        ["x", "y"],
        np.array(["x", "y"]),
        np.array(["x", "y"], object),
        (token for token in "xy"),
        Tokens.from_list(["x", "y"]),
        {"x": 5, "y": 6}.keys(),
    ],
    ids=lambda tokens: type(tokens).__name__,
)
def test_made_of_tokens_in_whatever_holds_them_in_order(tokens):
    vocab = Vocabulary(tokens)
    assert vocab.itos.tolist() == ["<pad>", "<unk>", "x", "y"]
    assert vocab.stoi == {"<pad>": 0, "<unk>": 1, "x": 2, "y": 3}
    assert vocab.vocab_size == len(vocab) == 4
    assert {type(token) for token in vocab} == {str}


@pytest.mark.parametrize("special", [{}, {"pad": None, "unk": None}])
@pytest.mark.parametrize(
    ("tokens", "hint"),
    [
        ("a good film", r"Vocabulary\.from_texts\(\[text\]\)"),
        (b"good", r"from_texts"),
        ({"a": 0}, r"Vocabulary\.from_mapping\(mapping\)"),
        (Counter("ab"), r"most_common\(\)\]\), or from_texts\(texts\)"),
        ({"a", "b"}, r"sorted\(tokens\)"),
        (300, "got int 300"),
        ([3], "item 0: expected a string, got int 3"),
    ],
)
def test_what_is_no_list_of_tokens_is_told_what_to_write(tokens, hint, special):
    with pytest.raises(ArgumentTypeError, match=f"^tokens.*{hint}"):
        Vocabulary(tokens, **special)


def test_what_has_ids_of_its_own_would_lose_them():
    """With pad and unk put before them, ids would no longer be the rows of the table."""
    table = Table(["x", "y"], np.eye(2))
    for given in (table, Vocabulary(["x"])):
        with pytest.raises(ArgumentTypeError, match=r"ids of its own.*pad=None, unk=None"):
            Vocabulary(given)
    assert Vocabulary(table.tokens, pad=None, unk=None).tokens is table.tokens


def test_what_a_set_holds_has_no_ids_that_another_process_would_give():
    with pytest.raises(ArgumentTypeError, match="another order in each process"):
        Vocabulary(frozenset(["a"]))


def test_never_changes(tmp_path):
    vocab = Vocabulary(["x"], counts=[3])
    for name in ("tokens", "pad_id", "unk_id", "counts", "tokenizer", "vocab_size"):
        with pytest.raises(ImmutableError, match=rf"Vocabulary\.{name}: .*make a new Vocabulary"):
            setattr(vocab, name, None)
    with pytest.raises(ValueError, match="read-only"):
        vocab.counts[0] = 1
    for made in (copy.deepcopy(vocab), pickle.loads(pickle.dumps(vocab))):
        assert (made.tokens, made.pad_id, made.unk_id) == (vocab.tokens, 0, 1)
        assert made.counts.tolist() == [0, 0, 3]
        assert made["x"] == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_count": "3"}, "min_count: expected a whole number, 0 or more, got str '3'"),
        ({"min_count": 1.0}, r"min_count: .* got 1\.0"),
        ({"max_size": "5"}, "max_size: expected a whole number, 1 or more, got str"),
        ({"pad": 0}, r"pad: expected a token or None, got int 0\. Try: pad_id=0"),
        ({"unk": 1}, r"unk: .*Try: unk_id=1"),
        ({"pad_id": "0"}, "pad_id: expected a whole number, 0 or more, got str"),
        ({"unk_id": True}, "unk_id: .* got True"),
        ({"tokenizer": 3}, "tokenizer: expected one of"),
    ],
)
def test_settings_are_looked_at(settings, message):
    with pytest.raises(ArgumentTypeError, match=message):
        Vocabulary.from_texts(TEXTS, **settings)
    if not settings.keys() & {"min_count", "max_size"}:
        with pytest.raises(ArgumentTypeError, match=message):
            Vocabulary(["a"], **settings)


def test_numpy_s_numbers_are_numbers():
    one, two = np.int64(1), np.uint8(2)
    vocab = Vocabulary.from_texts(TEXTS, min_count=two, max_size=np.int32(9), pad_id=one, unk_id=0)
    assert vocab.tokens.tolist() == ["<unk>", "<pad>", "a", "b"]
    assert type(vocab.pad_id) is int
    assert vocab.encode(["a", "a b"], max_length=two).tolist() == [[2, 1], [2, 3]]
    assert Vocabulary.from_mapping({"a": two, "b": np.int64(0), "c": one}).encode(["a"]) == [[2]]


def test_min_count_and_max_size():
    assert Vocabulary.from_texts(TEXTS, min_count=2).tokens.tolist() == ["<pad>", "<unk>", "a", "b"]
    assert len(Vocabulary.from_texts(TEXTS, max_size=5)) == 5
    assert len(Vocabulary.from_texts(["<pad> <unk> a b"], tokenizer="split", max_size=3)) == 3
    assert Vocabulary.from_texts(TEXTS, max_size=3, unk=None).tokens.tolist() == ["<pad>", "a", "b"]
    with pytest.raises(ArgumentError, match="max_size: expected more than the 2 special tokens"):
        Vocabulary.from_texts(TEXTS, max_size=2)
    # 0 stood for everything nowhere else, and a token never seen is in no text.
    assert len(Vocabulary.from_texts(TEXTS, min_count=0)) == 7


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
    for same in ({"pad_id": 1}, {"pad": "[S]", "unk": "[S]"}):
        with pytest.raises(ArgumentError, match="pad and unk: expected two tokens and two ids"):
            Vocabulary(["x"], **same)
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
    with pytest.raises(ArgumentError, match="got True for 'b'"):
        Vocabulary.from_mapping({"a": 0, "b": True})
    for name in ("pad", "unk"):
        with pytest.raises(UnknownTokenError, match=rf"{name}: .* got 'p'.*leave {name}= out"):
            Vocabulary.from_mapping({"a": 0}, **{name: "p"})
        with pytest.raises(ArgumentTypeError, match=rf"{name}: expected a token or None, got int"):
            Vocabulary.from_mapping({"a": 0}, **{name: 0})
    for wrong in (["a", "b"], "ab", None):
        with pytest.raises(ArgumentTypeError, match=r"a dict of token to id.*Vocabulary\(tokens\)"):
            Vocabulary.from_mapping(wrong)


def test_keras_leaves_0_to_padding():
    word_index = {"<OOV>": 1, "the": 2, "film": 3}  # as of Keras' Tokenizer
    with pytest.raises(
        ArgumentError, match=r"from_mapping\(mapping, pad='<pad>'\), which gives 0 to"
    ):
        Vocabulary.from_mapping(word_index, unk="<OOV>")
    vocab = Vocabulary.from_mapping(word_index, pad="<pad>", unk="<OOV>")
    assert {token: vocab[token] for token in word_index} == word_index
    assert (vocab.pad_id, vocab.unk_id, vocab["never seen"]) == (0, 1, 1)
    assert vocab.encode(["the film", "the"]).tolist() == [[2, 3], [2, 0]]
    assert "<pad>" not in word_index
    holes = {"a": 2, "b": 3}
    with pytest.raises(UnknownTokenError, match="pad"):  # 0 is free, and 1 is too
        Vocabulary.from_mapping(holes, pad="<pad>")


def test_scikit_learn_s_map_has_numbers_of_numpy():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    vectorizer = text.CountVectorizer().fit(["a good film", "the film was good"])
    vocab = Vocabulary.from_mapping(vectorizer.vocabulary_)
    assert vocab.tokens.tolist() == vectorizer.get_feature_names_out().tolist()


@pytest.mark.parametrize(
    ("mapping", "hint"),
    [
        ({"a": 3, "b": 9}, r"pad=None, unk=None\) if these are ids with holes"),
        ({"a": 9, "b": 9}, r"the most frequent first, if they are frequencies"),
        ({0: "a", 1: "b"}, r"\{token: id for id, token in mapping\.items\(\)\}"),
        ({"a": np.ones(3), "b": np.ones(3)}, r"Table\(list\(mapping\), np\.array"),
    ],
)
def test_a_map_of_something_else_is_told_what_to_write(mapping, hint):
    with pytest.raises(ArgumentError, match=hint):
        Vocabulary.from_mapping(mapping)
    with pytest.raises(UnknownTokenError, match="pad: expected a token of the mapping"):
        Vocabulary.from_mapping(mapping, pad="<pad>")


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
    assert vocab.encode([["a", "b"], ["c"]]).tolist() == [[2, 3], [4, 0]]
    assert vocab.encode([np.array(["a", "b"]), ["c"]]).tolist() == [[2, 3], [4, 0]]
    assert vocab.encode(np.array(["a b", "c"])).tolist() == [[2, 3], [4, 0]]
    assert vocab.encode(np.array([["a", "b"], ["c", "a"]])).tolist() == [[2, 3], [4, 2]]


def test_encode_refuses_what_would_go_wrong_silently():
    vocab = Vocabulary(["a"])
    with pytest.raises(ArgumentTypeError, match="got str"):
        vocab.encode("a b")
    with pytest.raises(ArgumentTypeError, match="text 1: expected a string or a list of tokens"):
        vocab.encode(["a", 3])
    for use in (vocab.encode, Vocabulary.from_texts):
        with pytest.raises(ArgumentTypeError, match=r"text 0: .* got tuple \('a film', 'pos'\)"):
            use(zip(["a film", "a"], ["pos", "neg"], strict=True))
    with pytest.raises(ArgumentTypeError, match="text 0"):
        vocab.encode([float("nan")])
    with pytest.raises(ArgumentError, match="max_length"):
        vocab.encode(["a"], max_length=0)
    for wrong in ("4", 4.0, True):
        with pytest.raises(ArgumentTypeError, match="max_length: expected a whole number"):
            vocab.encode(["a"], max_length=wrong)
    with pytest.raises(ArgumentError, match="truncate"):
        vocab.encode(["a"], truncate="left")
    with pytest.raises(ArgumentError, match="pad_side: expected 'start' or 'end'"):
        vocab.encode(["a"], pad_side="right")
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
    for wrong in ([9], [-1], [1.0], 3, None, [[1, 2], 3], [None]):
        with pytest.raises(IdError, match="decode"):
            vocab.decode(wrong)


def test_decode_refuses_a_type_that_has_lost_ids():
    vocab = Vocabulary([f"w{i}" for i in range(300)])
    assert vocab.decode(np.array([[301]], "int16")) == [["w299"]]
    for rows in (1, 2):
        with pytest.raises(IdError, match=r"every id up to 301, got uint8, .* Try: int32 from the"):
            vocab.decode(np.full((rows, 2), 301).astype("uint8"))
    assert Vocabulary(["a"]).decode(np.array([2], "uint8")) == ["a"]


def test_json_round_trip(tmp_path):
    path = tmp_path / "vocabulary.json"
    vocab = Vocabulary.from_texts(["é “x”", "é"], pad_id=1, unk_id=0, tokenizer="lower")
    vocab.save(path)
    assert "é" in path.read_text("utf-8")
    loaded = Vocabulary.load(path)
    assert loaded.tokens == vocab.tokens
    assert (loaded.pad_id, loaded.unk_id, loaded.tokenizer) == (1, 0, "lower")
    assert loaded.counts.tolist() == vocab.counts.tolist()


def test_a_packed_vocabulary_loads_like_any_other_file(tmp_path):
    vocab = Vocabulary(["good", "film"])
    vocab.save(tmp_path / "v.json")
    packed = tmp_path / "v.json.gz"
    packed.write_bytes(gzip.compress((tmp_path / "v.json").read_bytes()))
    assert Vocabulary.load(packed).tokens == vocab.tokens
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(FormatError, match=r"v\.json\.gz: expected a whole file"):
        Vocabulary.load(packed)


def test_a_tokenizer_that_is_none_is_not_the_file_s_fault(tmp_path):
    Vocabulary(["a"]).save(tmp_path / "v.json")
    with pytest.raises(ArgumentError, match="tokenizer: expected one of"):
        Vocabulary.load(tmp_path / "v.json", tokenizer="nonsense")


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "v.json"
    Vocabulary(["a"]).save(path)
    damaged = Tokens(np.frombuffer(b"\xff", np.uint8), np.array([0, 1]), name="old.safetensors")
    with pytest.raises(FormatError, match=r"old\.safetensors: expected token 0 in UTF-8"):
        Vocabulary._of(damaged).save(path)
    with pytest.raises(ArgumentError, match="text that UTF-8 can hold"):
        Vocabulary(["\ud800"])
    with pytest.raises(ArgumentError, match="text that UTF-8 can hold"):
        Vocabulary(["a"], pad="\udfff")
    assert Vocabulary.load(path).tokens.tolist() == ["<pad>", "<unk>", "a"]
    assert [file.name for file in tmp_path.iterdir()] == ["v.json"]


def test_names_that_no_file_can_have(tmp_path):
    vocab = Vocabulary(["a"])
    for name in ("nul\0in.json", "s\ud800.json"):
        with pytest.raises(InlayError, match=r"json|a NUL|the file system"):
            vocab.save(tmp_path / name)
        with pytest.raises(InlayError, match=r"json|a NUL|the file system"):
            Vocabulary.load(tmp_path / name)
    with pytest.raises(ArgumentError, match="got a folder"):
        vocab.save(tmp_path)
    with pytest.raises(MissingFileError, match="no folder"):
        vocab.save(tmp_path / "no" / "v.json")


def test_a_tokenizer_of_ones_own_is_asked_for(tmp_path):
    path = tmp_path / "vocabulary.json"
    Vocabulary.from_texts(["a b"], tokenizer=str.split).save(path)
    with pytest.raises(ArgumentError, match=r"Vocabulary.load\(path, tokenizer"):
        Vocabulary.load(path).encode(["a"])
    assert Vocabulary.load(path, tokenizer=str.split).encode(["a"]).tolist() == [[2]]


def saved(**changed):
    content = {"format": "inlay-vocabulary", "version": 1, "tokens": ["a", "b"], "counts": None}
    return json.dumps(content | {"pad_id": None, "unk_id": None, "tokenizer": "words"} | changed)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        "[" * 100_000,
        '{"format":' + "[" * 100_000,
        "1" * 5000,
        "\udcff",  # as a byte: no UTF-8
        json.dumps({"format": "other", "version": 1}),
        json.dumps({"format": "inlay-vocabulary", "version": 99}),
        json.dumps({"format": "inlay-vocabulary", "version": 1, "tokens": ["a"]}),
        saved(tokens=["a", "a"]),
        saved(tokens="ab"),
        saved(tokens={"a": 0}),
        saved(tokens=["a", 1]),
        saved(tokens=["a", "\ud800"]),
        saved(tokens=None),
        saved(pad_id=2),
        saved(pad_id=-1),
        saved(pad_id="0"),
        saved(pad_id=10**400),
        saved(pad_id=1, unk_id=1),
        saved(counts=[1]),
        saved(counts=[1, -1]),
        saved(counts=[1, 10**400]),
        saved(counts=[1, [2]]),
        saved(counts=[1, float("inf")]),
        saved(counts={"a": 1}),
        saved(tokenizer=3),
        saved(tokenizer="wrods"),
        saved(tokenizer=["words"]),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(FormatError, match=r"v\.json"):
        Vocabulary.load(path)


def test_a_large_packed_file_of_something_else_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "glove.txt.gz"
    path.write_bytes(gzip.compress(b"the 0.1\n" * 100_000))
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "10")
    with pytest.raises(FormatError, match="a vocabulary that inlay saved, got something that"):
        Vocabulary.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"v\.json: .* got nothing there"):
        Vocabulary.load(tmp_path / "v.json")
    with pytest.raises(MissingFileError, match="got a folder"):
        Vocabulary.load(tmp_path)
    with pytest.raises(ArgumentTypeError, match="path: expected a path"):
        Vocabulary.load(None)


def test_a_path_is_no_list_of_texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("a good film")
    for given in (path, str(path)):
        with pytest.raises(ArgumentTypeError, match=r"texts: .*the path '.*Try: open\(path, enc"):
            Vocabulary.from_texts(given)
    with pytest.raises(ArgumentTypeError, match=r"put it in a list: \[text\]"):
        Vocabulary.from_texts("a good film")


def test_texts_in_the_place_of_tokens_are_told():
    texts = ["a good film", "a bad film", "dull"]
    table = Table(["a"], np.ones((1, 2), "f4"))
    for use in (Vocabulary, table.align):
        with pytest.warns(InlayWarning, match=r"as 'a good film': .*Try: Vocabulary\.from_texts"):
            use(texts)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            use(["New York", "film"])
            Vocabulary.from_texts(texts, tokenizer=lambda text: [text])
            use([])


def test_texts_in_the_place_of_tokens_are_warned_of():
    with pytest.warns(InlayWarning, match="are several words, as .* Try: strings, and not lists"):
        Vocabulary.from_texts([["a good film", "pos"], ["a bad film", "neg"], ["a bore", "neg"]])
    Vocabulary.from_texts([["New York", "is"], ["a", "city"]])
    texts = ["a good film", "a bad film", "a bore"]
    Vocabulary.from_texts(texts, tokenizer=lambda text: [text])


def test_a_list_with_the_padding_of_others_is_warned_of():
    """Hugging Face's, whose ids would all be shifted by ours."""
    tokens = ["[PAD]", "[UNK]", "film"]
    with pytest.warns(
        InlayWarning, match=r"'\[PAD\]' is a token like any .* Vocabulary\(tokens, pad"
    ):
        assert Vocabulary(tokens)["film"] == 4
    assert Vocabulary(tokens, pad="[PAD]", unk="[UNK]")["film"] == 2
    assert Vocabulary(tokens, pad=None, unk=None)["film"] == 2
