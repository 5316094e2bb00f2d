import json

import numpy as np
import pytest
from fuzz.fasttext import model

from inlay import Table
from inlay.errors import UnknownTokenError


def test_nearest_first(inlay, glove):
    shown = inlay("similar", glove, "good", "-n", "2")
    assert shown.exit_code == 0
    assert shown.stdout == " 0.9939  great\n 0.0000  film\n"


def test_words_add_and_negatives_subtract(inlay, glove):
    shown = inlay("similar", glove, "great", "film", "--negative", "good", "-n", "1", "--json")
    answer = json.loads(shown.stdout)
    assert (answer["positive"], answer["negative"]) == (["great", "film"], ["good"])
    assert answer["nearest"][0]["token"] == "영화"
    assert abs(answer["nearest"][0]["cosine"] - 0.99998) < 1e-4


def test_an_unknown_word_is_named_with_what_is_there(inlay, glove):
    failed = inlay("similar", glove, "good", "FILM")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr == (
        f"inlay: error: {glove}: expected words that it holds, got 'FILM'. Try: 'film'.\n"
    )


@pytest.mark.parametrize(
    ("word", "tokenizer", "said"),
    [
        (
            "영화가재미",
            "ngrams:2",
            "got '영화가재미'. Try: '영화' or '재미', into which 'ngrams:2' spl",
        ),
        ("영화가재미", None, "got '영화가재미'.\n"),
        ("영화가재미", "nowhere:function", "got '영화가재미'.\n"),  # which is not imported
        ("없다", "ngrams:2", "got '없다'.\n"),
        ("\u110b\u1167\u11bc\u1112\u116a", "words", "in decomposed letters. Try: '영화', which is"),
    ],
)
def test_an_unknown_word_that_the_vectors_have_in_other_forms(
    inlay, tmp_path, word, tokenizer, said
):
    provenance = {"tokenizer": tokenizer} if tokenizer else {}
    table = Table(["영화", "재미"], np.ones((2, 2), np.float32), provenance=provenance)
    table.save(tmp_path / "t.safetensors")
    failed = inlay("similar", tmp_path / "t.safetensors", word)
    assert (failed.exit_code, said in failed.stderr) == (1, True), failed.stderr


def test_an_unknown_word_that_the_vectors_have_in_decomposed_letters(inlay, tmp_path):
    decomposed = "\u110b\u1167\u11bc\u1112\u116a"
    table = Table([decomposed], np.ones((1, 2), np.float32))
    table.save(tmp_path / "t.safetensors")
    failed = inlay("similar", tmp_path / "t.safetensors", "영화")
    said = (
        f"got '영화' in composed letters. Try: {decomposed!r}, which is the same word in decomposed"
    )
    assert (failed.exit_code, said in failed.stderr) == (1, True), failed.stderr
    with pytest.raises(
        UnknownTokenError, match=r"unicodedata.normalize\('NFD', token\), for .* composed"
    ):
        table["영화"]


def test_no_word_is_wrong_usage(inlay, glove):
    assert inlay("similar", glove).exit_code == 2
    assert inlay("similar", glove, "good", "-n", "0").exit_code == 2


def test_tokens_with_terminal_escapes_are_escaped(inlay, tmp_path):
    table = Table(["a", "b\x1b[8m"], np.ones((2, 2), np.float32))
    table.save(tmp_path / "t.npz")
    shown = inlay("similar", tmp_path / "t.npz", "a").stdout
    assert shown == " 1.0000  b\\u001b[8m\n"
    failed = inlay("similar", tmp_path / "t.npz", "a", "x\x1b[8m\x9b")
    assert failed.exit_code == 1
    assert "\x1b" not in failed.stderr


def test_words_that_are_composed(inlay, tmp_path):
    made = model(["film", "drama"], min_n=3, max_n=3)
    (tmp_path / "m.bin").write_bytes(made.dump())
    shown = inlay("similar", tmp_path / "m.bin", "films", "--json")
    nearest = json.loads(shown.stdout)["nearest"]
    cosine = made.vector("films") @ made.vector("film")
    cosine /= np.linalg.norm(made.vector("films")) * np.linalg.norm(made.vector("film"))
    assert {pair["token"] for pair in nearest} == {"film", "drama"}
    assert abs({pair["token"]: pair["cosine"] for pair in nearest}["film"] - cosine) < 1e-6
    failed = inlay("similar", tmp_path / "m.bin", "")
    assert failed.exit_code == 1
    assert "expected words that it holds, got ''" in failed.stderr
