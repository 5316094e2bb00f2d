import gzip
import io
import lzma
import os
import sys
import tarfile

import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, FormatError
from tests.bytes.packing import tarred

posix = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")

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


def linked(folder, name, target):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(target)


@pytest.fixture
def outside(tmp_path):
    """A file and a folder that are none of the data."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret.txt").write_text("password", encoding="utf-8")
    data = tmp_path / "data"
    (data / "pos").mkdir(parents=True)
    (data / "pos" / "1.txt").write_text("good", encoding="utf-8")
    return data


@posix
@pytest.mark.parametrize("target", ["../../home/secret.txt", "missing.txt", "2.txt", "/dev/null"])
def test_a_link_out_of_the_folder_or_to_nothing_is_not_read(outside, target):
    linked(outside, "pos/2.txt", target)
    with pytest.raises(FormatError, match=rf"pos/2\.txt: expected .*got a link .*\({target}\)"):
        read_labelled(outside)


@posix
@pytest.mark.parametrize("target", ["../home", ".", "pos", "loop"])
def test_a_link_to_a_folder_is_not_followed(outside, target):
    """Python's own walk would pass over it, and the class would be missing without a word."""
    linked(outside, "loop/2.txt" if target == "loop" else "neg", target)
    if target == "loop":
        linked(outside, "loop/loop", ".")
    with pytest.raises(FormatError, match="got a link to"):
        read_labelled(outside)


@posix
def test_links_that_stay_inside_or_are_not_read_are_harmless(outside, tmp_path):
    linked(outside, "pos/2.txt", "1.txt")
    linked(outside, "README", "../home/secret.txt")
    linked(outside, "pos/.hidden", "/nowhere")
    data = read_labelled(outside)
    assert data.ids == ["pos/1.txt", "pos/2.txt"]
    assert data.skipped == {"files outside class folders": 1}
    linked(tmp_path, "link", outside)  # the folder itself may be reached by one
    assert read_labelled(tmp_path / "link").texts == ["good", "good"]


@posix
def test_links_among_files_of_a_class(tmp_path):
    (tmp_path / "secret").write_text("password", encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()
    (data / "pos.txt").write_text("good\n", encoding="utf-8")
    linked(data, "neg.txt", "pos.txt")
    assert read_labelled(data).labels == ["neg", "pos"]
    linked(data, "other.txt", "../secret")
    with pytest.raises(FormatError, match=r"other\.txt: .*got a link out of the folder"):
        read_labelled(data)


@pytest.mark.parametrize("packed", [False, True])
def test_a_text_and_all_texts_have_limits(tmp_path, monkeypatch, packed):
    if packed:
        path = tmp_path / "data.tar.xz"
        path.write_bytes(lzma.compress(tarred(**{f"pos/{i}.txt": b"x" * 100_000 for i in "abc"})))
    else:
        path = tmp_path / "data"
        (path / "pos").mkdir(parents=True)
        (path / "pos" / "a.txt").write_bytes(b"x" * 100_000)
    monkeypatch.setenv("INLAY_MAX_TEXT", "99999")
    with pytest.raises(FormatError, match=r"pos/a\.txt.* 99,999 bytes, got one of 100,000"):
        read_labelled(path)
    monkeypatch.setenv("INLAY_MAX_TEXT", "100000")
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "299999")
    if packed:
        with pytest.raises(FormatError, match="INLAY_MAX_UNPACKED"):
            read_labelled(path)
        monkeypatch.setenv("INLAY_MAX_UNPACKED", "300000")
    assert set(map(len, read_labelled(path).texts)) == {100_000}


def test_what_is_not_taken_from_an_archive_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_MAX_TEXT", "1000")
    path = tmp_path / "data.tar"
    path.write_bytes(tarred(**{"unsup/a.txt": bytes(5000), "pos/b.txt": b"good"}))
    assert read_labelled(path).texts == ["good"]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_damaged_archive(tmp_path, pack):
    packed = bytearray(pack(tarred(**{f"pos/{i}.txt": os.urandom(2000) for i in range(50)})))
    packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "data.tar.packed"
    path.write_bytes(packed)
    with pytest.raises(FormatError, match=r"data\.tar\.packed.*: expected a whole"):
        read_labelled(path, errors="ignore")


def test_a_full_memory_comes_before_the_end_of_the_archive(tmp_path, monkeypatch):
    """The texts are held until they are sorted: the limit is looked at while they are read."""
    content = bytearray(tarred(**{f"pos/{i}.txt": b"x" * 1000 for i in "abc"}))
    content[2 * (512 + 1024) + 10] ^= 1  # the third header
    path = tmp_path / "data.tar.gz"
    path.write_bytes(gzip.compress(bytes(content)))
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "1999")
    with pytest.raises(FormatError, match="INLAY_MAX_UNPACKED"):
        read_labelled(path)
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "2001")
    with pytest.raises(FormatError, match="bad checksum"):
        read_labelled(path)


@pytest.mark.parametrize("name", ["data", "data.csv", "data.gz"])
def test_an_archive_is_seen_whatever_it_is_called(tmp_path, name):
    path = tmp_path / name
    for content in (
        tarred(**{"pos/a.txt": b"good"}),
        gzip.compress(tarred(**{"pos/a.txt": b"good"})),
    ):
        path.write_bytes(content)
        assert read_labelled(path).ids == ["pos/a.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_pipe_among_the_files_is_not_waited_for(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "folders" / "pos").mkdir(parents=True)
    for folder in (tmp_path / "files", tmp_path / "folders" / "pos"):
        (folder / "pos.txt").write_text("good\n", encoding="utf-8")
        os.mkfifo(folder / "pipe")
    assert read_labelled(tmp_path / "files").labels == ["pos"]
    assert read_labelled(tmp_path / "folders").labels == ["pos"]
    (tmp_path / "files" / "neg").symlink_to(tmp_path / "files" / "pipe")
    with pytest.raises(FormatError, match="a link to nothing, or to no file"):
        read_labelled(tmp_path / "files")
