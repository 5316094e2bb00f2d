import bz2
import csv
import gzip
import lzma

import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, FormatError


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def test_csv_with_quotes_line_ends_and_a_byte_order_mark(tmp_path):
    file = write(tmp_path, "a.csv", '\ufefflabel,text\r\nx,"a, ""b""\r\nc"\r\ny,d\r\n')
    data = read_labelled(file)
    assert data.texts == ['a, "b"\r\nc', "d"]
    assert data.labels == ["x", "y"]
    assert data.ids == ["a.csv:3", "a.csv:4"]


def test_columns_by_name_and_by_number(tmp_path):
    file = write(tmp_path, "a.tsv", 'id\tdocument\tstars\n1\t"odd\t5\n')
    assert read_labelled(file, text="document", label="stars").texts == ['"odd']
    bare = write(tmp_path, "b.csv", "3,good\n1,bad\n")
    data = read_labelled(bare, text=1, label=0)
    assert (data.texts, data.labels) == (["good", "bad"], ["3", "1"])


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_missing_column_names_those_that_are_there(tmp_path, name):
    content = {"a.csv": "id,review\n1,x\n", "a.jsonl": '{"id": 1, "review": "x"}\n'}[name]
    file = write(tmp_path, name, content)
    with pytest.raises(ArgumentError, match=r"'text', got columns 'id', 'review'\. Try: text="):
        read_labelled(file)
    with pytest.raises(ArgumentError, match="'label', got columns 'id', 'review'"):
        read_labelled(file, text="review")


@pytest.mark.parametrize("label", ["", " ", "nan", "NaN"])
def test_a_missing_label_in_a_csv(tmp_path, label):
    file = write(tmp_path, "a.csv", f"text,label\nfine,x\nodd,{label}\n")
    with pytest.raises(FormatError, match="line 3: expected a label"):
        read_labelled(file)


@pytest.mark.parametrize("label", ["null", "NaN", '""', "[1]"])
def test_a_missing_label_in_json(tmp_path, label):
    file = write(
        tmp_path, "a.jsonl", f'{{"text": "x", "label": 1}}\n{{"text": "y", "label": {label}}}'
    )
    with pytest.raises(FormatError, match="line 2: expected a label"):
        read_labelled(file)


def test_json_lines(tmp_path):
    file = write(
        tmp_path, "a.jsonl", '{"text": "a\\nb", "label": 1}\r\n\n{"label": "x", "text": ""}\n'
    )
    data = read_labelled(file)
    assert (data.texts, data.labels, data.ids[1]) == (["a\nb", ""], ["1", "x"], "a.jsonl:3")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{'text': 1}", "line 2: expected a JSON object"),
        ("[1]", "line 2: expected a JSON object, got list"),
        ('{"text": 3, "label": "x"}', "line 2: expected a string as 'text', got int"),
    ],
)
def test_a_bad_json_line_is_named(tmp_path, line, message):
    file = write(tmp_path, "a.jsonl", f'{{"text": "a", "label": "x"}}\n{line}\n')
    with pytest.raises(FormatError, match=message):
        read_labelled(file)


def test_rows_too_short_and_quotes_left_open(tmp_path):
    file = write(tmp_path, "a.csv", "text,label\na,x\nb\n")
    with pytest.raises(FormatError, match="line 3: expected 2 columns or more, got 1"):
        read_labelled(file)
    file = write(tmp_path, "b.csv", 'text,label\n"a,x\n')
    with pytest.raises(FormatError, match="line 2: expected delimited text"):
        read_labelled(file)


def test_fasttext_lines(tmp_path):
    file = write(tmp_path, "a.txt", "__label__a  two spaces \n\n__label__b\n__label__c\tx y\n")
    with pytest.raises(FormatError, match="line 4: expected __label__NAME"):
        read_labelled(write(tmp_path, "bad.txt", "__label__a x\n\n\nno label\n"))
    data = read_labelled(file)
    assert data.texts == [" two spaces ", "", "x y"]
    assert data.labels == ["a", "b", "c"]
    assert data.skipped == {"blank lines": 1}


@pytest.mark.parametrize("line", ["__label__a __label__b x", "__label__ x"])
def test_fasttext_lines_that_do_not_fit(tmp_path, line):
    with pytest.raises(FormatError, match="line 1: expected"):
        read_labelled(write(tmp_path, "a.txt", line))


def test_json_deeper_than_python_goes(tmp_path):
    deep = "[" * 100_000
    file = write(tmp_path, "a.jsonl", f'{{"text": "a", "label": "x"}}\n{deep}\n')
    with pytest.raises(FormatError, match=r"a\.jsonl, line 2: expected a JSON object"):
        read_labelled(file)


def test_a_field_longer_than_the_csv_module_takes_by_itself(tmp_path, monkeypatch):
    text = "말 " * 70_000
    file = write(tmp_path, "a.csv", f"text,label\n{text},a\n")
    before = csv.field_size_limit(131_072)
    try:
        assert read_labelled(file).texts == [text]
        monkeypatch.setenv("INLAY_MAX_TEXT", "150000")
        csv.field_size_limit(131_072)
        with pytest.raises(FormatError, match=r"a\.csv, line 2: expected .* INLAY_MAX_TEXT"):
            read_labelled(file)
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.txt"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_damaged_packed_files_of_every_kind_name_file_and_line(tmp_path, name, pack):
    line = {
        "a.csv": b"good,pos\n",
        "a.tsv": b"good\tpos\n",
        "a.jsonl": b'{"text": "good", "label": "pos"}\n',
        "a.txt": b"__label__pos good\n",
    }[name]
    first = line.replace(b"good", b"text").replace(b"pos", b"label") if name[2] in "ct" else b""
    content = first * (name != "a.txt") + b"".join(
        line.replace(b"good", b"%d" % number) for number in range(200_000)
    )
    packed = bytearray(pack(content))
    packed[len(packed) * 2 // 3] ^= 0xFF
    (tmp_path / name).write_bytes(packed)
    # gzip notices at its end; until then a wrong line may be no record.
    with pytest.raises((FormatError, ArgumentError), match=rf"{name}, line \d+: expected"):
        read_labelled(tmp_path / name)
