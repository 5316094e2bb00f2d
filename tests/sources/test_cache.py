import sys
from pathlib import Path

import pytest

from inlay.errors import ArgumentError, DownloadError, MissingFileError
from inlay.sources import Source, cache, fetch


@pytest.mark.parametrize(
    ("system", "variables", "folder"),
    [
        ("linux", {}, "home/.cache/inlay"),
        ("linux", {"XDG_CACHE_HOME": "/somewhere"}, "/somewhere/inlay"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "home/.cache/inlay"),
        ("darwin", {"XDG_CACHE_HOME": "/somewhere"}, "home/Library/Caches/inlay"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/inlay/Cache"),
        ("win32", {}, "home/AppData/Local/inlay/Cache"),
        ("linux", {"INLAY_CACHE": "/mine"}, "/mine"),
        ("linux", {"INLAY_CACHE": " "}, "home/.cache/inlay"),
        ("linux", {"INLAY_CACHE": "~/mine"}, "home/mine"),
        ("linux", {"INLAY_CACHE": "mine"}, "work/mine"),
    ],
)
def test_each_system_has_its_folder(monkeypatch, tmp_path, system, variables, folder):
    for name in ("INLAY_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert cache.cache_folder() == tmp_path / folder


def test_a_file_is_no_cache(monkeypatch, make):
    monkeypatch.setenv("INLAY_CACHE", str(make("x", "file")))
    with pytest.raises(ArgumentError, match="INLAY_CACHE: expected a folder, got a file"):
        cache.cache_folder()


@pytest.mark.skipif(sys.platform == "win32", reason="there each name is taken as it is")
def test_the_home_of_nobody_is_no_cache(monkeypatch):
    monkeypatch.setenv("INLAY_CACHE", "~nobody-of-this-name/cache")
    with pytest.raises(ArgumentError, match="INLAY_CACHE: expected a folder, got '~nobody-of"):
        cache.cache_folder()


def of(server, name, **more):
    return Source(name=name, url=server.put(f"{name}.bin", b"x" * 5000), **more)


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_what_is_kept_is_listed_and_removed_by_name_or_path(server):
    assert cache.kept() == []
    one, two = of(server, "one"), of(server, "two")
    path = fetch(one)
    fetch(two)
    part = path.with_name("late.bin.part")
    part.write_bytes(b"y" * 7)
    listed = cache.kept()
    assert sorted((item.path.name, item.bytes, item.name, item.whole) for item in listed) == [
        ("late.bin.part", 7, "", False),
        ("one.bin", 5000, "one", True),
        ("two.bin", 5000, "two", True),
    ]
    assert [item.name for item in cache.remove("one")] == ["one"]
    assert not path.exists()
    assert path.with_name("one.bin.inlay").exists()
    cache.remove(part.relative_to(cache.cache_folder()).as_posix())
    assert [item.name for item in cache.kept()] == ["two"]
    with pytest.raises(MissingFileError, match="got nothing there"):
        cache.remove("one")
    assert cache.remove("one", forget=True) == []
    assert not path.with_name("one.bin.inlay").exists()


def test_a_note_that_cannot_be_read_is_none(make):
    for text in ("", "[1]", "{"):
        make(text, "v.bin.inlay")
        assert cache.read_note(make(b"", "v.bin")) is None


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_what_lies_in_one_archive_is_one_download(server):
    url = server.put("all.bin", b"x" * 100)
    paths = {fetch(Source(name=name, url=url, member=name)) for name in ("a", "b")}
    assert len(paths) == len(server.asked) == 1


def test_a_cache_that_cannot_be_written(server, monkeypatch, tmp_path):
    source = of(server, "one")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(DownloadError, match=r"the cache: expected a folder that can .*INLAY_CACHE"):
        fetch(source)
    assert server.asked == []
