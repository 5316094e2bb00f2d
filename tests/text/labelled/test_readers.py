import gzip
import lzma

import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, FormatError, MissingFileError
from tests.data import shared


def test_words_are_cut_only_when_asked(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('text,label\n"one  two<br />three four ",x\nfive,y\n', encoding="utf-8")
    assert read_labelled(file).texts == ["one  two<br />three four ", "five"]
    assert read_labelled(file, max_words=2).texts == ["one two<br", "five"]
    with pytest.raises(ArgumentError, match="max_words"):
        read_labelled(file, max_words=0)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_packed_files_and_those_cut_off(tmp_path, suffix, pack):
    content = b"__label__a first text\n__label__b second\n" * 100
    file = tmp_path / f"train.txt{suffix}"
    file.write_bytes(pack(content))
    assert read_labelled(file).labels[:2] == ["a", "b"]
    file.write_bytes(pack(content)[:-20])
    with pytest.raises(FormatError, match="cut-off"):
        read_labelled(file)


def test_what_cannot_be_recognised_is_not_guessed(tmp_path):
    file = tmp_path / "reviews.txt"
    file.write_text("good\t1\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="kind="):
        read_labelled(file)
    assert read_labelled(file, kind="tsv", text=0, label=1).labels == ["1"]
    with pytest.raises(ArgumentError, match="kind"):
        read_labelled(file, kind="parquet")


def test_nothing_there_and_nothing_in_it(tmp_path):
    with pytest.raises(MissingFileError):
        read_labelled(tmp_path / "none.csv")
    with pytest.raises(FormatError, match="labelled texts"):
        read_labelled(tmp_path)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    with pytest.raises(FormatError, match="labelled texts"):
        read_labelled(tmp_path / "empty.jsonl")


def test_bytes_that_are_no_text_follow_the_policy(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"text,label\ncaf\xe9,x\n")
    with pytest.raises(FormatError, match=r"line 2: .*0xe9"):
        read_labelled(file)
    assert read_labelled(file, encoding="cp1252").texts == ["café"]
    assert read_labelled(file, errors="replace").texts == ["caf\ufffd"]


def test_split_belongs_to_folders(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": 1}\n', encoding="utf-8")
    with pytest.raises(ArgumentError, match="split"):
        read_labelled(tmp_path / "a.jsonl", split="train")


def test_mr():
    data = read_labelled(shared("mr"))
    assert (len(data), data.classes, data.ratings) == (10_662, ["neg", "pos"], None)
    assert data.labels.count("pos") == 5_331
    assert data.texts[data.ids.index("rt-polarity.pos:3")] == "effective but too-tepid biopic"
    assert data.texts[-1].endswith(" ")  # ends of lines are cut, nothing else


def test_imdb_from_its_archive():
    data = read_labelled(shared("imdb", "aclImdb_labelled.tar.xz"), split="test", max_words=150)
    assert (len(data), data.labels.count("neg")) == (25_000, 12_500)
    assert set(data.ratings) == {1, 2, 3, 4, 7, 8, 9, 10}
    assert all(
        (r >= 7) == (label == "pos") for r, label in zip(data.ratings, data.labels, strict=True)
    )
    assert max(len(text.split()) for text in data.texts) == 150
    assert data.skipped == {"files outside class folders": 2}


def test_korean_reviews_in_tsv():
    data = read_labelled(shared("nsmc-derived", "dev.tsv"), text="document")
    assert (len(data), data.classes) == (3_000, ["0", "1"])
    assert any(text.startswith('"') for text in data.texts)  # quotes are text in a .tsv
