import gzip
import json

import numpy as np
import pytest
from fuzz.others import VECTORS, WORDS

from inlay import load
from inlay.errors import FormatError
from inlay.formats import Word2VecJson, word2vec_json
from tests.formats.readers import check_reader
from tests.processes import soon

PLAIN = {word: [float(x) for x in row] for word, row in zip(WORDS, VECTORS, strict=True)}


def test_the_contract(make):
    check_reader(make(json.dumps(PLAIN)), WORDS, VECTORS, "word2vec-json")


@pytest.mark.parametrize(
    "write",
    [
        lambda plain: json.dumps(plain, indent=2),
        lambda plain: json.dumps(plain, ensure_ascii=False, separators=(",", ":")),
        lambda plain: f"var wordVecs={json.dumps(plain)};\n",
        lambda plain: f"\ufeff const $x = {json.dumps(plain)}",
    ],
)
def test_however_it_is_laid_out(make, write, monkeypatch):
    path = make(write(PLAIN))
    for size in (1 << 20, 7, 1):
        monkeypatch.setattr(word2vec_json, "READ_AT_ONCE", size)
        table = load(path)
        assert table.tokens.tolist() == WORDS
        assert np.array_equal(table.matrix, VECTORS)


def test_words_with_brackets_and_quotes(make, monkeypatch):
    monkeypatch.setattr(word2vec_json, "READ_AT_ONCE", 3)
    words = ["]", '"]', "a]b}", "\\", "{", ""]
    content = json.dumps({word: [1, 2.5] for word in words})
    for blanks in ("", " ", "  \n "):
        path = make(content.replace(":", f"{blanks}:{blanks}"))
        assert load(path).tokens.tolist() == words


def test_many_rows(make, monkeypatch):
    monkeypatch.setattr(word2vec_json, "ROWS_AT_ONCE", 10)
    matrix = np.random.default_rng(0).normal(size=(95, 7)).astype(np.float32)
    plain = {f"w{i}": row.tolist() for i, row in enumerate(matrix)}
    path = make(json.dumps(plain))
    assert np.array_equal(load(path).matrix, matrix)
    assert np.array_equal(load(path, keep=["w90", "w3"]).matrix, matrix[[3, 90]])
    assert load(path, keep=["w90", "w3"]).provenance["rows"] == 95
    assert len(load(path, limit=20)) == 20


def test_a_word_that_comes_twice(make):
    table = load(make('{"a": [1], "b": [2], "a": [3]}'))
    assert (table.tokens.tolist(), table["a"].tolist()) == (["a", "b"], [1])
    assert table.provenance["duplicates"] == 1


def test_numbers_that_are_not_finite(make):
    path = make('{"a": [1, NaN], "b": [-Infinity, 1e39]}')
    with pytest.raises(FormatError, match="NaN or infinity in the vector of 'a'"):
        load(path)
    matrix = load(path, format=Word2VecJson(nonfinite="keep")).matrix
    assert np.array_equal(matrix, [[1, np.nan], [-np.inf, np.inf]], equal_nan=True)


BROKEN = [
    ('{"a": [1, 2]', "behind word 1: expected a comma, or the end, got ''"),
    ('{"a": [1, 2], "b": [1, 2', "word 2: expected a word and its numbers, got the end"),
    ('{"a": [1, 2], "b": [1]}', "word 2: expected 2 numbers, as word 1 has, got 1"),
    ('{"a": [1, 2], "b": [1, "2"]}', "others in the list of 'b'"),
    ('{"a": [1, true]}', "others in the list of 'a'"),
    ('{"a": [1, 2], "b": {"c": [1]}}', "something else behind 'b'"),
    ('{"a": [1, 2], "b": [[1], 2]}', "others in the list of 'b'"),
    ('{"a": [1, 2], "b": [1, 2]} more', "a comma, or the end"),
    ('{"a": [1, 2] "b": [1, 2]}', "a comma, or the end"),
    ('{"a": [1, 2], b: [1, 2]}', "word 2: expected a word and its numbers"),
    ('{"a": [1, 2], "b" [1, 2]}', "word 2: expected a word and its numbers"),
    ('{"a": [1, 2], "\\ud800": [1, 2]}', "text that UTF-8 can hold"),
    ('{"a": [1, 1' + "0" * 400 + "]}", "NaN or infinity|a whole file"),
    (b'{"a": [1, 2], "\xff": [1, 2]}', "a whole file that can be read"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_read(make, content, message):
    with pytest.raises(FormatError, match=message):
        load(make(content))


def test_every_cut_is_refused(make):
    content = json.dumps(PLAIN)
    for end in range(1, len(content)):
        with pytest.raises(FormatError):
            load(make(content[:end]), format="word2vec-json")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"a": 1}',
        '{"a": ["b"]}',
        '["a"]',
        '{"a": {"b": [1]}}',
        '[{"a": [1]}]',
        '{"a": []}',
    ],
)
def test_other_json_is_none(make, content):
    assert not Word2VecJson().sniff(content.encode(), make("x"))


@pytest.mark.parametrize("fill", ['"', "[", "{", "\\", " ", "1", ",", "]"])
def test_nothing_takes_long(make, fill):
    content = '{"a": [1' + fill * (1 << 19)
    with soon(5):
        Word2VecJson().sniff(fill.encode() * (1 << 18), make("x"))
        with pytest.raises(FormatError):
            load(make(gzip.compress(content.encode())), format="word2vec-json")
