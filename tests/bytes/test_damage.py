import csv
import errno
import gzip
import json
import lzma
import zipfile
import zlib

import pytest

from inlay import load, read_labelled
from inlay.bytes.damage import damage_reported, readers_errors
from inlay.errors import FormatError, MissingFileError
from inlay.text import encode_corpus


def deep():
    json.loads("[" * 100_000)


def nul():
    open("a\0b")  # noqa: SIM115


def nameless():
    "a"[5]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: zlib.decompress(b"x"), "Error -"),
        (lambda: lzma.decompress(b"x"), "format not supported"),
        (lambda: gzip.decompress(gzip.compress(b"x")[:-2]), "ended before"),
        (lambda: gzip.decompress(b"xxxxx"), "Not a gzipped file"),
        (lambda: zipfile.ZipFile(__file__), "not a zip file"),
        (deep, "recursion|Stack overflow"),  # the second from Python 3.14 on
        (nul, "null byte"),
        (nameless, "out of range"),
        (lambda: b"\xff".decode(), "invalid start byte"),
        (lambda: list(csv.reader(['"a'], strict=True)), "unexpected end"),
        (lambda: {}["key"], "key"),
    ],
)
def test_strangers_errors_become_one_of_ours(read, said):
    message = rf"f.gz, line 3: expected text, got a damaged one .*{said}.*anew\.$"
    reported = damage_reported("f.gz, line 3", expected="text", hint="anew")
    with pytest.raises(FormatError, match=message), reported:
        read()


@pytest.mark.parametrize("error", readers_errors())
def test_an_error_without_words_has_its_name(error):
    message = rf"a damaged one \({error.__name__}\)"
    with pytest.raises(FormatError, match=message), damage_reported("f"):
        raise error


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_what_a_disk_says_is_no_damage(number):
    with pytest.raises(OSError, match="said the disk") as caught, damage_reported("f"):
        raise OSError(number, "said the disk")
    assert caught.value.errno == number
    assert not isinstance(caught.value, FormatError)


def test_errors_of_ours_and_interrupts_pass_as_they_are():
    with pytest.raises(MissingFileError, match=r"^g: "), damage_reported("f"):
        raise MissingFileError("g", expected="a file", got="none")
    with pytest.raises(FormatError, match=r"^g: expected a, got b\.$"), damage_reported("f"):
        raise FormatError("g", expected="a", got="b")
    with pytest.raises(KeyboardInterrupt), damage_reported("f"):
        raise KeyboardInterrupt


def test_the_place_is_asked_for_when_it_is_needed():
    line = 1
    with (
        pytest.raises(FormatError, match=r"^f, line 2: "),
        damage_reported(lambda: f"f, line {line}"),
    ):
        line = 2
        raise EOFError


@pytest.mark.parametrize("read", [load, encode_corpus, lambda p: read_labelled(p, kind="fasttext")])
def test_a_failing_disk_is_no_damaged_file_for_any_reader(tmp_path, monkeypatch, read):
    """A cut cable gives no reason to download the file again."""
    path = tmp_path / "words.gz"
    path.write_bytes(gzip.compress(b"__label__a 1\n" * 50_000, compresslevel=0))

    class Failing(gzip.GzipFile):
        def read(self, size=-1):
            if self.tell() > 300_000:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

        def readinto(self, room):
            piece = self.read(min(len(room), 4096))
            room[: len(piece)] = piece
            return len(piece)

        def readline(self, size=-1):
            self.read(0)
            return super().readline(size)

    monkeypatch.setattr(gzip, "open", lambda file, mode: Failing(fileobj=file, mode=mode))
    with pytest.raises(OSError, match="Input/output error") as caught:
        read(path)
    assert caught.value.errno == errno.EIO
