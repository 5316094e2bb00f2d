import copy
import json
import pickle
import threading

import numpy as np
import pytest

import inlay
from inlay import Table, Vocabulary
from inlay.encode.elmo import Elmo, Mix, Weights, running, text_vectors
from inlay.encode.engines import PRECISIONS
from inlay.encode.features import write_features
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, InlayError, InlayWarning
from tests.encode.elmo.golden import ATOL
from tests.encode.elmo.reference import reference_layers
from tests.encode.elmo.test_network import SENTENCES, TINY

WEIGHTS = Weights.random(TINY, 3)
EXPECTED = [layers[:, 1:-1] for layers in reference_layers(TINY, WEIGHTS, SENTENCES)]


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=ATOL)


@pytest.fixture
def elmo():
    return Elmo(TINY, WEIGHTS, mix=Mix((0.5, -1.0, 2.0), 1.5))


def mixed(layers):
    """Of the fixture's mix."""
    shares = np.exp([0.5, -1, 2]) / np.exp([0.5, -1, 2]).sum()
    return 1.5 * np.tensordot(shares, layers, 1)


def test_everything(elmo):
    found = elmo.outputs(SENTENCES)
    assert found["mask"].tolist() == [
        [True] * 5,
        [True] + [False] * 4,
        [False] * 5,
        [True] * 4 + [False],
    ]
    assert list(found) == ["word_emb", "lstm_outputs1", "lstm_outputs2", "elmo", "default", "mask"]
    for i, expected in enumerate(EXPECTED):
        n = expected.shape[1]
        assert_close(found["word_emb"][i, :n], expected[0, :, :5])
        assert_close(found["lstm_outputs1"][i, :n], expected[1])
        assert_close(found["lstm_outputs2"][i, :n], expected[2])
        assert_close(found["elmo"][i, :n], mixed(expected))
        assert_close(found["default"][i], mixed(expected).mean(0) if n else 0)
        assert not found["elmo"][i, n:].any()
    assert {array.dtype for name, array in found.items() if name != "mask"} == {np.dtype("f4")}


def test_the_ways_to_ask_agree(elmo):
    found = elmo.outputs(SENTENCES)
    np.testing.assert_array_equal(elmo.encode(SENTENCES), found["default"])
    vectors, mask = elmo.tokens(SENTENCES)
    np.testing.assert_array_equal(vectors, found["elmo"])
    np.testing.assert_array_equal(mask, found["mask"])
    for layers, expected in zip(elmo.layers(SENTENCES), EXPECTED, strict=True):
        assert_close(layers, expected)
    pooled = elmo.pooled(SENTENCES)
    assert pooled.shape == (4, 3, 10)
    assert_close(pooled[0], EXPECTED[0].mean(1))
    assert not pooled[2].any()


def test_same_text_same_vector(elmo, monkeypatch):
    rng = np.random.default_rng(0)
    texts = [["film"] * n + ["x" * n] for n in rng.integers(0, 30, 60)]
    first = elmo.encode(texts)
    order = rng.permutation(60)
    np.testing.assert_array_equal(elmo.encode([texts[i] for i in order]), first[order])
    np.testing.assert_array_equal(elmo.encode(texts[7:8]), first[7:8])
    monkeypatch.setattr(text_vectors, "BLOCK", 100)
    monkeypatch.setattr(running, "BATCH", 33)
    for workers in (1, 3):
        again = Elmo(TINY, WEIGHTS, mix=elmo.mix, workers=workers)
        np.testing.assert_array_equal(again.encode(texts), first)


def test_nothing(elmo):
    assert elmo.encode([]).shape == (0, 10)
    assert elmo.outputs([])["elmo"].shape == (0, 0, 10)
    assert not elmo.encode(["", "  ", []]).any()
    assert list(elmo.layers([])) == []


def test_pad_token():
    elmo = Elmo(TINY, WEIGHTS, pad_token="--PAD--")
    text = ["a", "film"]
    padded = ["--PAD--", "a", "--PAD--", "film", "--PAD--", "--PAD--"]
    plain, found = elmo.outputs([text]), elmo.outputs([padded])
    assert found["mask"].tolist() == [[False, True, False, True, False, False]]
    np.testing.assert_array_equal(found["elmo"][0, [1, 3]], plain["elmo"][0])
    np.testing.assert_array_equal(found["default"], plain["default"])
    layers = next(elmo.layers([padded]))
    assert layers.shape == (3, 6, 10)
    assert not layers[:, [0, 2, 4, 5]].any()
    assert not elmo.encode([["--PAD--"] * 3]).any()


def test_strings_are_split_into_words_and_lists_are_taken_as_they_are(elmo, tmp_path):
    pytest.importorskip("h5py")
    elmo.save(tmp_path / "model")
    for encoder in (elmo, inlay.load_encoder(tmp_path / "model")):
        assert encoder.settings["tokenizer"] == "words"
        assert encoder.tokenize("A film, don't.") == ["A", "film", ",", "don't", "."]
        assert encoder.tokenize(["A", "film,", ""]) == ["A", "film,", ""]
        found = encoder.encode(["A film, don't.", ["A", "film", ",", "don't", "."]])
        np.testing.assert_array_equal(found[0], found[1])
    split = inlay.load_encoder(tmp_path / "model", tokenizer="split")
    assert split.tokenize("A film , `` do n't '' -LRB-") == "A film , `` do n't '' -LRB-".split()


def test_features_name_the_tokenizer(tmp_path):
    features = write_features(Elmo(TINY, WEIGHTS), ["A film."], tmp_path / "f.safetensors")
    assert features.settings["encoder"]["tokenizer"] == "words"
    other = Elmo(TINY, WEIGHTS, tokenizer="lower")
    with pytest.raises(ArgumentError, match=r"tokenizer.*lower|tokenizer.*words"):
        write_features(other, ["A film."], tmp_path / "f.safetensors")


def test_a_pad_token_in_a_string_is_one_whatever_the_tokenizer():
    text = "--PAD-- a --PAD--. x--PAD-- --PAD--"
    for tokenizer, pads in (("words", [0, -1]), ("split", [0, -1]), (str.split, [0, -1])):
        encoder = Elmo(TINY, WEIGHTS, tokenizer=tokenizer, pad_token="--PAD--")
        tokens = encoder.tokenize(text)
        assert [i for i, token in enumerate(tokens) if token == "--PAD--"] == [
            i % len(tokens) for i in pads
        ]
        _, mask = encoder.tokens([text])
        assert np.flatnonzero(~mask[0]).tolist() == [i % len(tokens) for i in pads]
    assert Elmo(TINY, WEIGHTS, pad_token="").tokenize("a b") == ["a", "b"]


def test_length_and_tokenizer():
    elmo = Elmo(TINY, WEIGHTS, tokenizer="lower", max_length=3)
    assert elmo.tokenize("Don't cut MY film.") == ["don't", "cut", "my"]
    np.testing.assert_array_equal(
        elmo.encode(["Don't cut MY film."]), elmo.encode([["don't", "cut", "my", "x"]])
    )


def test_a_long_text(elmo):
    text = ["film", "was", "good"] * 1667
    (layers,) = elmo.layers([text])
    assert layers.shape == (3, 5001, 10)
    (expected,) = reference_layers(TINY, WEIGHTS, [text])
    assert_close(layers, expected[:, 1:-1])


def test_stateful(golden):
    elmo = Elmo(golden.options, golden.weights, stateful=True)
    for _ in range(2):
        for batch in golden.batches:
            top = elmo.outputs(batch.sentences)["lstm_outputs2"]
            assert_close(top, batch.token_layers[2])
        elmo.reset_states()


def test_texts_are_read_as_they_are_needed(elmo, monkeypatch):
    monkeypatch.setattr(text_vectors, "BLOCK", 10)
    read = []

    def texts():
        for i in range(1000):
            read.append(i)
            yield "a good film"

    before = threading.active_count()
    stream = elmo.layers(texts())
    next(stream)
    assert len(read) < 20
    stream.close()
    assert threading.active_count() < before + 4


@pytest.mark.parametrize("text", [None, 3, b"film", {"a"}])
def test_what_is_no_text(elmo, text):
    with pytest.raises(ArgumentTypeError, match="text 1: expected a string or a list of tokens"):
        elmo.encode(["fine", text])


@pytest.mark.parametrize("text", [["a", None], [1, 2], [["a"]]])
def test_what_is_no_token(elmo, text):
    with pytest.raises(ArgumentTypeError, match="text 0: expected a string or a list of tokens"):
        elmo.encode([text])


@pytest.mark.parametrize("texts", ["a film", b"film", None, 5])
def test_one_text_is_not_many(elmo, texts):
    for ask in (elmo.encode, elmo.outputs):
        with pytest.raises(ArgumentTypeError, match="expected a list of texts"):
            ask(texts)


@pytest.mark.parametrize("tokenizer", [str.lower, len, lambda text: [1, 2], lambda text: None])
def test_a_tokenizer_that_makes_no_list(tokenizer):
    with pytest.raises(ArgumentTypeError, match="what the tokenizer returned"):
        Elmo(TINY, WEIGHTS, tokenizer=tokenizer).encode(["A FILM"])


@pytest.mark.parametrize("given", [5, {"a", "b"}, [1], [["a"]], "no_such_file.safetensors"])
def test_words_to_cache_that_are_none_are_refused_at_once(given):
    with pytest.raises(InlayError, match=r"vocab_to_cache|no_such_file"):
        Elmo(TINY, WEIGHTS, vocab_to_cache=given)


@pytest.mark.parametrize("given", [{"film": 0, "a": 1}, Vocabulary(["film", "a"]), ("film", "a")])
def test_words_to_cache_in_any_form(given, elmo):
    cached = Elmo(TINY, WEIGHTS, mix=elmo.mix, vocab_to_cache=given)
    assert "film" in cached._lexicon._table
    np.testing.assert_array_equal(cached.encode(SENTENCES), elmo.encode(SENTENCES))


@pytest.mark.parametrize("parts", [("options.json", "weights.hdf5"), (WEIGHTS, TINY), (TINY, None)])
def test_an_elmo_is_made_of_its_parts(parts):
    with pytest.raises(ArgumentTypeError, match=r"Elmo: expected Options, then Weights.*Elmo.load"):
        Elmo(*parts)


@pytest.mark.parametrize("layers", [5, None, [[1.0]], np.zeros((2, 4, 10), "f4"), np.float32(1)])
def test_a_mix_of_another_number_of_layers(elmo, layers):
    with pytest.raises(ArgumentError, match=r"^layers: expected an array of 3 layers"):
        elmo.mix(layers)


@pytest.mark.parametrize("words", ["film", [1, 2], [None], {"a", "b"}])
def test_a_table_of_words_is_made_of_words(elmo, words):
    with pytest.raises(ArgumentTypeError, match=r"^words"):
        elmo.word_table(words)


def test_tokens_as_a_numpy_array(elmo):
    np.testing.assert_array_equal(
        elmo.encode([np.array(["a", "film"])]), elmo.encode([["a", "film"]])
    )


def test_what_features_depend_on_is_said_by_the_encoder():
    elmo = Elmo(TINY, WEIGHTS, tokenizer="lower", pad_token="_", max_length=np.int64(4))
    settings = {"pool": "mean", "max_length": 4, "tokenizer": "lower", "pad_token": "_"}
    assert elmo.settings == settings | {"engine": "numba", "precision": "float32"}
    other = Elmo(TINY, WEIGHTS, tokenizer=str.split, engine="torch", precision="bfloat16")
    assert other.settings["tokenizer"] is None
    assert (other.settings["engine"], other.settings["precision"]) == ("torch", "bfloat16")
    with pytest.raises(ArgumentError, match="a stateless one"):
        _ = Elmo(TINY, WEIGHTS, stateful=True).settings


def test_copied_and_pickled(elmo):
    expected = elmo.encode(SENTENCES)
    for again in (copy.deepcopy(elmo), pickle.loads(pickle.dumps(elmo))):
        np.testing.assert_array_equal(again.encode(SENTENCES), expected)
    for engine in ("torch", "onnxruntime"):
        used = Elmo(TINY, WEIGHTS, engine=engine)
        used.encode(SENTENCES)
        assert copy.deepcopy(used).encode(SENTENCES).shape == (4, 10)


def test_settings_that_cannot_be():
    for length in (2.5, "3", True):
        with pytest.raises(ArgumentTypeError, match="max_length"):
            Elmo(TINY, WEIGHTS, max_length=length)
    assert Elmo(TINY, WEIGHTS, max_length=np.int64(4)).tokenize("a b c d e") == list("abcd")
    with pytest.raises(ArgumentTypeError, match="mix: expected a Mix"):
        Elmo(TINY, WEIGHTS, mix=[0, 0, 0])
    with pytest.raises(ArgumentError, match="max_length"):
        Elmo(TINY, WEIGHTS, max_length=0)
    with pytest.raises(ArgumentError, match="mix: expected 3"):
        Elmo(TINY, WEIGHTS, mix=Mix((0.0, 0.0)))
    with pytest.raises(ArgumentError, match="workers"):
        Elmo(TINY, WEIGHTS, workers=0)
    with pytest.raises(ArgumentTypeError, match="pad_token: expected a token"):
        Elmo(TINY, WEIGHTS, pad_token=5)
    with pytest.raises(ArgumentTypeError, match="stateful: expected True or False"):
        Elmo(TINY, WEIGHTS, stateful="no")


@pytest.mark.parametrize("numbers", [((0, np.nan, 0), 1), ((0, 1, 2), np.inf), ((), 1)])
def test_a_mix_that_cannot_be(numbers):
    with pytest.raises(ArgumentError, match="mix: expected 3 finite numbers and gamma"):
        Elmo(TINY, WEIGHTS, mix=Mix(*numbers))


@pytest.mark.parametrize("numbers", [(("a",), 1), (None, 1), ((0,), "x"), ("012", 1)])
def test_a_mix_of_no_numbers(numbers):
    with pytest.raises(ArgumentError, match="mix: expected numbers"):
        Mix(*numbers)


def test_threads_share_the_words(monkeypatch):
    monkeypatch.setattr("inlay.encode.elmo.lexicon.LIMIT", 3)
    elmo = Elmo(TINY, WEIGHTS)
    elmo.encode([["a", "b"]])

    class Late(str):
        """While this is looked for, another thread fills the store and empties it."""

        __slots__ = ()

        def __hash__(self):
            elmo._lexicon.vectors(["c", "d", "e", "f"])
            return str.__hash__(self)

    np.testing.assert_array_equal(
        elmo._lexicon.vectors([Late("a")]), Elmo(TINY, WEIGHTS)._lexicon.vectors(["a"])
    )


def test_saved_and_loaded(elmo, tmp_path):
    elmo.save(tmp_path / "model")
    assert json.loads((tmp_path / "model" / "options.json").read_text())["lstm"]["dim"] == 12
    again = Elmo.load(tmp_path / "model", mix=elmo.mix)
    assert again.hash == elmo.hash
    np.testing.assert_array_equal(again.encode(SENTENCES), elmo.encode(SENTENCES))
    other = Elmo(TINY, Weights.random(TINY, 4))
    assert other.hash != elmo.hash


def test_texts_that_the_tokenizer_leaves_whole_are_told_of_once():
    clauses = ["酒店的房间非常干净而且安静", "早餐太差服务员的态度也不好"]
    elmo = Elmo(TINY, Weights.random(TINY, 4))
    with pytest.warns(InlayWarning, match="^2 of 2 texts have words of up to 13 letters") as told:
        elmo.encode(iter(clauses))
    elmo.encode(clauses)
    assert len(told) == 1


def test_the_tokenizer_of_the_training(elmo, tmp_path):
    elmo.save(tmp_path / "model")
    (tmp_path / "model" / "training.json").write_text('{"settings": {}, "tokenizer": "lower"}')
    assert inlay.load_encoder(tmp_path / "model").tokenize("A Film.") == ["a", "film", "."]
    with pytest.warns(UserWarning, match="tokenizer 'lower', not by 'split'") as told:
        again = inlay.load_encoder(tmp_path / "model", tokenizer="split")
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="not by 'words'") as told:
        Elmo.load(tmp_path / "model", tokenizer="words")
    assert told[0].filename == __file__
    inlay.load_encoder(tmp_path / "model", tokenizer="lower")
    inlay.load_encoder(tmp_path / "model", tokenizer=lambda text: text.split())  # without a name
    assert again.tokenize("A Film.") == ["A", "Film."]
    for path in ("options.json", "weights.hdf5"):
        assert inlay.load_encoder(tmp_path / "model" / path).tokenizer == "lower"
    for broken in ('{"set', "[]", "{}"):
        (tmp_path / "model" / "training.json").write_text(broken)
        with pytest.raises(FormatError, match=r"training\.json"):
            inlay.load_encoder(tmp_path / "model")
    (tmp_path / "model" / "training.json").write_text('{"settings": {}, "tokenizer": null}')
    unknown = inlay.load_encoder(tmp_path / "model")  # a function, which is in no file
    assert unknown.settings["tokenizer"] is None
    with pytest.raises(ArgumentError, match="tokenizer: expected the function"):
        unknown.tokenize("A Film.")
    assert pickle.loads(pickle.dumps(unknown)).tokenize(["A"]) == ["A"]
    assert unknown.tokenize(["A", "Film."]) == ["A", "Film."]


def test_saving_leaves_other_files_alone(elmo, tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    elmo.save(".")
    assert {f.name for f in tmp_path.iterdir()} == {"notes.txt", "options.json", "weights.hdf5"}


def test_words_made_before(elmo, tmp_path, monkeypatch):
    table = elmo.word_table(["film", "a", "film", "été"])
    assert list(table.tokens) == ["film", "a", "été"]
    table.save(tmp_path / "words.safetensors")
    first = elmo.encode(SENTENCES)
    for given in (table, tmp_path / "words.safetensors", ["film", "a"]):
        again = Elmo(TINY, WEIGHTS, mix=elmo.mix, vocab_to_cache=given)
        np.testing.assert_array_equal(again.encode(SENTENCES), first)
    made = []
    again = Elmo(TINY, WEIGHTS, vocab_to_cache=table)
    plain = again._network.words
    monkeypatch.setattr(again._network, "words", lambda ids: made.append(len(ids)) or plain(ids))
    again.encode([["a", "film", "new"], ["new"]])
    again.encode([["a", "new"]])
    assert sum(made) == 3  # the marks and "new", once


def test_words_of_another_model(elmo):
    table = Elmo(TINY, Weights.random(TINY, 9)).word_table(["film"])
    other = Elmo(TINY, WEIGHTS, engine="torch", precision="bfloat16").word_table(["film"])
    for given in (table, other, Table(["film"], np.zeros((1, 5)))):
        with pytest.raises(ArgumentError, match="word_table made with these weights"):
            Elmo(TINY, WEIGHTS, vocab_to_cache=given).encode(["film"])


def test_words_are_forgotten_not_hoarded(elmo, monkeypatch):
    from inlay.encode.elmo import lexicon

    monkeypatch.setattr(lexicon, "LIMIT", 10)
    texts = [[f"w{i}", f"v{i}"] for i in range(20)]
    expected = elmo.encode(texts)
    for i, text in enumerate(texts):
        np.testing.assert_array_equal(elmo.encode([text])[0], expected[i])
        assert len(elmo._lexicon._known) <= 10


# Relative to the size of the vectors, on random weights of this size.
ERRORS = {"float32": 1e-6, "bfloat16": 0.02, "int8": 0.05}


@pytest.mark.parametrize(
    ("engine", "precision"),
    [(engine, precision) for engine, some in PRECISIONS.items() for precision in some],
)
def test_engines(golden, engine, precision):
    texts = golden.batches[0].sentences
    exact = Elmo(golden.options, golden.weights).encode(texts)
    found = Elmo(golden.options, golden.weights, engine=engine, precision=precision).encode(texts)
    error = np.linalg.norm(found - exact) / np.linalg.norm(exact)
    assert error < ERRORS[precision]
    if precision != "float32":
        assert error > 1e-5  # what was asked for was done
