import gzip

import numpy as np
import pytest

from inlay import Table, Vocabulary, load
from inlay.bytes.content import Content
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.formats import Glove, Word2VecText, text
from inlay.jobs import threads as jobs_threads

GOOD = "a 1 2\nb 3 4\nc 5 6\n"


def rows(table):
    return {token: table[token].tolist() for token in table}


@pytest.fixture
def tiny_pieces(monkeypatch):
    """Windows and blocks of a few lines, so that small files cross every border."""
    monkeypatch.setattr(text, "BLOCK", 64)
    monkeypatch.setattr(text, "LOOKED_AT", 150)
    windows = Content.windows
    monkeypatch.setattr(Content, "windows", lambda self: windows(self, 200))


@pytest.mark.parametrize("content", [GOOD, "\ufeff" + GOOD, GOOD[:-1], GOOD + "\n \n\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["", "3 2\n"])
def test_line_ends_byte_order_marks_and_headers(make, content, end, header):
    mark = "\ufeff" * content.startswith("\ufeff")
    content = mark + header + content.removeprefix(mark)
    table = load(make(content.replace("\n", end)))
    assert rows(table) == {"a": [1, 2], "b": [3, 4], "c": [5, 6]}
    assert table.provenance["format"] == ("word2vec" if header else "glove")
    assert table.matrix.dtype == np.float32
    assert table.matrix.flags.owndata or table.matrix.base.flags.owndata


def test_tokens_with_spaces(make):
    table = load(make(". . . 1 2\nNew York 3 4\nx\u00a0y 5 6\nb 7 8\n"))
    assert table.tokens.tolist() == [". . .", "New York", "x\u00a0y", "b"]
    assert table["New York"].tolist() == [3, 4]
    assert table.provenance["tokens_with_spaces"] == 2


def test_the_first_of_equal_tokens_is_kept_and_the_others_counted(make):
    table = load(make("a 1 2\nb 3 4\na 5 6\nc 7 8\nb 9 9\n"))
    assert rows(table) == {"a": [1, 2], "b": [3, 4], "c": [7, 8]}
    assert table.provenance["rows"] == 5
    assert table.provenance["duplicates"] == 2
    assert table.provenance["duplicate_examples"] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"expected a file of vectors, got an empty file\. Try: download it again"),
        (" \n\n", "got an empty file"),
        (
            "a 1 2\nb 3\nc 5 6\n",
            r"line 2: expected a token and 2 numbers \(as in line 1\), got 1\. Try: download",
        ),
        ("a 1 2\nb 3 4\nc 5", r"line 3: .* got 1\."),
        ("a 1 2\nb 3 x\nc 5 6\n", r"line 2: .* got 'x' where number 2 belongs"),
        ("a 1 2\nb 1_0 2\nc 5 6\n", "line 2: .* got '1_0' where number 1 belongs"),
        ("a 1 2\n\nb 3 4\n", "line 2: .* got an empty line"),
        ("a 1 2 3 4\nb .5 6.1 7.5c 8.5 1 2 3 4\nd 1 2 3 4\n", r"line 2: .* got 7\."),
        ("a 1 2\nb 3 4 5 6\nd 1 2\n", r"line 2: .* got 4\."),
        ("a 1 2\n3 4\nc 5 6\n", r"line 2: .* got 1\."),
        (
            "a 1 2\nb nan 4\n",
            "line 2: expected finite float32 numbers, got nan as number 1 of 'b'. "
            "Try: format=Glove.nonfinite='keep'",
        ),
        ("a 1 2\nb 3 -inf\n", "got -inf as number 2 of 'b'"),
        ("a 1 2\nb 3 1e400\n", "got 1e400 as number 2"),
        ("a 1 2\nb 3 1e39\n", "got 1e39 as number 2"),
        ("<!DOCTYPE html>\n<html><body>404 5 6</body></html>", "got an HTML page. Try: download"),
        ("\n <HTML>1 2\n", "got an HTML page"),
        ("a 1 2\rb 3 4\rc 5 6\r", r"line 1: expected lines that end in LF .* got a lone CR in"),
        ("4 2\n" + GOOD, "expected 4 rows, as line 1 says, got 3.*header='ignore'"),
        ("2 2\n" + GOOD, "expected 2 rows, as line 1 says, got 3.*header='ignore'"),
        (
            "3 5\n" + GOOD,
            "line 1: expected a header that says dimension 2, .* got 5. "
            "Try: format=Word2VecText.header='ignore'",
        ),
        ("3 1\n" + GOOD, "line 1: expected a header that says dimension 2, .* got 1"),
        ("just some words\nof a text\n", "got something that begins with 'just some words'"),
        ("0 3\n", "got one that fits word2vec and glove. Try: format='word2vec'"),
        ("2 1\na 5\n", "expected 2 rows, as line 1 says, got 1"),
    ],
)
def test_bad_files(make, content, message):
    with pytest.raises(FormatError, match=message) as caught:
        load(make(content))
    assert str(caught.value).startswith("vectors.txt")


def test_an_html_page_is_one_whatever_format_is_asked(make):
    with pytest.raises(FormatError, match="got an HTML page"):
        load(make("<html><p>1 2</p></html>\n"), format="glove")


def test_errors_of_a_format_that_was_named(make):
    with pytest.raises(FormatError, match="line 1: expected a header of two whole numbers"):
        load(make(GOOD), format="word2vec")
    with pytest.raises(FormatError, match="an empty file"):
        load(make(""), format="glove")
    with pytest.raises(FormatError, match=r"line 1: expected a token and numbers, .* got 'x y z'"):
        load(make("x y z\nx\n"), format="glove")
    with pytest.raises(FormatError, match=r"line 1: .* got binary data. Try: leave format= out"):
        load(make(b"1 2\na \0\0\0\0\0\0\0\0\n"), format="word2vec")
    assert len(load(make("1 1\na 5\n"), format=Glove(dim=1))) == 2
    assert len(load(make("1 1\na 5\n"), format="word2vec")) == 1


def test_not_finite_numbers_on_request(make):
    path = make("a 1 2\nb NaN -Infinity\nc 1e400 -1e39\n")
    found = load(path, format=Glove(nonfinite="keep")).matrix
    assert np.array_equal(found[1:], [[np.nan, -np.inf], [np.inf, -np.inf]], equal_nan=True)


@pytest.mark.parametrize("said", ["4 2", "2 2", "3 5", "99999999999999 2"])
def test_a_header_that_lies_can_be_ignored(make, said):
    table = load(make(f"{said}\n{GOOD}"), format=Word2VecText(header="ignore"))
    assert rows(table) == {"a": [1, 2], "b": [3, 4], "c": [5, 6]}


def test_invalid_utf8(make):
    path = make(b"a 1 2\nzee\xc3n 3 4\n\xff\xfe 5 6\n\xff\xfe 5 6\n")
    with pytest.raises(FormatError, match=r"line 2: expected text in UTF-8, got the byte 0xc3"):
        load(path)
    table = load(path, format=Glove(errors="replace"))
    assert table.tokens.tolist() == ["a", "zee\ufffdn", "\ufffd\ufffd"]
    assert table.provenance["replaced"] == 3
    assert table.provenance["duplicates"] == 1
    assert load(path, format=Glove(errors="ignore")).tokens.tolist() == ["a", "zeen", ""]
    assert load(path, format=Glove(errors="backslashreplace")).tokens[1] == "zee\\xc3n"


def test_a_character_cut_between_two_tokens_is_invalid(make):
    with pytest.raises(FormatError, match="line 1: expected text in UTF-8"):
        load(make(b"a\xc3 1 2\n\xa9b 3 4\n"))


def test_limit(make):
    path = make("a 1 2\nb 3 4\na 5 6\nc broken\n")
    assert rows(load(path, limit=3)) == {"a": [1, 2], "b": [3, 4]}
    assert load(path, limit=3).provenance["rows"] == 3
    assert load(path, limit=0).matrix.shape == (0, 2)
    with pytest.raises(FormatError, match="line 4"):
        load(path, limit=4)
    assert len(load(make("9 2\n" + GOOD), limit=2)) == 2


@pytest.mark.parametrize(
    "keep",
    [
        {"c", "a", "zz"},
        ["c", "a", "a"],
        {"c": 1, "a": 2},
        Vocabulary(["c", "a"]),
        Vocabulary(["c", "a"]).tokens,
        Table(["c", "a"], np.zeros((2, 1), np.float32)),
        (token for token in "ac"),
    ],
)
def test_keep_in_the_order_of_the_file(make, keep):
    table = load(make(GOOD), keep=keep)
    assert table.tokens.tolist() == ["a", "c"]
    assert table.matrix.tolist() == [[1, 2], [5, 6]]
    assert table.provenance["rows"] == 3


def test_keep_only_asks_whether_a_token_is_in_it(make):
    class Short:
        def __contains__(self, token):
            return token > "a"

    assert load(make(GOOD), keep=Short()).tokens.tolist() == ["b", "c"]
    with pytest.raises(ArgumentTypeError, match="keep: expected a collection"):
        load(make(GOOD), keep="abc")


def test_the_dimension_may_be_given(make):
    path = make("Route 66 1 2\nRoute 5 3 4\n")
    assert load(path).dim == 3
    assert rows(load(path, format=Glove(dim=2))) == {"Route 66": [1, 2], "Route 5": [3, 4]}
    path = make("2 3\n66 5 1 2\n5 5 3 4\n")
    with pytest.raises(FormatError, match=r"line 1: expected dimension 2, as dim= says, got 3\."):
        load(path, format=Word2VecText(dim=2))
    assert load(path, format=Word2VecText(dim=3)).dim == 3
    loose = Word2VecText(dim=2, header="ignore")
    assert rows(load(path, format=loose)) == {
        "66 5": [1, 2],
        "5 5": [3, 4],
    }


def test_the_dimension_is_the_usual_one_even_if_line_1_has_spaces(make):
    table = load(make(". . 1 2\n" + GOOD))
    assert table.dim == 2
    with pytest.raises(FormatError, match="as in most of the first 3 rows"):
        load(make("a 1\nb 1 2\nc 1 2\n"))


@pytest.fixture
def many():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((300, 3)).astype(np.float32)
    lines = [f"word{i} {' '.join(map(str, row))}\n" for i, row in enumerate(matrix)]
    return lines, matrix


@pytest.mark.usefixtures("tiny_pieces")
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
class TestBorders:
    def test_windows_and_blocks_do_not_show(self, make, many, pack):
        lines, matrix = many
        lines[7] = "\u00e9" * 400 + lines[7]  # longer than a window
        table = load(make(pack("".join(lines).encode())))
        assert np.array_equal(table.matrix, matrix)
        assert table.tokens[299] == "word299"

    @pytest.mark.parametrize("header", ["", "300 3\n"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_only_wanted_lines_are_parsed(self, make, many, pack, header, end):
        lines, matrix = many
        lines[200] = lines[200].replace("word200", "a b")
        lines[201] = lines[201].replace("word201", "a c")
        lines[202] = lines[202].replace(" ", "  ")
        lines[299] = lines[299].removesuffix("\n")
        content = (header + "".join(lines)).replace("\n", end)
        kept = ["word299", "word2", "a b", "a d", "word202", "nowhere", "word150"]
        for keep in (kept, set(kept), Vocabulary(kept), dict.fromkeys(kept)):
            table = load(make(pack(content.encode())), keep=keep)
            rows = [2, 150, 200, 202, 299]
            names = ["word2", "word150", "a b", "word202", "word299"]
            assert table.tokens.tolist() == names
            assert np.array_equal(table.matrix, matrix[rows])
            assert table.provenance["rows"] == 300

    def test_the_first_of_equal_tokens_is_kept(self, make, many, pack):
        lines, matrix = many
        lines[250] = lines[250].replace("word250", "word150")
        table = load(make(pack("".join(lines).encode())), keep=["word150"])
        assert np.array_equal(table.matrix, matrix[[150]])
        assert table.provenance["duplicates"] == 1

    @pytest.mark.parametrize("header", ["", "300 3\n"])
    def test_wanted_lines_have_their_own_numbers_in_errors(self, make, many, pack, header):
        lines, _ = many
        number = 250 + (2 if header else 1)
        broken = [*lines[:250], "word250 1 2\n", *lines[251:]]
        with pytest.raises(FormatError, match=f"line {number}: .* got 2"):
            load(make(pack((header + "".join(broken)).encode())), keep=["word1", "word250"])
        # What nobody wants is not looked at, but for the very end.
        assert len(load(make(pack((header + "".join(broken)).encode())), keep=["word1"])) == 1
        # Of the first lines, all are.
        early = [lines[0], "word1 1 2\n", *lines[2:]]
        with pytest.raises(FormatError, match=f"line {3 if header else 2}: .* got 2"):
            load(make(pack((header + "".join(early)).encode())), keep=["word250"])
        cut = (header + "".join(lines))[:-20]
        with pytest.raises(FormatError, match=f"line {299 + (2 if header else 1)}: "):
            load(make(pack(cut.encode())), keep=["word1", "word299"])

    def test_an_empty_line_between_lines_that_nobody_wants(self, make, many, pack):
        lines, _ = many
        for at in (250, *range(290, 300)):
            broken = "".join([*lines[:at], "\n", *lines[at:]])
            for keep in (["word1"], ["word1", "word299"]):
                with pytest.raises(FormatError, match=f"line {at + 1}: .* an empty line"):
                    load(make(pack(broken.encode())), keep=keep)
        ending = "".join(lines) + "\n \n\n"
        assert len(load(make(pack(ending.encode())), keep=["word1", "word299"])) == 2

    def test_a_broken_token_may_be_wanted_as_it_is_mended(self, make, many, pack):
        lines, matrix = many
        content = "".join(lines).encode().replace(b"word250", b"word\xff")
        table = load(make(pack(content)), keep=["word\ufffd"], format=Glove(errors="replace"))
        assert np.array_equal(table.matrix, matrix[[250]])

    def test_a_header_that_lies_is_noticed_although_lines_are_passed(self, make, many, pack):
        lines, _ = many
        for said in (299, 301):
            content = f"{said} 3\n" + "".join(lines)
            with pytest.raises(FormatError, match="300"):
                load(make(pack(content.encode())), keep=["word1"])

    @pytest.mark.parametrize("threads", [1, 3])
    def test_the_number_of_threads_does_not_show(self, make, many, pack, threads, monkeypatch):
        monkeypatch.setattr(jobs_threads, "thread_count", lambda: threads)
        lines, matrix = many
        assert np.array_equal(load(make(pack("".join(lines).encode()))).matrix, matrix)

    @pytest.mark.parametrize("header", ["", "300 3\n"])
    def test_line_numbers_are_exact(self, make, many, pack, header):
        lines, _ = many
        first = 2 if header else 1
        for row in (5, 150, 299):
            broken = [*lines[:row], "cut 1 2\n", *lines[row + 1 :]]
            with pytest.raises(FormatError, match=f"line {row + first}: .* got 2"):
                load(make(pack((header + "".join(broken)).encode())))
            empty = [*lines[: row - 3], "\n", "\n", *lines[row - 3 :]]
            with pytest.raises(FormatError, match=f"line {row - 3 + first}: .* empty line"):
                load(make(pack((header + "".join(empty)).encode())))
            broken[row] = "b\udcff 1 2 3\n"
            content = (header + "".join(broken)).encode(errors="surrogateescape")
            with pytest.raises(FormatError, match=rf"line {row + first}: .* in b'b\\xff'"):
                load(make(pack(content)))

    def test_empty_lines_at_the_end_are_none(self, make, many, pack):
        lines, _ = many
        assert len(load(make(pack(("".join(lines) + 500 * "\n").encode())))) == 300

    def test_keep_limit_and_duplicates(self, make, many, pack):
        lines, matrix = many
        path = make(pack("".join(lines + lines[::-1]).encode()))
        with pytest.raises(FormatError, match="got equal ones in 300 of 600 lines"):
            load(path)
        table = load(path, format=Glove(dim=3))
        assert np.array_equal(table.matrix, matrix)
        assert table.provenance["duplicates"] == 300
        kept = load(path, keep=[f"word{i}" for i in range(0, 300, 7)])
        assert np.array_equal(kept.matrix, matrix[::7])
        assert np.array_equal(load(path, limit=123).matrix, matrix[:123])
        assert load(path, limit=250, keep={"word240", "word260"}).tokens.tolist() == ["word240"]


@pytest.mark.parametrize(
    ("encoding", "tokens"),
    [
        ("cp949", ["영화", "배우", "정말", "재미있다", "이것은"]),
        ("gb18030", ["电影", "我们", "不错", "酒店", "房间"]),
        ("big5", ["電影", "我們", "不錯", "飯店", "時間"]),
        ("shift_jis", ["映画", "とても", "面白い", "東京", "この"]),
        ("cp1252", ["été", "même", "déjà", "à", "où"]),
    ],
)
def test_tokens_in_another_encoding(make, encoding, tokens):
    lines = "".join(f"{token} {row} 0.5\n" for row, token in enumerate(tokens))
    path = make(lines.encode(encoding))
    with pytest.raises(FormatError, match=rf"format=Glove\(encoding='{encoding}'\)"):
        load(path)
    table = load(path, format=Glove(encoding=encoding))
    assert table.tokens.tolist() == tokens
    assert table.storage[:, 0].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ArgumentError, match=r"encoding: expected an encoding .*'cp949'"):
        Glove(encoding="kor")


def test_the_encoding_that_is_said_is_obeyed_also_where_utf_8_would_do(make):
    path = make("é 0.5 1\nb 1 2\n".encode())
    assert load(path, format=Glove(encoding="latin-1")).tokens.tolist() == ["Ã©", "b"]
