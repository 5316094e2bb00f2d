import pytest

from inlay import TextClassifier, read_labelled
from inlay.bytes.encodings import Encoding
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.text.labelled.several import is_of_lines

UTF8 = Encoding("utf-8")


def read(path):
    return read_labelled(path, several=True)


def test_labels_stand_anywhere(make):
    path = make(
        "__label__a __label__b good  film\n\n__label__c\n"
        "a __label__d 영화 __label__a\n __label__좋음 x\r\n",
        "data.txt",
    )
    found = read(path)
    assert found.texts == ["good  film", "", "a 영화", "x"]
    assert found.labels == [["a", "b"], ["c"], ["d", "a"], ["좋음"]]
    assert found.ids == ["data.txt:1", "data.txt:3", "data.txt:4", "data.txt:5"]
    assert found.skipped == {"blank lines": 1}
    assert found.classes == ["a", "b", "c", "d", "좋음"]
    assert repr(found) == "LabelledTexts(4 texts of 5 classes: a, b, c, d, 좋음)"
    assert is_of_lines(path, UTF8)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("__label__a x\nno label\n", r"line 2: expected __label__NAME in it, got 'no label'"),
        ("__label__ x\n", r"line 1: expected __label__ with a name"),
    ],
)
def test_a_line_without_a_label(make, content, message):
    with pytest.raises(FormatError, match=message):
        read(make(content, "data.txt"))


def test_other_files_are_none(make, tmp_path):
    assert not is_of_lines(make("text,label\n", "data.csv"), UTF8)
    assert not is_of_lines(tmp_path, UTF8)
    assert not is_of_lines(make("", "empty.txt"), UTF8)


def test_a_classifier_learns_them(make):
    line = "__label__baking bake the bread\n__label__fish __label__baking bake the fish\n"
    data = read(make(line * 20, "data.txt")).shuffled(seed=1)
    model = TextClassifier(model="fasttext", loss="ova", dim=12, validation=None, epochs=30)
    [found] = model.fit(*data).predict_top(["bake the fish"], k=2, threshold=0.5)
    assert sorted(label for label, _ in found) == ["baking", "fish"]
    assert model.score(*data) == 1.0


def test_only_lines_of_fasttext_have_several(make):
    path = make("text,label\na,b\n", "data.csv")
    with pytest.raises(ArgumentError, match=r"several=True: expected lines of fastText.* 'csv'"):
        read(path)
    frame = pytest.importorskip("pandas").DataFrame({"text": ["a"], "label": ["x"]})
    with pytest.raises(ArgumentError, match=r"several=True: expected lines of fastText.* frame"):
        read(frame)
    with pytest.raises(ArgumentTypeError, match="several"):
        read_labelled(path, several="yes")
    with pytest.raises(ArgumentTypeError, match="several="):
        read_labelled(path, multilabel=True)


@pytest.mark.parametrize("line", ["__label__a __label__b x", "__label__a x __label__b"])
def test_who_asks_for_one_label_is_told_of_several(make, line):
    with pytest.raises(FormatError, match=r"line 1: expected one label, .* Try: several=True"):
        read_labelled(make(line, "data.txt"))
