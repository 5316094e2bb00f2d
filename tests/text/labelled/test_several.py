import pytest

from inlay.bytes.encodings import Encoding
from inlay.errors import FormatError
from inlay.text.labelled.several import is_of_lines, several_labels

UTF8 = Encoding("utf-8")


def read(path):
    return list(several_labels(path, UTF8))


def test_labels_stand_anywhere(make):
    path = make(
        "__label__a __label__b good  film\n\n__label__c\n"
        "a __label__d 영화 __label__a\n __label__좋음 x\r\n",
        "data.txt",
    )
    assert read(path) == [
        ("good  film", ["a", "b"]),
        ("", ["c"]),
        ("a 영화", ["d", "a"]),
        ("x", ["좋음"]),
    ]
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
