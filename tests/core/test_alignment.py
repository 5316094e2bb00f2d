import itertools
import lzma
import unicodedata

import numpy as np
import pytest

from inlay import Table, Vocabulary
from inlay.core import HashingVocabulary, Tokens
from inlay.core.alignment import find_rows
from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning, UnknownTokenError
from tests.data import shared


@pytest.fixture
def vocab():
    return Vocabulary.from_texts(["Film film good good good GREAT zebra zebra", "okapi"])


def found(**by):
    """How many each way of the default found."""
    return dict.fromkeys(("exact", "nfc", "lower", "capitalize", "upper", "nfkc"), 0) | by


def test_rows_are_in_vocabulary_order(table, vocab):
    aligned = table.align(vocab, "zeros")
    assert aligned.tokens == vocab.tokens
    assert (aligned.pad_id, aligned.unk_id) == (0, 1)
    assert aligned.vectors.dtype == np.float32
    assert not aligned.vectors[0].any()
    assert not aligned.vectors[1].any()
    for token in ("good", "film"):
        assert aligned[token].tolist() == table[token].tolist()
    assert aligned["Film"].tolist() == table["film"].tolist()
    assert aligned["GREAT"].tolist() == table["great"].tolist()
    assert not aligned["zebra"].any()


def test_coverage(table, vocab):
    coverage = table.align(vocab).coverage
    assert coverage.n_types == 6
    assert coverage.found_by == found(exact=2, lower=2)
    assert coverage.n_found == 4
    assert (coverage.n_tokens, coverage.n_tokens_found) == (9, 6)
    assert coverage.misses == (("zebra", 2), ("okapi", 1))
    assert str(coverage).splitlines() == [
        "types found: 4 of 6, 66.7% (2 exact, 2 in lower case)",
        "tokens found: 6 of 9, 66.7%",
        "most frequent misses: zebra (2), okapi (1)",
    ]


def test_another_case_is_found_where_a_token_is_not():
    table = Table(["American", "NASA", "us", "US", "Nasa"], np.eye(5, dtype="f4"))
    texts = ["american american nasa us US AMERICAN american"]
    aligned = table.align(Vocabulary.from_texts(texts), "zeros")
    rows = {token: int(aligned[token].argmax()) for token in aligned if aligned[token].any()}
    assert rows == {"american": 0, "AMERICAN": 0, "nasa": 4, "us": 2, "US": 3}
    assert aligned.coverage.found_by == found(exact=2, capitalize=3)
    assert str(aligned.coverage).startswith("types found: 5 of 5, 100.0% (2 exact, 3 capitalized)")
    nasa = Table(["NASA"], np.ones((1, 2), "f4")).align(["nasa", "Nasa", "nAsA"], "zeros")
    assert nasa.coverage.found_by == found(upper=3)
    assert table.align(["american"], "zeros", fallback="lower").coverage.n_found == 0
    assert table.align(["american"], "zeros", fallback=()).coverage.found_by == {"exact": 0}


def test_the_same_text_in_other_forms_is_found_and_counted():
    """Korean as a Mac writes it, full-width letters and punctuation."""
    table = Table(["영화", "Café", "cafe\u0301", "good", ",", "ﬁ"], np.eye(6, dtype="f4"))
    decomposed = [unicodedata.normalize("NFD", token) for token in ("영화", "Café")]
    asked = [*decomposed, "ｇｏｏｄ", "，", "cafe\u0301", "ﬁ", "電影"]
    aligned = table.align(asked, "zeros")
    assert [int(row.argmax()) if row.any() else None for row in aligned.vectors] == [
        *[0, 1, 3, 4],
        *[2, 5, None],  # what is there as it is stays what it is
    ]
    assert aligned.tokens.tolist() == asked
    assert aligned.coverage.found_by == found(exact=2, nfc=2, nfkc=2)
    assert "(2 exact, 2 in NFC, 2 in NFKC)" in str(aligned.coverage)
    assert table.align(asked, "zeros", fallback="upper").coverage.n_found == 2


def test_plain_text_is_not_normalised(monkeypatch):
    calls = []
    monkeypatch.setattr(unicodedata, "normalize", lambda form, text: calls.append(text) or text)
    Table(["good"], np.ones((1, 2), "f4")).align(["good", "bad", "Film", "é"], "zeros")
    assert calls == ["é", "é"]


def test_letters_whose_case_is_not_one_letter():
    table = Table(["I", "STRASSE", "\ufb01x", "i\u0307", "\u0130"], np.eye(5, dtype="f4"))
    strange = ["\u0131", "stra\xdfe", "\ufb01X", "\u0130x", "\u0149", "\ud800", "\u01c6", ""]
    aligned = table.align(strange[:5] + strange[6:], "zeros")
    assert [int(row.argmax()) if row.any() else None for row in aligned.vectors] == [
        *[0, 1, 2, None],
        *[None, None, None],
    ]
    rows, _ = find_rows(table.tokens.find_many, strange, ["lower", "capitalize", "upper"])
    assert rows[5] == -1


def test_a_script_without_case_is_looked_up_once(monkeypatch):
    table = Table(["영화", "a"], np.eye(2, dtype="f4"))
    asked = []
    find_many = Tokens.find_many
    monkeypatch.setattr(Tokens, "find_many", lambda self, t: asked.append(t) or find_many(self, t))
    coverage = table.align(["영화", "电影", "좋은", "B"], "zeros").coverage
    assert coverage.found_by == found(exact=1)
    assert asked == [["영화", "电影", "좋은", "B"], ["b"]]


def test_words_of_real_cased_text_are_found_in_lower_case():
    with lzma.open(shared("corpus-enwiki", "enwiki_sample.txt.xz"), "rt", encoding="utf-8") as file:
        cased = Vocabulary.from_texts(itertools.islice(file, 3000), min_count=2, pad=None, unk=None)
    table = Table(cased.tokens, np.ones((len(cased), 1), "f4"))
    lines = shared("mr", "rt-polarity.pos").read_text("utf-8", errors="replace").splitlines()
    vocab = Vocabulary.from_texts(lines, tokenizer="lower")
    exact, coverage = table.align(vocab, fallback=()).coverage, table.align(vocab).coverage
    assert coverage.found_by["exact"] == exact.n_found
    assert coverage.found_by["capitalize"] > 200
    assert coverage.found_by["upper"] > 4
    share = [each.n_tokens_found / each.n_tokens for each in (exact, coverage)]
    assert share[1] > share[0] + 0.01
    assert table.align(["american"]).coverage.found_by["capitalize"] == 1


def test_fallbacks_in_order(vocab):
    table = Table(["FILM", "Film", "ﬁx", "é"], np.eye(4, dtype="f4"))
    asked = Vocabulary(["film", "e\u0301"])
    aligned = table.align(asked, "zeros", fallback=("upper", "capitalize", "nfc"))
    assert aligned.coverage.found_by == {"exact": 0, "upper": 1, "capitalize": 0, "nfc": 1}
    assert aligned["film"].argmax() == 0
    assert table.align(asked, "zeros", fallback=()).coverage.n_found == 0
    with pytest.raises(ArgumentError, match="fallback"):
        table.align(asked, fallback=("lowercase",))
    with pytest.raises(ArgumentError, match=r"fallback: .* got list \['lower'\]"):
        table.align(asked, fallback=[["lower"]])
    for wrong in (None, 5):
        with pytest.raises(
            ArgumentTypeError, match=r"fallback: expected a list of names.*Try: \(\)"
        ):
            table.align(asked, fallback=wrong)


@pytest.mark.parametrize("policy", ["normal", "uniform"])
def test_random_rows_have_the_variance_of_the_found_and_a_seed(policy):
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(500)]
    table = Table(words, rng.normal(0, 0.3, (500, 40)).astype("f4"))
    vocab = Vocabulary([*words, *(f"new{i}" for i in range(500))])
    drawn = table.align(vocab, policy, seed=5).vectors[-500:]
    assert drawn.std() == pytest.approx(0.3, rel=0.02)
    assert abs(drawn.mean()) < 0.01
    assert np.array_equal(drawn, table.align(vocab, policy, seed=5).vectors[-500:])
    assert not np.array_equal(drawn, table.align(vocab, policy, seed=6).vectors[-500:])
    if policy == "uniform":
        assert np.abs(drawn).max() <= 0.3 * 3**0.5 * 1.02


def test_mean_callable_and_error(table):
    vocab = Vocabulary(["good", "film", "zebra"])
    assert table.align(vocab, "mean")["zebra"].tolist() == [0.5, 0.5, 0]
    ones = table.align(vocab, lambda token: np.full(3, len(token)))
    assert ones["zebra"].tolist() == [5, 5, 5]
    assert not ones.vectors[vocab.pad_id].any()
    with pytest.raises(ArgumentError, match=r"a vector \(3,\) for '<unk>'"):
        table.align(vocab, lambda token: [1.0])
    for answer in ("film", [[1.0], [1.0, 2.0]], object()):
        with pytest.raises(ArgumentTypeError, match=r"a vector \(3,\) for '<unk>', got"):
            table.align(vocab, lambda token, answer=answer: answer)
    with pytest.raises(UnknownTokenError, match="got 1 that are not: 'zebra'"):
        table.align(vocab, "error")
    known = table.align(Vocabulary(["good", "film"]), "error")
    assert known.matrix[vocab.unk_id].any()  # drawn: the unk token itself is no miss
    with pytest.raises(ArgumentError, match="unknown"):
        table.align(vocab, "gaussian")


def test_the_pad_row_is_zero_wherever_it_is_and_whatever_the_table_says():
    table = Table(["<pad>", "a"], np.ones((2, 2), "f4"))
    vocab = Vocabulary(["a"], pad_id=2, unk_id=0)
    aligned = table.align(vocab)
    assert aligned.pad_id == 2
    assert not aligned.vectors[2].any()
    assert aligned.coverage.found_by["exact"] == 1


def test_nothing_found_still_gives_vectors_of_the_table_s_size():
    table = Table(["a", "b"], np.array([[3, 3], [-3, -3]], "f4"))
    aligned = table.align(Vocabulary([f"x{i}" for i in range(2000)]))
    assert aligned.vectors.std() == pytest.approx(3, rel=0.05)
    assert aligned.coverage.n_found == 0


def test_without_special_tokens_and_without_words():
    table = Table(["a", "b"], np.eye(2, dtype="f4"))
    bare = table.align(Vocabulary(["b", "a"], pad=None, unk=None))
    assert bare.vectors.tolist() == [[0, 1], [1, 0]]
    assert (bare.pad_id, bare.unk_id) == (None, None)
    empty = table.align(Vocabulary([]))
    assert len(empty) == 2
    assert str(empty.coverage) == "types found: none asked for (0 exact)"


@pytest.mark.parametrize("policy", ["normal", "uniform", "mean"])
def test_an_empty_table_has_no_mean_and_no_variance(policy):
    table = Table([], np.zeros((0, 2), "f4"))
    vocab = Vocabulary(["a"])
    with pytest.raises(ArgumentError, match=r"got an empty table\. Try: unknown='zeros'"):
        table.align(vocab, policy)
    assert not table.align(vocab, "zeros").matrix.any()


@pytest.mark.parametrize("tokens", [["film", "xyz", "good"], np.array(["film", "xyz", "good"])])
def test_a_list_of_tokens_stands_for_these_rows_in_this_order(table, tokens):
    aligned = table.align(tokens, "zeros")
    assert aligned.tokens.tolist() == ["film", "xyz", "good"]
    assert aligned.vectors.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert (aligned.pad_id, aligned.unk_id) == (None, None)
    with pytest.raises(ArgumentError, match="'a' at 0 and 1"):
        table.align(["a", "a"])


def test_a_map_keeps_its_ids(table):
    aligned = table.align({"good": 1, "film": 0})
    assert aligned.tokens.tolist() == ["film", "good"]
    assert aligned.vectors.tolist() == [[0, 1, 0], [1, 0, 0]]
    with pytest.raises(ArgumentError, match="each id from 0 to 1 once"):
        table.align({"good": 1, "film": 2})


def test_another_table_gives_its_rows_and_special_ids(table, vocab):
    first = table.align(vocab, "zeros")
    second = Table(["film", "good"], np.eye(2)).align(first, "zeros")
    assert second.tokens == first.tokens
    assert (second.pad_id, second.unk_id) == (first.pad_id, first.unk_id)
    assert second.counts.tolist() == first.counts.tolist()
    assert second.coverage.n_types == 6
    assert second["good"].tolist() == [0, 1]


def test_hashed_ids_cannot_be_turned_back_into_tokens(table):
    with pytest.raises(ArgumentTypeError, match=r"cannot be turned back.*from_texts\(texts\)"):
        table.align(HashingVocabulary(10))


def test_one_token_is_no_vocabulary(table):
    with pytest.raises(ArgumentTypeError, match=r"vocab: expected a Vocabulary, .*table\[token\]"):
        table.align("good")


@pytest.mark.parametrize("vocab", [None, 3, {"good", "film"}])
def test_what_has_no_tokens_in_order_is_no_vocabulary(table, vocab):
    with pytest.raises(ArgumentTypeError, match=r"^vocab: expected a list of tokens"):
        table.align(vocab)


@pytest.mark.parametrize("seed", ["1", 1.5, True, None])
def test_the_seed_is_a_whole_number(table, vocab, seed):
    with pytest.raises(ArgumentTypeError, match="seed: expected a whole number, 0 or more"):
        table.align(vocab, seed=seed)
    with pytest.raises(ArgumentError, match="seed"):
        table.align(vocab, seed=-1)
    assert table.align(vocab, seed=np.int64(3)).provenance["seed"] == 3


@pytest.mark.parametrize("given", [["<pad>", "film"], {"film": 0, "<pad>": 1}])
def test_a_padding_token_without_padding_is_warned_of(given):
    table = Table(["film"], np.ones((1, 2), "float32"))
    with pytest.warns(InlayWarning, match=r"'<pad>' is a token like any other .*pad='<pad>'\)"):
        assert table.align(given).pad_id is None
    vocab = Vocabulary.from_mapping({"film": 0, "<pad>": 1}, pad="<pad>")
    assert table.align(vocab).pad_id == 1
