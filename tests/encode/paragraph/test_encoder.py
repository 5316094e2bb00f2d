import numpy as np
import pytest

import inlay
from inlay.encode.paragraph import ParagraphEncoder
from inlay.errors import ArgumentError, FormatError, ImmutableError, InlayError
from inlay.train import doc2vec

TEXTS = ["a good film", "a bad film", "good food and a good room", "a room was bad"] * 4


def made(**settings):
    defaults = {"vector_size": 12, "min_count": 1, "workers": 1, "epochs": 4, "sample": 0}
    return doc2vec(TEXTS, **(defaults | settings))


@pytest.fixture(scope="module")
def encoder():
    return made(epochs=100, alpha=0.05).adjusted(infer_epochs=4)


def test_it_says_what_has_another_name_in_gensim(encoder):
    with pytest.raises(InlayError, match=r"Try: encoder\.encode\(\[text\]\)\[0\]"):
        encoder.infer  # noqa: B018
    for tag in (0, "0"):
        with pytest.raises(TypeError, match=r"Try: encoder\.documents\['0'\], for"):
            encoder[tag]
    assert encoder.documents["0"].shape == (12,)


def test_unknown_words_change_nothing(encoder):
    vectors = encoder.encode(["good film", "good qxz film", "film good", "qxz", ""])
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])  # another order, other chances
    assert not vectors[3:].any()
    n_known, n_words = encoder.known(["good qxz film", ""])
    assert (n_known.tolist(), n_words.tolist()) == ([2, 0], [3, 0])


def test_threads_change_nothing(encoder, monkeypatch):
    texts = [" ".join(text.split() * n) for n, text in enumerate(TEXTS, 1)]
    alone = encoder.encode(texts)
    monkeypatch.setattr("inlay.encode.paragraph.reading.WORDS", 50)
    many = ParagraphEncoder(
        encoder.design, outputs=encoder.outputs, documents=encoder.documents, workers=3
    )
    np.testing.assert_array_equal(many.adjusted(infer_epochs=4).encode(texts), alone)


def test_more_epochs_are_another_vector_nearer_to_the_best(encoder):
    longer, longest = (encoder.adjusted(infer_epochs=n) for n in (40, 60))
    assert encoder.infer_epochs == 4
    assert (longer.infer_epochs, longer.hash) == (40, encoder.hash)
    assert longer.settings != encoder.settings
    short, mid, last = (each.encode(["good food"])[0] for each in (encoder, longer, longest))
    assert np.linalg.norm(mid) > 2 * np.linalg.norm(short)
    assert np.linalg.norm(last - mid) < 0.5 * np.linalg.norm(mid - short)
    faster = encoder.adjusted(alpha=0.1)
    assert faster.min_alpha == encoder.min_alpha
    assert encoder.adjusted(alpha=1e-5).min_alpha == 1e-5
    assert np.linalg.norm(faster.encode(["good food"])) > np.linalg.norm(short)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"infer_epochs": 0}, "infer_epochs: expected"),
        ({"alpha": 0.9}, "alpha: expected below"),
        ({"min_alpha": 1.0}, "min_alpha: expected"),
        ({"epochs": 3}, "infer_epochs="),
    ],
)
def test_adjustments_that_cannot_be(encoder, settings, match):
    with pytest.raises(InlayError, match=match):
        encoder.adjusted(**settings)


def test_settings_do_not_change(encoder):
    with pytest.raises(ImmutableError, match=r"ParagraphEncoder.load\(path, infer_epochs"):
        encoder.infer_epochs = 50


@pytest.mark.parametrize(
    "settings",
    [{}, {"words": True}, {"architecture": "dm"}, {"architecture": "dm", "concatenate": True}],
    ids=["dbow", "words", "dm", "concatenate"],
)
def test_a_folder_keeps_all(tmp_path, settings):
    encoder = made(**settings).adjusted(infer_epochs=7)
    encoder.save(tmp_path / "saved")
    again = inlay.load_encoder(tmp_path / "saved", verify=True)
    assert isinstance(again, ParagraphEncoder)
    assert (again.hash, again.settings) == (encoder.hash, encoder.settings)
    assert again.provenance == encoder.provenance
    np.testing.assert_array_equal(again.encode(TEXTS[:4]), encoder.encode(TEXTS[:4]))
    np.testing.assert_array_equal(again.documents.vectors, encoder.documents.vectors)
    assert (again.words is None) == (encoder.words is None)
    documents = inlay.load(tmp_path / "saved" / "documents.safetensors")
    assert documents.tokens.tolist() == [str(i) for i in range(16)]
    loaded = ParagraphEncoder.load(tmp_path / "saved", infer_epochs=3, max_length=2)
    assert (loaded.infer_epochs, loaded.max_length) == (3, 2)
    np.testing.assert_array_equal(
        loaded.encode(["good film and food"]), loaded.encode(["good film"])
    )


@pytest.mark.parametrize(
    ("file", "change", "match"),
    [
        ("words.safetensors", None, "words"),
        ("outputs.safetensors", None, "outputs"),
        ("null.safetensors", None, "null"),
        ("encoder.json", ('"dm"', '"dmm"'), "settings of a paragraph encoder"),
        ("encoder.json", ('"window": 2', '"window": 3'), "vectors of 84 numbers"),
        ("encoder.json", ('"infer_epochs": 4', '"infer_epochs": 0'), "settings of a paragraph"),
    ],
)
def test_damage_is_told(tmp_path, file, change, match):
    folder = tmp_path / "saved"
    made(architecture="dm", concatenate=True, window=2).save(folder)
    if change is None:
        (folder / file).unlink()
    else:
        text = (folder / file).read_text()
        assert change[0] in text
        (folder / file).write_text(text.replace(*change))
    with pytest.raises((FormatError, FileNotFoundError), match=match):
        inlay.load_encoder(folder)


def test_a_tokenizer_that_is_a_function_is_given_again(tmp_path):
    texts = [text.replace(" ", "_") for text in TEXTS]
    encoder = doc2vec(texts, tokenizer=lambda text: text.split("_"), vector_size=4, min_count=1)
    assert encoder.encode(["good_film"]).any()
    encoder.save(tmp_path / "saved")
    with pytest.raises(ArgumentError, match="the function that splits texts"):
        inlay.load_encoder(tmp_path / "saved").encode(["good_film"])
    again = inlay.load_encoder(tmp_path / "saved", tokenizer=lambda text: text.split("_"))
    np.testing.assert_array_equal(again.encode(["good_film"]), encoder.encode(["good_film"]))
