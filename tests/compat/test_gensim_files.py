"""Files in and out, sets of pairs and of analogies, and names, beside gensim's own."""

import copy
import importlib
import importlib.util
import pickle
import sys

import numpy as np
import pytest

import inlay
from inlay.compat.gensim import downloader
from inlay.compat.gensim.models import KeyedVectors
from inlay.compat.gensim.models.fasttext import load_facebook_vectors
from inlay.compat.gensim.models.transport import transport_cost
from inlay.compat.refusals import RefusedModules
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    ImmutableError,
    MissingFileError,
    NotOfferedError,
    UnknownArrayError,
    UnknownNameError,
    UnknownTokenError,
)
from inlay.formats import FastText
from inlay.sources import Source, names
from tests.data import shared

TEXT = "3 2\ngood 1 0.25\nfilm 0 1\nbad -1 0.5\n"
HIDDEN = b"2 2\nna\xefve 1 2\nb 3 4\n"


@pytest.fixture(scope="module")
def models():
    return pytest.importorskip("gensim.models")


@pytest.fixture
def kv():
    tokens = ["good", "great", "film", "the"]
    matrix = np.array([[1, 0], [0.8, 0.6], [0, 2], [0, 0]], "float32")
    return KeyedVectors(inlay.Table(tokens, matrix, counts=[3, 9, 5, 9]))


# -- reading ---------------------------------------------------------------------------------

SETTINGS = [
    (TEXT, {}),
    (TEXT, {"limit": 2}),
    (TEXT, {"limit": 0}),
    (TEXT.partition("\n")[2], {"no_header": True}),
    (TEXT, {"datatype": np.float16}),
    (TEXT, {"datatype": np.float64}),
    (HIDDEN, {"encoding": "latin-1"}),
    (HIDDEN, {"unicode_errors": "replace"}),
    (HIDDEN, {"unicode_errors": "ignore"}),
    (b"2 2\na \x00\x00\x80\x3f\x00\x00\x00\x40\nb \x00\x00\x40\x40\x00\x00\x80\x40", {"binary": 1}),
]


@pytest.mark.filterwarnings("ignore:Exception ignored in")  # gensim leaves files open
@pytest.mark.filterwarnings("ignore:unclosed file")
@pytest.mark.parametrize(("content", "settings"), SETTINGS)
def test_word2vec_files_are_read_as_gensim_reads_them(models, make, content, settings):
    path = make(content, "x.bin" if "binary" in settings else "x.vec")
    theirs = models.KeyedVectors.load_word2vec_format(str(path), **settings)
    ours = KeyedVectors.load_word2vec_format(path, **settings)
    assert list(ours.index_to_key) == theirs.index_to_key
    assert ours.vectors.dtype == theirs.vectors.dtype
    np.testing.assert_allclose(ours.vectors, theirs.vectors, rtol=1e-7)


def test_the_counts_of_fvocab(models, make):
    path, counts = make(TEXT, "x.txt"), make("bad 7\ngood 30\nfilm 5\n", "counts.txt")
    theirs = models.KeyedVectors.load_word2vec_format(str(path), str(counts))
    ours = KeyedVectors.load_word2vec_format(path, counts)
    for word in ("good", "film", "bad"):
        assert ours.get_vecattr(word, "count") == theirs.get_vecattr(word, "count")
    with pytest.raises(FormatError, match=r"a count for each word.*got none for 'film'"):
        KeyedVectors.load_word2vec_format(path, make("bad 7\ngood 30\n", "few.txt"))
    with pytest.raises(FormatError, match=r"counts.txt, line 2: expected a word and its count"):
        KeyedVectors.load_word2vec_format(path, make("bad 7\ngood\n", "counts.txt"))


def test_counts_go_along_where_they_are_asked_for(kv):
    counted = kv.vectors_for_all(["film", "great", "no"], copy_vecattrs=True)
    assert [counted.get_vecattr(key, "count") for key in counted.index_to_key] == [5, 9]
    with pytest.raises(UnknownArrayError):
        kv.vectors_for_all(["film"]).get_vecattr("film", "count")
    with pytest.raises(UnknownArrayError, match="got 'sample'"):
        kv.get_vecattr("film", "sample")


def test_counts_are_never_invented(make):
    kv = KeyedVectors.load_word2vec_format(make(TEXT, "x.txt"))
    with pytest.raises(UnknownArrayError, match=r"Try: load_word2vec_format\(path, fvocab=...\)"):
        kv.get_vecattr("good", "count")


def test_a_file_of_another_kind_is_refused(make):
    with pytest.raises(ArgumentError, match="no_header"):
        KeyedVectors.load_word2vec_format(make(TEXT), binary=True, no_header=True)
    with pytest.raises(FormatError):
        KeyedVectors.load_word2vec_format(make(b"\x89PNG\r\n\x1a\n" + bytes(99)))
    with pytest.raises(MissingFileError):
        KeyedVectors.load_word2vec_format("no such file")


@pytest.mark.parametrize(
    ("content", "settings", "hint"),
    [
        ("good 1 0\nfilm 0 1\n", {}, "Try: no_header=True"),
        ("good 1 0\nfilm 0 1\n", {"binary": True}, "Try: binary=False"),
        (SETTINGS[-1][0], {}, "Try: binary=True"),
        (HIDDEN, {}, "Try: encoding='cp1252'; unicode_errors='replace' if"),
        ("1 2\ngood 1 nan\n", {}, r"Try: KeyedVectors\(inlay.load\(path, format=Word2VecText\("),
        (TEXT, {"unicode_errors": "no"}, "unicode_errors: expected 'strict'"),
        (TEXT, {"encoding": "no"}, "^encoding: expected"),
        (TEXT, {"datatype": int}, "datatype: expected"),
    ],
)
def test_advice_is_in_gensims_arguments(make, content, settings, hint):
    with pytest.raises((FormatError, ArgumentError), match=hint) as told:
        KeyedVectors.load_word2vec_format(make(content, "x.txt"), **settings)
    assert "format='" not in str(told.value)
    assert "; format=" not in str(told.value)


# -- writing, and reading again --------------------------------------------------------------


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("suffix", [".txt", ".vec.gz"])
def test_gensim_reads_what_is_written(models, kv, tmp_path, binary, suffix):
    path, counts = tmp_path / f"x{suffix}", tmp_path / "counts.txt"
    kv.save_word2vec_format(path, counts, binary=binary)
    theirs = models.KeyedVectors.load_word2vec_format(str(path), str(counts), binary=binary)
    assert theirs.index_to_key == ["great", "the", "film", "good"]  # by count, then as it was
    assert [theirs.get_vecattr(key, "count") for key in theirs.index_to_key] == [9, 9, 5, 3]
    for key in theirs.index_to_key:
        assert np.array_equal(theirs[key], kv[key])


def test_the_order_may_be_left_and_the_header_out(kv, tmp_path):
    path = tmp_path / "x.txt"
    kv.save_word2vec_format(path, write_header=False, sort_attr=None)
    assert path.read_text().split("\n")[:2] == ["good 1 0", "great 0.8 0.6"]
    with pytest.raises(ArgumentError, match="write_header"):
        kv.save_word2vec_format(path, binary=True, write_header=False)
    with pytest.raises(ArgumentTypeError, match="Try: leave it out"):
        kv.save_word2vec_format(path, append=True)
    plain = KeyedVectors(inlay.Table(["a"], np.ones((1, 2), "float32")))
    with pytest.raises(ArgumentError, match="expected vectors with counts"):
        plain.save_word2vec_format(path, fvocab=tmp_path / "counts.txt")


def test_what_is_saved_is_mapped_when_it_is_loaded(kv, tmp_path):
    path = tmp_path / "vectors.kv"
    kv.save(path)
    again = KeyedVectors.load(path, mmap="r")
    assert list(again.index_to_key) == list(kv.index_to_key)
    assert np.array_equal(again.vectors, kv.vectors)
    assert again.get_vecattr("film", "count") == 5
    before = path.read_bytes()
    again.vectors[0] = 7  # in memory alone
    assert path.read_bytes() == before
    assert again.table._origin is not None
    assert KeyedVectors.load(path).table._origin is None  # without mmap it is in memory
    with pytest.raises(ArgumentError, match="mmap='c'"):
        KeyedVectors.load(path, mmap="r+")


def test_what_gensim_has_saved_is_read_without_it(models, tmp_path):
    words = ["king", "queen", "man"]
    theirs = models.KeyedVectors(4)
    theirs.add_vectors(words, np.arange(12, dtype="float32").reshape(3, 4))
    theirs.save(str(tmp_path / "theirs.kv"))
    ours = KeyedVectors.load(str(tmp_path / "theirs.kv"), mmap="r")
    assert list(ours.index_to_key) == words
    assert np.array_equal(ours["queen"], theirs["queen"])


def test_the_matrix_is_the_tables_own():
    matrix = np.ones((2, 3), "float32")
    table = inlay.Table(["a", "b"], matrix)
    kv = KeyedVectors(table)
    assert kv.vectors.base is matrix or kv.vectors is matrix
    assert kv.table is table
    for again in (copy.deepcopy(kv), pickle.loads(pickle.dumps(kv))):
        assert np.array_equal(again["b"], kv["b"])


def test_a_vector_cannot_be_written_to_by_accident(kv):
    with pytest.raises(ValueError, match="read-only"):
        kv["good"][0] = 5


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16", "int8"])
def test_vectors_in_fewer_bytes_or_more(dtype, tmp_path):
    tokens = [f"w{i}" for i in range(50)]
    table = inlay.Table(tokens, np.random.default_rng(2).normal(size=(50, 8)).astype("float32"))
    inlay.save(table.astype(dtype), tmp_path / "x.safetensors")
    kv, wide = KeyedVectors.load(tmp_path / "x.safetensors", mmap="r"), KeyedVectors(table)
    near = {"rtol": 0.03, "atol": 0.03}
    np.testing.assert_allclose(kv["w3"], wide["w3"], **near)
    np.testing.assert_allclose(kv[["w3", "w1"]], wide[["w3", "w1"]], **near)
    np.testing.assert_allclose(kv.vectors_for_all(["w3"])["w3"], wide["w3"], **near)
    for call in (
        lambda kv: kv.most_similar("w1", topn=None),
        lambda kv: kv.most_similar("w1", topn=None, clip_start=3, clip_end=20),
        lambda kv: kv.most_similar_cosmul(["w1"], ["w2"], topn=None, restrict_vocab=9),
        lambda kv: kv.distances("w1"),
        lambda kv: kv.distances("w1", ["w4", "w2"]),
        lambda kv: kv.get_mean_vector(tokens),
        lambda kv: kv.get_normed_vectors(),
    ):
        np.testing.assert_allclose(call(kv), call(wide), rtol=0.05, atol=0.05)
    assert kv.most_similar("w1", topn=1)[0][0] == wide.most_similar("w1", topn=1)[0][0]


# -- sets ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(models, tmp_path_factory):
    """GloVe's vectors of 7,849 words, read by both."""
    path = tmp_path_factory.mktemp("glove") / "glove.txt"
    table = inlay.load(shared("glove-6B", "derived", "glove.6B.50d.7849.txt"))
    inlay.save(table, path, format="word2vec")
    return KeyedVectors(table), models.KeyedVectors.load_word2vec_format(str(path))


@pytest.mark.parametrize("name", ["MEN-TR-3k", "WS-353-ALL", "SIMLEX-999", "MTurk-771", "RG-65"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"dummy4unknown": True}, {"case_insensitive": False, "restrict_vocab": 5000}],
    ids=str,
)
def test_pairs_are_judged_as_by_gensim(real, name, settings):
    ours, theirs = real
    path = shared("eval-wordsim-en", f"EN-{name}.txt")
    pearson, spearman, unknown = ours.evaluate_word_pairs(path, **settings)
    expected = theirs.evaluate_word_pairs(str(path), **settings)
    assert unknown == expected[2]
    assert 0 < unknown < 100
    np.testing.assert_allclose(pearson, expected[0], rtol=1e-4, atol=1e-12)
    np.testing.assert_allclose(spearman, expected[1], rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {"restrict_vocab": 2000},
        {"restrict_vocab": 2000, "dummy4unknown": True},
        {"restrict_vocab": 1000, "case_insensitive": False},
    ],
    ids=str,
)
def test_analogies_are_counted_as_by_gensim(real, settings):
    ours, theirs = real
    path = shared("eval-analogy-en", "questions-words.txt")
    score, sections = ours.evaluate_word_analogies(path, **settings)
    expected, expected_sections = theirs.evaluate_word_analogies(str(path), **settings)
    assert sum(len(section["correct"]) for section in sections[:-1]) > 0 or not expected
    assert score == pytest.approx(expected, abs=1e-12)
    assert [section["section"] for section in sections] == [
        section["section"] for section in expected_sections
    ]
    for one, other in zip(sections[:-1], expected_sections, strict=False):
        assert one["correct"] == other["correct"]
        assert sorted(one["incorrect"]) == sorted(other["incorrect"])


@pytest.fixture
def cases(models, make):
    """Words in several cases, so that several rows have one name."""
    tokens = "king King queen man woman Woman MAN boy girl prince Princess".split()
    matrix = np.random.default_rng(5).normal(size=(len(tokens), 3)).astype("float32")
    path = make("", "cases.txt")
    inlay.save(inlay.Table(tokens, matrix), path, format="word2vec")
    args = {"binary": False}
    theirs = models.KeyedVectors.load_word2vec_format(str(path), **args)
    return KeyedVectors.load_word2vec_format(path, **args), theirs, tokens


@pytest.mark.parametrize("settings", [{}, {"case_insensitive": False}, {"dummy4unknown": True}])
def test_analogies_of_words_in_several_cases(cases, make, settings):
    """Hundreds of questions of four different words of eleven, and a few that are none."""
    from itertools import permutations

    ours, theirs, tokens = cases
    lines = [" ".join(question) for question in permutations(tokens, 4)]
    path = make(
        "\n".join([": one", *lines[::17], ": two", "not four words", "a b c d", *lines[1::29]])
    )
    score, sections = ours.evaluate_word_analogies(path, **settings)
    expected, expected_sections = theirs.evaluate_word_analogies(str(path), **settings)
    assert 0 < score < 1
    assert score == expected
    for one, other in zip(sections, expected_sections, strict=True):
        assert sorted(one["incorrect"]) == sorted(other["incorrect"])


def test_a_set_of_nothing_is_told(kv, make):
    with pytest.raises(FormatError, match="lines of four words"):
        kv.evaluate_word_analogies(make(": only a name\n"))
    with pytest.raises(FormatError, match="before the first question"):
        kv.evaluate_word_analogies(make("a b c d\n"))
    with pytest.raises(FormatError, match="lines of two words that are here"):
        kv.evaluate_word_pairs(make("good film 3\n"))


# -- the word mover's distance ---------------------------------------------------------------


def test_the_cheapest_plan_is_found():
    costs = np.array([[0.0, 2.0, 5.0], [1.0, 0.5, 3.0]])
    # 0.4 stays for nothing, 0.2 goes to the second for 0.5 each, 0.3 to the third for 3 each, and
    # the last 0.1 of the first heap goes to the second for 2 each.
    cost = transport_cost(np.array([0.5, 0.5]), np.array([0.4, 0.3, 0.3]), costs)
    assert cost == pytest.approx(0.1 * 2 + 0.2 * 0.5 + 0.3 * 3)


def test_how_far_words_have_to_move(kv):
    assert kv.wmdistance(["good", "film"], ["film", "good"]) == pytest.approx(0)
    angle = np.linalg.norm(kv.get_vector("good", norm=True) - kv.get_vector("great", norm=True))
    assert kv.wmdistance(["good"], ["great"]) == pytest.approx(angle)
    half = kv.wmdistance(["good", "film", "no"], ["great", "film"], norm=False)
    assert half == pytest.approx(np.linalg.norm(kv["good"] - kv["great"]) / 2)
    assert kv.wmdistance(["no"], ["good"]) == float("inf")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a a b c", "c d e e e", (0.8986279574257683, 8.433936443316604)),
        ("a b c d e f g", "h g f a a", (0.47148226719172426, 4.204339011821405)),
        ("a b", "a b c", (0.45756363219384394, 4.59060100878004)),
    ],
)
def test_the_distance_is_gensims(one, other, expected):
    """The numbers are those of gensim 4.4 with POT 0.9.7."""
    rows = [[8, 2, 3], [7, 1, 5], [6, -5, -8], [-3, -4, 6], [7, -8, 0], [5, -6, 5], [-6, -1, 5]]
    matrix = np.array([*rows, [-3, -3, -4]], "float32")
    kv = KeyedVectors(inlay.Table("a b c d e f g h".split(), matrix))
    texts = one.split(), other.split()
    found = [kv.wmdistance(*texts), kv.wmdistance(*texts, norm=False)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_distance_of_real_words_is_gensims():
    kv = KeyedVectors(inlay.load(shared("glove-6B", "derived", "glove.6B.50d.7849.txt")))
    one = "obama speaks to the media in illinois and to the people".split()
    other = "the president greets the press in chicago".split()
    found = [kv.wmdistance(one, other), kv.wmdistance(one, other, norm=False)]
    np.testing.assert_allclose(found, [0.5682214424187091, 2.936968594517346], rtol=1e-6)


# -- models of fastText ----------------------------------------------------------------------


def test_a_model_of_fasttext_composes():
    kv = load_facebook_vectors(shared("fasttext-dl4j", "skipgram.model.bin"))
    table = kv.table
    known, unseen = table.tokens[1], "unseenword"
    assert unseen in kv
    assert not kv.has_index_for(unseen)
    assert np.array_equal(kv[unseen], table[unseen])
    assert np.linalg.norm(kv.get_vector(unseen, norm=True)) == pytest.approx(1)
    assert len(kv.vectors_for_all([known, unseen])) == 2
    assert len(kv.vectors_for_all([known, unseen], allow_inference=False)) == 1
    assert kv.most_similar(unseen, topn=1)[0][0] in kv.key_to_index


def test_a_model_of_fasttext_in_another_encoding():
    path = shared("gensim-fixtures", "cp852_fasttext.bin")
    kv = load_facebook_vectors(path, encoding="cp852")
    assert kv.index_to_key[:2] == inlay.load(path, format=FastText(encoding="cp852")).tokens[:2]
    with pytest.raises(FormatError):
        load_facebook_vectors(path)


# -- what is not there -----------------------------------------------------------------------


def test_keys_that_are_not_here(kv):
    for call in (
        lambda: kv["no"],
        lambda: kv[["good", "no"]],
        lambda: kv.get_index("no"),
        lambda: kv.get_index(4),
        lambda: kv.get_index(-1),
        lambda: kv.most_similar("no"),
        lambda: kv.most_similar(9),
        lambda: kv.most_similar_cosmul("good", "no"),
        lambda: kv.similarity("good", "no"),
        lambda: kv.distances("good", ["no"]),
        lambda: kv.get_mean_vector(["no"], ignore_missing=False),
    ):
        with pytest.raises(UnknownTokenError):
            call()


def test_calls_that_cannot_be(kv):
    for call in (
        lambda: kv.most_similar(),
        lambda: kv.most_similar("good", indexer=object()),
        lambda: kv.most_similar_cosmul(negative=["good"]),
        lambda: kv.get_mean_vector([]),
        lambda: kv.get_mean_vector(["good"], weights=[1, 2]),
        lambda: kv.n_similarity([], ["good"]),
        lambda: kv.relative_cosine_similarity("good", "film", topn=0),
        lambda: kv.doesnt_match(["no"]),
        lambda: kv.evaluate_word_analogies("x", similarity_function="most_similar_cosmul"),
    ):
        with pytest.raises(ArgumentError):
            call()
    with pytest.raises(ArgumentTypeError, match=r"Try: KeyedVectors\(inlay.Table\(tokens, matrix"):
        KeyedVectors(100)
    with pytest.raises(ArgumentTypeError, match="topn: expected a whole number"):
        kv.most_similar("good", topn="3")


def test_a_vector_of_zeros_is_near_to_nothing(kv):
    """gensim divides by its length, and gives NaN."""
    assert kv.similarity("good", "the") == 0
    assert kv.distances("good", ["the"]).tolist() == [1]
    assert not kv.get_normed_vectors()[3].any()


@pytest.mark.parametrize(
    "ask",
    [
        lambda kv, v: kv.similar_by_vector(v),
        lambda kv, v: kv.most_similar(["good", v]),
        lambda kv, v: kv.most_similar_cosmul(["good", v]),
        lambda kv, v: kv.distances(v),
        lambda kv, v: kv.distances(v, ["film"]),
        lambda kv, v: kv.get_mean_vector([v]),
    ],
)
def test_a_vector_of_another_shape(kv, ask):
    for wrong in (np.ones(kv.vector_size + 1), np.ones((1, kv.vector_size, 1))):
        with pytest.raises((ArgumentError, ArgumentTypeError)):
            ask(kv, wrong)
    assert len(np.asarray(ask(kv, np.ones(kv.vector_size)), dtype=object)) > 0


def test_the_nearest_of_no_keys(kv):
    with pytest.raises(ArgumentError, match="keys_list: expected one key or more"):
        kv.most_similar_to_given("good", [])


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("vocab", "kv.key_to_index"),
        ("index2word", "kv.index_to_key"),
        ("syn0", "kv.vectors"),
        ("wv", "kv itself"),
        ("add_vectors", "inlay.Table"),
        ("init_sims", "leave it out"),
        ("allocate_vecattrs", "inlay.Table"),
        ("log_accuracy", "kv.evaluate_word_analogies"),
    ],
)
def test_names_of_version_3(kv, name, instead):
    with pytest.raises(UnknownNameError, match=instead):
        getattr(kv, name)
    with pytest.raises(AttributeError):
        _ = kv.no_such_name
    with pytest.raises(ImmutableError, match=r"Try: KeyedVectors\(inlay\.Table"):
        kv["film"] = kv["good"]


@pytest.mark.parametrize(
    "line",
    [
        "from inlay.compat.gensim.models import Word2Vec",
        "from inlay.compat.gensim.models.word2vec import Word2Vec, LineSentence",
        "from inlay.compat.gensim.models.fasttext import FastText",
        "from inlay.compat.gensim.models.doc2vec import TaggedDocument",
        "from inlay.compat.gensim.corpora import Dictionary",
        "from inlay.compat.gensim.utils import simple_preprocess",
        "from inlay.compat.gensim import similarities",
        "import inlay.compat.gensim as g; g.corpora.Dictionary",
        "import inlay.compat.gensim as g; g.models.LdaModel",
        "from inlay.compat.gensim.models.phrases import Phrases",
        "from inlay.compat.gensim.test.utils import datapath, get_tmpfile, common_texts",
        "from inlay.compat.gensim import test",
        "from inlay.compat.gensim.scripts.glove2word2vec import glove2word2vec",
        "from inlay.compat.gensim.similarities.annoy import AnnoyIndexer",
        "from inlay.compat.gensim.parsing.preprocessing import remove_stopwords",
        "from inlay.compat.gensim.corpora.dictionary import Dictionary",
        "import inlay.compat.gensim.summarization",
    ],
)
def test_what_is_not_offered_says_what_to_write(line):
    with pytest.raises(NotOfferedError, match="Try: "):
        exec(line)
    with pytest.raises(ImportError, match="cannot import name"):
        exec("from inlay.compat.gensim.models import NoSuchName")


def test_other_packages_are_still_found_as_ever():
    """Who refuses modules is asked last, once for each package, and for no others."""
    ours = [f.package for f in sys.meta_path if isinstance(f, RefusedModules)]
    assert ours.count("inlay.compat.gensim") == 1
    importlib.reload(importlib.import_module("inlay.compat.gensim"))
    assert [f.package for f in sys.meta_path if isinstance(f, RefusedModules)].count(
        "inlay.compat.gensim"
    ) == 1
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"):
        importlib.import_module("no_such_package")
    assert importlib.util.find_spec("inlay.compat.no_such_module") is None
    assert importlib.util.find_spec("inlay.compat.gensim.__main__") is None


# -- the downloader --------------------------------------------------------------------------


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A catalogue of a table and a corpus of this machine."""
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.txt").write_text(TEXT.partition("\n")[2])
    (tmp_path / "text8").write_text("a film")
    sources = (
        Source(
            name="small.2d",
            url=(tmp_path / "small.txt").as_uri(),
            aliases=("small", "glove-wiki-gigaword-2"),
            rows=3,
            dim=2,
            licence="CC0 1.0",
            size=40,
        ),
        Source(name="text8", url=(tmp_path / "text8").as_uri(), kind="corpus"),
    )
    index = {"small.2": sources[0], "glove.wiki.gigaword.2": sources[0], "text8": sources[1]}
    monkeypatch.setattr(names, "_index", lambda: index)
    monkeypatch.setattr(downloader, "catalogue", lambda: sources)


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_the_downloader_loads_by_gensims_names(known):
    api = importlib.import_module("inlay.compat.gensim.downloader")
    kv = api.load("glove-wiki-gigaword-2")
    assert list(kv.index_to_key) == ["good", "film", "bad"]
    assert kv.table.provenance["catalogue"] == "small.2d"
    path = api.load("glove-wiki-gigaword-2", return_path=True)
    assert isinstance(path, str)
    assert inlay.load(path)["film"].tolist() == [0, 1]
    with pytest.raises(ArgumentError, match=r"expected a table of vectors.*Try: inlay\.sources"):
        api.load("text8")
    with pytest.raises(ArgumentError, match="a name of the catalogue"):
        api.load("no such name")


def test_what_is_known_of_them(known):
    assert downloader.info(name_only=True) == {
        "corpora": ["text8"],
        "models": ["glove-wiki-gigaword-2"],
    }
    facts = downloader.info("glove-wiki-gigaword-2")
    assert facts == downloader.info()["models"]["glove-wiki-gigaword-2"]
    assert facts["num_records"] == 3
    assert facts["parameters"] == {"dimension": 2}
    assert (facts["license"], facts["file_size"]) == ("CC0 1.0", 40)
    with pytest.raises(ArgumentTypeError, match="leave it out"):
        downloader.info(show_only_latest=True)


def test_gensims_own_names_are_in_the_catalogue():
    models = downloader.info(name_only=True)["models"]
    for name in (
        "conceptnet-numberbatch-17-06-300",
        "fasttext-wiki-news-subwords-300",
        "glove-twitter-25",
        "glove-wiki-gigaword-100",
        "word2vec-google-news-300",
    ):
        assert name in models
        assert downloader.info(name)["file_name"]
