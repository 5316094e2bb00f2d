import re
import signal
import sys
import time
from collections import namedtuple

import numpy as np
import pytest

import inlay
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, UnknownNameError
from inlay.kernels import skipgram
from inlay.text import Corpus, encode_corpus
from inlay.train import ELSEWHERE, word2vec
from tests.processes import ended, posix, started

FRUIT = ["apple", "pear", "plum", "cherry", "grape", "melon", "peach", "fig"]
TOOLS = ["hammer", "saw", "chisel", "file", "drill", "plane", "clamp", "vice"]


def two_topics(n=1500, seed=0):
    """Sentences of eight words, each about fruit or about tools."""
    rng = np.random.default_rng(seed)
    return [list(rng.choice(TOOLS if rng.random() < 0.5 else FRUIT, 8)) for _ in range(n)]


def learn(corpus, **settings):
    defaults = {"vector_size": 16, "min_count": 1, "sample": 0, "workers": 1}
    if isinstance(corpus, Corpus):  # encoded already
        del defaults["min_count"]
    return word2vec(corpus, **(defaults | settings))


def test_topics_come_apart():
    table = learn(two_topics(), epochs=3)
    assert table.vectors.shape == (16, 16)
    assert np.isfinite(table.vectors).all()
    for word, others in (("pear", FRUIT), ("saw", TOOLS)):
        nearest = [name for name, _ in table.most_similar(word, topn=7)]
        assert sorted(nearest) == sorted(set(others) - {word})


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize(
    ("how", "name"),
    [
        ({}, "CBOW, negative sampling"),
        ({"cbow_mean": False}, "CBOW, negative sampling"),
        ({"shrink_windows": False}, "CBOW, negative sampling"),
        ({"exact": True}, "CBOW, negative sampling, exact"),
        ({"loss": "hs"}, "CBOW, hierarchical softmax"),
        ({"architecture": "skipgram", "exact": True}, "skip-gram, negative sampling, exact"),
        ({"architecture": "skipgram", "loss": "hs"}, "skip-gram, hierarchical softmax"),
    ],
    ids=str,
)
def test_whatever_is_predicted_topics_come_apart(how, name, deterministic):
    how = {"architecture": "cbow", "alpha": 0.05, "deterministic": deterministic} | how
    table = learn(two_topics(), epochs=3, **how)
    nearest = [name for name, _ in table.most_similar("pear", topn=7)]
    assert sorted(nearest) == sorted(set(FRUIT) - {"pear"})
    assert table.provenance["model"] == f"word2vec {name}"
    assert list(table.parts) == ([] if "hs" in how.values() else ["context"])
    losses = table.provenance["losses"]
    assert losses[2] < losses[0]


@pytest.mark.parametrize("how", [{"exact": True}, {"loss": "hs"}], ids=str)
def test_a_vocabulary_of_one_or_two_words(how):
    for words in ("a a a a", "a b a b"):
        table = learn([words] * 30, deterministic=True, **how)
        assert np.isfinite(table.vectors).all()


def test_windows_that_do_not_shrink_are_others():
    corpus = two_topics(100)
    drawn, whole = (learn(corpus, shrink_windows=shrink).vectors for shrink in (True, False))
    assert abs(drawn - whole).max() > 1e-3


def test_every_form_of_a_corpus_gives_the_same_table(tmp_path):
    corpus = two_topics(200)
    lines = [" ".join(sentence) for sentence in corpus]
    (tmp_path / "corpus.txt").write_text("\n".join(lines) + "\n")
    first = learn(corpus)
    encoded = encode_corpus(corpus, min_count=1)
    for source in (encoded, lines, iter(lines), (s for s in corpus), tmp_path / "corpus.txt"):
        again = learn(source)
        assert again.tokens.tolist() == first.tokens.tolist()
        np.testing.assert_array_equal(again.vectors, first.vectors)
        np.testing.assert_array_equal(again.counts, first.counts)


def test_counts_fall_and_provenance_says_how():
    table = learn(["b a b c b a"] * 2, seed=7, window=2)
    assert table.tokens.tolist() == ["b", "a", "c"]
    assert table.counts.tolist() == [6, 4, 2]
    made = table.provenance
    assert made["settings"]["seed"] == 7
    assert made["settings"]["window"] == 2
    assert (made["corpus_words"], made["tokenizer"], made["workers"]) == (12, "words", 1)
    assert made["inlay"] == inlay.__version__


def test_provenance_claims_nothing_about_a_corpus_that_was_encoded_before():
    encoded = encode_corpus(["A b. A b."], min_count=2, tokenizer="lower")
    made = learn(encoded, window=3).provenance
    assert (made["tokenizer"], made["settings"]["min_count"]) == ("lower", None)
    assert made["settings"]["max_size"] is None
    assert made["settings"]["window"] == 3


def test_same_seed_same_vectors_other_seed_others():
    corpus = two_topics(100)
    first, again, other = (learn(corpus, seed=seed).vectors for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(first - other).max() > 1e-3


def test_deterministic_gives_the_same_file_for_any_number_of_workers(tmp_path):
    corpus, files = two_topics(9000), []  # of two rounds and a half
    for workers in (1, 2, 3):
        table = learn(corpus, deterministic=True, workers=workers)
        table.save(tmp_path / "t.safetensors")
        files.append((tmp_path / "t.safetensors").read_bytes())
    assert files[0] == files[1] == files[2]
    assert "workers" not in table.provenance
    nearest = [name for name, _ in table.most_similar("fig", topn=7)]
    assert sorted(nearest) == sorted(set(FRUIT) - {"fig"})


class KilledError(Exception):
    pass


@pytest.mark.parametrize("deterministic", [False, True])
def test_what_is_killed_goes_on_to_the_same_table(tmp_path, monkeypatch, deterministic):
    corpus = encode_corpus(two_topics(3000), min_count=1)
    settings = dict(epochs=2, deterministic=deterministic, workers=1, seed=3)
    expected = learn(corpus, **settings)
    settings |= {"folder": tmp_path / "f", "checkpoint_every": 0}
    train, calls = skipgram.train, []

    def killed(*given):
        calls.append(0)
        if len(calls) == 4 + 13 * deterministic:
            raise KilledError
        return train(*given)

    with monkeypatch.context() as broken:
        broken.setattr(skipgram, "train", killed)
        with pytest.raises(KilledError):
            learn(corpus, **settings)
    again = learn(corpus, **settings)
    np.testing.assert_array_equal(again.vectors, expected.vectors)
    assert again.provenance == expected.provenance
    monkeypatch.setattr(skipgram, "train", None)  # nothing is left to do
    np.testing.assert_array_equal(learn(corpus, **settings).vectors, expected.vectors)
    with pytest.raises(ArgumentError, match=r"seed 3 \(not 4\)\. Try: another folder"):
        learn(corpus, **settings | {"seed": 4})
    with pytest.raises(ArgumentError, match="another corpus"):
        learn(encode_corpus(two_topics(3001), min_count=1), **settings)


def test_a_folder_keeps_the_numbered_corpus_too(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in two_topics(200)))
    first = learn(path, folder=tmp_path / "f")
    again = learn(path, folder=tmp_path / "f")
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert len(list((tmp_path / "f").iterdir())) == 2


def test_context_vectors_hang_on_the_table():
    table = learn(two_topics(), epochs=3, vector_size=12)
    context = table.parts["context"]
    assert context.tokens == table.tokens
    scores = table.vectors @ context.vectors.T
    rows = [[table.find(word) for word in words] for words in (FRUIT, TOOLS)]
    inside = np.mean([scores[np.ix_(each, each)].mean() for each in rows])
    assert inside > scores[np.ix_(*rows)].mean() + 1
    assert table.vectors.flags.c_contiguous


def test_callbacks_see_the_table_and_the_loss_falls():
    seen = []
    table = learn(two_topics(), epochs=3, callbacks=[lambda e: seen.append((e.loss, e.table()))])
    losses = table.provenance["losses"]
    assert [loss for loss, _ in seen] == losses
    assert losses[2] < losses[1] < losses[0]
    np.testing.assert_array_equal(seen[2][1].vectors, table.vectors)
    assert abs(seen[0][1].vectors - table.vectors).max() > 0.01


def test_until_stops_at_the_best_table():
    scores, tables = iter([1.0, 2.0, 0.5]), []

    def until(table):
        tables.append(table)
        return next(scores)

    table = learn(two_topics(100), epochs=9, until=until)
    np.testing.assert_array_equal(table.vectors, tables[1].vectors)
    assert table.provenance["best_epoch"] == 2


MORE = [["kiwi", *FRUIT[:3]], ["kiwi", "unheard", *FRUIT[2:5]]] * 300


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_table_is_gone_on_from_with_new_words(deterministic):
    first = learn(two_topics(), epochs=3)
    more = learn(MORE, start=first, alpha=0.05, epochs=20, deterministic=deterministic)
    assert set(more.tokens) == {*FRUIT, *TOOLS, "kiwi", "unheard"}
    assert more.tokens[:2] == ["kiwi", "plum"]  # in the order of the new corpus
    same = [word for word in first.tokens if (more[word] == first[word]).all()]
    assert sorted(same) == sorted({*TOOLS, *FRUIT[5:]})  # the corpus has none of them
    assert more.counts[more.find("saw")] == 0
    assert more.similarity("kiwi", "fig") > more.similarity("kiwi", "saw") + 0.05
    assert more.provenance["start"]["words"] == 16
    alone = learn(MORE, alpha=0.05)
    assert "fig" not in alone


@pytest.mark.parametrize("deterministic", [False, True])
def test_rows_at_rate_0_stay_to_the_bit_and_others_learn(deterministic):
    first = learn(two_topics(300))
    rates = np.ones(len(first))
    rates[[first.find("apple"), first.find("plum")]] = 0
    for rate in (rates, 0):
        more = learn(MORE, start=first, start_rate=rate, deterministic=deterministic, workers=2)
        for word in ("apple", "plum"):
            np.testing.assert_array_equal(more[word], first[word])
        moved = abs(more["pear"] - first["pear"]).max()
        assert (moved == 0) == (rate is not rates)
        assert abs(more["kiwi"]).max() > 0.1


def test_a_lower_rate_and_a_pull_keep_vectors_near_to_where_they_began():
    first = learn(two_topics(300))
    far = [
        np.linalg.norm(learn(MORE, start=first, epochs=2, **how)["apple"] - first["apple"])
        for how in ({}, {"start_rate": 0.1}, {"pull": 30}, {"pull": 1e9})
    ]
    assert far[1] < 0.5 * far[0]
    assert far[2] < 0.5 * far[0]
    assert far[3] < 1e-5


def test_where_it_starts_is_part_of_the_training(tmp_path):
    first, other = learn(two_topics(50)), learn(two_topics(50), seed=5)
    learn(MORE, start=first, folder=tmp_path)
    with pytest.raises(ArgumentError, match="another start digest"):
        learn(MORE, start=other, folder=tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"start": "table.bin"},
        {"start": learn([["a", "b"]], vector_size=12)},
        {"start_rate": 0.5},
        {"pull": 1},
        {"pull": -1, "start": True},
        {"start_rate": 2, "start": True},
        {"start_rate": [1.0], "start": True},
        {"start_rate": [float("nan")] * 2, "start": True},
        {"start_rate": "slow", "start": True},
    ],
    ids=lambda settings: " ".join(settings),
)
def test_starts_that_cannot_be(settings):
    if settings.get("start") is True:
        settings |= {"start": learn([["a", "b"]])}
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{next(iter(settings))}: exp"):
        learn(["a b c"], **settings)


def test_several_workers_learn_too():
    table = learn(two_topics(6000), epochs=2, workers=3)
    nearest = [name for name, _ in table.most_similar("fig", topn=7)]
    assert sorted(nearest) == sorted(set(FRUIT) - {"fig"})


def test_long_sentences_are_used_to_the_end():
    """gensim drops what comes after the 10,000th word of a sentence."""
    rng = np.random.default_rng(0)
    start = ["filler", "stuffing"] * 12_000
    end = [str(w) for half in (FRUIT, TOOLS) * 60 for w in rng.choice(half, 60)]
    table = learn([start + end], epochs=8)
    nearest = [name for name, _ in table.most_similar("plum", topn=7)]
    assert sorted(nearest) == sorted(set(FRUIT) - {"plum"})


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("words", [2, 3, 8])
def test_a_handful_of_words_stays_finite(words, deterministic):
    rng = np.random.default_rng(0)
    corpus = [[str(w) for w in rng.integers(0, words, 2000)] for _ in range(20)]
    table = learn(corpus, alpha=0.05, window=5, deterministic=deterministic)
    assert np.isfinite(table.vectors).all()
    assert abs(table.vectors).max() < 10


def with_rules(seed=0):
    """Ordinary sentences, and between them rules of one sign, as in plain-text documents."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, 501)
    corpus = []
    for i in range(1000):
        words = [f"w{w}" for w in rng.choice(500, 20, p=share / share.sum())]
        corpus.append(["-=*"[i // 20 % 3]] * 60 + words if i % 20 == 0 else words)
    return corpus


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": 0.05, "epochs": 20},
        {"alpha": 0.1},
        {"alpha": 0.1, "deterministic": True},
        {"alpha": 0.1, "window": 10, "negative": 10},
        {"alpha": 0.2, "min_alpha": 0.2},
        {"alpha": 0.4},
    ],
    ids=str,
)
def test_vectors_do_not_overshoot(settings):
    table = learn(with_rules(), vector_size=50, sample=1e-3, **settings)
    assert np.linalg.norm(table.vectors, axis=1).max() < 10


def test_vectors_of_a_few_words_may_be_long():
    """Without noise they grow everywhere: here to 36 in gensim, and to 37 in word2vec.c."""
    corpus = encode_corpus([["a", "b", "c"] * 33] * 200, min_count=1)
    table = learn(corpus, architecture="cbow", loss="hs", window=15)
    assert 30 < np.linalg.norm(table.vectors, axis=1).mean() < 60


def test_vectors_that_grew_without_bound_are_an_error(monkeypatch):
    monkeypatch.setattr(sys.modules["inlay.train.word2vec_objectives"], "LOAD", 1e9)
    corpus = with_rules()
    for alpha in (0.1, 1e6):
        with pytest.raises(ArgumentError, match=r"^alpha: .* quadratic mean .* a lower alpha"):
            learn(corpus, vector_size=50, sample=1e-3, alpha=alpha, min_alpha=alpha)


def test_a_rate_at_which_one_pair_overshoots_is_an_error():
    with pytest.raises(ArgumentError, match=r"^alpha: expected below 0\.46 .* got 1\.0\."):
        learn(two_topics(10), alpha=1.0)
    with pytest.raises(ArgumentError, match=r"^alpha: expected below 0\.13 for 20 noise words"):
        learn(two_topics(10), alpha=0.2, negative=20)
    with pytest.raises(ArgumentError, match=r"^alpha: expected below 0\.\d+ for paths of \d turns"):
        learn(two_topics(10), alpha=0.7, loss="hs")


@pytest.mark.parametrize(
    "settings",
    [
        {"window": 0},
        {"vector_size": 0},
        {"vector_size": 2.5},
        {"vector_size": 16.0},
        {"vector_size": True},
        {"vector_size": "16"},
        {"negative": 0},
        {"epochs": 0},
        {"epochs": None},
        {"epochs": 2.0},
        {"min_count": 0},
        {"max_size": 0},
        {"max_size": 3.0},
        {"alpha": 0},
        {"alpha": float("nan")},
        {"alpha": "0.1"},
        {"min_alpha": 1},
        {"sample": 1},
        {"sample": -1e-4},
        {"ns_exponent": float("inf")},
        {"ns_exponent": float("nan")},
        {"ns_exponent": 1e9},
        {"ns_exponent": -2.1},
        {"vector_size": 10**9},
        {"window": 10**9},
        {"negative": 10**9},
        {"seed": -1},
        {"seed": 0.5},
        {"deterministic": "no"},
        {"workers": 0},
        {"workers": 1.0},
        {"tokenizer": "spaces"},
        {"architecture": "glove"},
        {"cbow_mean": 1},
        {"cbow_mean": False},
        {"loss": "softmax"},
        {"exact": True, "loss": "hs"},
        {"negative": 5, "loss": "hs"},
        {"ns_exponent": 0.75, "loss": "hs"},
        {"exact": 0},
        {"shrink_windows": "no"},
    ],
    ids=str,
)
def test_settings_that_cannot_be(settings):
    name = next(iter(settings))
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{name}: expected"):
        learn(["a b c"], **settings)


def test_numbers_of_numpy_are_numbers(tmp_path):
    whole = {"vector_size": 12, "window": 3, "negative": 4, "min_count": 2, "epochs": 2, "seed": 7}
    whole |= {"max_size": 5, "workers": 1}
    other = {"alpha": 0.05, "min_alpha": 0.01, "sample": 0.125, "ns_exponent": 0.5}
    corpus = two_topics(50)
    plain = learn(corpus, **whole, **other, deterministic=True)
    numpys = {name: np.int64(value) for name, value in whole.items()}
    numpys |= {name: np.float64(value) for name, value in other.items()}
    table = learn(corpus, **numpys, deterministic=np.True_)
    np.testing.assert_array_equal(table.vectors, plain.vectors)
    assert table.provenance == plain.provenance
    table.save(tmp_path / "t.safetensors")  # the provenance is JSON
    assert inlay.load(tmp_path / "t.safetensors").provenance["settings"]["window"] == 3


def test_a_call_of_the_module_says_what_to_write():
    with pytest.raises(
        ArgumentTypeError, match=r"^inlay\.train: .*inlay\.train\.word2vec\(corpus\)"
    ):
        inlay.train(["a b c"], vector_size=12)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_another_s_name_of_a_trainer_leads_to_ours(name):
    name = name.capitalize()
    with pytest.raises(UnknownNameError, match=rf"got '{name}'. Try: inlay\."):
        getattr(inlay.train, name)
    written = ELSEWHERE[name.lower()].removeprefix("inlay.").partition("(")[0]
    known = [f"train.{trainer}" for trainer in inlay.train.__all__]
    assert written in (*known, *inlay.__all__, "text.encode_corpus")
    assert not hasattr(inlay.train, "trainer")
    with pytest.raises(ImportError, match="cannot import name"):
        exec(f"from inlay.train import {name}")


def test_an_iterator_that_was_read_has_nothing_more():
    texts = iter([["a", "b"]])
    list(texts)
    with pytest.raises(ArgumentError, match=r"a corpus with words, got none. Try: list\(corpus\)"):
        word2vec(texts)


@pytest.mark.parametrize(
    ("corpus", "hint"),
    [
        ([[["a", "b"]]], r"item 0, a token: .* for sentence in text\]"),
        ([b"a b"], r"text\.decode\(\)"),
        ([namedtuple("Tagged", "words tags")(["a"], [0])], r"doc2vec\(\[d\.words for d"),
        (lambda: ["a b"], r"corpus\(\)"),
        ([__file__, "missing.py"], r"the name of a file. Try: \[Path\(name\) for name in corpus"),
    ],
)
def test_what_stands_in_the_place_of_texts(corpus, hint):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=hint):
        word2vec(corpus)


def test_texts_in_the_place_of_tokens_are_warned_of():
    with pytest.warns(UserWarning, match=r"tokens .* are whole texts, such as 'a bad film'"):
        learn([["a good film", "a bad film"]] * 5)


def test_the_argument_is_named_that_was_given():
    with pytest.raises(ArgumentTypeError, match=r"^folder: expected a path"):
        word2vec([["a", "b"]], folder=5)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"lowercase": True}, "tokenizer='lower'"),
        ({"dm": 1}, r"inlay\.train\.doc2vec\(texts\)"),
        ({"batch_size": 32}, "leave it out"),
        ({"device": "cuda"}, "workers="),
        ({"pretrained": "v.bin"}, r"start=inlay\.load\(path\)"),
    ],
)
def test_words_of_other_libraries(given, hint):
    with pytest.raises(ArgumentTypeError, match=rf"Try: .*{hint}"):
        word2vec([["a", "b"]], **given)


def test_an_error_in_a_thread_comes_out(monkeypatch):
    def broken(*args):
        raise ZeroDivisionError("in a thread")

    monkeypatch.setattr(skipgram, "train", broken)
    with pytest.raises(ZeroDivisionError, match="in a thread"):
        learn(two_topics(3000), workers=2)


@posix
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_process_leaves_nothing(tmp_path, how):
    (tmp_path / "tmp").mkdir()
    script = (
        "import sys\n"
        "from inlay.train import word2vec\n"
        "def corpus():\n"
        "    yield from [['a', 'b', 'c', 'd'] * 50] * 400\n"
        "    print('read', flush=True)\n"
        "word2vec(corpus(), epochs=10**6, workers=2).save(sys.argv[1])\n"
    )
    target = tmp_path / "vectors.safetensors"
    with started("-c", script, target, TMPDIR=str(tmp_path / "tmp")) as running:
        assert running.stdout.readline() == b"read\n"
        time.sleep(0.5)
        assert running.poll() is None
        running.send_signal(how)
        code, _, err = ended(running)
    assert code == -how
    kept = r"KeyboardInterrupt\nStopped(; the training had not begun|.* of this exception)\.\n$"
    assert re.search(kept if how == signal.SIGINT else "^$", err)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    "said",
    [{"min_count": 1}, {"max_size": 5}, {"tokenizer": "lower"}, {"encoding": "cp949"}],
    ids=str,
)
def test_what_an_encoded_corpus_would_ignore_is_refused(said):
    corpus = encode_corpus(["a b a b", "b a"] * 5, min_count=2)
    with pytest.raises(ArgumentError, match="nothing, for the corpus is encoded already"):
        word2vec(corpus, vector_size=12, workers=1, **said)


def test_words_have_no_punctuation_on_them_unless_split_is_asked_for():
    """A model that was shown `"film,"` and `"3-D."` has them as neighbours of film."""
    texts = ["a good film, in 3-D."] * 20
    made = word2vec(texts, vector_size=12, min_count=1, workers=1)
    assert sorted(made.tokens) == [",", "-", ".", "3", "D", "a", "film", "good", "in"]
    assert made.provenance["tokenizer"] == made.tokenizer == "words"
    made = word2vec(texts, vector_size=12, min_count=1, workers=1, tokenizer="split")
    assert "film," in made.tokens
    assert made.tokenizer == "split"


def test_a_corpus_in_another_encoding_gives_the_same_vectors(tmp_path):
    texts = ["영화가 좋다 film", "별로였다 film"] * 20
    path = tmp_path / "corpus.txt"
    path.write_bytes("\n".join(texts).encode("cp949"))
    settings = dict(vector_size=12, min_count=1, deterministic=True)
    with pytest.raises(FormatError, match=r"Try: encoding='cp949'\.?$"):
        word2vec(path, **settings)
    found = word2vec(path, encoding="cp949", **settings)
    expected = word2vec(texts, **settings)
    assert found.tokens == expected.tokens
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    with pytest.raises(ArgumentError, match="encoding: expected none, for texts are decoded"):
        word2vec(texts, encoding="cp949", **settings)


def test_words_that_are_given_for_texts_are_refused():
    words = "the cat sat on the mat".split() * 5
    with pytest.raises(
        ArgumentError, match=r"corpus: expected texts with two words .* \[words\] for"
    ):
        word2vec(words, min_count=1)
    assert len(word2vec([words], vector_size=12, min_count=1, epochs=1)) == 5


def test_a_table_of_lists_of_tokens_meets_strings(tmp_path):
    lists = [["a", "good", "film", "."], ["a", "bad", "film", "!"]] * 10
    table = word2vec(lists, vector_size=12, min_count=1, workers=1)
    assert table.tokenizer is None
    vocab = inlay.Vocabulary.from_texts(["a good film.", "a bad film!"], tokenizer="split")
    assert table.align(vocab).coverage.n_found == 3  # without a warning
    vocab = inlay.Vocabulary.from_texts(["a good film.", "a bad film!"])
    assert table.align(vocab).coverage.n_found == 6
