import bz2
import gzip
import io
import lzma
import os
import threading

import pytest

from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import decoded, open_text, read_lines
from inlay.errors import FormatError
from tests.bytes.packing import tarred, zipped

TEXT = "\ufeffcafé\r\n\n\ufeffüber\u2028x"
LINES = ["café\r\n", "\n", "\ufeffüber\u2028x"]
PACKED = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda content: zipped(a=content),
    "tar": lambda content: tarred(a=content),
}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_lines_have_their_ends_and_no_byte_order_mark(make, pack):
    path = make(pack(TEXT.encode()), "name.txt")
    assert list(read_lines(path)) == LINES
    with open_text(path) as file:
        assert file.read() == TEXT.encode()


def test_encodings(make):
    path = make("größe\nja\n".encode("latin-1"))
    assert list(read_lines(path, Encoding("latin-1"))) == ["größe\n", "ja\n"]
    assert list(read_lines(path, Encoding(errors="ignore"))) == ["gre\n", "ja\n"]
    with pytest.raises(FormatError, match=r"vectors.txt, line 1: expected text in UTF-8.*0xf6"):
        list(read_lines(path))


@pytest.mark.parametrize("number", [1, 2, 40_000])
def test_the_line_that_is_wrong_is_named(make, number):
    lines = [b"some text\n"] * 40_000
    lines[number - 1] = b"caf\xe9\n"
    with pytest.raises(FormatError, match=rf"line {number}: expected text in UTF-8"):
        list(read_lines(make(b"".join(lines))))


def test_a_damaged_packed_file_names_the_line_it_got_to(make):
    content = b"".join(b"line %d\n" % i for i in range(100_000))
    path = make(gzip.compress(content)[:-9])
    seen = 0
    with pytest.raises(
        FormatError, match=r"vectors\.txt, line \d+: expected a whole file"
    ) as caught:
        for _ in read_lines(path):
            seen += 1
    assert seen > 90_000
    assert f"line {seen + 1}:" in str(caught.value)


def test_an_open_file_is_read_line_by_line(make):
    """A terminal gives a line at a time: the first is to be used before the last is written."""
    reader, writer = os.pipe()
    with open(reader, "rb") as file, open(writer, "wb", buffering=0) as terminal:
        lines = decoded(file, "standard input")
        terminal.write(b"one\n")
        assert next(lines) == "one\n"
        terminal.write(b"two\xff\n")
        with pytest.raises(FormatError, match="standard input, line 2"):
            next(lines)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
@pytest.mark.parametrize("content", [b"a\nb\n", gzip.compress(b"a\n")], ids=["text", "gz"])
def test_a_pipe_gives_its_bytes_once_and_as_they_are(tmp_path, content):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[content])
    writer.start()
    with open_text(pipe) as file:
        found = file.read()
    writer.join()
    assert found == content


def test_an_error_of_the_one_who_reads_is_his_own():
    with pytest.raises(ValueError, match="mine") as caught:
        for _ in decoded(io.BytesIO(b"a\nb\n"), "f"):
            raise ValueError("mine")
    assert not isinstance(caught.value, FormatError)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_not_taken_for_latin(make, encoding):
    with pytest.raises(FormatError, match="iconv -f UTF-16 -t UTF-8"):
        list(read_lines(make("\ufeffa film\n".encode(encoding), "name.txt")))
