"""Files and objects that say which token a row has, each as its library writes it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from inlay import Vocabulary, load
from inlay.errors import FormatError
from inlay.formats.names import checked_names
from inlay.formats.vocabulary_files import read_listing
from tests.data import shared

TOKENS = ["", "[UNK]", "a", "good", "film"]
MATRIX = np.arange(1, 11, dtype=np.float32).reshape(5, 2)
INDEX = {"a": 1, "good": 2, "film": 3, "unheard": 4}


@pytest.fixture
def matrix(tmp_path):
    np.save(tmp_path / "x.npy", MATRIX)
    return tmp_path / "x.npy"


def beside(matrix, name, content):
    path = matrix.with_name(name)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


HUGGING_FACE = {
    "WordPiece": {"vocab": {t: i for i, t in enumerate(TOKENS[:4])}, "unk_token": "[UNK]"},
    "BPE": {"vocab": {t: i for i, t in enumerate(TOKENS[:4])}, "unk_token": "[UNK]", "merges": []},
    "Unigram": {"vocab": [[t, -1.0] for t in TOKENS[:4]], "unk_id": 1},
}


@pytest.mark.parametrize("kind", HUGGING_FACE)
def test_a_tokenizer_of_hugging_face(matrix, kind):
    added = [{"id": 4, "content": "film"}]
    content = {"model": {"type": kind} | HUGGING_FACE[kind], "added_tokens": added}
    path = beside(matrix, "tokenizer.json", content)
    for tokens in (path, None):
        table = load(matrix, tokens=tokens)
        assert table.tokens.tolist() == TOKENS
        assert table.unk_id == 1


def test_a_tokenizer_names_its_padding_beside_it(matrix):
    np.save(matrix, MATRIX * (np.arange(5) > 0)[:, None])
    vocab = {t: i for i, t in enumerate(TOKENS)}
    beside(matrix, "tokenizer.json", {"model": {"type": "WordLevel", "vocab": vocab}})
    beside(matrix, "tokenizer_config.json", {"pad_token": {"content": ""}, "unk_token": "[UNK]"})
    beside(matrix, "vocab.txt", "of\nno\ninterest\n")
    table = load(matrix)
    assert (table.pad_id, table.unk_id) == (0, 1)
    assert load(matrix, keep=["good", "[UNK]"]).unk_id == 0
    np.save(matrix, MATRIX)
    assert load(matrix).pad_id is None  # a row that is no padding, whatever it is called


@pytest.mark.parametrize("form", ["index", "nested", "quoted"])
def test_keras_tokenizer(matrix, form):
    config = {"num_words": 4, "oov_token": None, "word_index": json.dumps(INDEX)}
    content = {"class_name": "Tokenizer", "config": config}
    if form == "index":
        content = {token: i for token, i in INDEX.items() if i < 4}
    path = beside(
        matrix, "index.json", json.dumps(json.dumps(content)) if form == "quoted" else content
    )
    with pytest.warns(UserWarning, match=r"2 of the 5 rows of x.npy have no token .* 0, 4\."):
        table = load(matrix, tokens=path)
    assert table.tokens.tolist() == ["a", "good", "film"]
    assert np.array_equal(table.matrix, MATRIX[1:4])
    assert table.provenance["rows_without_token"] == 2


def test_columns(matrix):
    rows = "".join(f"{token}\t{i}\n" for i, token in enumerate(TOKENS))
    for content in (rows, f"word\tcount\n{rows}"):  # the projector's heads
        table = load(matrix, tokens=beside(matrix, "metadata.tsv", content))
        assert table.tokens.tolist() == TOKENS
    assert load(matrix).tokens.tolist() == TOKENS


def test_a_tab_may_be_a_token(matrix):
    path = beside(matrix, "characters.txt", "a\nb\n\t\nc\nd\n")
    assert load(matrix, tokens=path).tokens.tolist() == ["a", "b", "\t", "c", "d"]


def test_our_own_vocabulary(matrix):
    vocab = Vocabulary(["a", "good", "film"])
    vocab.save(matrix.with_name("vocab.json"))
    np.save(matrix, MATRIX * (np.arange(5) > 0)[:, None])
    for tokens in (vocab, matrix.with_name("vocab.json"), None):
        table = load(matrix, tokens=tokens)
        assert table.tokens == vocab.tokens
        assert (table.pad_id, table.unk_id) == (0, 1)


def test_sentencepiece():
    path = shared("sentencepiece-tftext", "test_oss_model.model")
    found = read_listing(str(path))
    assert len(found.tokens) == 1000
    assert found.tokens[:4] == ["<unk>", "<s>", "</s>", "\r"]
    sentencepiece = pytest.importorskip("sentencepiece")
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    pieces = [model.id_to_piece(i) for i in range(model.get_piece_size())]
    assert found.tokens == pieces
    assert checked_names("tokens", model).tokens == pieces


def test_a_small_model_of_sentencepiece(matrix):
    def message(*fields):
        return b"".join(bytes([n << 3 | 2, len(v)]) + v for n, v in fields)

    pieces = ["<unk>", "<s>", "</s>", "▁a", "film"]
    score = b"\x15\0\0\x80\xbf"
    content = message(*((1, message((1, p.encode())) + score) for p in pieces), (2, b""))
    assert load(matrix, tokens=beside(matrix, "spiece.model", content)).tokens.tolist() == pieces
    with pytest.raises(FormatError):
        load(matrix, tokens=beside(matrix, "spiece.model", content[:-4]))


class Having:
    def __init__(self, **members):
        self.__dict__ |= members


ROWS = {token: i for i, token in enumerate(TOKENS)}
OBJECTS = {
    "torchtext": Having(get_itos=lambda: TOKENS, get_stoi=lambda: ROWS),
    "old torchtext": Having(itos=TOKENS),
    "Hugging Face": Having(get_vocab=lambda: dict(reversed(ROWS.items())), unk_token="[UNK]"),
    "tokenizers": Having(get_vocab=lambda: ROWS, model=Having(unk_token="[UNK]")),
    "Keras": Having(get_vocabulary=lambda: TOKENS),
    "scikit-learn": Having(vocabulary_={t: np.int64(i) for t, i in ROWS.items()}),
    "gensim": Having(key_to_index=ROWS),
    "numpy": np.array(TOKENS),
}


@pytest.mark.parametrize("library", OBJECTS)
def test_objects_of_other_libraries(matrix, library):
    table = load(matrix, tokens=OBJECTS[library])
    assert table.tokens.tolist() == TOKENS
    assert table.unk_id == (1 if library in ("Hugging Face", "tokenizers", "Keras") else None)


def test_a_layer_of_keras_has_padding_first(matrix):
    np.save(matrix, MATRIX * (np.arange(5) > 0)[:, None])
    assert load(matrix, tokens=OBJECTS["Keras"]).pad_id == 0
    for others in (["[UNK]", "", *TOKENS[2:]], ["", "a", "b", "c", "d"]):
        table = load(matrix, tokens=Having(get_vocabulary=lambda others=others: others))
        assert (table.pad_id, table.unk_id) == (None, None)


def test_scikit_learn_itself(matrix):
    text = pytest.importorskip("sklearn.feature_extraction.text")
    counting = text.CountVectorizer().fit(["one two three", "four five"])
    table = load(matrix, tokens=counting)
    assert table.tokens.tolist() == counting.get_feature_names_out().tolist()


@pytest.mark.parametrize(
    "content",
    [
        {"model": {"vocab": {"a": "b"}}},
        {"model": {"vocab": 3}},
        {"model": {"vocab": [[3, 1.0]]}},
        {"class_name": "Tokenizer", "config": {"word_index": "[1]"}},
        {"class_name": "Tokenizer", "config": {"word_index": "{"}},
        {"tokens": [1, 2]},
        "[",
        "{",
        3,
        None,
        {"a": -1, "b": 1},
        {"9" * 30: "a"},
        ["a", "b", "\ud800", "c", "d"],
    ],
)
def test_json_of_something_else(matrix, content):
    with pytest.raises(FormatError):
        load(matrix, tokens=beside(matrix, "x.json", content))


COUNTED = [(token or "<pad>", str(7 - i)) for i, token in enumerate(TOKENS)]
IN_COLUMNS = {  # words and counts, with a heading, behind the numbers of rows; in quotation marks
    "plain": [f"{token},{n}" for token, n in COUNTED],
    "heading": ["word,count", *(f"{token},{n}" for token, n in COUNTED)],
    "numbered": [",word,n", *(f"{i},{token},{n}" for i, (token, n) in enumerate(COUNTED))],
    "quoted": [f'"{token}","{n}"' for token, n in COUNTED],
    "semicolons": [f"{token};{n}" for token, n in COUNTED],
}


@pytest.mark.parametrize("kind", IN_COLUMNS)
def test_words_and_counts_between_commas(matrix, kind):
    path = beside(matrix, "counts.csv", "\n".join(IN_COLUMNS[kind]) + "\n")
    assert load(matrix, tokens=path).tokens.tolist() == ["<pad>", *TOKENS[1:]]


def test_numbers_of_rows_before_the_words_are_no_tokens(matrix):
    path = beside(matrix, "vocab.tsv", "".join(f"{i}\t{token}\n" for i, token in enumerate(TOKENS)))
    assert load(matrix, tokens=path).tokens.tolist() == TOKENS
    years = beside(matrix, "years.tsv", "".join(f"{1990 + i}\t{i}\n" for i in range(5)))
    assert load(matrix, tokens=years).tokens[0] == "1990"  # there is nothing else


@pytest.mark.parametrize("kind", ["plain", "numbered"])
def test_the_hint_on_columns_is_python(matrix, kind, monkeypatch):
    path = beside(matrix, "counts.csv", "\n".join([*IN_COLUMNS[kind], *IN_COLUMNS[kind][-2:]]))
    monkeypatch.chdir(matrix.parent)
    with pytest.raises(FormatError, match="expected 5 tokens") as caught:
        load(matrix, tokens=path.name)
    made = caught.value.hint.partition("where lines = ")[2]
    lines = eval(made, {"csv": csv, "Path": Path})
    assert lines[kind == "numbered" :][:5] == ["<pad>", *TOKENS[1:]]
