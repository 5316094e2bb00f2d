"""Vectors of texts against a few lines of numpy on the table's own rows."""

import unicodedata

import numpy as np
import pytest

import inlay
from inlay import Table
from inlay.encode.static import StaticEncoder
from inlay.encode.static import lexicon as lexicon_module
from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning, NotFittedError
from inlay.jobs.threads import Pool
from inlay.layers import stack
from inlay.tokenizers import words
from tests.conformance.check_encoder import TEXTS, check_encoder
from tests.encode.static.tables import FLOATS, UNKNOWN, WORDS, composing, table

POOLS = {
    "mean": lambda x: x.mean(0),
    "sum": lambda x: x.sum(0),
    "max": lambda x: x.max(0),
    "min": lambda x: x.min(0),
    "power:2": lambda x: np.sqrt((x.astype(float) ** 2).mean(0)),
    "power:3": lambda x: np.cbrt((x.astype(float) ** 3).mean(0)),
}
MANY = ("mean", "max", "min", "power:3")


def by_hand(texts, pool, get=None):
    """The definition: the rows of a text's known words, pooled; zeros without any."""
    get = get or dict(zip(WORDS, FLOATS, strict=True)).get
    rows = [[v for word in words(text) if (v := get(word)) is not None] for text in texts]
    return np.array([POOLS[pool](np.array(x)) if x else np.zeros(5) for x in rows])


@pytest.mark.parametrize("pool", [*POOLS, MANY])
def test_the_contract(pool, tmp_path):
    single = isinstance(pool, str)
    check_encoder(
        lambda: StaticEncoder(table(), pool=pool),
        tmp_path,
        unknown=" ".join(UNKNOWN),
        words=100_000 if pool == "mean" else 4_000,
        linear=single,
    )


@pytest.mark.parametrize("pool", ["sif", "tfidf"])
def test_the_contract_of_what_is_learned(pool, tmp_path):
    check_encoder(
        lambda: StaticEncoder(table(), pool=pool).fit(TEXTS),
        tmp_path,
        unknown=" ".join(UNKNOWN),
        words=4_000,
    )


@pytest.mark.parametrize("pool", POOLS)
def test_each_pooling_is_its_definition(pool):
    encoder = StaticEncoder(table(), pool=pool)
    np.testing.assert_allclose(encoder.encode(TEXTS), by_hand(TEXTS, pool), rtol=1e-5, atol=1e-6)
    if pool in encoder.pools[1:]:
        np.testing.assert_array_equal(
            StaticEncoder(table()).encode(TEXTS, pool=pool), encoder.encode(TEXTS)
        )


def test_several_poolings_stand_side_by_side():
    encoder = StaticEncoder(table(), pool=MANY)
    expected = np.hstack([by_hand(TEXTS, pool) for pool in MANY])
    assert (encoder.dim, encoder.pools) == (20, ("mean+max+min+power:3",))
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        StaticEncoder(table(), pool="mean+max+min+power:3").encode(TEXTS), encoder.encode(TEXTS)
    )
    vectors, _ = encoder.tokens(["good"])  # a vector of one word, once for each
    np.testing.assert_array_equal(vectors[0, 0], np.tile(FLOATS[WORDS.index("good")], 4))


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16", "int8"])
@pytest.mark.parametrize("pool", ["mean", "max"])
def test_a_table_of_any_type_is_decoded_row_by_row(dtype, pool):
    other = table().astype(dtype)
    found = StaticEncoder(other, pool=pool).encode(TEXTS)
    expected = by_hand(TEXTS, pool, dict(zip(WORDS, other.vectors, strict=True)).get)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_unknown_words_are_left_out_and_counted():
    encoder = StaticEncoder(table())
    texts = ["a good qzxv film", "qzxv", "", ["a", "nothing", "good"]]
    known, n = encoder.known(texts)
    assert (known.tolist(), n.tolist()) == ([3, 0, 0, 2], [4, 1, 0, 3])
    vectors = encoder.encode(texts)
    np.testing.assert_allclose(vectors[0], by_hand(["a good film"], "mean")[0], rtol=1e-6)
    assert not vectors[1:3].any()
    words_of_text, mask = encoder.tokens(["a qzxv film"])
    assert mask.tolist() == [[True] * 3]
    assert words_of_text.any(axis=2).tolist() == [[True, False, True]]


def test_the_unknown_token_is_no_word():
    given = Table(["<unk>", "good"], np.float32([[1, 1], [2, 4]]), unk_id=0)
    encoder = StaticEncoder(given, tokenizer="split")
    assert encoder.encode(["<unk> good", "<unk>"]).tolist() == [[2, 4], [0, 0]]


def test_a_table_that_composes_knows_words_that_it_does_not_hold():
    given = composing()
    encoder = StaticEncoder(given)
    texts = ["good qzxv film wqplk", "qzxv", "😀 x", "good"]

    def get(word):
        return given[word] if given[word].any() else None

    np.testing.assert_allclose(encoder.encode(texts), by_hand(texts, "mean", get), atol=1e-6)
    assert encoder.known(texts)[0].tolist() == [4, 1, 1, 1]  # "x" is too short for an n-gram
    np.testing.assert_allclose(
        encoder.tokens(texts[:1])[0][0], [given[word] for word in texts[0].split()], rtol=1e-6
    )


def test_several_tables_stand_side_by_side():
    """Each pools the words that it has."""
    other = Table(["good", "xyzzy"], np.float32([[1, 2], [3, 5]]))
    both, texts = StaticEncoder([table(), other]), ["a good xyzzy", "film", ""]
    expected = [StaticEncoder(one).encode(texts) for one in (table(), other)]
    assert both.dim == 7
    np.testing.assert_array_equal(both.encode(texts), np.hstack(expected))
    np.testing.assert_array_equal(
        StaticEncoder(stack([table(), other])).encode(texts), np.hstack(expected)
    )
    assert both.known(texts)[0].tolist() == [3, 1, 0]
    two = StaticEncoder([table(), other], pool=("mean", "max")).encode(texts)
    np.testing.assert_array_equal(two[:, :7], np.hstack(expected))
    assert two[0, 12:].tolist() == [3, 5]
    assert both.tokens(["xyzzy"])[0].tolist() == [[[0, 0, 0, 0, 0, 3, 5]]]


@pytest.mark.filterwarnings("ignore:.*have no vector:inlay.errors.InlayWarning")
@pytest.mark.parametrize("tokenizer", ["words", "lower", "split", "characters", "nfkc+words"])
def test_words_are_those_of_the_tokenizer(tokenizer):
    """Also where pieces between spaces are remembered."""
    odd = [*TEXTS, "a\tgood\nfilm", " good  film ", "Good\u3000FILM\x1cgood", "e\u0301 é\u00a0a"]
    given = table()
    encoder = StaticEncoder(given, tokenizer=tokenizer)
    split = inlay.tokenizers.get_tokenizer(tokenizer)
    for _ in range(2):  # the second time all of them are known
        np.testing.assert_array_equal(
            encoder.encode(odd), encoder.encode([split(text) for text in odd])
        )
    assert [encoder.tokenize(text) for text in odd] == [split(text) for text in odd]
    half = "good \ud800 film"  # which UTF-8 cannot hold
    np.testing.assert_array_equal(encoder.encode([half])[0], encoder.encode([split(half)])[0])


def test_many_new_words_are_found_as_few_are(monkeypatch):
    odd = ["\ud800", "?", "e\u0301", "x" * 300, ""]
    tokens = [f"w{i}" for i in range(300)] + ["?"]
    given = Table(tokens, np.arange(301, dtype="f4")[:, None])
    lists = [[word] for word in [*odd, *tokens[::-1], "w300"]]
    rows = {token: [float(i)] for i, token in enumerate(tokens)}
    expected = [rows.get(word, [0]) for (word,) in lists]
    for few in (64, 10**6):
        monkeypatch.setattr(lexicon_module, "FEW", few)
        np.testing.assert_array_equal(StaticEncoder(given).encode(lists), expected)


def test_a_token_may_have_a_zero_byte():
    given = Table(["a", "b", "a\0b", "\0"], np.eye(4, dtype="f4"))
    lists = [["a"], ["a\0b", "b"], ["\0", "", "b"], ["b\0a"]]
    found = StaticEncoder(given, pool="sum").encode(lists)
    assert found.tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]]


def test_texts_are_cut():
    encoder = StaticEncoder(table(), max_length=2)
    expected = by_hand(["a good", "qzxv good", "film"], "mean")
    texts = ["a good film", "qzxv good film", "film"]
    np.testing.assert_allclose(encoder.encode(texts), expected, rtol=1e-6)
    np.testing.assert_allclose(encoder.encode([t.split() for t in texts]), expected, rtol=1e-6)
    assert encoder.tokenize("a good film") == ["a", "good"]
    cut = StaticEncoder(table(), max_characters=6)
    np.testing.assert_allclose(cut.encode(["a good film"]), by_hand(["a good"], "mean"), rtol=1e-6)
    assert cut.tokenize("a good film") == ["a", "good"]
    assert cut.tokenize(["a", "goodness"]) == ["a", "goodness"]


def test_normalize_is_the_encoders_own():
    unit = StaticEncoder(table(), normalize=True).encode(TEXTS)
    np.testing.assert_array_equal(unit, StaticEncoder(table()).encode(TEXTS, normalize=True))


def test_the_tokenizer_is_the_tables_own():
    lowered = table(provenance={"tokenizer": "lower"})
    assert StaticEncoder(lowered).settings["tokenizer"] == "lower"
    assert StaticEncoder(lowered, tokenizer="split").settings["tokenizer"] == "split"
    assert StaticEncoder(table()).settings["tokenizer"] == "words"
    lost = StaticEncoder(table(provenance={"tokenizer": "nowhere:function"}))
    assert lost.encode([["good"]]).any()
    with pytest.raises(ArgumentError, match="StaticEncoder"):
        lost.encode(["good"])


def test_what_was_seen_is_forgotten_before_it_fills_the_memory(monkeypatch):
    encoder = StaticEncoder(table())
    expected = encoder.encode(TEXTS)
    monkeypatch.setattr(lexicon_module, "MOST", 20)
    for i in range(30):
        encoder.encode([f"x{i}y{j} z" for j in range(15)])
    assert encoder._lexicon._pieces.n <= 20 + 16
    np.testing.assert_array_equal(encoder.encode(TEXTS), expected)


def test_several_threads_may_encode_at_once(monkeypatch):
    """A word that two of them see first has one number."""
    monkeypatch.setattr(lexicon_module, "MOST", 400)
    texts = [f"good x{i % 97} film {WORDS[i % len(WORDS)]} y{i}" for i in range(2000)]
    expected = StaticEncoder(table()).encode(texts)
    encoder = StaticEncoder(table())
    parts = [slice(i, i + 20) for i in range(0, 2000, 20)]
    with Pool(4) as pool:
        found = list(pool.in_order(lambda part: encoder.encode(texts[part]), parts, 100))
    np.testing.assert_array_equal(np.concatenate(found), expected)


def test_an_error_of_the_tokenizer_leaves_nothing_half_known():
    def fails(text):
        if fails.now:
            raise ValueError(text)
        return text.split()

    fails.now = False
    encoder = StaticEncoder(table(), tokenizer=fails)
    local = StaticEncoder(table(), tokenizer="split")
    local._lexicon.tokenizer = fails  # a piece is numbered, and then not split
    for one in (encoder, local):
        fails.now = True
        with pytest.raises(ValueError, match="good"):
            one.encode(["good film"])
        fails.now = False
        assert one.encode(["good film"]).any()


def test_an_error_anywhere_leaves_nothing_half_known(monkeypatch):
    def stop(_):
        raise MemoryError

    encoder = StaticEncoder(table())
    encoder.encode(["a"])
    monkeypatch.setattr(encoder._lexicon._starts, "extend", stop)
    with pytest.raises(MemoryError):
        encoder.encode(["good film"])
    np.testing.assert_array_equal(encoder.encode(TEXTS), StaticEncoder(table()).encode(TEXTS))


def test_hashes_differ_where_vectors_do(tmp_path):
    plain = StaticEncoder(table())
    others = [
        StaticEncoder(Table(WORDS, FLOATS * 2)),
        StaticEncoder(Table(WORDS[::-1], FLOATS)),
        StaticEncoder(table(unk_id=3)),
        StaticEncoder([table(), table()]),
        StaticEncoder(table().astype("float16")),
        StaticEncoder(composing()),
        StaticEncoder(table(), pool="sif").fit(TEXTS),
        StaticEncoder(table(), pool="sif").fit(TEXTS, a=0.1),
        StaticEncoder(table(), pool="tfidf").fit(TEXTS),
    ]
    assert len({plain.hash, *(other.hash for other in others)}) == 10
    table().save(tmp_path / "table.safetensors")
    mapped = inlay.load(tmp_path / "table.safetensors")
    assert StaticEncoder(mapped).hash == plain.hash
    for some in (composing(), table().astype("int8")):
        some.save(tmp_path / "other.safetensors")
        again = inlay.load(tmp_path / "other.safetensors")
        assert StaticEncoder(again).hash == StaticEncoder(some).hash


def test_sizes():
    assert (StaticEncoder(table()).n_parameters, StaticEncoder(table()).n_bytes) == (
        FLOATS.size,
        FLOATS.nbytes,
    )
    assert StaticEncoder(composing()).n_parameters == FLOATS.size + 250


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"pool": "median"}, ArgumentError, "pool: expected one of 'mean'"),
        ({"pool": "power:1"}, ArgumentError, "power:2"),
        ({"pool": ("mean", "mean")}, ArgumentError, "pool: "),
        ({"pool": ("mean", "sif")}, ArgumentError, "several but the last"),
        ({"pool": ()}, ArgumentTypeError, "pool: "),
        ({"pool": 3}, ArgumentTypeError, "pool: "),
        ({"max_length": 0}, ArgumentError, "max_length: "),
        ({"normalize": "yes"}, ArgumentTypeError, "normalize: "),
        ({"tokenizer": "nonsense"}, ArgumentError, "tokenizer: "),
        ({"powers": (1, 2)}, ArgumentTypeError, "Try: pool="),
    ],
)
def test_what_is_refused(given, error, match):
    with pytest.raises(error, match=match):
        StaticEncoder(table(), **given)


@pytest.mark.parametrize("given", [3, [], [3], {"good": [1.0]}, None])
def test_what_is_no_table(given):
    with pytest.raises(ArgumentTypeError, match="table: expected a Table, its file, or several"):
        StaticEncoder(given)


def test_a_stack_that_is_no_concatenation_is_refused():
    with pytest.raises(ArgumentError, match=r"mode='average'.*Try: stack\.merged"):
        StaticEncoder(stack([table(), table()], "average"))


@pytest.mark.parametrize("pool", ["sif", "tfidf"])
def test_what_has_not_learned_never_gives_the_mean(pool):
    for ask in (
        StaticEncoder(table(), pool=pool).encode,
        StaticEncoder(table(), pool=pool).pooled,
        lambda texts: StaticEncoder(table()).encode(texts, pool=pool),
    ):
        with pytest.raises(NotFittedError, match=rf"learned what '{pool}' needs.*fit\(texts\)"):
            ask(["good"])


def test_texts_that_the_tokenizer_leaves_whole_are_told_of_once():
    clauses = ["酒店的房间非常干净而且安静", "早餐太差服务员的态度也不好"]
    encoder = StaticEncoder(table())
    with pytest.warns(InlayWarning, match="^2 of 2 texts have words of up to 13 letters") as told:
        encoder.encode(clauses)
    encoder.encode(clauses)
    assert len(told) == 1
    assert told[0].filename == __file__
    with pytest.warns(InlayWarning, match="words of up to 13 letters"):
        StaticEncoder(table(), pool="sif").fit(clauses)
    with pytest.warns(InlayWarning, match=r"decomposed letters.*tokenizer='nfc\+words'"):
        StaticEncoder(table()).encode([unicodedata.normalize("NFD", "아주 좋은 영화")])
    StaticEncoder(table(), tokenizer="characters").encode(clauses)  # warnings are errors here
    StaticEncoder(table()).encode([["酒店的房间非常干净而且安静"]])


def test_words_without_a_vector_are_told_of_once():
    texts = ["영화가 정말 좋았고 배우들의 연기도 훌륭했다"] * 9
    encoder = StaticEncoder(table())
    with pytest.warns(InlayWarning, match="54 of 54 .* no vector, such as '영화가'") as told:
        encoder.encode(texts)
    encoder.encode(texts)
    assert len(told) == 1
    StaticEncoder(table()).encode(texts[:5])  # too few words to tell
    StaticEncoder(table()).encode([f"{table().tokens[0]} 영화가 좋고 " * 60])  # a third is known
