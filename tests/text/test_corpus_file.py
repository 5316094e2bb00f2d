"""A corpus that is kept in a folder: read without its text, and never half believed."""

import os
import struct
import warnings

import numpy as np
import pytest

from inlay.errors import ArgumentError, InlayWarning, NoSpaceError
from inlay.text import corpus as module
from inlay.text import encode_corpus
from inlay.text.corpus_file import ENDS, NAME, START
from inlay.text.numbered import BLOCK

LINES = ["the good film", "the bad film", "", "é", "good \ud800"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("the good film\nthe bad film\n\né the\n" * 5, "utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "work"


@pytest.fixture
def numbered(monkeypatch):
    """How often a text was numbered."""
    times = []
    real = module._number
    monkeypatch.setattr(module, "_number", lambda *a: times.append(1) or real(*a))
    return times


def encoded(source, folder, **settings):
    return encode_corpus(source, folder=folder, **{"min_count": 2} | settings)


def check_same(found, expected):
    assert found.ids.tolist() == expected.ids.tolist()
    assert found.tokens == expected.tokens
    assert found.counts.tolist() == expected.counts.tolist()
    assert (found.words, found.tokenizer) == (expected.words, expected.tokenizer)
    assert found.every_text is expected.every_text
    assert found.fingerprint == expected.fingerprint


@pytest.mark.parametrize("every_text", [False, True])
def test_the_second_run_reads_no_text(text, folder, numbered, every_text):
    expected = encode_corpus(text, min_count=2, every_text=every_text)
    for times in (2, 2):
        check_same(encoded(text, folder, every_text=every_text), expected)
        assert len(numbered) == times
    assert [file.name for file in folder.iterdir()] == [NAME]
    other = text.rename(text.with_name("moved.txt"))
    check_same(encoded([other], folder, every_text=every_text), expected)
    assert len(numbered) == 2


def test_it_is_a_file_that_safetensors_reads(text, folder):
    safetensors = pytest.importorskip("safetensors.numpy")
    corpus = encoded(text, folder)
    arrays = safetensors.load_file(folder / NAME)
    assert arrays["ids"].tolist() == corpus.ids.tolist()
    assert arrays["counts"].tolist() == corpus.counts.tolist()
    assert bytes(arrays["blob"]).decode() == "".join(corpus.tokens)


def test_what_is_written_to_the_numbers_stays_in_memory(text, folder, numbered):
    encoded(text, folder).ids[:] = 7
    check_same(encoded(text, folder), encode_corpus(text, min_count=2))
    assert len(numbered) == 2


def change_size(path):
    path.write_bytes(path.read_bytes() + b"the end\n")


def change_end(path):
    about = path.stat()
    path.write_bytes(path.read_bytes()[:-2] + b"y\n")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def change_time(path):
    about = path.stat()
    middle = bytearray(path.read_bytes())
    middle[len(middle) // 2] ^= 1
    path.write_bytes(middle)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1))


@pytest.mark.parametrize("change", [change_size, change_end, change_time])
def test_a_text_that_has_changed_is_numbered_again(text, folder, numbered, change):
    text.write_bytes(b"the good film is here\n" * (3 * ENDS // 22))
    encoded(text, folder)
    change(text)
    with pytest.warns(InlayWarning, match="the text has changed since it was numbered"):
        again = encoded(text, folder)
    assert len(numbered) == 2
    check_same(again, encode_corpus(text, min_count=2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoded(text, folder)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"min_count": 3}, "min_count 2 (not 3)"),
        ({"max_size": 2}, "max_size None (not 2)"),
        ({"tokenizer": "split"}, "tokenizer 'words' (not 'split')"),
        ({"encoding": "latin-1"}, "encoding 'utf-8' (not 'iso8859-1')"),
        ({"every_text": True}, "every_text False (not True)"),
    ],
)
def test_a_corpus_of_other_settings_is_left_alone(text, folder, settings, said):
    encoded(text, folder)
    before = (folder / NAME).read_bytes()
    for source in (text, ["a b", "a b"]):
        if isinstance(source, list) and "encoding" in settings:
            continue
        with pytest.raises(ArgumentError, match="the same job as this one") as caught:
            encoded(source, folder, **settings)
        assert said in caught.value.got
    assert (folder / NAME).read_bytes() == before


def places(path):
    """A byte of each part of the file behind its header: numbers, counts, offsets, tokens."""
    size = path.stat().st_size
    return [START, START + 9, *range(size - 200, size, 13)]


def test_a_byte_that_was_flipped_is_seen_wherever_it_is(text, folder, numbered):
    expected = encode_corpus(text, min_count=2)
    encoded(text, folder)
    path = folder / NAME
    whole = path.read_bytes()
    tried = places(path)
    for at in tried:
        broken = bytearray(whole)
        broken[at] ^= 0x10
        path.write_bytes(broken)
        with pytest.warns(InlayWarning, match="is damaged or cut off, and the text is numbered"):
            check_same(encoded(text, folder), expected)
        assert path.read_bytes() == whole
    assert len(numbered) == 2 + len(tried)


@pytest.mark.parametrize("left", [0.3, 0.9, START + 1, -1])
def test_a_file_that_was_cut_short_is_made_anew(text, folder, left):
    expected = encode_corpus(text, min_count=2)
    encoded(text, folder)
    path = folder / NAME
    size = path.stat().st_size
    if isinstance(left, float):
        left = START + int(left * (size - START))
    os.truncate(path, left % size)
    with pytest.warns(InlayWarning, match="is damaged or cut off"):
        check_same(encoded(text, folder), expected)


@pytest.mark.parametrize(
    "content",
    [b"", b"x" * 10, struct.pack("<Q", 2) + b"{}", struct.pack("<Q", 99) + b"{"],
    ids=["empty", "text", "no corpus", "a header that is cut off"],
)
def test_a_foreign_file_is_left_alone(text, folder, content):
    folder.mkdir()
    (folder / NAME).write_bytes(content)
    with pytest.raises(ArgumentError, match=r"or a corpus that was numbered.* Try: another folder"):
        encoded(text, folder)
    assert (folder / NAME).read_bytes() == content


def test_a_file_of_another_kind_is_left_alone(text, folder):
    encoded(text, folder)
    content = (folder / NAME).read_bytes().replace(b"inlay corpus", b"other corpus", 1)
    (folder / NAME).write_bytes(content)
    with pytest.raises(ArgumentError, match="or a corpus that was numbered"):
        encoded(text, folder)
    assert (folder / NAME).read_bytes() == content


def test_texts_that_are_no_files_are_numbered_each_time(folder, numbered):
    first = encoded(["a b", "b a"], folder)
    assert encoded(iter(["a b", "b a"]), folder).fingerprint == first.fingerprint
    assert encoded(["b c", "c b"], folder).tokens == ["b", "c"]
    assert len(numbered) == 3


def test_a_tokenizer_without_a_name_cannot_be_told_from_another(text, folder, numbered):
    for cut in (lambda t: t.split(), lambda t: list(t)):
        found = encoded(text, folder, tokenizer=cut)
        check_same(found, encode_corpus(text, min_count=2, tokenizer=cut))
    assert len(numbered) == 4


def test_tokens_of_half_a_character_are_kept(folder):
    tokens = [line.split() for line in LINES] * 2
    check_same(encoded(tokens, folder), encode_corpus(tokens, min_count=2))


def test_a_stop_leaves_what_was_there(text, folder):
    encoded(text, folder)
    before = (folder / NAME).read_bytes()

    def texts():
        yield "a b"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encoded(texts(), folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {NAME: before}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("tokenizer", ["split", "words", str.split])
def test_a_full_disk_says_what_is_needed_and_leaves_nothing(
    tmp_path, monkeypatch, folder, kept, tokenizer
):
    resource = pytest.importorskip("resource", reason="no limits of this kind")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = tmp_path / "corpus.txt"
    text.write_text("the good film is here \n" * 50_000, "utf-8")
    encode_corpus(["a b"], min_count=1)  # numba writes to the disk as well
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(NoSpaceError, match=r"4 bytes for each word.* about 1 MB") as caught:
            encode_corpus(text, tokenizer=tokenizer, folder=folder if kept else None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.where == str(folder if kept else tmp_path)
    assert ("TMPDIR" in caught.value.hint) != kept
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["corpus.txt"]


def test_fingerprints_are_taken_in_blocks_of_a_fixed_size():
    """Another size would make every kept corpus another one."""
    assert np.log2(BLOCK) == 22
