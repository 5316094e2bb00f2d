import zipfile
from contextlib import nullcontext as nothing

import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, FormatError
from inlay.sources import Source, find
from tests.data import shared

LOVELY = (
    "(3 (2 It) (4 (4 (2 's) (4 (3 (2 a) (4 (3 lovely) (2 film))) (3 (2 with) (4 (3 (3 lovely) "
    "(2 performances)) (2 (2 by) (2 (2 (2 Buy) (2 and)) (2 Accorsi))))))) (2 .)))"
)
DULL = "(1 (2 A) (0 (1 dull) (2 -LRB-)))"
NEITHER = "(2 (2 So) (2 \u00a08\u00a01\\/2))"


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "dev.txt"
    file.write_text(f"{LOVELY}\n{DULL}\r\n\n{NEITHER}\n", encoding="utf-8")
    return file


def test_a_line_is_a_sentence_and_its_outer_label(path):
    found = read_labelled(path)
    assert found.texts == [
        "It 's a lovely film with lovely performances by Buy and Accorsi .",
        "A dull -LRB-",
        "So \u00a08\u00a01\\/2",
    ]
    assert (found.labels, found.skipped) == (["3", "1", "2"], {"blank lines": 1})
    assert found.ids == ["dev.txt:1", "dev.txt:2", "dev.txt:4"]
    assert read_labelled(path, kind="trees", text="sentences", label="fine").texts == found.texts


def test_two_classes_have_no_neutral_one(path):
    found = read_labelled(path, label="binary")
    assert found.labels == ["1", "0"]
    assert found.skipped == {"blank lines": 1, "neutral texts": 1}


def test_every_node_is_a_phrase(path):
    found = read_labelled(path, text="phrases")
    some = list(zip(found.texts, found.labels, found.ids, strict=True))
    assert some[:3] == [
        ("It 's a lovely film with lovely performances by Buy and Accorsi .", "3", "dev.txt:1.0"),
        ("It", "2", "dev.txt:1.1"),
        ("'s a lovely film with lovely performances by Buy and Accorsi .", "4", "dev.txt:1.2"),
    ]
    assert some[-8:-3] == [
        ("A dull -LRB-", "1", "dev.txt:2.0"),
        ("A", "2", "dev.txt:2.1"),
        ("dull -LRB-", "0", "dev.txt:2.2"),
        ("dull", "1", "dev.txt:2.3"),
        ("-LRB-", "2", "dev.txt:2.4"),
    ]
    assert len(some) == LOVELY.count("(") + DULL.count("(") + NEITHER.count("(")
    two = read_labelled(path, text="phrases", label="binary")
    assert two.labels[-3:] == ["0", "0", "0"]
    assert two.skipped["neutral texts"] == found.labels.count("2")


def test_the_sentence_is_what_the_files_of_kim_have(path):
    for kind, label in (("fine", "3"), ("binary", "1")):
        lines = (shared("sentconv") / f"stsa.{kind}.dev").read_text("utf-8").splitlines()
        found = read_labelled(path, label=kind)
        assert found.labels[0] == label
        assert f"{label} {found.texts[0].lower()}" in lines


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("(3 (2 good) (2 film)", r"expected as many \) as \(, got 1 too few"),
        ("(3 (2 good)) (2 film)", "expected one tree, got another one behind it"),
        ("(3 (2 good)))", "expected a tree, such as"),
        ("good film", "expected a tree, such as"),
        ("(3 (5 good))", r"a label from 0 to 4 behind each \(, got '5'"),
        ("(3 ())", "a label and words in each pair of brackets"),
        ("(3 (2))", "a label and words in each pair of brackets"),
        ("((2 good))", "a label and words in each pair of brackets"),
        ("(S (NP good))", "a label from 0 to 4"),
        ("(" * 200_000, "expected as many"),
    ],
)
def test_what_is_no_tree_is_said_with_its_line(tmp_path, line, message):
    file = tmp_path / "t.txt"
    file.write_text(f"{DULL}\n{line}\n")
    with pytest.raises(FormatError, match=rf"t\.txt, line 2: .*{message}"):
        read_labelled(file)


@pytest.mark.parametrize("given", [{"text": "phrase"}, {"label": "label"}, {"split": "train"}])
def test_what_has_no_meaning_here_is_refused(path, given):
    with pytest.raises(ArgumentError):
        read_labelled(path, **given)


def test_by_name(tmp_path, monkeypatch):
    """Of the real entries, whose archive is one of this machine."""
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    archive = tmp_path / "trees.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for part, line in (("train", LOVELY), ("dev", DULL), ("test", NEITHER)):
            made.writestr(f"trees/{part}.txt", f"{line}\n{LOVELY}\n")
    for name, labels in (("SST5", ["2", "3"]), ("sst-binary", ["1"])):
        real = find(name)
        facts = {n: getattr(real, n) for n in ("kind", "unpack", "parts", "reading", "member")}
        source = Source(name=real.name, url=archive.as_uri(), **facts)
        monkeypatch.setattr("inlay.sources.names.find", lambda _, source=source: source)
        with pytest.warns(UserWarning, match="nobody publishes") if name == "SST5" else nothing():
            assert read_labelled(name, split="test").labels == labels
        assert len(read_labelled(name).texts) == 2  # of train
        assert len(read_labelled(name, text="phrases").texts) > len(labels)
