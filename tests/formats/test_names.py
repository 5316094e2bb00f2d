"""Tokens and rows that do not fit: what is off is said, with what to write."""

import json
from pathlib import Path

import numpy as np
import pytest

from inlay import load
from inlay.errors import ArgumentTypeError, FormatError, InlayWarning
from inlay.formats.lists_beside import list_beside
from inlay.formats.shifts import best_shift
from tests.formats.test_shifts import FORMS, matrix_of

TOKENS = ["a", "good", "film", "plot"]
MATRIX = np.arange(1, 9, dtype=np.float32).reshape(4, 2)


@pytest.fixture
def matrix(tmp_path):
    np.save(tmp_path / "x.npy", MATRIX)
    return tmp_path / "x.npy"


def advice(error):
    """What the hint says to write, as Python would."""
    return str(error.value.hint)


def test_a_heading_or_a_last_line_too_many(matrix):
    for names in (["word", *TOKENS], [*TOKENS, "<eof>"]):
        with pytest.raises(
            FormatError, match=r"expected 4 tokens, for x.npy has 4 rows, got 5, of"
        ):
            load(matrix, tokens=names)
    with pytest.raises(FormatError, match="the first is 'a' and the last '<eof>'") as error:
        load(matrix, tokens=names)
    assert "tokens=tokens[1:] if the first is none, or tokens=tokens[:-1]" in advice(error)


def test_a_row_too_many(matrix):
    with pytest.raises(FormatError, match="got 3") as error:
        load(matrix, tokens=TOKENS[:3])
    assert "tokens=dict(zip(tokens, range(1, 4))) if the first row is padding" in advice(error)
    assert "tokens=dict(zip(tokens, range(4))) if the last" in advice(error)
    with pytest.warns(
        InlayWarning, match=r"1 of the 4 rows of x.npy has no token and is left out: 0\. Try"
    ):
        table = load(matrix, tokens=dict(zip(TOKENS[:3], range(1, 4), strict=True)))
    assert np.array_equal(table["a"], MATRIX[1])


def test_a_list_of_another_matrix(matrix):
    with pytest.raises(FormatError, match="got 40") as error:
        load(matrix, tokens=TOKENS * 10)
    assert advice(error) == "tokens= with the list that belongs to this matrix"


def test_what_the_hint_of_a_file_says_is_python(matrix):
    path = matrix.with_name("lines.txt")
    path.write_text("\n".join(["word", *TOKENS]), encoding="utf-8")
    with pytest.raises(FormatError) as error:
        load(matrix, tokens=path)
    lines = eval(advice(error).rpartition("where lines = ")[2], {"Path": Path})
    assert load(matrix, tokens=lines[1:]).tokens.tolist() == TOKENS


def test_ids_from_one(matrix):
    ids = {token: i for i, token in enumerate(TOKENS, 1)}
    with pytest.raises(FormatError, match="got 1 to 4: 1 of 4 tokens have no row") as error:
        load(matrix, tokens=ids)
    assert advice(error) == "tokens={token: id - 1 for token, id in tokens.items()}"


def test_more_words_than_rows(matrix):
    path = matrix.with_name("word_index.json")
    path.write_text(json.dumps({f"w{i}": i for i in range(1, 90)}))
    with pytest.raises(FormatError, match="got 1 to 89: 86 of 89 tokens have no row") as error:
        load(matrix)
    assert "tokens={token: id for token, id in ids.items() if id < 4} if" in advice(error)
    assert "id + 3 in both places" in advice(error)
    assert f"where ids = json.loads(Path({str(path)!r}" in advice(error)


def test_rows_without_a_token_are_counted(matrix):
    with pytest.warns(InlayWarning, match=r"left out: 0, 2\. Try: tokens=\{\*\*tokens, '<pad>': 0"):
        table = load(matrix, tokens={"plot": 3, "good": 1})
    assert table.tokens.tolist() == ["good", "plot"]
    assert np.array_equal(table.matrix, MATRIX[[1, 3]])
    assert table.provenance["rows_without_token"] == 2
    with pytest.warns(InlayWarning):
        kept = load(matrix, tokens={"plot": 3, "good": 1}, keep=["plot"])
    assert np.array_equal(kept.matrix, MATRIX[[3]])
    with pytest.warns(InlayWarning):
        assert load(matrix, tokens={"plot": 3, "good": 1}, limit=1).tokens.tolist() == ["good"]


def test_rows_in_one_stretch_stay_mapped(matrix):
    with pytest.warns(InlayWarning):
        table = load(matrix, tokens={"a": 1, "b": 2})
    assert np.array_equal(table.matrix, MATRIX[1:3])
    assert isinstance(table.storage.base, np.ndarray)


def test_a_matrix_that_is_longer_than_its_tokenizer_says_nothing(matrix, recwarn):
    content = {"model": {"vocab": {token: i for i, token in enumerate(TOKENS[:3])}}}
    matrix.with_name("tokenizer.json").write_text(json.dumps(content))
    table = load(matrix)
    assert np.array_equal(table.matrix, MATRIX[:3])
    assert table.provenance["rows_without_token"] == 1
    assert not recwarn.list


WORDS = np.random.default_rng(2).permutation(FORMS).tolist()


@pytest.mark.parametrize("by", [-2, -1, 1, 2, 3])
def test_a_shift_is_warned_of_and_the_advice_heals_it(tmp_path, by):
    vectors, n = matrix_of(WORDS), len(WORDS)
    path = tmp_path / "x.npy"
    np.save(path, vectors)
    tokens = ["?"] * max(by, 0) + WORDS[max(-by, 0) : n - max(by, 0)]
    tokens += [f"?{i}" for i in range(n - len(tokens))]
    with pytest.warns(InlayWarning, match=f"off by {abs(by)} against") as caught:
        load(path, tokens=tokens)
    healed = eval(str(caught[0].message).partition("Try: tokens=")[2].removesuffix("."))
    with pytest.warns(InlayWarning, match="no token and (is|are) left out"):
        table = load(path, tokens=healed)
    word = WORDS[n // 2]
    assert np.array_equal(table[word], vectors[n // 2])


def test_ids_that_are_off_are_warned_of(tmp_path):
    vectors, n = matrix_of(WORDS), len(WORDS)
    np.save(tmp_path / "x.npy", np.concatenate([np.zeros((3, 16), np.float32), vectors]))
    ids = {word: i for i, word in enumerate(WORDS)}  # to which the model added 3
    with pytest.warns(InlayWarning, match=r"token i - 3: ") as caught:
        load(tmp_path / "x.npy", tokens=ids)
    (said,) = (str(warning.message) for warning in caught)
    healed = eval(said.partition("Try: tokens=")[2].removesuffix("."), {"tokens": ids})
    assert healed == {word: i + 3 for i, word in enumerate(WORDS)}
    assert best_shift(WORDS, n, 16, lambda size: vectors[:size]).by == 0


@pytest.mark.parametrize(
    "name",
    ["x.txt", "words.txt", "vocab.json", "metadata.tsv", "word_index.json", "tokenizer.json",
     "my_vocab_50k.txt", "textgen_vocab.json", "spiece.model"],
)  # fmt: skip
def test_names_that_are_looked_for(matrix, name):
    for other in ("config.json", "readme.txt", "tokenizer_config.json"):
        matrix.with_name(other).write_text("{}")
    matrix.with_name(name).write_text("{}")
    assert list_beside(matrix).name == name


def test_settings_are_never_tokens(matrix):
    matrix.with_name("config.json").write_text('{"a": 0, "b": 1, "c": 2, "d": 3}')
    np.save(matrix.with_name("config.npy"), MATRIX)
    for path in (matrix, matrix.with_name("config.npy")):
        with pytest.raises(FormatError, match=r"got none. Try: tokens= with a file"):
            load(path)


def test_the_folder_around_a_checkpoint(tmp_path):
    inner = tmp_path / "all" / "run"
    inner.mkdir(parents=True)
    (tmp_path / "all" / "vocab.txt").write_text("a")
    (tmp_path / "vocab.txt").write_text("too far")
    assert list_beside(inner / "model.index") == inner.parent / "vocab.txt"
    (tmp_path / "all" / "data").mkdir()
    (tmp_path / "all" / "data" / "word_index.json").write_text("a")
    with pytest.raises(FormatError, match=r"got 2 lists: .*vocab.txt, .*word_index.json"):
        list_beside(inner / "model.index")
    with pytest.raises(FormatError, match="got none"):
        list_beside(inner / "model.npy")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({0: "a", 1: "b"}, "{token: row for row, token in tokens.items()}"),
        ({"a", "b"}, "the list in the order of the rows"),
        (iter("ab"), "list(tokens)"),
        ([b"a", b"b"], "[token.decode() for token in tokens]"),
        ([("a", 3), ("b", 2)], "[pair[0] for pair in tokens]"),
        (4, ""),
    ],
)
def test_what_is_no_list_of_tokens(matrix, wrong, hint):
    with pytest.raises(ArgumentTypeError, match="tokens: expected a file, a list") as caught:
        load(matrix, tokens=wrong)
    assert hint in caught.value.hint
    assert bool(hint) == bool(caught.value.hint)
