import warnings

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.errors import InlayWarning

TEXTS = ["A Good film, a GOOD film.", "Awful"]


@pytest.fixture
def lowered():
    """A table that was trained on lower-cased words."""
    tokens = ["a", "good", "film", ",", "."]
    return Table(tokens, np.eye(5, dtype="f4"), provenance={"tokenizer": "lower"})


def test_a_table_knows_the_tokenizer_that_it_was_trained_with(lowered, tmp_path):
    assert lowered.tokenizer == "lower"
    assert Table(["a"], np.eye(1)).tokenizer is None
    assert Table(["a"], np.eye(1), provenance={"tokenizer": 7}).tokenizer is None
    lowered.save(tmp_path / "t.safetensors")
    assert Table.load(tmp_path / "t.safetensors").tokenizer == "lower"
    vocab = Vocabulary(["a"], pad=None, tokenizer="split")
    assert Table(vocab, np.eye(2)).tokenizer == "split"
    assert Table(vocab, np.eye(2), provenance={"tokenizer": "x"}).tokenizer == "x"
    assert "tokenizer" not in Table(["a"], np.eye(1)).provenance


def test_the_same_tokenizer_is_passed_over_and_kept(lowered):
    vocab = Vocabulary.from_texts(TEXTS, tokenizer=lowered.tokenizer)
    unknown = Table(["a", "b"], np.eye(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lowered.align(vocab).tokenizer == "lower"
        assert lowered.align(["a", "film"]).tokenizer == "lower"
        assert lowered.align({"a": 0}).tokenizer == "lower"
        assert lowered.align(unknown).tokenizer == "lower"
        assert unknown.align(lowered).tokenizer == "lower"
        assert unknown.align(Vocabulary.from_texts(TEXTS)).tokenizer == "words"
        assert unknown.align(["a"]).tokenizer is None
        # one without a name cannot be compared
        own = Vocabulary.from_texts(TEXTS, tokenizer=lambda text: text.lower().split())
        lowered.align(own)


def test_another_tokenizer_is_told_with_both_names_and_what_it_costs(lowered):
    vocab = Vocabulary.from_texts(TEXTS, tokenizer="split")  # film, and film. are not found
    with pytest.warns(InlayWarning, match="split by") as told:
        aligned = lowered.align(vocab)
    assert aligned.tokenizer == "split"
    assert str(told[0].message) == (
        "the table was trained on texts split by the tokenizer 'lower', and the vocabulary splits "
        "them by 'split'. Of its running words 57.1% were found; of those of 'lower' it would be "
        "88.9%. Try: tokenizer='lower'."
    )
    assert told[0].filename == __file__


def test_a_cost_that_cannot_be_told_is_not_told():
    """Of characters no words can be made again, so that the same share would be found."""
    table = Table(["房间", "很", "好"], np.eye(3), provenance={"tokenizer": "words"})
    vocab = Vocabulary.from_texts(["房间很好"], tokenizer="characters")
    with pytest.warns(InlayWarning, match=r"Of its running words 50\.0% were found\. "):
        table.align(vocab)


def test_what_it_costs_is_left_out_where_it_is_not_known(lowered, monkeypatch):
    with pytest.warns(InlayWarning, match=r"splits them by 'words'\. Try"):
        lowered.align(Vocabulary(["a", "Film"]))
    strange = Table(["a"], np.eye(1), provenance={"tokenizer": "somebody.s:function"})
    with pytest.warns(InlayWarning, match=r"'somebody\.s:function'.* 25\.0% were found\. Try"):
        strange.align(Vocabulary.from_texts(["a b c d"]))
    special = Vocabulary(["<unk>", "a", "zzz."], counts=[9, 1, 1], tokenizer="split")
    with pytest.warns(InlayWarning, match=r"50\.0% were found; of those of 'lower' .* 66\.7%\."):
        lowered.align(special)
    monkeypatch.setattr("inlay.core.agreement.CHEAP", 3)
    with pytest.warns(InlayWarning, match=r"% were found\. Try"):
        lowered.align(Vocabulary.from_texts(TEXTS))
