import csv
import gzip
import lzma
import os
import threading

import numpy as np
import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from tests.data import shared


def test_words_are_cut_only_when_asked(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('text,label\n"one  two<br />three four ",x\nfive,y\n', encoding="utf-8")
    assert read_labelled(file).texts == ["one  two<br />three four ", "five"]
    assert read_labelled(file, max_length=2).texts == ["one two<br", "five"]
    with pytest.raises(ArgumentError, match="max_length"):
        read_labelled(file, max_length=0)


def test_a_line_longer_than_any_header_is_of_no_known_kind(tmp_path):
    csv.field_size_limit(131_072)  # as it is before anything was read
    (tmp_path / "digits.txt").write_text("1" * 250_000 + " x\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="labelled text of a known kind"):
        read_labelled(tmp_path / "digits.txt")


def test_tabs_are_noticed_where_nothing_says_that_they_separate_columns(tmp_path):
    file = tmp_path / "ratings.txt"
    file.write_text("id\tdocument\tlabel\n1\t좋다\t1\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="Try: kind='tsv', and text= and label= with"):
        read_labelled(file)
    with pytest.raises(ArgumentError, match="Try: kind='tsv', for tabs separate"):
        read_labelled(file, kind="csv", text="document")
    assert read_labelled(file, kind="tsv", text="document").texts == ["좋다"]


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
    with pytest.raises(MissingFileError, match=r"nothing there\. Try: imdb, of the catalogue"):
        read_labelled("imdb2")
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
    data = read_labelled(shared("imdb", "aclImdb_labelled.tar.xz"), split="test", max_length=150)
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


def test_the_header_says_what_a_file_without_a_suffix_is(tmp_path):
    for content in ("label,id,text\nx,1,good\n", "\ufefflabel\ttext\nx\tgood\n"):
        (tmp_path / "reviews").write_text(content, encoding="utf-8")
        assert read_labelled(tmp_path / "reviews").texts == ["good"]
    (tmp_path / "reviews").write_text("star,review\nx,good\n", encoding="utf-8")
    assert read_labelled(tmp_path / "reviews", text="review", label="star").labels == ["x"]
    with pytest.raises(ArgumentError, match="'star,review' in the first line"):
        read_labelled(tmp_path / "reviews")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"kind": "parquet"}, ArgumentError, "^kind: expected 'folders', .* or 'trees', got"),
        ({"kind": ["csv"]}, ArgumentError, "^kind: expected"),
        ({"text": True}, ArgumentTypeError, "^text: expected a whole number"),
        ({"label": 1.0, "text": 0}, ArgumentTypeError, "^label: expected a whole number"),
        ({"label": -1, "text": 0}, ArgumentError, "^label: expected a whole number, 0 or more"),
        ({"text": 1}, ArgumentError, "^text and label: expected two names, or two numbers"),
        ({"max_length": "3"}, ArgumentTypeError, "^max_length: expected a whole number"),
        ({"max_length": 0}, ArgumentError, "^max_length: expected a whole number, 1 or more"),
        ({"encoding": "nonsense"}, ArgumentError, "^encoding: .*got 'nonsense'"),
        ({"encoding": "hex"}, ArgumentError, "^encoding: .*got 'hex'"),
        ({"encoding": "utf-16"}, ArgumentError, "^encoding: .*iconv -f UTF-16"),
        ({"encoding": None}, ArgumentTypeError, "^encoding: expected a name, got None"),
        ({"errors": "quiet"}, ArgumentError, "^errors: expected 'strict', "),
        ({"split": "train"}, ArgumentError, "^split: expected a column"),
        (
            {"kind": "fasttext", "text": "a"},
            ArgumentError,
            "^text='a': expected a file with columns",
        ),
    ],
)
def test_arguments_are_looked_at_first(tmp_path, settings, error, message):
    (tmp_path / "a.csv").write_text("text,label\ngood,x\n", encoding="utf-8")
    with pytest.raises(error, match=message):
        read_labelled(tmp_path / "a.csv", **settings)


def test_numbers_of_numpy_are_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("x,good film\n", encoding="utf-8")
    data = read_labelled(
        tmp_path / "a.csv", text=np.int64(1), label=np.int8(0), max_length=np.int64(1)
    )
    assert (data.texts, data.labels) == (["good"], ["x"])


def test_an_encoding_of_wide_characters_serves_where_a_file_is_a_text(tmp_path):
    (tmp_path / "pos").mkdir()
    (tmp_path / "pos" / "a.txt").write_text("größe", encoding="utf-16")
    assert read_labelled(tmp_path, encoding="utf-16").texts == ["größe"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_pipe_whose_kind_is_said_and_one_whose_is_not(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="that can be read twice, got a pipe"):
        read_labelled(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=["__label__x good\n"])
    writer.start()
    assert read_labelled(tmp_path / "pipe", kind="fasttext").texts == ["good"]
    writer.join()


def test_what_was_left_out_is_said_if_nothing_is_left(tmp_path):
    (tmp_path / "unsup").mkdir()
    (tmp_path / "unsup" / "a.txt").write_text("who knows", encoding="utf-8")
    with pytest.raises(FormatError, match="labelled texts, got none, but 1 unsup"):
        read_labelled(tmp_path)
