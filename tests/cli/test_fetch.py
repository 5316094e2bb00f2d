import json
import signal
import zipfile

import pytest

from inlay import load
from inlay.cli.inputs import read_data
from inlay.cli.options import READING
from inlay.encode.features import Features
from inlay.sources import Source, names
from tests.processes import ended, posix, wait_until
from tests.sources.server import serving

TEXT = "good 1 0\nfilm 0 1\nmovie 0.1 0.9\n"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("INLAY_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path / "cache"


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A table of the catalogue, in an archive at an address of this machine."""
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mine.txt", TEXT)
    source = Source(name="mine", url=path.as_uri(), licence="CC0 1.0", size=2_000_000)
    monkeypatch.setattr(names, "_index", lambda: {"mine": source})
    return source


def test_what_is_fetched_is_told_before_and_its_path_after(inlay, known, empty_cache):
    done = inlay("fetch", "MINE")
    folder = next((empty_cache / "downloads").iterdir())
    assert (done.exit_code, done.stdout) == (0, f"{folder / 'mine.zip'}\n")
    first, second = done.stderr.splitlines()
    assert first == f"Downloading mine (about 2 MB; licence CC0 1.0) to {folder}."
    assert second.startswith("inlay: warning: mine: nobody publishes a SHA-256 of this download")
    again = inlay("fetch", "mine", "--json", "--verify")
    answer = json.loads(again.stdout)
    assert again.stderr == ""
    assert answer.pop("sha256") in second
    assert answer == {
        "name": "mine",
        "path": str(folder / "mine.zip"),
        "url": known.url,
        "licence": "CC0 1.0",
    }


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_an_address_is_fetched_too(inlay, tmp_path):
    path = tmp_path / "tiny.vec"
    path.write_text(TEXT)
    done = inlay("fetch", path.as_uri())
    assert done.stderr.startswith("Downloading tiny.vec (of unknown size; no licence found) to ")
    found = done.stdout.removesuffix("\n")
    assert found.endswith("tiny.vec")
    assert json.loads(inlay("info", found, "--json").stdout)["vocab_size"] == 3
    assert "begins with https://" in inlay("fetch", "s3://bucket/v.bin").stderr


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_other_commands_take_the_name(inlay, known, tmp_path):
    shown = inlay("info", "mine", "--json")
    assert shown.stderr.startswith("Downloading mine (about 2 MB; licence CC0 1.0) to ")
    facts = json.loads(shown.stdout)
    assert (facts["vocab_size"], facts["format"]) == (3, "native")
    assert facts["provenance"]["catalogue"] == "mine"
    assert inlay("similar", "mine", "film", "-n", "1").stdout.split()[1] == "movie"
    target = tmp_path / "out.bin"
    assert inlay("convert", "mine", target).exit_code == 0
    assert target.read_bytes().startswith(b"3 2\n")


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_texts_and_encoders_are_announced_too(inlay, tmp_path, monkeypatch, capsys):
    reviews = tmp_path / "reviews.csv"
    reviews.write_text("text,label\na good film,pos\na bore,neg\n")
    reading = {"kind": "csv", "text": "text", "label": "label"}
    entries = {
        "texts": Source(name="texts", url=reviews.as_uri(), kind="labelled", reading=reading),
        "maker": Source(name="maker", url=reviews.as_uri(), kind="encoder", licence="MIT"),
    }
    monkeypatch.setattr(names, "_index", lambda: entries)
    options = dict.fromkeys(READING) | {"encoding": "utf-8", "errors": "strict"}
    assert read_data("texts", options).texts == ["a good film", "a bore"]
    said = capsys.readouterr().err
    assert said.startswith("Downloading texts (of unknown size; no licence found) to ")
    encoded = inlay("encode", reviews, "--encoder", "maker", "-o", tmp_path / "o.safetensors")
    assert encoded.exit_code == 1
    assert "expected an encoder" in encoded.stderr.splitlines()[-1]
    assert inlay("encode", reviews, "--encoder", "texts", "-o", "o.safetensors").exit_code == 1


def test_a_name_that_is_none_and_one_of_another_kind(inlay):
    failed = inlay("fetch", "glove.6C.100d")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "got 'glove.6C.100d'. Try: 'glove.6B.100d'" in failed.stderr
    failed = inlay("info", "imdb")
    assert failed.exit_code == 1
    assert "imdb: expected a table of vectors, got labelled texts" in failed.stderr
    assert "nothing there" in inlay("classify", "fit", "glove-6C").stderr


def test_offline(inlay):
    failed = inlay("fetch", "glove.6B.50d", env={"INLAY_OFFLINE": "1"})
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.count("\n") == 1
    assert "expected glove.6B.zip in the cache, as INLAY_OFFLINE is set" in failed.stderr


def test_the_catalogue_is_listed(inlay):
    listed = inlay("catalogue").stdout.splitlines()
    assert listed[0].split()[:2] == ["glove.6B.50d", "862.0"]
    assert any(line.startswith("cc.LANGUAGE.300.vec") and "158" in line for line in listed)
    assert len(listed) < 60
    found = inlay("catalogue", "twitter", "25").stdout
    assert (
        found.split()
        == (
            "glove.twitter.27B.25d 1.5 GB 1,193,514 x 25 PDDL 1.0 GloVe on tweets, lower case"
        ).split()
    )
    answer = json.loads(inlay("catalogue", "cc.ko", "--json").stdout)["sources"]
    assert [source["name"] for source in answer] == ["cc.ko.300.vec", "cc.ko.300.bin"]
    assert answer[0]["urls"] == [
        "https://dl.fbaipublicfiles.com/fasttext/vectors-crawl/cc.ko.300.vec.gz"
    ]
    failed = inlay("catalogue", "glov.6B.100d")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "Try: glove.6B.100d" in failed.stderr


def test_the_cache_is_listed_and_emptied(inlay, known, empty_cache):
    assert inlay("cache", "path").stdout == f"{empty_cache}\n"
    assert inlay("cache", "list").stdout == ""
    inlay("info", "mine")
    listed = inlay("cache", "list")
    assert [line.split()[2] for line in listed.stdout.splitlines()] == ["mine", "mine"]
    assert f"in {empty_cache}" in listed.stderr
    files = json.loads(inlay("cache", "list", "--json").stdout)["files"]
    assert [file["path"].split("/")[0] for file in files] == ["downloads", "tables"]
    removed = inlay("cache", "remove", "mine", "--forget", "--json")
    assert len(json.loads(removed.stdout)["removed"]) == 2
    assert inlay("cache", "list").stdout == ""
    failed = inlay("cache", "remove", "mine")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "Try: inlay cache list, which says what is there." in failed.stderr


STOPPED = """
import sys
from inlay.encode.features import Features
from inlay.sources import Source, names
source = Source(name="mine", url=sys.argv[1], sha256="0" * 64)
names._index = lambda: {"mine": source}
from inlay.cli import main
sys.argv = ["inlay", "fetch", "mine"]
main()
"""


@posix
def test_ctrl_c_is_answered_in_a_sentence(tmp_path, empty_cache):
    from tests.processes import started

    with serving() as server:
        url = server.put("v.bin", b"x" * 100_000, "waits")
        with started("-c", STOPPED, url) as running:
            assert server.reached.wait(60)
            wait_until(lambda: list(empty_cache.rglob("*.part")), running)
            running.send_signal(signal.SIGINT)
            code, out, err = ended(running)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1].startswith("Stopped; what was done is kept in ")


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_a_table_of_the_catalogue_is_an_encoder_too(inlay, known, tmp_path):
    done = inlay("encode", "-", "--encoder", "mine", "-o", "f.safetensors", input="a good film\n")
    assert done.exit_code == 0, done.stderr
    assert Features.open("f.safetensors").vectors.tolist() == [[[0.5, 0.5]]]
    assert "Downloading mine" in done.stderr
    options = ("--vocab", "-", "--weighting", "none", "-o", "v.safetensors")
    done = inlay("distil", "--encoder", "mine", *options, input="good film good\n")
    assert done.exit_code == 0, done.stderr
    assert load("v.safetensors")["film"].tolist() == [0, 1]
