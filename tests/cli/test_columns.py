import pytest

from inlay import read_labelled
from inlay.cli.columns import with_columns
from inlay.errors import ArgumentError, FormatError

OPTIONS = {"kind": None, "text": None, "label": None, "split": None}
OPTIONS |= {"encoding": "utf-8", "errors": "strict"}


@pytest.fixture
def chosen(tmp_path, capsys):
    """The columns that are chosen for a file of this content, and what is said of them."""

    def call(content, name="data.csv", **said):
        path = tmp_path / name
        path.write_text(content, encoding=said.get("encoding", "utf-8"))
        found = with_columns(str(path), OPTIONS | said)
        assert found.keys() == OPTIONS.keys()
        return found["text"], found["label"], capsys.readouterr().err

    return call


def test_the_usual_names_need_no_word(chosen):
    assert chosen("id,label,text,review\n1,pos,good,x\n") == ("text", "label", "")


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("review,stars", "review", "stars"),
        ("date,Sentiment,Sentence", "Sentence", "Sentiment"),
        ("text,rating", "text", "rating"),
        ("리뷰,라벨", "리뷰", "라벨"),
        ("번호,내용,레이블", "내용", "레이블"),
        ("\ufeff评论,标签", "评论", "标签"),
        ("编号,正文,情感", "正文", "情感"),
    ],
)
def test_telling_names_are_taken_and_said(chosen, header, text, label):
    found = chosen(f"{header}\n1,2,3\n")
    assert found[:2] == (text, label)
    assert found[2].startswith("Columns by their names:")
    assert f"--label {label}" in found[2]
    assert ("--text" in found[2]) == (text != "text")


def test_what_was_said_is_not_guessed(chosen):
    assert chosen("review,comment,stars\na,b,c\n", text="comment") == (
        "comment",
        "stars",
        "Columns by their names: --label stars\n",
    )
    assert chosen("review,stars\na,b\n", text="0", label="1") == (0, 1, "")


def test_a_tsv_and_json_lines_have_columns_too(chosen):
    assert chosen("review\tstars\na\tb\n", "d.tsv")[:2] == ("review", "stars")
    assert chosen('{"review": "a", "stars": 3}\n', "d.jsonl")[:2] == ("review", "stars")
    assert chosen("review\tstars\na\tb\n", "d.txt", kind="tsv")[:2] == ("review", "stars")


@pytest.mark.parametrize("name", ["d.txt", "d.ft"])
def test_a_file_without_columns_is_left_to_its_reader(chosen, name):
    assert chosen("__label__x review\n", name) == (None, None, "")


def test_a_header_in_another_encoding_is_left_to_its_reader_who_names_it(tmp_path):
    path = tmp_path / "酒店.csv"
    path.write_text("评论,标签\n房间很干净，服务也非常好,好评\n" * 3, encoding="gb18030")
    assert with_columns(str(path), OPTIONS) == OPTIONS
    with pytest.raises(FormatError, match=r"gb18030: .评论,标签.\. Try: encoding=.gb18030.\.$"):
        read_labelled(path)
    found = with_columns(str(path), OPTIONS | {"encoding": "gb18030"})
    assert (found["text"], found["label"]) == ("评论", "标签")
    with pytest.raises(ArgumentError, match="a column 'text'"):  # as they wish
        with_columns(str(path), OPTIONS | {"errors": "replace"})


def asked(chosen, *args, **said):
    with pytest.raises(ArgumentError) as error:
        chosen(*args, **said)
    return str(error.value)


def test_else_they_are_asked_for_with_the_first_rows(chosen):
    said = asked(chosen, f"a,b,c\n{'x' * 99},2,3\n")
    assert "expected a column 'text' and a column 'label', got the columns 'a', 'b', 'c'" in said
    assert f"the first row '{'x' * 57}...', '2', '3'" in said
    assert "Try: --text with the name of one and --label with the name of one; or --text 0" in said
    # Two that may be meant are none to choose between.
    assert "a column 'text', got" in asked(chosen, "review,comment,stars\na,b,c\n")
    assert "a column 'revew', got" in asked(chosen, "review,stars\na,b\n", text="revew")
    assert "or --text 0" not in asked(chosen, '{"a": 1}\n', "d.jsonl")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.csv", "text;label\na;b\n", "commas between the columns, where this file has semic"),
        ("d.csv", "text\tlabel\na\tb\n", "Try: --kind tsv, for tabs separate its columns"),
        ("d.tsv", "text,label\na,b\n", "Try: --kind csv, for commas separate its columns"),
    ],
)
def test_other_separators_are_noticed(chosen, name, content, said):
    assert said in asked(chosen, content, name)
