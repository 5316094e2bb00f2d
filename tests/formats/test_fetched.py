import gzip
import threading
import zipfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pytest
from fuzz.fasttext import model

from inlay import load
from inlay.errors import ArgumentError, DownloadError, InlayWarning, MissingFileError
from inlay.formats import fetched
from inlay.formats.spool import Spool
from inlay.sources import Source, cache, fetch, find, names
from inlay.sources.source import Download

pytestmark = pytest.mark.filterwarnings("ignore:.*nobody publishes")
TEXT = "good 1 0\nfilm 0 1\nbad -1 0.5\n"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def published(tmp_path):
    """An archive of two tables, at an address of this machine."""
    path = tmp_path / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.2d.txt", TEXT)
        archive.writestr("glove.3d.txt", "good 1 2 3\n")
    return Source(name="mine", url=path.as_uri(), member="glove.2d.txt", licence="CC0 1.0", dim=2)


@pytest.fixture
def known(published, monkeypatch):
    """`published` in the catalogue."""
    monkeypatch.setattr(names, "_index", lambda: {"mine": published})
    return published


def test_a_name_is_fetched_converted_once_and_mapped(known):
    table = load("mine")
    assert table.tokens.tolist() == ["good", "film", "bad"]
    np.testing.assert_array_equal(table.matrix, [[1, 0], [0, 1], [-1, 0.5]])
    facts = table.provenance
    assert (facts["catalogue"], facts["licence"], facts["url"]) == ("mine", "CC0 1.0", known.url)
    assert facts["sha256"] == cache.read_note(fetch(known))["sha256"]
    assert facts["format"] == "glove"
    native = table._origin.path
    assert native.is_relative_to(cache.cache_folder() / "tables")
    before = native.stat().st_mtime_ns
    again = load("Mine")
    assert again.provenance == facts
    assert native.stat().st_mtime_ns == before
    assert load("mine", verify=True).tokens.tolist() == table.tokens.tolist()


def test_the_converted_table_needs_no_download(known):
    load("mine")
    fetch(known).unlink()
    Path(url2pathname(urlsplit(known.url).path)).unlink()
    assert load("mine").dim == 2
    assert load("mine", keep={"film"}).tokens.tolist() == ["film"]
    with pytest.raises(DownloadError, match=r"mine: expected glove\.zip from a file"):
        load("mine", format="glove")


def test_some_rows_are_read_from_the_archive_and_nothing_is_converted(known):
    kept = load("mine", keep={"bad"})
    assert (kept.tokens.tolist(), kept.provenance["catalogue"]) == (["bad"], "mine")
    assert load("mine", limit=1).tokens.tolist() == ["good"]
    assert load("mine", member="glove.3d.txt").dim == 3
    assert load("mine", format="glove", mmap=False).dim == 2
    assert not (cache.cache_folder() / "tables").exists()


def test_a_file_of_that_name_goes_before(known):
    with open("mine", "w", encoding="utf-8") as file:
        file.write("other 1 2 3\n")
    assert load("mine").tokens.tolist() == ["other"]


def test_a_source_of_ones_own(published):
    assert load(published, mmap=False).tokens.tolist() == ["good", "film", "bad"]
    assert load(published)._origin is not None


def test_two_tables_of_one_archive_are_two_tables(published):
    small = Source(name="mine", url=published.url, member="glove.3d.txt")
    assert (load(published).dim, load(small).dim, load(published).dim) == (2, 3, 2)


@pytest.mark.parametrize("filled", ["fetched.Native.write", "spool.Spool.append"])
def test_a_disk_without_room_for_the_table(known, monkeypatch, filled):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"inlay.formats.{filled}", full)
    with pytest.warns(InlayWarning, match="mine could not be kept .* No space left on device"):
        table = load("mine", dtype="float16")
    assert (table["film"].tolist(), table.provenance["catalogue"]) == ([0, 1], "mine")
    assert table.stored_dtype == "float16"


@pytest.mark.parametrize("refusing", ["os.open", "pathlib.Path.mkdir"])
def test_a_cache_that_can_only_be_read(known, monkeypatch, refusing):
    fetch(known)

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(refusing, refused)
        with pytest.warns(InlayWarning, match="mine could not be kept .* Permission denied"):
            assert load("mine").tokens.tolist() == ["good", "film", "bad"]
    native = load("mine")._origin
    monkeypatch.setattr(refusing, refused)
    assert load("mine")._origin == native


def test_rows_wait_on_the_disk_on_their_way_into_the_cache(known, monkeypatch):
    kept, write = [], fetched.Native.write
    monkeypatch.setattr(fetched.Native, "write", lambda *a: (kept.append(a[1]), write(*a)))
    load("mine")
    assert isinstance(kept[0]._rows, Spool)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("imdb", "inlay.read_labelled('imdb')"),
        ("elmo-small", "inlay.load_encoder('elmo-small')"),
        ("text8", "inlay.sources.fetch('text8'), which gives its path"),
    ],
)
def test_what_is_no_table_is_said_before_anything_is_downloaded(name, hint):
    with pytest.raises(ArgumentError, match="expected a table of vectors") as caught:
        load(name)
    assert caught.value.hint == hint
    assert not cache.cache_folder().exists()


def test_a_download_of_the_catalogue(monkeypatch):
    """Of the real entry, the answer of whose server is that of this machine."""
    monkeypatch.setenv("INLAY_OFFLINE", "1")
    with pytest.raises(DownloadError, match=r"glove\.6B\.zip in the cache"):
        load("glove.6B.100d")
    assert find("glove.6B.100d").downloads[0] == Download(
        "https://nlp.stanford.edu/data/wordvecs/glove.6B.zip",
        ("https://huggingface.co/stanfordnlp/glove/resolve/main/glove.6B.zip",),
        "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
        862_000_000,
    )


def test_a_name_that_is_none_is_led_to_those_that_are_near():
    with pytest.raises(MissingFileError, match=r"Try: glove\.6B\.100d or .*, of the catalogue"):
        load("glove.6B.100d.txt")
    Path("glove.6B.100.txt").touch()
    with pytest.raises(MissingFileError, match=r"Try: glove\.6B\.100\.txt\."):
        load("glove.6B.100d.txt")


def test_a_packed_model_of_fasttext_is_unpacked_for_its_conversion(tmp_path, monkeypatch):
    """It may be larger than what is unpacked into memory, and the table composes as before."""
    made = model()
    plain, packed = tmp_path / "cc.bin", tmp_path / "cc.bin.gz"
    plain.write_bytes(made.dump())
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "10")
    source = Source(name="cc.mine", url=packed.as_uri())
    expected = load(plain)
    kept = load(source, keep=expected.tokens.tolist()[:1])
    assert kept.tokens.tolist() == expected.tokens.tolist()[:1]
    table = load(source)
    assert table.can_compose
    assert (table.tokens.tolist(), table.provenance["catalogue"]) == (
        expected.tokens.tolist(),
        "cc.mine",
    )
    np.testing.assert_array_equal(table.vectors, expected.vectors)
    np.testing.assert_array_equal(table["unseen"], expected["unseen"])
    assert [item.path.parts[0] for item in cache.kept()] == ["downloads", "tables"]
    left = {file.suffix for file in (cache.cache_folder() / "tables").iterdir()}
    assert left == {".safetensors", ".lock"}


def test_a_model_that_a_kill_left_unpacked_is_listed_and_serves(tmp_path, monkeypatch):
    packed = tmp_path / "cc.bin.gz"
    packed.write_bytes(gzip.compress(model().dump()))
    source = Source(name="cc.mine", url=packed.as_uri())

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("inlay.formats.fetched.Native.write", killed)
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            load(source)
    assert [item.name for item in cache.kept()] == ["cc.mine", "cc.mine"]
    monkeypatch.setattr("inlay.bytes.writing._swap", killed)  # nothing is unpacked again
    assert load(source).can_compose
    assert [item.path.suffix for item in cache.kept()] == [".gz", ".safetensors"]


def test_several_at_once_convert_once(published, monkeypatch):
    written, write = [], fetched.Native.write

    def counted(*args):
        written.append(1)
        write(*args)

    monkeypatch.setattr(fetched.Native, "write", counted)
    fetch(published)
    tables = []
    threads = [threading.Thread(target=lambda: tables.append(load(published))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [table.tokens.tolist() for table in tables] == [["good", "film", "bad"]] * 4
    assert written == [1]
