"""The front door: `load`, `save`, and formats of the user's own."""

import dataclasses
import zipfile

import numpy as np
import pytest

from inlay import Table, load, save
from inlay.core import HashingVocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from inlay.formats import (
    FORMATS,
    FastTextVec,
    Format,
    Glove,
    Npy,
    Npz,
    Word2VecBinary,
    Word2VecText,
    format_of,
)


class Pairs:
    """A format of a user's own: `token=number`, a line each."""

    name = "pairs"
    suffixes = (".pairs",)

    def sniff(self, head, path):
        return b"=" in head

    def read(self, source, options):
        with source.open() as file:
            pairs = [line.decode().strip().split("=") for line in file]
        tokens, numbers = zip(*pairs[: options.limit], strict=True)
        return Table(list(tokens), np.array(numbers, np.float32)[:, None])

    def write(self, table, file):
        for token, row in zip(table.tokens, table.matrix, strict=True):
            file.write(f"{token}={row[0]}\n".encode())


def test_a_format_of_ones_own(make, tmp_path):
    assert isinstance(Pairs(), Format)
    table = load(make("a=1\nb=2.5\nc=3\n"), format=Pairs(), limit=2)
    assert table["b"].tolist() == [2.5]
    save(table, tmp_path / "x.gz", format=Pairs())
    assert load(tmp_path / "x.gz", format=Pairs()).tokens.tolist() == ["a", "b"]


def test_every_built_in_is_a_format_with_a_name_of_its_own():
    assert all(isinstance(format, Format) for format in FORMATS)
    assert len({format.name for format in FORMATS}) == len(FORMATS) >= 11


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"format": "glov"}, ArgumentError, "format: expected one of native, .* got 'glov'"),
        ({"format": 3}, ArgumentTypeError, "format: expected a name, or an object with name"),
        ({"format": Glove}, ArgumentTypeError, r"format: .*, got .* Try: Glove\(\)"),
        ({"limit": -1}, ArgumentError, "limit: expected a whole number, 0 or more, got -1"),
        ({"limit": 2.5}, ArgumentTypeError, "limit: expected a whole number, 0 or more, got 2.5"),
        ({"limit": "5"}, ArgumentTypeError, "limit: expected a whole number, .* got str '5'"),
        ({"mmap": 0}, ArgumentTypeError, "mmap: expected True or False, got int 0"),
        ({"verify": "yes"}, ArgumentTypeError, "verify: expected True or False, got str 'yes'"),
        (
            {"verify": True},
            ArgumentError,
            "verify: .* one of the format",
        ),
    ],
)
def test_arguments(make, table, tmp_path, kwargs, error, message):
    save(table, tmp_path / "x.npz")
    for path in (make("a 1 2\n"), tmp_path / "x.npz"):
        with pytest.raises(error, match=message):
            load(path, **kwargs)


def test_numpy_s_whole_numbers_are_whole(make):
    assert len(load(make("a 1\nb 2\n"), limit=np.int64(1), format=Glove(dim=np.int32(1)))) == 1


@pytest.mark.parametrize(
    ("make_format", "error", "message"),
    [
        (lambda: Glove(dim=0), ArgumentError, "dim: expected a whole number, 1 or more, got 0"),
        (lambda: Glove(dim=2.0), ArgumentTypeError, "dim: expected a whole number, .* got 2.0"),
        (lambda: FastTextVec(dim=True), ArgumentTypeError, "dim: .* got True"),
        (lambda: Glove(errors="surrogateescape"), ArgumentError, "errors: expected 'strict', "),
        (lambda: Word2VecText(header="no"), ArgumentError, "header: .* got str 'no'"),
        (lambda: Word2VecBinary(header=None), ArgumentError, "header: .* got None"),
        (lambda: Npz(nonfinite="drop"), ArgumentError, "nonfinite: expected 'error' or 'keep'"),
    ],
)
def test_options_are_checked_when_a_format_is_made(make_format, error, message):
    with pytest.raises(error, match=message):
        make_format()


@pytest.mark.parametrize(
    ("format", "option"),
    [
        (Glove, "header"),
        (Glove, "tokens"),
        (Word2VecBinary, "dim"),
        (Npy, "errors"),
    ],
)
def test_an_option_that_would_have_no_effect_is_an_error(format, option):
    with pytest.raises(TypeError, match=option):
        format(**{option: None})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.txt", r"got .txt, which may be several. Try: format='word2vec' or format='glove'"),
        ("x.txt.gz", "got .txt, which may be several"),
        ("x.csv", "expected a suffix that says the format .* got .csv"),
        ("x", r"got 'x'\. Try: x\.safetensors, or format='word2vec'"),
        ("x.json", r"Try: x\.safetensors, .*json\.dump"),
    ],
)
def test_suffixes_that_say_nothing(table, tmp_path, name, message):
    with pytest.raises(ArgumentError, match=message):
        save(table, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(table, tmp_path):
    class Fails(Pairs):
        def write(self, table, file):
            file.write(b"half")
            raise KeyboardInterrupt

    for name in ("x.pairs", "x.pairs.gz", "x.pairs.zip", "x.pairs.xz"):
        (tmp_path / name).write_text("old")
        with pytest.raises(KeyboardInterrupt):
            save(table, tmp_path / name, format=Fails())
        assert (tmp_path / name).read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 4


def test_no_folder_to_save_in(table, tmp_path):
    with pytest.raises(MissingFileError):
        save(table, tmp_path / "no" / "x.npz")


def test_text_with_a_header_is_fasttext_only_by_its_suffix(make):
    assert load(make("1 2\na 1 2\n", "x.vec")).provenance["format"] == "fasttext-vec"
    assert load(make("1 2\na 1 2\n", "x.txt")).provenance["format"] == "word2vec"
    assert load(make("a 1 2\n", "x.vec")).provenance["format"] == "glove"


class Breaks(Pairs):
    def read(self, source, options):
        return {}["what"]


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), RecursionError(), ValueError()])
def test_whatever_a_reader_raises_about_a_file_is_an_error_of_ours(make, monkeypatch, error):
    def read(self, source, options):
        raise error

    monkeypatch.setattr(Glove, "read", read)
    with pytest.raises(FormatError, match=r"vectors.txt: .* got a damaged one"):
        load(make("a 1 2\n"))


def test_what_a_disk_says_and_what_a_reader_of_ones_own_says_is_left_alone(make, monkeypatch):
    with pytest.raises(KeyError, match="what"):
        load(make("a=1\n"), format=Breaks())

    def read(self, source, options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Glove, "read", read)
    with pytest.raises(PermissionError, match="Permission denied"):
        load(make("a 1 2\n"))


def test_save_takes_tables_only(tmp_path):
    with pytest.raises(ArgumentTypeError, match=r"table: expected a Table, .* Table\(tokens"):
        save(np.eye(2), tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_formats_are_values():
    assert Glove(dim=3) == Glove(dim=3) != Glove(dim=4)
    assert FastTextVec(header="ignore") != Word2VecText(header="ignore")
    assert repr(FastTextVec(dim=3)).startswith("FastTextVec(nonfinite='error'")
    with pytest.raises(dataclasses.FrozenInstanceError):
        Glove().dim = 3


def test_the_format_of_a_file_is_told_without_reading_it(make, tmp_path, table):
    assert format_of(make("a 1 2\nb broken\n")) == Glove()
    save(table, tmp_path / "x.npz")
    assert format_of(tmp_path / "x.npz") == Npz()
    assert format_of(tmp_path / "x.npz", format="npy") == Npy()
    with pytest.raises(MissingFileError):
        format_of(tmp_path / "nothing")
    packed = tmp_path / "two.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "a 1 2\n")
        archive.writestr("b.vec", "1 2\na 1 2\n")
    assert format_of(packed, member="b.vec") == FastTextVec()


def test_a_hashing_vocabulary_would_keep_every_row(make):
    path = make("a 1 2\nb 3 4\n")
    with pytest.raises(ArgumentTypeError, match="keep: expected a collection of tokens"):
        load(path, keep=HashingVocabulary(5))
