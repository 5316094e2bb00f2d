import io
import tarfile

import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, FormatError

FILES = {
    "README": "no review",
    "train/urls_pos.txt": "http://",
    "train/pos/0_9.txt": "good<br /><br />film\r\n",
    "train/pos/10_7.txt": "nice",
    "train/neg/3_1.txt": "\ufeffbad",
    "train/unsup/1_0.txt": "who knows",
    "test/pos/2_8.txt": "fine",
    "test/neg/.hidden": "x",
}


@pytest.fixture(params=["folder", ".tar.gz", ".tar.xz", ".tar", ".tgz"])
def imdb(request, tmp_path):
    """The layout of aclImdb as a folder, and as archives of it."""
    if request.param == "folder":
        for name, text in FILES.items():
            path = tmp_path / "aclImdb" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return tmp_path / "aclImdb"
    mode = {".tgz": "w:gz", ".tar": "w"}.get(request.param, "w:" + request.param[5:])
    with tarfile.open(tmp_path / f"aclImdb{request.param}", mode) as archive:
        for name, text in reversed(FILES.items()):
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return tmp_path / f"aclImdb{request.param}"


def test_a_folder_per_class(imdb):
    data = read_labelled(imdb, split="train")
    assert data.ids == ["neg/3_1.txt", "pos/0_9.txt", "pos/10_7.txt"]
    assert data.texts == ["bad", "good<br /><br />film\r\n", "nice"]
    assert data.labels == ["neg", "pos", "pos"]
    assert data.ratings == [1, 9, 7]
    assert data.skipped == {"unsup": 1, "files outside class folders": 1}
    assert read_labelled(imdb, split="test").texts == ["fine"]


@pytest.mark.parametrize("split", [None, "valid"])
def test_the_splits_that_are_there_are_named(imdb, split):
    with pytest.raises(ArgumentError, match="'test', 'train'"):
        read_labelled(imdb, split=split)


def test_class_folders_without_splits(tmp_path):
    for label in ("b", "a"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "x.txt").write_text(label * 3, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("n", encoding="utf-8")
    data = read_labelled(tmp_path)
    assert (data.labels, data.texts, data.ratings) == (["a", "b"], ["aaa", "bbb"], None)
    assert data.skipped == {"files outside class folders": 1}


def test_an_archive_of_class_folders_with_or_without_a_folder_around(tmp_path):
    for prefix in ("", "./", "outer/"):
        path = tmp_path / "a.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for label in ("pos", "neg"):
                member = tarfile.TarInfo(f"{prefix}{label}/1.txt")
                member.size = 3
                archive.addfile(member, io.BytesIO(label.encode()))
        assert read_labelled(path).texts == ["neg", "pos"]


def test_bytes_that_are_no_text_are_named_by_their_file(tmp_path):
    (tmp_path / "pos").mkdir()
    (tmp_path / "pos" / "7.txt").write_bytes(b"ab\xff")
    with pytest.raises(FormatError, match=r"pos/7\.txt, byte 2: .*0xff"):
        read_labelled(tmp_path)
    assert read_labelled(tmp_path, errors="ignore").texts == ["ab"]


def test_an_archive_cut_off(tmp_path, imdb):
    if imdb.is_dir() or imdb.suffix == ".tar":
        pytest.skip("nothing packed")
    imdb.write_bytes(imdb.read_bytes()[:-30])
    with pytest.raises(FormatError, match="cut-off"):
        read_labelled(imdb, split="train")


def test_a_file_per_class_labelled_by_its_suffix(tmp_path):
    (tmp_path / "rt.neg").write_bytes(b"dull .\r\n\x85 odd\n\nlast")
    (tmp_path / "rt.pos").write_bytes("\ufeffgood \u2028 fun\n".encode())
    data = read_labelled(tmp_path, encoding="utf-8", errors="replace")
    assert data.texts == ["dull .", "\ufffd odd", "", "last", "good \u2028 fun"]
    assert data.labels == ["neg"] * 4 + ["pos"]
    assert data.ids[-1] == "rt.pos:1"


def test_a_file_per_class_labelled_by_its_stem(tmp_path):
    for name in ("sport", "economy"):
        (tmp_path / f"{name}.txt").write_text("one\ntwo\n", encoding="utf-8")
    assert read_labelled(tmp_path).labels == ["economy", "economy", "sport", "sport"]


@pytest.mark.parametrize("kind", ["folders", "files"])
def test_a_file_is_no_folder(tmp_path, kind):
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    with pytest.raises(ArgumentError, match="a folder"):
        read_labelled(tmp_path / "a.txt", kind=kind)


def test_a_file_is_no_archive(tmp_path):
    (tmp_path / "a.tar").write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(FormatError, match="tar archive"):
        read_labelled(tmp_path / "a.tar")
