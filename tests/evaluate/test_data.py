import numpy as np
import pytest

from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    InlayWarning,
    MissingFileError,
)
from inlay.evaluate.data import labelled_data
from inlay.text import LabelledTexts, read_labelled

TEXTS, LABELS = ["good", "bad", "fine"], ["pos", "neg", "pos"]
LABELS_AS_TEXTS = [1, 0, 1]


def read(data, labels=None, text=None, label=None):
    texts, y = labelled_data(data, labels, text=text, label=label)
    return texts, y.tolist()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("review,text,label,stars\ngood,x,pos,9\nbad,y,neg,1\nfine,z,pos,8\n")
    return path


def test_a_file_by_its_columns(file):
    assert read(file, text="review") == (TEXTS, LABELS)
    assert read(str(file)) == (["x", "y", "z"], LABELS)
    assert read(file, label="stars") == (["x", "y", "z"], ["9", "1", "8"])
    assert read(read_labelled(file, text="review")) == (TEXTS, LABELS)
    with pytest.raises(ArgumentError, match="expected a column 'score'"):
        read(file, label="score")
    with pytest.raises(MissingFileError):
        read("none.csv")


def test_a_data_frame_by_its_columns():
    pandas = pytest.importorskip("pandas")
    # As the tutorials on IMDB make it, shuffled, so that the index is in no order.
    frame = pandas.DataFrame(
        {"text": TEXTS, "label": LABELS, "rating": [9, 1, 8], "split": ["train"] * 3}
    ).sample(frac=1, random_state=1)
    assert frame.index.tolist() != [0, 1, 2]
    shuffled = frame["text"].tolist(), frame["label"].tolist()
    assert read(frame) == shuffled
    assert read(frame["text"], frame["label"]) == shuffled
    assert read(frame["text"].to_numpy(), frame["label"].astype("category")) == shuffled
    assert read(frame, label="rating")[1] == frame["rating"].astype(str).tolist()
    assert read(frame["text"].astype("string"), frame["label"].astype("string")) == shuffled
    renamed = frame.rename(columns={"text": "review"})
    assert read(renamed, text="review") == shuffled
    with pytest.warns(InlayWarning, match="taken by position"):
        read(frame["text"], frame["label"].sort_index())
    for given, message in (
        ({"data": renamed}, "the data frame: expected a column 'text', got columns 'review'"),
        ({"data": frame, "label": "stars"}, "the data frame: expected a column 'stars'"),
        ({"data": frame, "labels": LABELS}, "labels: expected nothing beside a file or data"),
    ):
        with pytest.raises(ArgumentError, match=message):
            read(**given)
    frame.loc[0, "text"] = None
    with pytest.raises(FormatError, match=r"row \d: expected a string as 'text', got"):
        read(frame)
    with pytest.raises(ArgumentTypeError, match=r"text \d: .*Try: .* without missing ones"):
        read(frame["text"], frame["label"])


def test_lists_and_arrays():
    tokens = [["good", "film"], ["bad"], np.array(["fine"])]
    assert read(tokens, LABELS) == ([["good", "film"], ["bad"], ["fine"]], LABELS)
    arrays = np.array(TEXTS, object), np.array(LABELS, object)
    assert read(*arrays) == (TEXTS, LABELS)
    assert read(iter(TEXTS), np.array([1, 0, 1]))[1] == [1, 0, 1]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"data": TEXTS},
            ArgumentTypeError,
            r"labels: expected a label .* Try: compare\(texts, labels\)",
        ),
        (
            {"data": LABELS_AS_TEXTS, "labels": TEXTS},
            ArgumentTypeError,
            "Try: texts first and labels",
        ),
        (
            {"data": ["pos", "neg", "pos"], "labels": TEXTS},
            ArgumentError,
            "texts first, and no more classes",
        ),
        (
            {"data": ["", " ", []], "labels": LABELS},
            ArgumentError,
            "data: expected texts with words",
        ),
        ({"data": "a good film"}, MissingFileError, "Try: texts themselves are given as a list"),
        ({"data": TEXTS, "labels": ["a"]}, ArgumentError, "labels: expected 3, one for each text"),
        (
            {"data": TEXTS, "labels": LABELS, "text": "review"},
            ArgumentError,
            "text: expected a file or data frame with columns, got texts without columns",
        ),
        ({"data": "a film", "labels": LABELS}, ArgumentTypeError, r"data: .*in a list: \[data\]"),
        ({"data": 5, "labels": LABELS}, ArgumentTypeError, "data: expected a list of texts"),
        (
            {"data": LabelledTexts(TEXTS, LABELS, TEXTS), "label": "stars"},
            ArgumentError,
            "label: expected a file or data frame with columns",
        ),
        ({"data": {"a": 1}, "labels": LABELS}, ArgumentTypeError, "data: .* one column of it"),
    ],
)
def test_what_is_no_labelled_text(given, error, message):
    with pytest.raises(error, match=message):
        read(**given)


def test_labels_beside_a_file(file, tmp_path):
    for path in (file, str(file)):
        with pytest.raises(ArgumentError, match="labels: expected nothing beside a file"):
            read(path, LABELS)
    (tmp_path / "empty.csv").write_text("text,label\n")
    with pytest.raises(FormatError, match="labelled texts"):
        read(tmp_path / "empty.csv")
