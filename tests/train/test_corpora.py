import numpy as np
import pytest

from inlay.errors import ArgumentError
from inlay.text.corpus import encode_corpus
from inlay.tokenizers import DEFAULT
from inlay.train.corpora import check_length, check_pairs, facts, numbered
from inlay.train.running import Running

USUAL = {"min_count": 5, "max_size": None, "tokenizer": None, "encoding": "utf-8"}
OTHER = {"min_count": 2, "max_size": 9, "tokenizer": "split", "encoding": "cp949"}


@pytest.fixture(scope="module")
def corpus():
    return encode_corpus(["a b a", "b c"], min_count=1)


def test_a_numbered_corpus_is_taken_as_it_is(corpus):
    assert numbered(corpus, Running(), **USUAL) is corpus


@pytest.mark.parametrize("name", OTHER)
def test_what_a_numbered_corpus_would_ignore_is_refused(corpus, name):
    with pytest.raises(ArgumentError, match=f"^{name}: .*encoded already.*every_text=True, {name}"):
        numbered(corpus, Running(), **(USUAL | {name: OTHER[name]}), every_text=True)


@pytest.mark.parametrize("named", [False, True])
def test_a_corpus_stays_in_the_folder_that_is_named(tmp_path, named):
    running = Running(folder=tmp_path if named else None, workers=1)
    found = numbered(["a b", "c"], running, **(USUAL | {"min_count": 1}))
    assert sorted(found.tokens) == ["a", "b", "c"]
    assert any(tmp_path.iterdir()) == named


def test_facts_do_not_say_what_is_not_known(corpus):
    settings = {"min_count": 5, "max_size": 3, "epochs": 2}
    known = facts("GloVe", settings, corpus, given=False)
    assert known["settings"] == settings
    assert (known["corpus"], known["tokenizer"]) == (corpus.fingerprint, DEFAULT)
    unknown = facts("GloVe", settings, corpus, given=True)["settings"]
    assert unknown == {"min_count": None, "max_size": None, "epochs": 2}


def test_pairs_are_found_in_any_block(monkeypatch):
    monkeypatch.setattr("inlay.train.corpora.BLOCK", 4)
    check_pairs(np.array([0, -1, 0, -1, 0, 1, -1], np.int32))
    with pytest.raises(ArgumentError, match="two words or more"):
        check_pairs(np.array([0, -1, 1, -1, 0, -1], np.int32))


@pytest.mark.parametrize("length", [3.5, float("inf"), float("nan")])
def test_vectors_that_are_too_long_are_refused(length):
    with pytest.raises(ArgumentError, match=r"^eta: .*below 3, got .* at eta=0.1.*a lower eta"):
        check_length("eta", 0.1, length, most=3.0, usual="0.05 is")
    check_length("eta", 0.1, 3.0, most=3.0, usual="0.05 is")
