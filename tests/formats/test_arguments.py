import json

import numpy as np
import pytest

import inlay
from inlay import Table, Vocabulary, load, save
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from inlay.formats import Glove, Native, Npy, Npz, Word2VecBinary, Word2VecText


@pytest.fixture
def table():
    return Table(["good", "film"], np.eye(2, dtype=np.float32))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"dim": 300}, "format=Glove(dim=300) or format=Word2VecText(dim=300)"),
        ({"encoding": "cp949"}, "format=Glove(encoding='cp949')"),
        ({"nonfinite": "keep"}, "format="),
        ({"vocabulary": ["a"]}, "keep=, for the rows of these tokens alone"),
        ({"max_size": 3}, "limit=, which takes the first rows"),
        ({"binary": True}, "format='word2vec-binary'"),
        ({"limits": 3}, "limit="),
        ({"xyzzy": 3}, ""),
    ],
)
def test_an_argument_that_load_has_not_is_answered_by_what_there_is(make, wrong, hint):
    with pytest.raises(ArgumentTypeError, match=rf"^load: .* got {next(iter(wrong))}=") as caught:
        load(make("a 1 2\n"), **wrong)
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)


def test_an_argument_that_save_has_not(table, tmp_path):
    with pytest.raises(ArgumentTypeError, match="leave it out: what stands at path is replaced"):
        save(table, tmp_path / "x.npz", overwrite=True)
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize(
    ("make_format", "message"),
    [
        (lambda: Glove(dims=3), r"^Glove: .* got dims=int 3\. Try: dim="),
        (lambda: Glove(3), r"^Glove: expected options by their names, .*Glove\(dim=3\)"),
        (lambda: Word2VecText(binary=True), "^Word2VecText: .*format='word2vec-binary'"),
        (lambda: Npz(nonfinit="keep"), "^Npz: .*Try: nonfinite="),
    ],
)
def test_an_option_that_a_format_has_not(make_format, message):
    with pytest.raises(ArgumentTypeError, match=message):
        make_format()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Glove", "format='glove'"),
        ("txt", "format='word2vec' or format='glove'"),
        (".vec", "format='fasttext-vec'"),
        ("safetensor", "format='safetensors'"),
        ("binary", "format='word2vec-binary'"),
        ("w2v", "format='word2vec'"),
        ("", ""),
    ],
)
def test_a_format_that_may_be_meant(make, name, meant):
    with pytest.raises(ArgumentError, match="format: expected one of native") as caught:
        load(make("a 1 2\n"), format=name)
    assert caught.value.hint == meant


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (np.eye(2), "Table(tokens, matrix)"),
        ({"a": [1]}, "Table(list(d), np.array(list(d.values())))"),
        ("x.npz", "the table first: save(table, path)"),
        (Vocabulary(["a"]), "vocabulary.save(path)"),
        (3, ""),
    ],
)
def test_what_is_no_table(tmp_path, wrong, hint):
    with pytest.raises(ArgumentTypeError, match=r"^table: expected a Table") as caught:
        save(wrong, tmp_path / "x.npz")
    assert caught.value.hint == hint


def test_no_path_and_paths_that_cannot_be(table, tmp_path):
    with pytest.raises(ArgumentTypeError, match="path: expected a path"):
        save(table, None)
    for path in ("x" * 5000, tmp_path / ("x" * 300 + ".npz"), tmp_path / ("x" * 300) / "x.npz"):
        with pytest.raises(MissingFileError, match="longer than any name"):
            save(table, path)
    long = tmp_path / ("x" * 251 + ".npz")
    save(table, long)
    assert load(long).tokens == table.tokens
    assert [file.name for file in tmp_path.iterdir()] == [long.name]


@pytest.mark.parametrize("read", [inlay.containers.open, inlay.load_encoder, Vocabulary.load])
def test_a_text_in_the_place_of_a_path(read):
    with pytest.raises(MissingFileError, match="of 5,000 characters"):
        read("x" * 5000)


@pytest.mark.parametrize(
    "format", [Glove(dim=3), "glove", "word2vec", "word2vec-binary", "npz", "npy"]
)
def test_a_file_of_ours_said_to_be_another(table, tmp_path, format):
    save(table, tmp_path / "x.safetensors")
    message = "got one of the format 'native'. Try: leave format= out"
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "x.safetensors", format=format)


@pytest.mark.parametrize("format", [Native(), Npz(), Npy()])
def test_text_said_to_be_an_array(make, format):
    with pytest.raises(FormatError, match=r"format .glove.\. Try: leave format= out"):
        load(make("a 1 2\n"), format=format)


@pytest.mark.parametrize("format", [Glove(dim=3), Word2VecText(), Word2VecBinary(), Npz()])
def test_a_stranger_said_to_be_one_of_ours(make, format):
    with pytest.raises(FormatError, match="got one of the format 'parquet'"):
        load(make(b"PAR1" + bytes(range(200))), format=format)


@pytest.mark.parametrize("separator", [",", ", ", ";"])
@pytest.mark.parametrize("header", [[], ["word", "d0", "d1"]])
def test_numbers_between_commas(make, separator, header):
    rows = [["good", "0.5", "-1"], ["film", "1e-3", ".25"]]
    content = "".join(f"{separator.join(row)}\n" for row in [header, *rows] if row)
    assert load(make(content))["film"].tolist() == [np.float32(1e-3), 0.25]
    assert load(make("1,2,3 0.5 1\n4,5,6 1 2\n")).tokens.tolist() == ["1,2,3", "4,5,6"]


def test_labelled_texts_and_json(make):
    with pytest.raises(FormatError, match=r"columns between commas .*read_labelled"):
        load(make("text,label\ngood film,pos\n"))
    for value in ({"a": {"b": 1}}, [["a", 1]], [{"word": "a"}]):
        with pytest.raises(FormatError, match=r"got JSON\. Try: .*json\.load"):
            load(make(json.dumps(value)))


def test_keep_of_numbers(make):
    with pytest.raises(ArgumentTypeError, match="keep: expected tokens, which are strings"):
        load(make("1 0.5 2\n2 0.5 3\n"), format=Glove(dim=2), keep=[1])


@pytest.mark.parametrize("argument", ["name", "member"])
@pytest.mark.parametrize("wrong", [0, ["matrix"]])
def test_a_name_that_is_no_string(table, tmp_path, argument, wrong):
    save(table, tmp_path / "x.npz")
    with pytest.raises(ArgumentTypeError, match=f"^{argument}: expected a string, or None, got"):
        load(tmp_path / "x.npz", **{argument: wrong})
