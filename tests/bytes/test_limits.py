import gzip

import pytest

from inlay import load, read_labelled
from inlay.bytes.content import open_content
from inlay.bytes.limits import TEXT, UNPACKED
from inlay.errors import ArgumentError, FormatError
from inlay.text import encode_corpus

LINE = b"__label__a " + b"x" * 5000 + b"\n"


def test_a_limit_is_what_the_environment_says(monkeypatch):
    monkeypatch.delenv(TEXT.variable, raising=False)
    assert TEXT.bytes() == 2**30
    monkeypatch.setenv(TEXT.variable, " 12 ")
    assert TEXT.bytes() == 12
    for wrong in ("12 MB", "-1", "1e9", "٣"):
        monkeypatch.setenv(TEXT.variable, wrong)
        with pytest.raises(ArgumentError, match="INLAY_MAX_TEXT: expected a whole number of bytes"):
            TEXT.bytes()


def test_public_tables_and_corpora_are_below_the_limits(monkeypatch):
    monkeypatch.delenv(UNPACKED.variable, raising=False)
    assert UNPACKED.bytes() > 3_000_000 * (300 * 4 + 40)  # GoogleNews
    assert TEXT.bytes() > 715_000_000  # fil9, one line


def test_what_is_unpacked_into_memory_has_a_limit_that_can_be_raised(make, monkeypatch):
    path = make(gzip.compress(bytes(100_000_000)))
    assert path.stat().st_size < 200_000
    monkeypatch.setenv("INLAY_MAX_UNPACKED", str(40_000_000))
    with pytest.raises(FormatError, match=r"up to 40,000,000 bytes, got more.*INLAY_MAX_UNPACKED"):
        open_content(path).array()
    monkeypatch.setenv("INLAY_MAX_UNPACKED", str(100_000_000))
    assert open_content(path).array().size == 100_000_000


def test_a_plain_file_is_mapped_whatever_its_size(make, monkeypatch):
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "5")
    assert open_content(make(b"a 1 2\n")).array().size == 6


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("tokenizer", ["split", "words"])
def test_the_longest_line_has_a_limit(make, monkeypatch, pack, tokenizer):
    path = make(pack(b"short\n" + b"x" * 600_000))
    monkeypatch.setenv("INLAY_MAX_TEXT", "100000")
    with pytest.raises(FormatError, match=r"line 2: .* up to 100,000 bytes.*INLAY_MAX_TEXT"):
        encode_corpus(path, min_count=1, tokenizer=tokenizer)
    monkeypatch.setenv("INLAY_MAX_TEXT", "600000")
    assert encode_corpus(path, min_count=1, tokenizer=tokenizer).words == 2


def test_a_line_of_many_words_needs_no_limit_where_words_alone_are_held(make, monkeypatch):
    monkeypatch.setenv("INLAY_MAX_TEXT", "5")
    assert encode_corpus(make(b"word " * 200_000), min_count=1).words == 200_000


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_windows_grow_up_to_the_limit(make, monkeypatch, pack):
    monkeypatch.setenv("INLAY_MAX_TEXT", "64")
    with open_content(make(pack(b"x" * 1000))).windows(16) as windows:
        sizes = [windows.next(0)[0].size for _ in range(3)]
        assert sizes == [16, 32, 64]
        with pytest.raises(FormatError, match=r"expected a line or a text of up to 64 bytes"):
            windows.next(0)


def test_a_row_of_vectors_beyond_the_limit(make, monkeypatch):
    monkeypatch.setenv("INLAY_MAX_TEXT", "1000000")
    row = b"a " + b"1 " * 10_000_000
    with pytest.raises(FormatError, match="INLAY_MAX_TEXT"):
        load(make(gzip.compress(b"a 1 2\nb 3 4\n" * 100 + row)))


def test_labelled_lines_and_all_of_them_have_limits(make, monkeypatch):
    path = make(gzip.compress(LINE * 100))
    monkeypatch.setenv("INLAY_MAX_TEXT", "5000")
    with pytest.raises(FormatError, match=r"line 1: .*INLAY_MAX_TEXT"):
        read_labelled(path)
    monkeypatch.setenv("INLAY_MAX_TEXT", "6000")
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "20000")
    with pytest.raises(FormatError, match="INLAY_MAX_UNPACKED"):
        read_labelled(path)
    assert len(read_labelled(make(LINE * 100, "plain.txt"))) == 100
    monkeypatch.setenv("INLAY_MAX_UNPACKED", "500000")
    assert len(read_labelled(path)) == 100
