"""Data frames, and the columns that the tutorials on IMDB make."""

import numpy as np
import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, FormatError, InlayWarning

pd = pytest.importorskip("pandas")

COLUMNS = {
    "text": ["a good film", "a bore", "fine", "dull"],
    "label": ["pos", "neg", "pos", "neg"],
    "rating": [9, 2, 7, 3],
    "split": ["train", "train", "test", "test"],
}


class Plain:
    """The least that is a data frame."""

    columns = ("text", "label")

    def __getitem__(self, name):
        return {"text": ("a", "b"), "label": np.array([0, 1])}[name]


def frames():
    yield "pandas", pd.DataFrame
    try:
        import polars as pl
    except ImportError:
        return
    yield "polars", pl.DataFrame


@pytest.fixture(params=["csv", "tsv", "jsonl", *(name for name, _ in frames())])
def source(request, tmp_path):
    """The four columns, as a frame or a file of each kind."""
    known = dict(frames())
    if request.param in known:
        return known[request.param](COLUMNS)
    frame, path = pd.DataFrame(COLUMNS), tmp_path / f"data.{request.param}"
    if request.param == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if request.param == "tsv" else ",")
    return path


def test_text_label_rating_and_split(source):
    data = read_labelled(source)
    assert data.texts == COLUMNS["text"]
    assert data.labels == COLUMNS["label"]
    assert data.ratings == COLUMNS["rating"]
    train = read_labelled(source, split="train")
    assert (train.texts, train.ratings) == (["a good film", "a bore"], [9, 2])
    assert train.skipped == {"test": 2}
    assert read_labelled(source, split="test").labels == ["pos", "neg"]
    with pytest.raises(FormatError, match="got none, but 2 train, 2 test"):
        read_labelled(source, split="dev")
    assert read_labelled(source, label="rating").labels == ["9", "2", "7", "3"]
    assert read_labelled(source, label="rating").ratings is None
    with pytest.raises(ArgumentError, match="expected a column 'sentiment'"):
        read_labelled(source, label="sentiment")


def test_frames_of_others_and_their_rows():
    data = read_labelled(Plain())
    assert (data.texts, data.labels, data.ids) == (["a", "b"], ["0", "1"], ["row 0", "row 1"])


def test_an_index_of_a_frame_is_not_its_order():
    frame = pd.DataFrame(COLUMNS, index=[7, 3, 3, 0])
    assert read_labelled(frame).texts == COLUMNS["text"]
    tutorial = pd.DataFrame({"sentence": ["a", "b"], "sentiment": ["9", "2"], "polarity": [1, 0]})
    data = read_labelled(tutorial.sample(frac=1, random_state=1), text="sentence", label="polarity")
    assert dict(zip(*data, strict=True)) == {"a": "1", "b": "0"}


def test_what_is_missing_in_a_frame_is_an_error():
    for text, label, says in [
        (None, "x", "row 1: expected a string as 'text'"),
        (float("nan"), "x", "row 1: expected a string"),
        ("b", None, "row 1: expected a label"),
        ("b", float("nan"), "row 1: expected a label"),
    ]:
        frame = pd.DataFrame({"text": ["a", text], "label": ["x", label]}, dtype=object)
        with pytest.raises(FormatError, match=says):
            read_labelled(frame)
    with pytest.raises(FormatError, match="the data frame: expected labelled texts"):
        read_labelled(pd.DataFrame({"text": [], "label": []}))
    with pytest.raises(ArgumentError, match=r"^split: expected a column 'split'"):
        read_labelled(Plain(), split="train")
    with pytest.raises(ArgumentError, match=r"^kind: expected None"):
        read_labelled(Plain(), kind="csv")


def test_odd_labels_of_a_frame_are_warned_of():
    frame = pd.DataFrame({"text": ["a"] * 51, "label": ["x", "y"] * 25 + ["z"]})
    with pytest.warns(InlayWarning, match="row 50: the label 'z' comes once"):
        read_labelled(frame)


def test_a_split_without_a_column(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("text,label\na,x\n")
    with pytest.raises(ArgumentError, match=r"^split: expected a column 'split' in"):
        read_labelled(path, split="train")
    with pytest.raises(ArgumentError, match="columns without names"):
        read_labelled(path, split="train", text=0, label=1)


def test_ratings_of_another_kind_are_none(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("text,label,rating\na,x,9\nb,y,good\n")
    assert read_labelled(path).ratings is None
    path.write_text("text,label,rating\na,x,9.0\nb,y,-2\n")
    assert read_labelled(path).ratings == [9, -2]
    path.write_text("text,label,rating\na,x,9.0\nb,y\n")
    with pytest.raises(FormatError, match="expected 3 columns or more, got 2"):
        read_labelled(path)
