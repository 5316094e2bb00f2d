"""fastText against the same steps in plain numpy, and what its table is."""

import pickle
import struct
import sys

import numpy as np
import pytest
from fuzz.fasttext import grams, hashed

import inlay
from inlay.core.jamo import in_jamo
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.kernels import subword_training
from inlay.text import encode_corpus
from inlay.train import fasttext
from tests.train.subword_reference import fasttext_reference
from tests.train.test_word2vec_steps import sentences

PIECE = 200
DEFAULTS = {
    "architecture": "skipgram",
    "vector_size": 12,
    "window": 5,
    "negative": 5,
    "sample": 0.0,
    "min_count": 1,
    "epochs": 2,
    "alpha": 0.05,
    "min_alpha": 0.0,
    "ns_exponent": 0.5,
    "min_n": 2,
    "max_n": 4,
    "bucket": 50,
    "seed": 3,
}
CASES = {
    "defaults": {},
    "thinned out, with many buckets": {"sample": 1e-2, "bucket": 100_000, "min_count": 6},
    "wide, with many noise words": {"window": 9, "negative": 11, "min_alpha": 0.01},
    "steps so large that they are held back": {"alpha": 0.2, "epochs": 1},
    "without n-grams": {"max_n": 0, "epochs": 1},
    "CBOW": {"architecture": "cbow", "alpha": 0.1},
    "CBOW, held back": {"architecture": "cbow", "alpha": 0.4, "epochs": 4, "sample": 0.1},
}
# Of one size and few settings, so that the kernel is compiled once.
TEXTS = [
    "한국어 나무 가 있다 😀",
    "中文 的 句子 很 长",
    "the cat sat on the mat aaaaaaaaaa",
    "the dog sat on the rug",
] * 10
SMALL = {"vector_size": 12, "min_count": 1, "workers": 1, "bucket": 3000, "sample": 0.0}
SMALL |= {"tokenizer": "split", "epochs": 3}
OTHERS = ["cats", "나무가", "있다고", "句子们", "😀cat", "aaaaaaaa", "é", "zzq"]


@pytest.fixture(scope="module")
def table():
    return fasttext(TEXTS, **SMALL)


@pytest.mark.parametrize("case", CASES)
def test_whole_epochs_are_the_reference_step_by_step(case, monkeypatch):
    monkeypatch.setattr(sys.modules["inlay.train.word2vec_work"], "PIECE", PIECE)
    settings, corpus = DEFAULTS | CASES[case], sentences(40)
    made = fasttext(corpus, workers=1, **settings)
    expected = fasttext_reference(corpus, piece=PIECE, **settings)
    assert made.tokens.tolist() == list(expected)
    wanted = np.array(list(expected.values()))
    np.testing.assert_allclose(made.vectors, wanted, rtol=1e-3, atol=5e-4)
    assert abs(wanted).max() > 3 / settings["vector_size"]  # something was learned


def test_an_unknown_word_is_the_mean_of_its_n_grams(table):
    rows, ngrams = table._subwords.rows, table._subwords.ngrams
    of_bucket = dict(zip(*(kept.tolist() for kept in ngrams.kept), strict=True))
    for word in OTHERS:
        buckets = [hashed(gram) % 3000 for gram in grams(word.encode(), 3, 6)]
        found = [rows[of_bucket[bucket]] for bucket in buckets if bucket in of_bucket]
        wanted = np.sum(found, axis=0) / max(len(buckets), 1)
        np.testing.assert_allclose(table[word], wanted, atol=1e-6)
    assert table["cats"].any()
    assert table["나무가"].any()
    assert "cats" not in table
    assert not table["zzq"].any()


def test_a_bin_is_a_model_of_fasttext(table, tmp_path):
    table.save(tmp_path / "v.bin")
    again = inlay.load(tmp_path / "v.bin")
    assert again.provenance["format"] == "fasttext"
    said = again.provenance["settings"]
    assert (said["ws"], said["neg"], said["minn"], said["maxn"], said["bucket"]) == (
        5,
        5,
        3,
        6,
        3000,
    )
    assert (said["epoch"], said["minCount"], said["model"]) == (3, 1, "skipgram")
    assert again.tokens == table.tokens
    assert again.counts.tolist() == table.counts.tolist()
    np.testing.assert_allclose(again.vectors, table.vectors, atol=1e-6)
    for word in OTHERS:
        np.testing.assert_allclose(again[word], table[word], atol=1e-7)
    size = (tmp_path / "v.bin").stat().st_size
    assert size > (3000 + 2 * len(table)) * 12 * 4  # a row for every bucket


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_hierarchical_softmax(architecture, tmp_path):
    made = fasttext(TEXTS, **SMALL, architecture=architecture, loss="hs", alpha=0.1)
    assert made.provenance["model"].endswith(", hierarchical softmax")
    settings = made.provenance["settings"]
    assert (settings["loss"], settings["negative"], settings["ns_exponent"]) == ("hs", None, None)
    losses = made.provenance["losses"]
    assert losses[2] < losses[1] < losses[0]
    assert made.similarity("cat", "dog") > made.similarity("cat", "나무") + 0.2
    assert made["cats"].any()
    made.save(tmp_path / "v.bin")
    again = inlay.load(tmp_path / "v.bin")
    assert (again.provenance["settings"]["loss"], again.provenance["settings"]["neg"]) == ("hs", 5)
    np.testing.assert_allclose(again.vectors, made.vectors, atol=1e-6)
    again.save(tmp_path / "w.bin")
    assert inlay.load(tmp_path / "w.bin").provenance["settings"]["loss"] == "hs"
    assert not made.parts


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_exact(architecture):
    made = fasttext(TEXTS, **SMALL, architecture=architecture, exact=True, alpha=0.1)
    assert made.provenance["model"].endswith(", negative sampling, exact")
    losses = made.provenance["losses"]
    assert losses[2] < losses[1] < losses[0]
    assert made.similarity("cat", "dog") > made.similarity("cat", "나무") + 0.2


def test_what_words_are_predicted_by_hangs_on_the_table(table, tmp_path):
    table.save(tmp_path / "v.bin")
    outputs = inlay.load(tmp_path / "v.bin", name="output")
    np.testing.assert_array_equal(outputs.vectors, table.parts["context"].vectors)
    assert outputs.tokens == table.tokens
    assert abs(outputs.vectors).min(axis=1).all()
    other = inlay.Table(["b"], np.ones((1, 2), "f"))  # whose rows are of no word of the model
    inlay.Table(["a"], np.ones((1, 2), "f"), parts={"context": other}).save(
        tmp_path / "w.bin", format="fasttext"
    )
    assert not inlay.load(tmp_path / "w.bin", name="output").vectors.any()


def test_the_native_file_keeps_all(table, tmp_path):
    table.save(tmp_path / "v.safetensors")
    again = inlay.load(tmp_path / "v.safetensors")
    travelled = pickle.loads(pickle.dumps(table))
    for word in OTHERS:
        np.testing.assert_array_equal(again[word], table[word])
        np.testing.assert_array_equal(travelled[word], table[word])
    assert again.provenance["settings"] == table.provenance["settings"]
    again.save(tmp_path / "v.bin")
    np.testing.assert_allclose(inlay.load(tmp_path / "v.bin")["cats"], table["cats"], atol=1e-7)
    with pytest.warns(UserWarning, match="cannot hold what composes"):
        table.save(tmp_path / "v.vec")
    assert inlay.load(tmp_path / "v.vec").tokens == table.tokens


def test_n_grams_of_jamo(table, tmp_path):
    made = fasttext(TEXTS, **SMALL, jamo=True)
    rows, ngrams = made._subwords.rows, made._subwords.ngrams
    of_bucket = dict(zip(*(kept.tolist() for kept in ngrams.kept), strict=True))
    buckets = [hashed(gram) % 3000 for gram in grams(in_jamo("나묵").encode(), 3, 6)]
    found = [rows[of_bucket[bucket]] for bucket in buckets if bucket in of_bucket]
    np.testing.assert_allclose(made["나묵"], np.sum(found, axis=0) / len(buckets), atol=1e-6)
    # Its syllables share nothing with "나무", but most of its letters do.
    assert not table["묵나"].any()
    assert made["묵나"].any()
    assert made.provenance["settings"]["jamo"] is True
    made.save(tmp_path / "v.safetensors")
    np.testing.assert_array_equal(inlay.load(tmp_path / "v.safetensors")["나묵"], made["나묵"])
    with pytest.raises(FormatError, match=r"n-grams of jamo, .* Try: a path in .safetensors"):
        made.save(tmp_path / "v.bin")


def test_provenance(table):
    said = table.provenance
    assert said["model"] == "fastText skip-gram, negative sampling"
    assert (said["tokenizer"], said["workers"], said["corpus_words"]) == ("split", 1, 230)
    assert said["settings"]["min_n"] == 3
    assert len(said["losses"]) == 3
    assert said["losses"][0] > said["losses"][2] > 0


def test_one_worker_does_the_same_twice(table):
    again = fasttext(encode_corpus(TEXTS, min_count=1, tokenizer="split"), **only("seed"))
    np.testing.assert_array_equal(again.vectors, table.vectors)
    other = fasttext(encode_corpus(TEXTS, min_count=1, tokenizer="split"), **only("seed", seed=1))
    assert (other.vectors != table.vectors).any()


def test_the_table_is_made_in_the_memory_of_the_model(table, monkeypatch):
    """The one at the end; those of callbacks are copies, and the same."""
    work, seen, rooms = sys.modules["inlay.train.subwords"].SubwordWork, [], []
    finished = work.finished
    monkeypatch.setattr(
        work, "finished", lambda self: rooms.append((self.room, *self.model)) or finished(self)
    )
    made = fasttext(TEXTS, **SMALL, callbacks=[lambda epoch: seen.append(epoch.table())])
    room, inputs, outputs = rooms[0]
    assert room.size == inputs.size
    assert np.shares_memory(made.matrix, room)
    assert np.shares_memory(made._subwords.rows, room)
    assert np.shares_memory(made.parts["context"].matrix, outputs)
    last = seen[-1]
    assert not np.shares_memory(last.matrix, room)
    for one in (made, last):
        np.testing.assert_array_equal(one.vectors, table.vectors)
        np.testing.assert_array_equal(one._subwords.rows, table._subwords.rows)
        np.testing.assert_array_equal(one["cats"], table["cats"])
        context = one.parts["context"].vectors
        np.testing.assert_array_equal(context, table.parts["context"].vectors)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["ns", "hs"])
def test_deterministic_gives_the_same_file_for_any_number_of_workers(tmp_path, architecture, loss):
    corpus, files = encode_corpus(sentences(500), min_count=1), []  # of two rounds and a half
    settings = only(deterministic=True, architecture=architecture, loss=loss)
    for workers in (1, 2, 3):
        made = fasttext(corpus, **settings | {"workers": workers})
        made.save(tmp_path / "t.safetensors")
        files.append((tmp_path / "t.safetensors").read_bytes())
    assert files[0] == files[1] == files[2]
    assert "workers" not in made.provenance
    assert made.provenance["losses"][2] < made.provenance["losses"][0]


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_a_piece_that_is_learned_from_apart_is_learned_from_as_ever(architecture, monkeypatch):
    """On rows of its own: what changes is the same, if nothing is drawn and pieces come in turn."""
    work = sys.modules["inlay.train.word2vec_work"]
    for name, value in (("TOGETHER", 1), ("PIECE", 250)):
        monkeypatch.setattr(work, name, value)
    monkeypatch.setattr(work, "damping", lambda load, *how: np.ones(load.size, np.float32))
    corpus = encode_corpus(sentences(100), min_count=1)
    settings = only(architecture=architecture, loss="hs", epochs=1)
    plain, apart = (fasttext(corpus, **settings, deterministic=d) for d in (False, True))
    np.testing.assert_allclose(apart.vectors, plain.vectors, atol=1e-5)
    np.testing.assert_allclose(apart._subwords.rows, plain._subwords.rows, atol=1e-5)


def only(*_names, **more):
    """The settings that an encoded corpus leaves open."""
    return {k: v for k, v in SMALL.items() if k not in ("min_count", "tokenizer")} | more


def test_two_workers_learn_the_same_words():
    corpus = sentences(60)
    made = fasttext(corpus, **SMALL | {"workers": 2, "tokenizer": None})
    assert np.isfinite(made.vectors).all()
    assert made.provenance["losses"][-1] < made.provenance["losses"][0]


@pytest.mark.parametrize("how", [{}, {"loss": "hs"}, {"deterministic": True}], ids=str)
def test_words_that_share_n_grams_stay_bounded(how):
    """Years, repeated letters and one word over and over: their rows are moved many times."""
    years = [[str(1900 + (7 * i + k) % 99) for k in range(40)] for i in range(30)]
    letters = [["a" * (3 + (i + k) % 20) for k in range(30)] for i in range(30)]
    same = [["----------"] * 60] * 20
    settings = SMALL | {"tokenizer": None, "epochs": 20, "alpha": 0.2} | how
    made = fasttext([*years, *letters, *same], **settings)
    assert np.linalg.norm(made.vectors, axis=1).max() < 30


def test_a_word_alone_has_the_vector_of_no_n_gram():
    made = fasttext([["</s>", "a", "b"]] * 20, **SMALL | {"tokenizer": None})
    assert made["</s>"].any()
    assert not fasttext([["x", "y"]] * 9, **SMALL | {"max_n": 0, "tokenizer": None}).can_compose


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_n": 4, "max_n": 3}, r"min_n: expected from 1 to 3 \(max_n\), got 4"),
        ({"min_n": 0}, "min_n: expected from 1 to 6"),
        ({"max_n": 101}, "max_n"),
        ({"bucket": 0}, "bucket"),
        ({"architecture": "skip-gram"}, "architecture: expected 'skipgram' or 'cbow'"),
        ({"alpha": 0.5}, r"alpha: expected below 0.46 for 5 noise words.* got 0.5"),
        ({"alpha": float("nan")}, "alpha"),
        ({"negative": 0}, "negative"),
        ({"loss": "softmax"}, "loss: expected 'ns' or 'hs'"),
        ({"loss": "hs", "negative": 5}, "negative: expected nothing, without loss='ns'"),
        ({"loss": "hs", "exact": True}, "exact: expected nothing, without loss='ns'"),
        ({"loss": "hs", "ns_exponent": 0.5}, "ns_exponent: expected nothing, without loss='ns'"),
    ],
)
def test_settings_out_of_bounds(settings, message):
    with pytest.raises(ArgumentError, match=message):
        fasttext(TEXTS, **settings)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("minn", "min_n="),
        ("dim", "vector_size="),
        ("lr", "alpha="),
        ("minCount", "min_count="),
        ("hs", "loss='hs' for hs=1"),
        ("sg", "architecture='skipgram' or 'cbow'"),
        ("thread", "workers="),
        ("pretrainedVectors", "start="),
        ("wordNgrams", "max_n=0"),
    ],
)
def test_others_names(given, wanted):
    with pytest.raises(ArgumentTypeError, match=wanted):
        fasttext(TEXTS, **{given: 1})


@pytest.mark.parametrize("given", [{"model": "supervised"}, {"label": "__label__"}])
def test_labels_are_learned_by_the_classifier(given):
    with pytest.raises(ArgumentTypeError, match=r"TextClassifier\(model='fastt"):
        fasttext(TEXTS, **given)


def test_a_flag_is_a_flag():
    with pytest.raises(ArgumentTypeError, match="jamo"):
        fasttext(TEXTS, jamo="yes")
    with pytest.raises(ArgumentError, match="expected texts with two words"):
        fasttext([["a"], ["b"]], min_count=1)


def test_vectors_beyond_all_bounds_are_refused(monkeypatch):
    monkeypatch.setattr(sys.modules["inlay.train.word2vec_work"], "LONG", 1e-3)
    with pytest.raises(ArgumentError, match="they grew without bound"):
        fasttext(TEXTS, **SMALL)


def test_zeros_stand_where_no_n_gram_was(table, tmp_path):
    """The official program leaves random numbers there, which are noise in unknown words."""
    table.save(tmp_path / "v.bin")
    data = (tmp_path / "v.bin").read_bytes()
    before = 1 + 16 + len(table) * 12 * 4 + 1 + 16  # of the output matrix, and of words
    end = len(data) - (1 + 16 + len(table) * 12 * 4)
    rows = np.frombuffer(data[end - 3000 * 48 : end], "<f4").reshape(3000, 12)
    assert before < len(data)
    assert struct.unpack("<i", data[4:8]) == (12,)
    assert np.flatnonzero(rows.any(axis=1)).tolist() == table._subwords.ngrams.kept[0].tolist()


def test_gensim_reads_the_same_vectors(table, tmp_path):
    their = pytest.importorskip("gensim.models.fasttext")
    table.save(tmp_path / "v.bin")
    theirs = their.load_facebook_vectors(str(tmp_path / "v.bin"))
    assert theirs.index_to_key == table.tokens.tolist()
    for word in [*table.tokens.tolist(), *OTHERS[:-1]]:
        np.testing.assert_allclose(theirs[word], table[word], atol=1e-6)


def test_the_official_library_reads_the_same_vectors(table, tmp_path):
    their = pytest.importorskip("fasttext", reason="fastText itself is not installed")
    table.save(tmp_path / "v.bin")
    theirs = their.load_model(str(tmp_path / "v.bin"))
    assert theirs.get_words() == table.tokens.tolist()
    for word in [*table.tokens.tolist(), *OTHERS]:
        np.testing.assert_allclose(theirs.get_word_vector(word), table[word], atol=1e-6)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_a_training_that_was_stopped_goes_on(architecture, tmp_path):
    """With a folder, to the very table that it would have been; without, the table is kept."""
    settings = SMALL | {"architecture": architecture, "deterministic": True}

    def stop(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fasttext(TEXTS, **settings, folder=tmp_path / "f", callbacks=[stop])
    again = fasttext(TEXTS, **settings, folder=tmp_path / "f")
    whole = fasttext(TEXTS, **settings)
    np.testing.assert_array_equal(again.vectors, whole.vectors)
    np.testing.assert_array_equal(again["cats"], whole["cats"])
    with pytest.raises(ArgumentError):
        fasttext(TEXTS, **settings | {"max_n": 5}, folder=tmp_path / "f")
    with pytest.raises(KeyboardInterrupt) as stopped:
        fasttext(TEXTS, **settings, callbacks=[stop])
    assert stopped.value.table["cats"].any()


class KilledError(Exception):
    pass


@pytest.mark.parametrize("deterministic", [False, True])
def test_what_is_killed_goes_on_to_the_same_table(tmp_path, monkeypatch, deterministic):
    monkeypatch.setattr(sys.modules["inlay.train.word2vec_work"], "PIECE", 500)
    corpus, train, calls = encode_corpus(sentences(300), min_count=1), subword_training.train, []
    settings = only() | {"deterministic": deterministic, "epochs": 1}
    expected = fasttext(corpus, **settings)

    def killed(*given):
        calls.append(0)
        if len(calls) == 4 + 7 * deterministic:  # of the second round
            raise KilledError
        return train(*given)

    settings |= {"folder": tmp_path, "checkpoint_every": 0}
    with monkeypatch.context() as broken:
        broken.setattr(subword_training, "train", killed)
        with pytest.raises(KilledError):
            fasttext(corpus, **settings)
    again = fasttext(corpus, **settings)
    np.testing.assert_array_equal(again.vectors, expected.vectors)
    np.testing.assert_array_equal(again["cats"], expected["cats"])
    assert again.provenance == expected.provenance


def test_a_folder_keeps_the_numbered_corpus_too(table, tmp_path, monkeypatch):
    (tmp_path / "corpus.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    for _ in range(2):
        made = fasttext(tmp_path / "corpus.txt", **SMALL, folder=tmp_path / "f")
        np.testing.assert_array_equal(made.vectors, table.vectors)
        monkeypatch.setattr(sys.modules["inlay.text.corpus"], "_number", None)  # it is done
    assert len(list((tmp_path / "f").iterdir())) == 2


def test_the_best_epoch_by_a_score():
    scores = iter([1.0, 3.0, 2.0, 1.0])
    made = fasttext(TEXTS, **SMALL | {"epochs": 4}, until=lambda table: next(scores))
    assert made.provenance["best_epoch"] == 2
    assert made.provenance["epochs_trained"] == 3
