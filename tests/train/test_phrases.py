"""Phrases by their counts: scores as the papers have them, phrases as gensim has them."""

import copy
import json
import math
import pickle
import re
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from inlay import load_encoder
from inlay.encode.static import StaticEncoder
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    MissingFileError,
    UnknownNameError,
)
from inlay.text import encode_corpus
from inlay.text import phrase_counts as counting
from inlay.text.vocabularies import Vocabularies
from inlay.train import Phrases, doc2vec, phrases, word2vec

YORK = ["new york is big", "he left new york", "new york is old", "the art of the deal"]


def drawn(n=400, seed=0):
    """Sentences of a few words, some of which keep company; some with the delimiter in them."""
    rng = np.random.default_rng(seed)
    words = ["a", "of", "the", "b", "c", "d_e", "d", "e", "f", "b_c", "한국", "new", "york", "x_"]
    share = 1 / np.arange(1, len(words) + 1)
    draw = [rng.choice(words, rng.integers(0, 12), p=share / share.sum()) for _ in range(n)]
    pairs = [["new", "york"], ["한국", "of", "the", "f"], ["d", "e", "f"]]
    for i, pair in enumerate(pairs * 60):
        draw[i * 2] = [*draw[i * 2], *pair]
    return [list(map(str, text)) for text in draw]


def test_phrases_are_called_as_gensim_does_it():
    joined = Phrases(({("new", "york"): 9.0},), tokenizer="split")
    assert joined[["in", "new", "york"]] == joined("in new york") == ["in", "new_york"]
    for given in (["in new york"], [["in", "new", "york"]], 5):
        with pytest.raises(ArgumentTypeError, match=r"^Phrases: .* Try: inlay\.train\.phrases\("):
            Phrases(given)
    by_gensim = [
        (([["new", "york"]],), {"min_count": 1}, r"\(corpus, min_count=\.\.\.\)"),
        (([["new", "york"]],), {"connector_words": "of"}, r"\(corpus, connectors=\.\.\.\)"),
        ((), {"sentences": [["new", "york"]]}, r"\(corpus\), which finds them"),
        ((), {}, r"\(corpus\), which finds them"),
        ((1, 2, 3, 4, 5), {}, r"\(corpus\), which finds them"),
    ]
    for args, settings, hint in by_gensim:
        with pytest.raises(
            ArgumentTypeError, match=rf"^Phrases: .* Try: inlay\.train\.phrases{hint}"
        ):
            Phrases(*args, **settings)


def test_what_gensim_has_in_its_phrases_has_a_name_here():
    joined = Phrases(({("new", "york"): 9.0},))
    for name, hint in (("export_phrases", r"phrases\.scores"), ("freeze", "the phrases them")):
        with pytest.raises(UnknownNameError, match=rf"^Phrases\.{name}: .* Try: {hint}"):
            getattr(joined, name)
    with pytest.raises(UnknownNameError, match=r"Try: phrases\.scores, for only"):
        Phrases.vocab  # noqa: B018
    assert not hasattr(joined, "other")
    assert repr(joined) == "Phrases(1 in 1 pass, delimiter='_')"
    assert repr(Phrases(({}, {}))) == "Phrases(0 in 2 passes, delimiter='_')"


def test_the_scores_are_those_of_the_papers():
    texts = [text.split() for text in YORK] * 3
    found = phrases(texts, min_count=2, threshold=0.1)
    a, b, both = 9, 9, 9
    pairs = {pair for text in texts for pair in pairwise(text)}
    words = {word for text in texts for word in text}
    assert found.scores["new_york"] == (both - 2) / (a * b) * (len(pairs) + len(words))
    total = sum(map(len, texts))
    found = phrases(texts, min_count=2, scorer="npmi", threshold=0.1)
    assert found.scores["york_is"] == pytest.approx(
        math.log((6 / total) / (9 / total * 6 / total)) / -math.log(6 / total)
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"threshold": 0.08, "min_count": 3},
        {"threshold": 0.05, "min_count": 2, "scorer": "npmi"},
        {"threshold": 0.2, "min_count": 1, "connectors": ["of", "the"]},
        {"threshold": 0.08, "min_count": 2, "delimiter": "++", "connectors": {"of", "the"}},
    ],
    ids=["default", "npmi", "connectors", "delimiter"],
)
def test_phrases_are_those_of_gensim(settings):
    models = pytest.importorskip("gensim.models.phrases")
    texts = drawn()
    found = phrases(texts, **settings)
    theirs = models.Phrases(
        texts,
        min_count=settings["min_count"],
        threshold=settings["threshold"],
        scoring=settings.get("scorer", "default"),
        delimiter=settings.get("delimiter", "_"),
        connector_words=frozenset(settings.get("connectors", ())),
    )
    assert len(found) > 5
    assert [found(text) for text in texts] == [theirs[text] for text in texts]
    by_phrase = {}
    for words, score in found.passes[0].items():
        by_phrase.setdefault(found.delimiter.join(words), []).append(score)
    for phrase, score in theirs.find_phrases(texts).items():
        assert score in by_phrase[phrase]


def test_two_passes_are_two_of_gensim():
    models = pytest.importorskip("gensim.models.phrases")
    texts = drawn()
    found = phrases(texts, min_count=2, threshold=0.08, passes=2)
    first = models.Phrases(texts, min_count=2, threshold=0.08)
    second = models.Phrases(first[texts], min_count=2, threshold=0.08)
    assert len(found.passes[1]) > 5
    assert [found(text) for text in texts] == [second[first[text]] for text in texts]


def test_a_second_pass_joins_what_the_first_has_joined():
    texts = ["new york times", "new york city", "new york", "times change", "city life"] * 5
    once = phrases(texts, min_count=1, threshold=0.2)
    twice = phrases(texts, min_count=1, threshold=0.2, passes=2)
    assert once("some new york times") == ["some", "new_york", "times"]
    assert twice("some new york times") == ["some", "new_york_times"]
    assert len(twice.passes) == 2
    none = phrases(["a b", "c d"], passes=3)
    assert (len(none), len(none.passes), none("a b")) == (0, 1, ["a", "b"])


def test_blocks_and_memory_change_nothing(monkeypatch):
    texts = [*drawn(), ["a", "b", "c"] * 300]
    settings = {"threshold": 0.3, "min_count": 2, "connectors": ["of", "the"], "passes": 2}
    expected = phrases(texts, **settings)
    monkeypatch.setattr(counting, "BLOCK", 50)
    monkeypatch.setattr("inlay.text.vocabularies.MOST", 20)
    monkeypatch.setattr("inlay.text.vocabularies.PART", 20)
    written, write = [], Vocabularies._written
    monkeypatch.setattr(
        Vocabularies, "_written", lambda self, *a: written.append(1) or write(self, *a)
    )
    assert phrases(encode_corpus(texts, min_count=1), **settings) == expected
    assert len(written) > 3


def test_sentences_of_a_corpus_are_its_texts(monkeypatch):
    texts = [text for text in drawn() if text]
    monkeypatch.setattr(counting, "BLOCK", 30)
    assert list(counting.sentences(encode_corpus(texts, min_count=1))) == texts


def test_a_corpus_that_is_numbered_and_its_text_give_the_same(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(YORK * 4), "utf-8")
    found = phrases(path, threshold=1, tokenizer="lower")
    assert found.tokenizer == "lower"
    assert phrases(encode_corpus(path, min_count=1, tokenizer="lower"), threshold=1) == found
    assert found("NEW YORK") == ["new_york"]
    with pytest.raises(ArgumentError, match=r"all of its words.*encode_corpus\(\.\.\., min_count"):
        phrases(encode_corpus(path, min_count=5))


def test_phrases_are_a_tokenizer():
    found = phrases(YORK * 3, min_count=2, threshold=1.2, connectors=["of", "the"])
    table = word2vec(YORK * 3, tokenizer=found, min_count=1, vector_size=4, epochs=1)
    assert {"new_york", "he_left", "art_of_the_deal", "is"} <= {*table.tokens}
    assert "york" not in table.tokens
    corpus = encode_corpus(YORK * 3, tokenizer=found, min_count=1)
    assert "new_york" in corpus.tokens


def test_what_was_trained_with_phrases_says_with_which(tmp_path, monkeypatch):
    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(YORK * 3), "utf-8")
    found = phrases(YORK * 3, min_count=2, threshold=1.2, passes=2)
    settings = {"min_count": 1, "vector_size": 4, "epochs": 1, "workers": 1}
    table = word2vec(text, tokenizer=found, folder=tmp_path / "f", **settings)
    assert table.tokenizer == found.name
    assert re.fullmatch(r"phrases:2:[0-9a-f]{16}", found.name)
    found.save(tmp_path / "phrases.json")
    assert Phrases.load(tmp_path / "phrases.json").name == found.name
    changes = {
        "passes": found.passes[:1],
        "delimiter": "-",
        "connectors": frozenset(["of"]),
        "tokenizer": "lower",
    }
    others = [replace(found, **{name: value}) for name, value in changes.items()]
    assert len({other.name for other in [found, *others]}) == 5
    assert replace(found, tokenizer=lambda text: [text]).name is None
    module = sys.modules["inlay.text.corpus"]
    monkeypatch.setattr(module, "_number", None)  # the corpus is there, of the same phrases
    again = word2vec(text, tokenizer=found, folder=tmp_path / "f", **settings)
    assert again.vectors.tolist() == table.vectors.tolist()
    with pytest.raises(ArgumentError, match="another folder"):
        word2vec(text, tokenizer=others[1], folder=tmp_path / "f", **settings)


def test_phrases_cannot_be_had_by_their_name():
    found = phrases(YORK * 3, min_count=2, threshold=1.2)
    expected = rf"the phrases '{found.name}' themselves.*Try: tokenizer=Phrases\.load\(path\)"
    with pytest.raises(ArgumentError, match=expected):
        encode_corpus(YORK, tokenizer=found.name)
    table = word2vec(YORK * 3, tokenizer=found, min_count=1, vector_size=4, epochs=1)
    with pytest.raises(ArgumentError, match=r"StaticEncoder\(table, tokenizer=Phrases\.load"):
        StaticEncoder(table).encode(["new york"])
    assert StaticEncoder(table, tokenizer=found).known(["he left new york"])[0].tolist() == [2]
    corpus = encode_corpus(YORK * 3, tokenizer=found, min_count=1, every_text=True)
    vectors = doc2vec(corpus, vector_size=4, epochs=1)
    with pytest.raises(ArgumentError, match=r"ParagraphEncoder\.load\(path, tokenizer=Phrases"):
        vectors.encode(["new york"])
    vectors = doc2vec(YORK * 3, tokenizer=found, min_count=1, vector_size=4, epochs=1)
    assert vectors.known(["he left new york"])[0].tolist() == [2]


def test_encoders_are_saved_with_the_phrases_that_they_read(tmp_path):
    found = phrases(YORK * 3, min_count=2, threshold=1.2)
    settings = {"tokenizer": found, "min_count": 1, "vector_size": 4, "epochs": 1}
    table = word2vec(YORK * 3, **settings)
    for encoder in (doc2vec(YORK * 3, **settings), StaticEncoder(table, tokenizer=found)):
        encoder.save(tmp_path / "encoder")
        again = load_encoder(tmp_path / "encoder")
        assert again.known(["he left new york"])[0].tolist() == [2]
        assert again.hash == encoder.hash


def own(text):
    return text.split("-")


def test_they_are_saved_copied_and_sent(tmp_path):
    path = tmp_path / "phrases.json"
    found = phrases(drawn(), threshold=0.3, min_count=2, connectors=["of", "the"], passes=2)
    found = Phrases(found.passes, found.delimiter, found.connectors, "lower")
    found.save(path)
    for other in (Phrases.load(path), pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert other == found
        assert other("NEW york") == found("NEW york")
    assert Phrases.load(path, tokenizer="words")("NEW york") == ["NEW", "york"]
    with pytest.raises(ArgumentTypeError, match="only path without a name; by name tokenizer"):
        Phrases.load(path, "words")
    Phrases(found.passes, tokenizer=own).save(path)
    with pytest.raises(ArgumentError, match=r"not imported.*Phrases\.load\(path, tokenizer="):
        Phrases.load(path)("a-b")
    with pytest.raises(ArgumentError, match="one that has a name"):
        Phrases(found.passes, tokenizer=lambda text: [text]).save(path)


@pytest.mark.parametrize("change", ["passes", "delimiter", "connectors", "scores", "words"])
def test_a_damaged_file_is_refused(tmp_path, change):
    path = tmp_path / "phrases.json"
    phrases(YORK * 3, threshold=1).save(path)
    content = json.loads(path.read_text("utf-8"))
    if change == "scores":
        content["passes"][0]["scores"].pop()
    elif change == "words":
        content["passes"][0]["phrases"][0][0] = 3
    else:
        content[change] = 3
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(FormatError, match="phrases that inlay saved"):
        Phrases.load(path)


def test_files_that_are_none(tmp_path):
    with pytest.raises(MissingFileError, match="a file of phrases"):
        Phrases.load(tmp_path / "absent.json")
    (tmp_path / "x.json").write_text("[]", "utf-8")
    with pytest.raises(FormatError, match="phrases that inlay saved"):
        Phrases.load(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"min_count": 0}, ArgumentError, "^min_count: "),
        ({"threshold": 0}, ArgumentError, "^threshold: expected a number above 0"),
        ({"scorer": "npmi", "threshold": 1.5}, ArgumentError, "^threshold: .* from -1 to 1"),
        ({"scorer": "pmi"}, ArgumentError, "^scorer: expected 'default' or 'npmi'"),
        ({"passes": 0}, ArgumentError, "^passes: "),
        ({"delimiter": ""}, ArgumentTypeError, "^delimiter: "),
        ({"connectors": "of"}, ArgumentTypeError, "^connectors: "),
        ({"connector_words": ["of"]}, TypeError, "connectors="),
        ({"corpus": []}, ArgumentError, "a corpus with words"),
        ({"corpus": ["one"]}, None, ""),
    ],
)
def test_arguments_are_looked_at(settings, error, message):
    given = {"corpus": YORK} | settings
    corpus = given.pop("corpus")
    if error is None:
        assert len(phrases(corpus, **given)) == 0
        return
    with pytest.raises(error, match=message):
        phrases(corpus, **given)
