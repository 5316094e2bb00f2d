import json
import unicodedata

import numpy as np
import pytest

from inlay import Table, load, save
from inlay.core import Tokens
from inlay.core.tokens import SMALL
from inlay.errors import FormatError, MissingFileError
from inlay.evaluate import token_findings as token_odds
from inlay.evaluate.doctor import diagnose
from inlay.evaluate.number_findings import number_findings
from inlay.evaluate.token_findings import repaired, token_findings
from inlay.formats import Word2VecText
from inlay.kernels import examine
from tests.data import shared


def kinds(findings):
    return {finding.kind: finding.n for finding in findings}


def rows(findings, kind):
    (finding,) = [finding for finding in findings if finding.kind == kind]
    return [example.row for example in finding.examples]


@pytest.fixture
def healthy():
    """A hundred rows in which nothing is wrong."""
    matrix = np.random.default_rng(0).standard_normal((100, 20)).astype(np.float32)
    return Table([f"w{i}" for i in range(98)] + ["영화", "café"], matrix)


@pytest.fixture
def write(tmp_path):
    def make(text, name="v.txt"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return make


@pytest.mark.parametrize("name", ["x.safetensors", "x.npz", "x.bin", "x.vec", "x.vec.gz"])
def test_a_healthy_file_is_told_so_in_every_format(healthy, tmp_path, name):
    save(healthy, tmp_path / name)
    found = diagnose(tmp_path / name)
    assert found.is_healthy, found.findings
    assert (found.shape, found.dtype, found.findings) == ((100, 20), "float32", ())


def changed(table, change, dtype=np.float32):
    matrix = np.array(table.matrix, dtype)
    change(matrix)
    return Table(table.tokens, matrix)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_of_every_type(healthy, dtype):
    def spoil(matrix):
        matrix[3, 19] = np.nan
        matrix[4, 0] = -np.inf
        matrix[5] = 0
        matrix[8] = matrix[2]
        matrix[9] = matrix[2]
        matrix[7] *= 1000
        matrix[6] *= 1e-3

    findings = number_findings(changed(healthy, spoil, dtype))
    assert kinds(findings) == {"nan": 1, "infinity": 1, "zeros": 1, "lengths": 2, "equal": 2}
    assert rows(findings, "nan") == [3]
    assert rows(findings, "infinity") == [4]
    assert rows(findings, "zeros") == [5]
    assert sorted(rows(findings, "lengths")) == [6, 7]
    assert rows(findings, "equal") == [8, 9]
    assert {e.note for e in findings[-1].examples} == {"as row 2, 'w2'"}


def test_a_few_very_long_rows_do_not_hide_each_other(healthy):
    """The mean and the standard deviation would: thirty rows make any length usual."""

    def spoil(matrix):
        matrix[:30] *= 1e4

    assert kinds(number_findings(changed(healthy, spoil))) == {"lengths": 30}


def test_lengths_that_are_all_one_may_differ_in_the_last_digits(healthy):
    def unit(matrix):
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        matrix[:] = matrix.round(5)

    assert number_findings(changed(healthy, unit)) == []

    def twice(matrix):
        unit(matrix)
        matrix[1] *= 2

    assert rows(number_findings(changed(healthy, twice)), "lengths") == [1]


def test_most_lengths_may_be_the_same_to_the_last_digit():
    matrix = np.ones((50, 4), np.float32)
    matrix[:10] *= 1.001
    assert "lengths" not in kinds(number_findings(Table([f"w{i}" for i in range(50)], matrix)))


def test_what_only_float64_can_hold_is_finite(healthy):
    def spoil(matrix):
        matrix[3, 3] = 1e200

    assert kinds(number_findings(changed(healthy, spoil, np.float64))) == {"lengths": 1}


def test_padding_may_be_zeros(healthy):
    matrix = np.array(healthy.matrix)
    matrix[[0, 1, 2]] = 0
    table = Table(healthy.tokens, matrix, pad_id=0, unk_id=1)
    assert rows(number_findings(table), "zeros") == [2]


def test_more_rows_than_a_block():
    matrix = np.random.default_rng(0).standard_normal((10_000, 4)).astype(np.float32)
    matrix[9_999] = matrix[1]
    matrix[5_000, 0] = np.nan
    findings = number_findings(Table([f"w{i}" for i in range(10_000)], matrix))
    assert (rows(findings, "equal"), rows(findings, "nan")) == ([9_999], [5_000])


def test_rows_of_one_hash_are_told_of_only_if_they_are_equal(monkeypatch, healthy):
    def spoil(matrix):
        matrix[9] = matrix[0]

    real = examine.first_of_hash
    monkeypatch.setattr(
        examine, "first_of_hash", lambda hashes, *others: real(np.zeros_like(hashes), *others)
    )
    findings = number_findings(changed(healthy, spoil))
    assert (kinds(findings), rows(findings, "equal")) == ({"equal": 1}, [9])


@pytest.mark.parametrize("dim", [4, 6_000, 20_000])  # compared at once, by twos, one by one
def test_equal_rows_of_any_length(dim):
    matrix = np.tile(np.random.default_rng(0).standard_normal(dim).astype("f4"), (7, 1))
    matrix[2] += 1
    findings = number_findings(Table([f"w{i}" for i in range(7)], matrix))
    assert rows(findings, "equal") == [1, 3, 4, 5, 6]


def of_tokens(*tokens):
    return token_findings(Table(list(tokens), np.ones((len(tokens), 1), np.float32)))


def test_tokens_that_differ_in_their_normal_form_only():
    nfd = unicodedata.normalize("NFD", "é")
    findings = of_tokens("é", nfd, "fi", "ﬁ", "²")
    assert kinds(findings) == {"normalisation": 1, "compatibility": 1}
    assert (rows(findings, "normalisation"), rows(findings, "compatibility")) == ([1], [3])
    assert findings[0].examples[0].note == "looks like row 0, 'é'"


def test_two_tokens_whose_common_form_is_not_there():
    findings = of_tokens("Å", "A\u030a", "ﬀ", "ｆｆ")
    # ANGSTROM SIGN and A with a ring above: both are Å in NFC.
    assert kinds(of_tokens("\u212b", "A\u030a")) == {"normalisation": 1, "decomposed": 1}
    assert kinds(findings) == {"normalisation": 1, "compatibility": 1}


def test_a_table_in_nfd_is_told():
    words = [unicodedata.normalize("NFD", word) for word in ("été", "영화", "film")]
    findings = of_tokens(*words)
    assert (kinds(findings), rows(findings, "decomposed")) == ({"decomposed": 2}, [0, 1])


@pytest.mark.parametrize("text", ["é", "naïve", "“", "’s", "영화", "日本", "–"])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_utf8_read_as_another_encoding_is_mended(text, encoding):
    try:
        mojibake = text.encode().decode(encoding)
    except UnicodeError:  # Windows-1252 leaves five bytes out
        assert encoding == "cp1252"
        return
    assert repaired(mojibake) == text
    findings = of_tokens(mojibake, "film", "é", "Ã", "café")
    (finding,) = [finding for finding in findings if finding.kind == "mojibake"]
    assert (finding.n, finding.examples[0].note) == (1, f"may have been {text!r}")
    assert "20.00% of all tokens" in finding.what


def test_characters_that_nobody_means():
    family = "👨\u200d👩\u200d👧"
    findings = of_tokens("New York", "a\u3000b", "a\tb", "x\x7f", "\x85", "a\u200bb", "\ufeffa")
    assert kinds(findings) == {"spaces": 2, "control": 3, "invisible": 2}
    assert rows(findings, "control") == [2, 3, 4]
    assert of_tokens("film", family, "می\u200cخواهم", "영화", "…", "�") == []
    assert kinds(of_tokens("", "a")) == {"empty": 1}


ODD = {
    "spaces": "\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000",
    "control": "\u0080\u009f",
    "invisible": "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2064\u2066\u2069\ufeff",
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_is_found_among_many_tokens_that_are_not(kind):
    hangul = [chr(0xAC00 + i) * 2 for i in range(1000)]
    for at, char in enumerate(ODD[kind]):
        hangul[37 * at + 5] += char
    assert rows(of_tokens(*hangul), kind) == [37 * at + 5 for at in range(len(ODD[kind]))][:5]
    assert kinds(of_tokens(*hangul))[kind] == len(ODD[kind])


@pytest.mark.parametrize("byte", [b"\x80", b"\xff"])
def test_a_token_that_is_no_utf8_is_damage(byte):
    good = Tokens.from_list([f"w{i}" for i in range(SMALL)])  # of fewer, all are decoded anyway
    blob = np.append(good.blob, np.frombuffer(byte, np.uint8))
    tokens = Tokens(blob, np.append(good.offsets, blob.size))
    with pytest.raises(FormatError, match=f"expected token {SMALL} in UTF-8"):
        token_findings(Table._unchecked(tokens, np.ones((SMALL + 1, 1), np.float32)))


def test_whatever_is_worth_a_look_makes_its_neighbours_be_looked_at():
    chars = "".join(map(chr, range(0x80, 0xD800)))
    looks = (token_odds.SPACES, token_odds.CONTROLS, token_odds.INVISIBLE, token_odds.LEADING)
    assert {char for look in looks for char in look.findall(chars)} <= {
        *token_odds.ODD.findall(chars)
    }


@pytest.mark.parametrize(
    ("kind", "token"), [("mojibake", "cafÃ©"), ("decomposed", "e\u0301"), ("compatibility", "㎞")]
)
@pytest.mark.parametrize("at", [0, 31, 32, 999])
def test_one_odd_token_is_found_wherever_it_is(kind, token, at):
    hangul = [chr(0xAC00 + i) * 2 for i in range(1000)] + ["km"]
    assert of_tokens(*hangul) == []
    hangul[at] = token
    assert rows(of_tokens(*hangul), kind) == [at]


def test_a_header_that_lies_is_a_finding(write):
    path = write("5 2\na 1 2\nb 2 1\n")
    with pytest.raises(FormatError, match="5 rows, as line 1 says"):
        load(path)
    found = diagnose(path)
    assert (kinds(found.findings), found.shape) == ({"header": 1}, (2, 2))
    assert "expected 5 rows, as line 1 says, got 2" in found.findings[0].examples[0].note
    assert kinds(diagnose(write("2 7\na 1 2\nb 2 1\n")).findings) == {"header": 1}


@pytest.mark.parametrize("head", ["", "3 2\n"])
def test_a_line_that_is_cut_off_is_a_finding(write, head):
    found = diagnose(write(f"{head}a 1 2\nb 2 1\nc 1"), format="word2vec" if head else "glove")
    assert (kinds(found.findings), found.shape) == ({"cut": 1}, (2, 2))
    assert (
        f"line {4 if head else 3}: expected a token and 2 numbers"
        in found.findings[0].examples[0].note
    )


@pytest.mark.parametrize(("end", "found"), [("0.1", True), ("0.125", False), ("0.1\n", False)])
@pytest.mark.parametrize("head", ["", "12 3\n"])
def test_a_number_that_is_cut_off_is_a_finding(write, head, end, found):
    numbers = [f"w{i} 0.{i + 100} -1.{i + 117} 1.{i + 135}\n" for i in range(11)]
    path = write(f"{head}{''.join(numbers)}film 1.125 0.500 {end}")
    assert ("cut" in kinds(diagnose(path).findings)) == found
    assert "cut" not in kinds(diagnose(path, limit=5).findings)  # the end was not read


def test_a_binary_file_that_is_cut_off_is_a_finding(healthy, tmp_path):
    path = tmp_path / "v.bin"
    save(healthy, path)
    path.write_bytes(path.read_bytes()[:-100])
    found = diagnose(path)
    assert found.shape[0] in (98, 99)
    assert {"cut", "header"} & set(kinds(found.findings))


def test_bytes_that_are_no_utf8_are_counted(write):
    found = diagnose(write(b"film 1 2\ncaf\xe9 2 1\nbad 3 1\n\xff\xfe\xfa 4 1\n" + b"x 5 2\n" * 2))
    assert kinds(found.findings)["encoding"] == 2
    assert kinds(found.findings)["duplicates"] == 1


def test_duplicates_are_counted_by_the_reader_and_not_told_again_of_what_was_converted(
    write, tmp_path
):
    path = write("a 1 2\nb 2 1\na 3 3\n")
    findings = diagnose(path).findings
    assert (kinds(findings), rows(findings, "duplicates")) == ({"duplicates": 1}, [0])
    save(load(path), tmp_path / "n.safetensors")
    assert diagnose(tmp_path / "n.safetensors").is_healthy


def test_a_changed_byte_of_a_native_file_is_a_finding(healthy, tmp_path):
    path = tmp_path / "n.safetensors"
    save(healthy, path)
    data = bytearray(path.read_bytes())
    length = int.from_bytes(data[:8], "little")
    data[8 + length] ^= 1  # the lowest bit of the first number
    path.write_bytes(data)
    findings = diagnose(path).findings
    assert kinds(findings) == {"digests": 1}
    assert "expected tensor 'matrix' with sha256:" in findings[0].examples[0].note


def test_damaged_tokens_of_a_native_file_are_a_finding(healthy, tmp_path):
    path = tmp_path / "n.safetensors"
    save(healthy, path)
    data = bytearray(path.read_bytes())
    data[-5:] = b"\xff" * 5
    path.write_bytes(data)
    assert kinds(diagnose(path).findings) == {"digests": 1, "tokens": 1}


def test_what_cannot_be_read_raises(write, tmp_path):
    with pytest.raises(FormatError):
        diagnose(write("this is\nno table at all\n"))
    with pytest.raises(FormatError):  # not even one row
        diagnose(write("1 2\na 1 x\n"), format="word2vec")
    with pytest.raises(MissingFileError):
        diagnose(tmp_path / "absent.txt")


def test_what_is_told_of_reading_is_obeyed(write):
    path = write("a 1 2\nb nan 1\n")
    assert kinds(diagnose(path).findings) == {"nan": 1}
    assert diagnose(path, limit=1).shape == (1, 2)
    assert diagnose(write("9 2\na 1 2\nb 2 1\n"), format=Word2VecText(header="ignore")).is_healthy


def test_the_answer_is_json(write):
    answer = json.loads(json.dumps(diagnose(write("a 1 2\nb 0 0\n")).as_dict()))
    assert answer["findings"][0]["examples"] == [{"row": 1, "token": "b", "note": ""}]
    assert (answer["healthy"], answer["vocab_size"]) == (False, 2)


def test_real_files():
    glove = diagnose(shared("glove-6B", "100d.7201krap.txt")).findings
    assert rows(glove, "mojibake") == [217, 784, 1328, 1408, 1419]
    trimmed = diagnose(shared("glove-6B", "sherrylilmj", "glove.6B.300d.trimmed.npz")).findings
    assert rows(trimmed, "zeros") == [166, 2214]
    assert diagnose(shared("googlenews-1000", "googlenews.unit.300d.1000.txt")).is_healthy
    lying = diagnose(shared("gensim-fixtures", "pretrained.vec")).findings
    assert kinds(lying) == {"header": 1}


def as_windows_does(raw):
    """Windows-1252, with the characters of Latin-1 for what it leaves out."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in raw)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("电影", "电影".encode().decode("gb18030")),
        ("영화감독", "영화감독".encode().decode("gb18030")),
        ("导演", "导演".encode().decode("cp949")),
        ("영화", as_windows_does("영화".encode())),
        ("喜欢看电影", as_windows_does("喜欢看电影".encode())),
    ],
)
def test_chinese_and_korean_in_utf8_read_as_another_encoding(text, read):
    (finding,) = [f for f in of_tokens("film", read, text) if f.kind == "mojibake"]
    assert (finding.n, finding.examples[0].row) == (1, 1)
    assert finding.examples[0].note == f"may have been {text!r}"


def test_words_of_chinese_and_korean_are_no_mojibake():
    words = [
        "电影",
        "電影院",
        "飓风开",
        "陰魂不",
        "한국영화",
        "映画館",
        "妲己传",
        "涪陵区",
        "大韓民國",
        "愛情小說家",
    ]
    assert "mojibake" not in kinds(of_tokens(*words))
