import random
from collections import Counter

import pytest

from inlay.demo.packages import first_alike, package_task
from inlay.demo.stdlib import Docstring
from inlay.errors import ArgumentError


def docs(**packages):
    return [
        Docstring(package, f"{package}.f{i}", text)
        for package, texts in packages.items()
        for i, text in enumerate(texts)
    ]


def test_names_of_the_packages_are_dropped_from_every_text():
    task = package_task(
        docs(
            email=["Parse an Email or emails, then mail them with care"] * 2,
            xml=["Read the _xml of an email into XMLTree nodes slowly"],
        ),
        n_packages=2,
    )
    assert task.names == ["email", "xml"]
    assert [text.split() for text in task.texts] == [
        "Parse an or , then mail them with care".split(),
        "Read the of an into nodes slowly".split(),
    ]
    assert task.labels == ["email", "xml"]


def test_everything_left_out_is_counted_by_reason():
    task = package_task(
        docs(
            qa=[
                "one two three four five",
                "Five, four; three two one!",  # the same words
                "too short",
                "six seven eight nine ten",
                "red green blue white black",
                "shared words are in both packages",
            ],
            zb=["shared words are in both packages", "one or two quite different words"],
            xc=["never looked at"],
        ),
        n_packages=2,
    )
    assert (task.n_short, task.n_alike, task.n_shared, task.n_surplus) == (1, 1, 2, 2)
    assert Counter(task.labels) == {"qa": 1, "zb": 1}


def test_more_packages_than_there_are_is_an_error():
    with pytest.raises(ArgumentError, match="at most 2, got 3"):
        package_task(docs(a=["x"], b=["y"]), n_packages=3)


def test_first_alike_finds_what_comparing_all_pairs_finds():
    pick = random.Random(5)
    bags = [frozenset(pick.sample("abcdefgh", pick.randint(1, 7))) for _ in range(200)]
    for alike in (0.5, 0.8, 1.0):
        expected, kept = [], []
        for i, bag in enumerate(bags):
            like = [j for j in kept if len(bag & bags[j]) / len(bag | bags[j]) >= alike]
            expected.append(like[0] if like else i)
            if not like:
                kept.append(i)
        assert first_alike(bags, alike) == expected
