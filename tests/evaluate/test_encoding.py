"""Encoders in comparisons: encoded once for all folds, and what may not be."""

import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("sklearn")

from inlay import TextClassifier
from inlay.encode.remembering import Remembered
from inlay.encode.static import StaticEncoder
from inlay.evaluate import compare
from inlay.evaluate.encoding import remembered
from tests.encode.features_fake import Plain


class Counting(Plain):
    """Says by the words "good" and "bad" what there is to say, and counts texts."""

    def __init__(self):
        self.n_texts = 0

    def encode(self, texts):
        self.n_texts += len(texts)
        tells = [[("good" in text) - ("bad" in text), 1] for text in texts]
        return np.array(tells, np.float32).reshape(-1, 2)


def test_each_text_is_encoded_once_for_all_folds(reviews, tmp_path):
    encoder, texts = Counting(), [*reviews[0], "good", "bad"] * 2
    labels = [*reviews[1], "pos", "neg"] * 2
    learning = {"epochs": 3, "validation": None}
    mine = TextClassifier(encoder, "mlp", **learning)
    found = compare(
        texts, labels, embeddings={"tells": encoder}, estimators=[("mlp", mine)], folds=2
    )
    assert [row.name for row in found.rows] == ["linear, tells frozen", "mlp"]
    assert encoder.n_texts == len(set(texts))
    assert "encoding: each text once for all folds, 0.0 s in all" in str(found)
    assert mine.embedding is encoder
    best = found.fitted["linear, tells frozen"]
    assert best.encoder_ is best.embedding is encoder
    best.save(tmp_path / "m")
    again = TextClassifier.load(tmp_path / "m", embedding=encoder)
    np.testing.assert_array_equal(again.predict(["good"]), best.predict(["good"]))


def test_the_time_of_encoding_counts_once(reviews, monkeypatch):
    def slow(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.seconds = 1000.0

    init = Remembered.__init__
    monkeypatch.setattr(Remembered, "__init__", slow)
    found = compare(*reviews, embeddings=Counting(), folds=2)
    assert 500 <= found.rows[0].seconds < 700


def test_what_learns_of_texts_sees_those_of_a_fold_alone(reviews, vectors):
    sif = StaticEncoder(vectors, pool="sif")
    rows = [
        ("sif", TextClassifier(sif)),
        ("learned", TextClassifier(StaticEncoder(vectors, pool="sif").fit(reviews[0]))),
        ("tokens", TextClassifier(StaticEncoder(vectors), "mean")),
        ("trained", TextClassifier(StaticEncoder(vectors), trainable=True)),
        ("table", TextClassifier(vectors)),
    ]
    assert list(remembered(rows, reviews[0], progress=False)) == ["learned"]
    fitted = compare(*reviews, embeddings={"sif": sif}, folds=2).fitted["linear, sif frozen"]
    assert fitted.encoder_.fitted.about["texts"] == 20
    assert sif.fitted is None


@pytest.mark.filterwarnings("ignore:.*have no vector:inlay.errors.InlayWarning")
@pytest.mark.parametrize("tokenizer", ["ngrams:2", lambda text: text.split()])
def test_an_encoder_with_any_tokenizer_is_compared(reviews, vectors, tokenizer):
    encoder = StaticEncoder(vectors, tokenizer=tokenizer)
    assert compare(*reviews, embeddings=encoder, folds=2).rows[0].mean > 0
