import io
import stat
import tarfile
import zipfile

import pytest

from inlay.errors import DownloadError, FormatError
from inlay.sources import Source, fetch
from inlay.sources.unpacking import unpack

MEMBERS = {"data/train.tsv": b"text\tlabel\n", "data/dev.tsv": b"dev\n", "README": b"read me\n"}


def zipped(members, **infos):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = infos.get("mode", 0o644) << 16
            archive.writestr(info, content)
    return file.getvalue()


def tarred(members, link=None):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return file.getvalue()


PACKERS = pytest.mark.parametrize("packed", [zipped, tarred])


@PACKERS
def test_only_what_is_wanted_leaves_an_archive(make, tmp_path, packed):
    unpack(make(packed(MEMBERS), "a.zip"), tmp_path / "out", ("data/train.tsv", "data/dev.tsv"))
    found = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    assert found == {"train.tsv": b"text\tlabel\n", "dev.tsv": b"dev\n"}


@PACKERS
def test_everything_keeps_its_place(make, tmp_path, packed):
    unpack(make(packed(MEMBERS), "a.zip"), tmp_path / "out", ("*",))
    out = tmp_path / "out"
    found = {
        file.relative_to(out).as_posix(): file.read_bytes()
        for file in out.rglob("*")
        if file.is_file()
    }
    assert found == MEMBERS


@PACKERS
@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        "a/../../out.txt",
        "/tmp/out.txt",
        "a\\..\\..\\out.txt",
        "C:out.txt",
        "a/b:c",
        ".",
    ],
)
def test_what_leads_out_of_the_folder_is_refused(make, tmp_path, packed, name):
    archive = make(packed({"good.txt": b"1", name: b"2"}), "a.zip")
    with pytest.raises(FormatError, match=r"stay inside of their folder, got a name"):
        unpack(archive, tmp_path / "out", ("*",))
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_links_are_refused_or_left_out(make, tmp_path):
    archive = make(zipped({"link": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777), "a.zip")
    with pytest.raises(FormatError, match="got a link"):
        unpack(archive, tmp_path / "out", ("*",))
    unpack(make(tarred({"a": b"1"}, link="/etc/passwd"), "a.tgz"), tmp_path / "out", ("*",))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_a_bomb_is_refused(make, tmp_path, monkeypatch):
    archive = make(zipped({"zeros": bytes(10**6)}), "a.zip")
    with pytest.raises(FormatError, match="got 1,000,000 bytes when it is unpacked"):
        unpack(archive, tmp_path / "out", ("*",))
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "1000")
    with pytest.raises(FormatError, match="INLAY_MAX_UNPACKED"):
        unpack(make(tarred({"zeros": bytes(10**6)}), "a.tgz"), tmp_path / "out", ("*",))
    assert not (tmp_path / "out").exists()


@PACKERS
def test_what_is_not_there_and_what_comes_twice(make, tmp_path, packed):
    with pytest.raises(FormatError, match=r"the members data/test\.tsv, got none of that name"):
        unpack(make(packed(MEMBERS), "a.zip"), tmp_path / "out", ("README", "data/test.tsv"))
    same = packed({"a/x": b"1", "b/x": b"2"})
    with pytest.raises(FormatError, match="a name that comes twice"):
        unpack(make(same, "b.zip"), tmp_path / "out", ("a/x", "b/x"))
    assert not (tmp_path / "out").exists()


@PACKERS
def test_a_damaged_archive_is_told(make, tmp_path, packed):
    content = packed({"a": bytes(range(256)) * 99})
    with pytest.raises(FormatError, match=r"a\.zip"):
        unpack(make(content[: len(content) // 2], "a.zip"), tmp_path / "out", ("*",))
    assert not (tmp_path / "out").exists()


def test_a_source_is_unpacked_once(server, recwarn):
    url = server.put("data.tar.gz", tarred(MEMBERS))
    source = Source(name="mine", url=url, unpack=("data/dev.tsv",))
    folder = fetch(source)
    assert [file.name for file in folder.iterdir()] == ["dev.tsv"]
    before = folder.stat().st_mtime_ns
    assert fetch(source) == folder
    assert folder.stat().st_mtime_ns == before
    assert fetch(Source(name="mine", url=url, unpack=("*",))) != folder


def test_a_cache_that_can_only_be_read_serves_what_is_in_it(server, monkeypatch, recwarn):
    """As one of a group of people, which another account has filled."""
    url = server.put("data.tar.gz", tarred(MEMBERS))
    source = Source(name="mine", url=url, unpack=("data/dev.tsv",))
    folder = fetch(source)

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refused)
    assert fetch(source) == folder
    with pytest.raises(DownloadError, match=r"a cache that can be written to, .*got Permission"):
        fetch(Source(name="mine", url=url, unpack=("*",)))
