from pathlib import Path

import numpy as np

from inlay import Table
from inlay.demo import job as demo
from inlay.text import read_labelled


def test_neighbours_of_chosen_words_or_of_telling_ones():
    words = [*demo.WORDS, "other", "words"]
    table = Table(words, np.eye(7, dtype="float32"))
    assert list(demo.neighbours(table, n=2)) == list(demo.WORDS)
    table = Table(["the", "x1yyyy", "story", "acting"], np.eye(4, dtype="float32"))
    assert demo.neighbours(table, n=1) == {"story": ["the"], "acting": ["the"]}


def test_texts_are_cut_to_their_first_tokens(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text(f'text,label\n"{"Word, " * 99}",a\nshort,b\n', encoding="utf-8")
    material = demo.own_material(read_labelled(path), None)
    assert material.texts == [" ".join(["word", ","] * 32), "short"]
    assert (len(material.corpus), material.labels) == (2, ["a", "b"])
    assert material.n_characters == len("Word, " * 99) + 5


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
