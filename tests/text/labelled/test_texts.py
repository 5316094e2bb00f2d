import pytest

from inlay.errors import ArgumentTypeError
from inlay.text.labelled.texts import Item, LabelledTexts


def test_ratings_only_if_every_name_has_one():
    rated = [Item("a", "pos", "pos/0_9.txt"), Item("b", "neg", "neg/12_1.txt")]
    assert LabelledTexts.from_items(rated, {}, None).ratings == [9, 1]
    mixed = [*rated, Item("c", "neg", "neg/notes.txt")]
    assert LabelledTexts.from_items(mixed, {}, None).ratings is None


def test_what_it_says_of_itself():
    data = LabelledTexts.from_items([Item("a", "x", "1"), Item("b", "x", "2")], {"unsup": 3}, None)
    assert len(data) == 2
    assert repr(data) == "LabelledTexts(2 texts of 1 classes: x)"
    assert data.skipped == {"unsup": 3}


def test_it_unpacks_to_texts_and_labels():
    data = LabelledTexts.from_items(
        [Item("a", "x", "1"), Item("b", "y", "2"), Item("c", "y", "3")], {}, None
    )
    texts, labels = data
    assert texts is data.texts
    assert labels is data.labels
    assert len(data) == 3
    assert list(zip(*data, strict=True)) == [("a", "x"), ("b", "y"), ("c", "y")]


def test_shuffling_with_a_seed_keeps_what_belongs_together():
    items = [Item(f"t{i}", f"l{i}", f"pos/{i}_{i % 9}.txt") for i in range(50)]
    data = LabelledTexts.from_items(items, {"unsup": 1}, None)
    mixed = data.shuffled(seed=3)
    assert mixed.texts != data.texts == [f"t{i}" for i in range(50)]
    assert sorted(mixed.texts) == sorted(data.texts)
    assert mixed.skipped == {"unsup": 1}
    for text, label, name, rating in zip(
        mixed.texts, mixed.labels, mixed.ids, mixed.ratings, strict=True
    ):
        number = text[1:]
        assert (label, name) == (f"l{number}", f"pos/{number}_{rating}.txt")
    assert data.shuffled(seed=3).texts == mixed.texts != data.shuffled(seed=4).texts
    with pytest.raises(ArgumentTypeError, match="seed"):
        data.shuffled(seed="x")
