import copy

import numpy as np
import pytest

pytest.importorskip("sklearn")

from inlay.encode.static import StaticEncoder
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError
from inlay.evaluate.baselines import (
    RANDOM,
    TFIDF,
    FirstTokens,
    contestants,
    n_trainable,
    named_embeddings,
)
from tests.encode.features_fake import Plain


def made(embeddings, n_texts=10, tokenizer=None, max_length=5):
    named = named_embeddings(embeddings)
    return dict(contestants(named, n_texts=n_texts, tokenizer=tokenizer, max_length=max_length))


def test_embeddings_are_named_by_their_files(vectors):
    assert list(named_embeddings(["tfidf", "a/glove.txt", vectors])) == [
        "tfidf",
        "glove.txt",
        "these vectors",
    ]
    assert list(named_embeddings(["a/x.txt", "b/x.txt"])) == ["a/x.txt", "b/x.txt"]
    assert list(named_embeddings([vectors, vectors])) == ["vectors 1", "vectors 2"]
    one, two = Plain(), Plain()
    assert list(named_embeddings([one, vectors])) == ["Plain", "these vectors"]
    assert list(named_embeddings([one, two])) == ["Plain 1", "Plain 2"]
    assert named_embeddings(one) == {"Plain": one}
    assert named_embeddings("random") == {"random": "random"}
    assert named_embeddings(vectors) == {"these vectors": vectors}
    assert named_embeddings({"GloVe": "g.txt"}) == {"GloVe": "g.txt"}


def test_a_linear_baseline_and_a_network_for_each(vectors, tmp_path):
    vectors.save(tmp_path / "v.safetensors")
    for embedding in (tmp_path / "v.safetensors", str(tmp_path / "v.safetensors")):
        found = made(["tfidf", "random", embedding])
        assert list(found) == [
            TFIDF,
            RANDOM,
            "CNN, v.safetensors frozen",
            "CNN, v.safetensors fine-tuned",
        ]
        frozen, tuned = (found[f"CNN, v.safetensors {what}"] for what in ("frozen", "fine-tuned"))
        assert (frozen.variant, tuned.variant) == ("static", "non-static")
        np.testing.assert_array_equal(frozen.embedding.vectors, vectors.vectors)
        assert found[RANDOM].dim == vectors.dim  # as wide, so that width decides nothing
    assert made("random")[RANDOM].dim == 100
    assert list(made({"mine": vectors})) == ["CNN, mine frozen", "CNN, mine fine-tuned"]


def test_an_encoder_is_a_dense_layer_on_it(vectors, tmp_path):
    StaticEncoder(vectors).save(tmp_path / "mine")
    encoder = Plain()
    found = made({"len": encoder, "static": tmp_path / "mine"}, tokenizer="lower")
    assert list(found) == ["linear, len frozen", "linear, static frozen"]
    first, second = found.values()
    assert (first.model, first.embedding, first.tokenizer) == ("linear", encoder, None)
    assert isinstance(second.embedding, StaticEncoder)


def test_all_read_the_same_tokens(vectors):
    found = made(["tfidf", "random", vectors], tokenizer="lower", max_length=2)
    analyzer = found.pop(TFIDF)[0].analyzer
    assert analyzer("A Film. Seen") == ["a", "film"]
    assert analyzer(["A", "Film", "Seen"]) == ["A", "Film"]
    assert {(one.tokenizer, one.max_length) for one in found.values()} == {("lower", 2)}
    assert made("tfidf", max_length=None)[TFIDF][0].analyzer("A film. Seen")[-1] == "Seen"


def test_with_few_texts_epochs_are_fixed():
    assert made("random", n_texts=999)[RANDOM].validation is None
    assert made("random", n_texts=1_000)[RANDOM].validation is not None


def test_a_tokenizer_that_cannot_be_copied():
    class Engine:
        def __call__(self, text):
            return (word for word in text.split())

        def __deepcopy__(self, memo):
            raise TypeError("cannot pickle 'Engine' object")

    tokens = copy.deepcopy(FirstTokens(Engine(), 2))
    assert tokens("a b c") == ["a", "b"]


@pytest.mark.parametrize(
    ("embeddings", "error", "message"),
    [
        (5, ArgumentTypeError, 'embeddings: expected "tfidf", "random", tables, encoders and'),
        (
            "tf-idf",
            MissingFileError,
            'embeddings, tf-idf: expected "tfidf", "random", or the path or name of',
        ),
        (["tfidf", None], ArgumentTypeError, "embeddings, .*: expected .* got None"),
        ([np.zeros((2, 2))], ArgumentTypeError, "embeddings, .*: expected a Table, an encoder"),
        (
            ["tfidf", "tfidf"],
            ArgumentError,
            "embeddings: expected each of them once, got 'tfidf' tw",
        ),
        (["a/v.txt", "a/v.txt"], ArgumentError, "got 'a/v.txt' twice"),
    ],
)
def test_what_is_no_embedding(embeddings, error, message):
    with pytest.raises(error, match=message):
        made(embeddings)


def test_how_many_numbers_are_trained():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    linear = LogisticRegression().fit([[0.0, 1], [1, 0]], [0, 1])
    assert n_trainable(linear) == n_trainable(make_pipeline(linear)) == 3
    assert n_trainable(object()) is None
    with pytest.raises(ArgumentError):
        made("random", max_length=-1)[RANDOM].fit(["a"] * 4, [0, 1] * 2)
