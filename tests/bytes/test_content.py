import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import zipfile

import pytest

from inlay import load, read_labelled
from inlay.bytes.content import open_content
from inlay.errors import ArgumentTypeError, FormatError, MissingFileError
from inlay.text import encode_corpus
from tests.bytes.packing import tarred, zipped

TEXT = b"a 1 2\nb 3 4\n"


PACKED = {
    "plain": TEXT,
    "gz": gzip.compress(TEXT),
    "bz2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zip": zipped(a=TEXT),
    "zip of gz": zipped(a=gzip.compress(TEXT)),
    "tar": tarred(a=TEXT),
    "tar.gz": gzip.compress(tarred(a=TEXT)),
    "tar.xz": lzma.compress(tarred(a=TEXT)),
}


@pytest.mark.parametrize("content", PACKED.values(), ids=PACKED)
def test_packing_is_recognised_by_the_content_not_the_name(make, content):
    path = make(content, "name.txt")
    table = load(path)
    assert table["b"].tolist() == [3, 4]
    found = open_content(path)
    assert found.head == TEXT
    assert found.array().tobytes() == TEXT
    assert found.packed == (content != TEXT)


@pytest.mark.parametrize("pack", [zipped, tarred, lambda **m: gzip.compress(tarred(**m))])
def test_an_archive_of_two_asks_which(make, pack):
    path = make(pack(one=TEXT, two=b"c 5 6\n"))
    with pytest.raises(FormatError, match=r"got 2 files: one, two. Try: member='one'"):
        load(path)
    assert load(path, member="two").tokens.tolist() == ["c"]
    assert load(path, member="two").provenance["source"] == "vectors.txt:two"
    with pytest.raises(FormatError, match="expected a member 'three', got 2 files"):
        load(path, member="three")


def test_folders_in_an_archive_are_not_files(make):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir("folder") if hasattr(archive, "mkdir") else None
        archive.writestr("folder/x.txt", TEXT)
    assert len(load(make(file.getvalue()))) == 2


def test_errors_inside_an_archive_name_the_member(make):
    with pytest.raises(FormatError, match=r"vectors.txt:inner, line 2: .* got 1"):
        load(make(zipped(inner=b"a 1 2\nb 3\nc 3 4\n")))


def test_what_is_no_archive_has_no_members(make):
    with pytest.raises(FormatError, match="expected an archive with a member 'x', got no archive"):
        load(make(TEXT), member="x")


def test_an_empty_archive(make):
    with pytest.raises(FormatError, match="got no file"):
        load(make(zipped()))


BIG = b"".join(b"word%d 1 2 3\n" % i for i in range(100_000))


@pytest.mark.parametrize(
    "content",
    [gzip.compress(BIG), bz2.compress(BIG), lzma.compress(BIG), zipped(a=BIG)],
    ids=["gz", "bz2", "xz", "zip"],
)
@pytest.mark.parametrize("share", [0.001, 0.9])
def test_a_packed_file_that_is_cut(make, content, share):
    path = make(content[: int(len(content) * share)])
    with pytest.raises(FormatError, match=r"vectors.txt.*: expected"):
        load(path)


def test_a_flipped_byte_in_a_packed_file(make):
    broken = bytearray(gzip.compress(BIG))
    broken[len(broken) // 2] ^= 0xFF
    with pytest.raises(
        FormatError,
        match=r"expected a whole file that can be read, got a damaged one \(",
    ):
        load(make(bytes(broken)))


def test_a_member_with_a_password(make):
    locked = bytearray(zipped(a=TEXT))
    for flags in (6, locked.index(b"PK\x01\x02") + 8):  # of the member, and of the directory
        locked[flags] |= 1
    with pytest.raises(FormatError, match="encrypted, password required"):
        load(make(bytes(locked)))


def test_a_folder(make, tmp_path):
    make(TEXT)
    with pytest.raises(
        FormatError, match=r"expected a file of vectors, got a folder. Try: one of .* vectors.txt"
    ):
        load(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").mkdir()
    with pytest.raises(FormatError, match=r"Try: one of the files in it: (?!a)"):
        load(tmp_path)
    with pytest.raises(FormatError, match=r"Try: one of the folders in it: b\.$"):
        load(tmp_path / "a")


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="needs /dev/stdin")
def test_a_pipe_is_refused_and_not_read_as_an_empty_file():
    script = "import inlay; print(len(inlay.load('/dev/stdin', format='glove')))"
    answer = subprocess.run([sys.executable, "-c", script], input=TEXT, capture_output=True)
    assert b"expected a file of vectors that can be read twice, got a pipe" in answer.stderr
    assert answer.stdout == b""


def test_no_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"absent.txt: expected a file of vectors"):
        load(tmp_path / "absent.txt")


def test_a_link_that_leads_nowhere_is_not_its_own_remedy(tmp_path):
    for to in ("gone", "link"):  # the second leads to itself
        link = tmp_path / "link"
        link.symlink_to(to)
        with pytest.raises(MissingFileError) as caught:
            open_content(link)
        assert str(caught.value).endswith(": expected a file of vectors, got a link to nothing.")
        link.unlink()


def test_the_map_of_a_plain_file_is_copy_on_write(make):
    path = make(TEXT)
    open_content(path).array()[0] = 0
    assert path.read_bytes() == TEXT


def test_a_word_may_begin_as_bzip2_does(make):
    assert not open_content(make("BZhang 1 2\n")).packed
    assert open_content(make(bz2.compress(b"", 1))).packed
    assert open_content(make(bz2.compress(b"a 1 2\n"))).head == b"a 1 2\n"


@pytest.mark.parametrize("content", PACKED.values(), ids=PACKED)
def test_whatever_loads_as_vectors_loads_as_a_corpus_and_as_labelled_text(make, content):
    """One way of opening for all: once a zip loaded as one and not as the other."""
    path = make(content, "name.txt")
    corpus = encode_corpus(path, min_count=1)
    assert corpus.tokens == ["1", "2", "3", "4", "a", "b"]
    assert encode_corpus(path, min_count=1, tokenizer="words").tokens == corpus.tokens
    assert read_labelled(path, kind="tsv", text=0, label=0).texts == ["a 1 2", "b 3 4"]


@pytest.mark.parametrize("name", ["reviews.csv", "reviews", "reviews.csv.zip"])
@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda c: zipped(a=c)]
)
def test_labelled_text_is_unpacked_by_its_content(make, name, pack):
    path = make(pack(b"label,text\nx,good film\n"), name)
    texts, labels = read_labelled(path)
    assert (texts, labels) == (["good film"], ["x"])


def test_an_archive_of_several_offers_no_argument_that_is_not_there(make):
    path = make(zipped(one=TEXT, two=TEXT))
    for read in (encode_corpus, read_labelled):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            read(path)
        assert "member=" not in str(caught.value)


@pytest.mark.parametrize("read", [load, encode_corpus, read_labelled])
def test_names_that_are_no_files(tmp_path, read):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (loop, tmp_path / "a\0b", tmp_path / "no" / "where"):
        with pytest.raises(MissingFileError, match=r"got nothing there|a link to nothing"):
            read(path)
    with pytest.raises(MissingFileError, match=r"of 2,000 characters, .*into a list: \[text\]"):
        read("a text, and no path " * 100)
    for wrong in (3, None, b"bytes"):
        with pytest.raises(ArgumentTypeError, match=r"expected .*path.*, got"):
            read(wrong)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("https://a.b/c.zip", "inlay.sources.fetch('https://a.b/c.zip'), which gives its path"),
        ("~/no such vectors.txt", repr(os.path.expanduser("~/no such vectors.txt"))),
        ("glove6B.txt", "glove.6B.txt"),
        ("something else", ""),
        (
            "fasttext-wiki-news",
            "wiki-news-300d-1M or wiki-news-300d-1M-subword or wiki.new, of the catalogue",
        ),
        ("word2vec.300d", "download it, and give its path"),
    ],
)
def test_what_may_be_meant_by_a_path_where_nothing_is(tmp_path, monkeypatch, given, hint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glove.6B.txt").write_text("a 1 2\n", encoding="utf-8")
    with pytest.raises(MissingFileError) as caught:
        load(given)
    assert caught.value.hint == hint
