import bz2
import gzip
import lzma
from dataclasses import replace

import numpy as np
import pytest

from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from inlay.text import encode_corpus, numbered
from inlay.text.chunks import CHUNK
from tests.bytes.packing import tarred, zipped

LINES = ["the good film", "", "the bad\tfilm the", "é the film ünder", "good"]
WORDS = {"the": 4, "film": 3, "good": 2, "bad": 1, "é": 1, "ünder": 1}


def sentences(corpus):
    """The corpus as lists of tokens again."""
    cuts = np.flatnonzero(corpus.ids < 0)
    return [[corpus.tokens[i] for i in part if i >= 0] for part in np.split(corpus.ids, cuts + 1)]


def forms(folder):
    """The same corpus in every form that is accepted."""
    text = "\n".join(LINES) + "\n"
    yield "texts", LINES
    yield "tokens", [line.split() for line in LINES]
    yield "read once", iter(LINES)
    for name, packed in {
        "plain": text.encode(),
        "crlf": text.replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "no last newline": text.rstrip("\n").encode(),
        "gz": gzip.compress(text.encode()),
        "bz2": bz2.compress(text.encode()),
        "xz": lzma.compress(text.encode()),
        "zip": zipped(a=text.encode()),
        "tar": tarred(a=text.encode()),
        "tar.gz": gzip.compress(tarred(a=text.encode())),
    }.items():
        (folder / name).write_bytes(packed)
        yield name, folder / name


def test_every_form_gives_the_same(tmp_path):
    for name, source in forms(tmp_path):
        corpus = encode_corpus(source, min_count=1)
        assert dict(zip(corpus.tokens, corpus.counts.tolist(), strict=True)) == WORDS, name
        assert corpus.tokens == ["the", "film", "good", "bad", "é", "ünder"], name
        assert corpus.words == 12, name
        assert [s for s in sentences(corpus) if s] == [x.split() for x in LINES if x], name


@pytest.mark.parametrize("tokenizer", ["split", "words"])
def test_every_text_ends_where_it_should(tmp_path, tokenizer):
    """Also an empty one, one of rare words, and a last one without a line end."""
    texts = ["", "a b a", "c", " ", "b a", "c"]
    path = tmp_path / "corpus.txt"
    for end in ("", "\n"):
        path.write_text("\n".join(texts) + end, "utf-8")
        for source in (path, texts):
            corpus = encode_corpus(source, min_count=2, tokenizer=tokenizer, every_text=True)
            assert corpus.ids.tolist() == [-1, 0, 1, 0, -1, 2, -1, -1, 1, 0, -1, 2, -1]
            assert corpus.texts == len(texts)
            few = encode_corpus(source, min_count=3, tokenizer=tokenizer)
            assert few.ids.tolist() == [0, 0, -1, 0, -1]
            assert few.texts == 2


def test_a_fingerprint_is_of_all_that_a_corpus_is(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("a b a\nb\n", "utf-8")
    corpus = encode_corpus(path, min_count=1)
    assert encode_corpus(["a b a", "b"], min_count=1).fingerprint == corpus.fingerprint
    assert len(corpus.fingerprint) == 64
    changes = {
        "ids": corpus.ids[::-1],
        "tokens": ["ab", ""],
        "counts": corpus.counts + 1,
        "words": 9,
        "tokenizer": "split",
    }
    others = [replace(corpus, **{name: value}) for name, value in changes.items()]
    assert len({other.fingerprint for other in [corpus, *others]}) == 6


def test_a_fingerprint_sees_every_block(monkeypatch):
    monkeypatch.setattr("inlay.text.numbered.BLOCK", 4)
    corpus = encode_corpus(["a b c d e f"], min_count=1)
    found = set()
    for i in range(corpus.ids.size):
        ids = corpus.ids.copy()
        ids[i] += 1
        found.add(replace(corpus, ids=ids).fingerprint)
    assert len(found) == corpus.ids.size
    assert replace(corpus, ids=np.array([0, -1, 1, 2, -1, -1], np.int32)).texts == 3


@pytest.mark.parametrize("form", ["file", "stream"])
def test_rare_words_are_left_out(tmp_path, form):
    source = LINES
    if form == "file":
        source = tmp_path / "corpus.txt"
        source.write_text("\n".join(LINES), "utf-8")
    corpus = encode_corpus(source, min_count=2)
    assert corpus.tokens == ["the", "film", "good"]
    assert corpus.words == 12
    assert [s for s in sentences(corpus) if s] == [
        ["the", "good", "film"],
        ["the", "film", "the"],
        ["the", "film"],
        ["good"],
    ]


def test_largest_vocabulary_prefers_frequent_then_first_in_code_points():
    texts = ["c c b b a a d d d z"]
    assert encode_corpus(texts, min_count=1, max_size=3).tokens == ["d", "a", "b"]
    assert encode_corpus(texts, min_count=1).tokens == ["d", "a", "b", "c", "z"]


def test_space_is_what_str_split_says(tmp_path):
    odd = [chr(c) for c in range(0x3100) if chr(c).isspace() and chr(c) != "\n"]
    near = [chr(c) for c in (0x84, 0xA1, 0x167F, 0x1681, 0x200B, 0x2027, 0x2030, 0x2060, 0x3001)]
    text = "".join(f"a{i}{c}" for i, c in enumerate(odd + near)) + "b\u2003"
    path = tmp_path / "corpus.txt"
    path.write_bytes(text.encode())
    corpus = encode_corpus(path, min_count=1, tokenizer="split")
    assert sorted(corpus.tokens) == sorted(text.split())
    assert len(odd) > 20


def test_long_file_with_many_words_and_one_huge(tmp_path):
    """Words cut by the end of a chunk, a growing vocabulary, a word longer than a chunk."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in rng.integers(0, 60_000, 200_000)] + ["x" * (2 * CHUNK), "end"]
    path = tmp_path / "corpus.txt"
    path.write_text(" ".join(words))
    corpus = encode_corpus(path, min_count=1)
    assert [corpus.tokens[i] for i in corpus.ids[corpus.ids >= 0]] == words
    assert corpus.counts.sum() == corpus.words == len(words)


def test_tokenizer_of_the_users_own(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("Good film!\nBad FILM")
    assert encode_corpus(path, min_count=2, tokenizer="lower").tokens == ["film"]
    own = encode_corpus(["a-b", "a"], min_count=2, tokenizer=lambda text: text.split("-"))
    assert own.tokens == ["a"]


@pytest.mark.parametrize("tokenizer", ["split", "words"])
def test_bytes_that_are_not_utf8_are_named(tmp_path, tokenizer):
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"one line\nthe caf\xe9\n")
    with pytest.raises(FormatError, match=r"line 2: expected text in UTF-8, got the byte 0xe9"):
        encode_corpus(path, min_count=1, tokenizer=tokenizer)


@pytest.mark.parametrize("lines", [1, 2, CHUNK // 10, CHUNK, 3 * CHUNK])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_line_of_a_wrong_byte_is_counted_through_every_chunk(tmp_path, lines, pack):
    """A file is checked in chunks of 256 kB: the count goes on from one to the next."""
    path = tmp_path / "corpus.txt"
    content = b"".join(b"a b\n" if i % 3 else b"\n" for i in range(lines - 1))
    path.write_bytes(pack(content + b"the caf\xe9\n"))
    with pytest.raises(FormatError, match=rf"corpus\.txt, line {lines}: expected text in UTF-8"):
        encode_corpus(path, min_count=1)


def test_the_line_of_a_cut_is_counted_through_every_chunk(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(gzip.compress(b"a few words\n" * 100_000)[:-9])
    with pytest.raises(FormatError, match=r"line (\d+): expected a whole file") as caught:
        encode_corpus(path, min_count=1)
    assert int(caught.value.where.rpartition(" ")[2]) > 50_000


@pytest.mark.parametrize("tokenizer", ["split", "words"])
def test_a_byte_order_mark_is_none_anywhere_else(tmp_path, tokenizer):
    """Also where the first line is longer than a chunk and the mark begins the second."""
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"\xef\xbb\xbf" + b"x " * (CHUNK // 2 - 2) + b" " + b"\xef\xbb\xbfy z")
    assert "\ufeffy" in encode_corpus(path, min_count=1, tokenizer=str.split).tokens
    if tokenizer == "split":
        assert "\ufeffy" in encode_corpus(path, min_count=1, tokenizer="split").tokens


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(MissingFileError, match="got nothing there"):
        encode_corpus(tmp_path / "absent.txt")
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        (tmp_path / "cut").write_bytes(pack(b"a few words " * 1000)[:-9])
        with pytest.raises(FormatError, match="a whole file"):
            encode_corpus(tmp_path / "cut", min_count=1)


@pytest.mark.parametrize("source", [[], [""], [[]], ["  \n "]], ids=repr)
def test_empty_corpus(source):
    with pytest.raises(ArgumentError, match="a corpus with words, got none"):
        encode_corpus(source)


def test_empty_file(tmp_path):
    (tmp_path / "empty.txt").touch()
    with pytest.raises(ArgumentError, match="a corpus with words, got none"):
        encode_corpus(tmp_path / "empty.txt")


@pytest.mark.parametrize("tokenizer", ["split", "words", str.split])
def test_one_word_and_one_line_of_very_many(tmp_path, tokenizer):
    path = tmp_path / "corpus.txt"
    path.write_text("word", "utf-8")
    corpus = encode_corpus(path, min_count=1, tokenizer=tokenizer)
    assert (corpus.tokens, corpus.ids.tolist(), corpus.words) == (["word"], [0, -1], 1)
    path.write_text("a b " * 500_000, "utf-8")
    corpus = encode_corpus(path, tokenizer=tokenizer)
    assert (corpus.ids.size, corpus.texts, corpus.words) == (1_000_001, 1, 1_000_000)
    assert np.array_equal(corpus.ids[:-1], np.tile([0, 1], 500_000))


def test_no_word_is_frequent_enough():
    with pytest.raises(ArgumentError, match=r"5 times.*none more than 2 times.*smaller min_count"):
        encode_corpus(["a b a"])
    with pytest.raises(ArgumentError, match=r"got 2 words, none more than once\. Try"):
        encode_corpus(["a b"])


def test_only_an_iterator_may_have_been_used_up():
    for source in ([], [""], iter([])):
        with pytest.raises(ArgumentError, match="a corpus with words, got none") as raised:
            encode_corpus(source)
        assert ("list(corpus)" in str(raised.value)) == (not isinstance(source, list))


def test_pairs_in_the_place_of_texts():
    with pytest.raises(ArgumentTypeError, match=r"item 1: .* got tuple .*Try: \[row\[0\] for row"):
        encode_corpus(["a b", ("a film", "pos")], min_count=1)


@pytest.mark.parametrize("source", [[b"bytes"], [1, 2], [["a", 3]], [None]], ids=repr)
def test_items_that_are_not_text(source):
    inside = isinstance(source[0], list)
    expected = "a token: expected a str, got" if inside else "expected a str, or a list of them"
    with pytest.raises(ArgumentTypeError, match=expected):
        encode_corpus(source, min_count=1)


def test_no_temporary_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def broken():
        yield "a b c"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode_corpus(broken())
    corpus = encode_corpus(["a b"] * 9)
    assert corpus.ids.size == 27
    del corpus
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"min_count": "3"}, ArgumentTypeError, "^min_count: expected a whole number, 0 or more"),
        ({"min_count": 2.0}, ArgumentTypeError, "^min_count: "),
        ({"min_count": -1}, ArgumentError, "^min_count: "),
        ({"max_size": 0}, ArgumentError, "^max_size: expected a whole number, 1 or more"),
        ({"max_size": True}, ArgumentTypeError, "^max_size: "),
        ({"every_text": 1}, ArgumentTypeError, "^every_text: expected True or False"),
        ({"progress": "yes"}, ArgumentTypeError, "^progress: expected True, False or None"),
        ({"tokenizer": "wrods"}, ArgumentError, "tokenizer"),
        ({"corpus": 3}, ArgumentTypeError, "^corpus: expected the path of a text file, or a list"),
        ({"corpus": b"bytes"}, ArgumentTypeError, "^corpus: "),
        ({"corpus": None}, ArgumentTypeError, "^corpus: "),
    ],
)
def test_arguments_are_looked_at_first(settings, error, message):
    with pytest.raises(error, match=message):
        encode_corpus(**{"corpus": ["a b a"], "min_count": 1} | settings)


def test_what_is_given_without_a_name_or_by_another_one():
    with pytest.raises(ArgumentTypeError, match=r"^encode_corpus: expected only corpus "):
        encode_corpus(["a b a"], 1)
    with pytest.raises(ArgumentTypeError, match=r"Try: min_count="):
        encode_corpus(["a b a"], mincount=1)
    with pytest.raises(ArgumentTypeError, match=r"Try: max_size="):
        encode_corpus(["a b a"], max_final_vocab=1)


def test_numbers_of_numpy_are_numbers():
    corpus = encode_corpus(["a b a"], min_count=np.int64(1), max_size=np.int8(1))
    assert corpus.tokens == ["a"]


@pytest.mark.parametrize("tokenizer", ["words", "split", "characters"])
@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "UTF8"])
def test_a_corpus_in_another_encoding(tmp_path, tokenizer, encoding):
    text = "영화가 좋다 film\n별로였다 film\n"
    path = tmp_path / "corpus.txt"
    path.write_bytes(text.encode(encoding))
    found = encode_corpus(path, min_count=1, tokenizer=tokenizer, encoding=encoding)
    expected = encode_corpus(text.splitlines(), min_count=1, tokenizer=tokenizer)
    assert found.tokens == expected.tokens
    assert found.ids.tolist() == expected.ids.tolist()


def test_encodings_that_do_not_fit(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes("café\n".encode())
    with pytest.raises(FormatError, match="line 1: expected text in ASCII"):
        encode_corpus(path, min_count=1, encoding="ascii")
    with pytest.raises(ArgumentError, match="encoding: expected an encoding of text"):
        encode_corpus(path, min_count=1, encoding="utf-99")
    with pytest.raises(ArgumentError, match="encoding: expected none, for texts are decoded"):
        encode_corpus(["a b"], min_count=1, encoding="cp949")


@pytest.mark.parametrize("tokenizer", ["words", "split", "characters"])
def test_a_file_that_is_not_utf_8_is_told_with_the_argument(tmp_path, tokenizer):
    path = tmp_path / "corpus.txt"
    path.write_bytes(("한국어로 쓴 영화 이야기가 아주 재미있다\n" * 3).encode("cp949"))
    with pytest.raises(FormatError, match="valid in cp949") as caught:
        encode_corpus(path, min_count=1, tokenizer=tokenizer)
    assert caught.value.hint == "encoding='cp949'"
    path.write_bytes(b"\xff\xff\n")
    with pytest.raises(FormatError) as caught:
        encode_corpus(path, min_count=1, tokenizer=tokenizer)
    assert "valid in" not in caught.value.got
    assert "errors" not in caught.value.hint  # which the function does not have


def test_auto_looks_at_a_file_in_its_encoding(tmp_path, capsys):
    path = tmp_path / "corpus.txt"
    path.write_bytes(("영화가 좋다\n" * 20).encode("cp949"))
    encode_corpus(path, min_count=1, tokenizer="auto", encoding="cp949")
    assert "for Korean" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "tokenizer", "name"),
    [
        ([["a", "b."], ["c"]], None, None),
        ([["a", "b."], ["c"]], "auto", None),
        ([["a", "b."], ["c"]], "lower", "lower"),
        ([["a", "b."], "c d"], None, "words"),
        (["a b.", "c"], None, "words"),
    ],
)
def test_no_tokenizer_is_claimed_of_lists_of_tokens(texts, tokenizer, name):
    for given in (texts, iter(texts)):
        assert encode_corpus(given, min_count=1, tokenizer=tokenizer).tokenizer == name


def test_ends_of_texts_are_found_block_by_block(monkeypatch):
    monkeypatch.setattr(numbered, "BLOCK", 3)
    corpus = encode_corpus([["a", "b"], ["c"], ["a"]], min_count=1)
    assert corpus.ends.tolist() == np.flatnonzero(corpus.ids < 0).tolist() == [2, 4, 6]
    assert corpus.texts == 3
