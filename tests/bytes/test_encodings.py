import pytest

from inlay.bytes.encodings import Encoding, as_argument, known_encoding
from inlay.bytes.lines import read_lines
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from tests.bytes.test_guess import FRENCH, JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL


def refused(raw, **options):
    with pytest.raises(FormatError) as caught:
        Encoding(**options).decode(raw, "f")
    return caught.value


def test_a_whole_file_names_the_byte():
    assert Encoding().decode("\ufeffgut\n".encode(), "f") == "gut\n"
    assert str(refused(b"gut\xff")).startswith(
        "f, byte 3: expected text in UTF-8, got the byte 0xff"
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (KOREAN, "cp949"),
        (SIMPLIFIED, "gb18030"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (FRENCH, "cp1252"),
    ],
)
def test_the_encoding_is_told_with_what_it_gives_and_what_to_write(make, text, encoding):
    path = make(b"text,label\n" + text.encode(encoding) * 20, "name.txt")
    with pytest.raises(FormatError) as caught:
        list(read_lines(path, Encoding.given("utf-8")))
    assert caught.value.hint == f"encoding={encoding!r}"
    assert f"valid in {encoding}: " in caught.value.got
    assert caught.value.got.rpartition(": ")[2].strip("'\"") in text
    with pytest.raises(FormatError, match=f"iconv -f {encoding} -t utf-8"):
        list(read_lines(path))
    assert list(read_lines(path, Encoding.given(encoding)))[1] == text


def test_what_follows_a_short_line_tells_the_encoding(make):
    lines = ["역사\n".encode("cp949"), KOREAN.encode("cp949") * 10]
    with pytest.raises(FormatError, match=r"line 1: .*encoding='cp949'"):
        list(read_lines(make(b"".join(lines), "name.txt"), Encoding.given("utf-8")))


def test_what_is_shown_ends_with_its_line():
    error = refused("房间很好\n早餐也好\n".encode("gb18030") * 20)
    assert "valid in gb18030: '房间很好'" in error.got


def test_a_wrong_encoding_is_told_from_the_right_one():
    error = refused(SIMPLIFIED.encode("gb18030"), name="ascii", saying=as_argument)
    assert error.expected == "text in ASCII"
    assert error.hint == "encoding='gb18030'"
    error = refused(SIMPLIFIED.encode(), name="ascii", saying=as_argument)
    assert error.hint == "encoding='utf-8'"


def test_one_bad_line_in_utf_8_is_no_other_encoding(make):
    path = make(b"caf\xe9\n" + KOREAN.encode() * 5, "name.txt")
    with pytest.raises(FormatError, match=r"as in the lines that follow, .* Try: errors='replace'"):
        list(read_lines(path, Encoding.given("utf-8")))
    with pytest.raises(FormatError, match=r"Try: mend this line"):
        list(read_lines(path))


def test_where_nothing_can_be_told_the_ways_are_named():
    assert "encoding='cp949' for Korean" in refused(b"\xff\xff", saying=as_argument).hint
    assert refused(b"\xff\xff").hint.startswith("convert it to UTF-8 first")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("kor", "encoding='cp949'"),
        ("cp-949", "encoding='cp949'"),
        ("utf9", "encoding='utf_8'"),
        ("ANSI", "encoding='cp1252'"),
        ("shift-jiss", "encoding='shift_jis'"),
    ],
)
def test_an_unknown_encoding_is_answered_by_one_of_a_like_name(name, hint):
    with pytest.raises(ArgumentError, match="an encoding of text that Python knows") as caught:
        known_encoding(name)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("name", ["", "hex", "rot13", "base64", "\0", "nothing like it"])
def test_what_is_no_encoding_of_text(name):
    with pytest.raises(ArgumentError, match="an encoding of text that Python knows"):
        known_encoding(name)


def test_encodings_that_are_accepted():
    assert known_encoding("latin-1") == "iso8859-1"
    assert known_encoding("UTF-16", lines=False) == "utf-16"
    with pytest.raises(ArgumentError, match="whose line feed is one byte"):
        known_encoding("utf-16")
    with pytest.raises(ArgumentTypeError, match="a name"):
        known_encoding(949)
    with pytest.raises(ArgumentError, match="errors"):
        Encoding.given("utf-8", "surrogateescape")
