"""What `inlay.paths` makes of paths, and refuses."""

import io

import numpy as np
import pytest

import inlay
import inlay.train
from inlay import Table, Vocabulary, paths
from inlay.encode.elmo import Elmo
from inlay.encode.features import write_features
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError


def test_where_nothing_can_be_written(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    denied = set()

    def tried(dir):
        if dir in denied:
            raise OSError(30, "Read-only file system")
        return io.BytesIO()

    monkeypatch.setattr("tempfile.TemporaryFile", tried)
    targets = [tmp_path / "file", tmp_path / "folder"]
    for target in targets:
        paths.check_writable("where", target)
    denied.add(tmp_path)  # in which both are put in their places
    for target in targets:
        with pytest.raises(ArgumentError, match=rf"^where: .* got {tmp_path}: Read-only file sys"):
            paths.check_writable("where", target)
    monkeypatch.chdir(tmp_path / "folder")  # which then keeps its place
    paths.check_writable("where", tmp_path / "folder")
    denied.add(tmp_path / "folder")
    with pytest.raises(ArgumentError, match="Read-only"):
        paths.check_writable("where", tmp_path / "folder")


def test_where_to_write_is_looked_at_first(tmp_path):
    (tmp_path / "file").write_text("x")
    assert paths.file_to_write(tmp_path / "new") == tmp_path / "new"
    assert paths.folder_to_write(str(tmp_path)) == tmp_path
    with pytest.raises(ArgumentError, match="name of a file to write, got a folder"):
        paths.file_to_write(tmp_path)
    with pytest.raises(ArgumentError, match="name of a folder to write, got a file"):
        paths.folder_to_write(tmp_path / "file")
    with pytest.raises(ArgumentError, match=r"folder to write, got one that ends in \.H5.*x\.1'\."):
        paths.folder_to_write(tmp_path / "x.1.H5")
    (tmp_path / "x.keras").mkdir()
    for name in ("x.keras", "x.1", "keras", ".h5"):
        assert paths.folder_to_write(tmp_path / name) == tmp_path / name
    for check in (paths.file_to_write, paths.folder_to_write):
        with pytest.raises(MissingFileError, match="no folder"):
            check(tmp_path / "none" / "new")


@pytest.mark.parametrize("path", [None, 5, b"x", ["x"]])
def test_what_is_no_path_is_not_written(path):
    for look in (paths.file_to_write, paths.folder_to_write):
        with pytest.raises(ArgumentTypeError, match="path: expected a path, as a string"):
            look(path)


def test_a_name_that_the_file_system_cannot_hold(tmp_path):
    for look in (paths.file_to_write, paths.folder_to_write):
        with pytest.raises(ArgumentError, match="path: expected a name that the file system can"):
            look(tmp_path / "s\ud800")


def test_a_path_is_a_string_or_a_path(tmp_path):
    assert (
        paths.path_to_read("path", str(tmp_path))
        == paths.path_to_read("path", tmp_path)
        == tmp_path
    )
    for wrong in (None, 3, b"bytes", ["a"]):
        with pytest.raises(ArgumentTypeError, match=r"^path: expected a path, as a string, got"):
            paths.path_to_read("path", wrong)


def test_a_name_that_none_can_have(tmp_path):
    for check in (paths.file_to_write, paths.folder_to_write):
        with pytest.raises(ArgumentError, match="expected a name without a NUL"):
            check(tmp_path / "a\0b")


@pytest.mark.parametrize("path", [5, None, b"x", ["x"]])
@pytest.mark.parametrize(
    "use",
    [
        lambda path: inlay.load(path),
        lambda path: inlay.save(Table(["a"], np.eye(1)), path),
        lambda path: inlay.train.bilm(["a"], path),
        lambda path: Elmo.load(path),
        lambda path: write_features(Counting(), ["a"], path),
    ],
    ids="load save bilm Elmo.load write_features".split(),
)
def test_what_is_no_path(use, path):
    with pytest.raises(ArgumentTypeError, match="expected a path, as a string"):
        use(path)


class Counting:
    """An encoder: how many characters a text has."""

    dim, hash = 1, "counting"

    def encode(self, texts):
        return np.array([[len(text)] for text in texts], np.float32)


def test_an_empty_string_is_no_name():
    table, vocab = Table(["a"], [[1.0]]), Vocabulary(["a"])
    for use in (Table.load, Vocabulary.load, table.save, vocab.save, inlay.TextClassifier.load):
        with pytest.raises(ArgumentError, match="path: expected the name of a file or folder, got"):
            use("")


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("https://a.b/c", "inlay.sources.fetch('https://a.b/c'), which gives its path"),
        ("file:///data/reviews.csv", "/data/reviews.csv"),
        ("s3://bucket/reviews.csv", ""),
    ],
)
@pytest.mark.parametrize("use", [inlay.read_labelled, Table.load, Table(["a"], [[1.0]]).save])
def test_an_address_is_none_of_this_machine_s_files(address, hint, use):
    with pytest.raises(MissingFileError) as raised:
        use(address)
    assert (raised.value.where, raised.value.hint) == (address, hint)
