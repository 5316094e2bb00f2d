import contextlib
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from fuzz.others import (
    VECTORS,
    WORDS,
    foreign,
    gensim_seeds,
    key_vectors,
    npy,
    old_vectors,
    pickled,
)

from inlay import load
from inlay.errors import ArgumentError, FormatError
from inlay.formats import Gensim
from tests.data import shared
from tests.formats.readers import base, check_reader
from tests.processes import soon

COUNTS = [9, 7, 5, 4, 2]
DOCUMENTS = Gensim(part="documents")


def model(name="word2vec.Word2Vec", **parts):
    return foreign(f"gensim.models.{name}", **parts)


def apart(**state):
    found = key_vectors(__numpys=["vectors"], **state)
    del found.vectors
    return found


SAVED = [
    key_vectors(),
    old_vectors(),
    key_vectors(index_to_key=None, index2entity=WORDS),
    model(wv=key_vectors()),
    model(wv=old_vectors()),
    model("poincare.PoincareModel", kv=key_vectors()),
    model(index2word=WORDS, syn0=VECTORS, vocab=old_vectors().vocab),
]
del SAVED[2].index_to_key


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("saved", SAVED, ids=lambda saved: type(saved).__name__)
def test_every_version_that_has_words_and_vectors(make, saved, protocol):
    path = make(pickled(saved, protocol), "x.model")
    check_reader(path, WORDS, VECTORS, "gensim")
    table = load(path)
    assert table.counts.tolist() == COUNTS
    assert load(path, keep=["film"]).counts.tolist() == [5]
    name = type(saved)
    assert table.provenance["saved_by"] == f"{name.__module__}.{name.__qualname__}"


def test_arrays_beside_the_pickle_are_mapped(make):
    make(npy(VECTORS), "x.kv.vectors.npy")
    path = make(pickled(apart()), "x.kv")
    check_reader(path, WORDS, VECTORS, "gensim", mapped=True, packed=False)
    make(npy(VECTORS * 2), "x.model.wv.vectors.npy")
    table = load(make(pickled(model(wv=apart())), "x.model"))
    assert np.array_equal(table.matrix, VECTORS * 2)
    assert base(table.storage) is not None


def test_arrays_beside_a_packed_pickle(make):
    import gzip

    file = io.BytesIO()
    np.savez_compressed(file, val=VECTORS)
    make(file.getvalue(), "x.kv.gz.vectors.npz")
    table = load(make(gzip.compress(pickled(apart())), "x.kv.gz"))
    assert np.array_equal(table.matrix, VECTORS)


def test_an_array_that_is_missing_beside_it(make):
    path = make(pickled(model(wv=apart())), "x.model")
    with pytest.raises(FormatError, match=r"its vectors beside it, in x.model.wv.vectors.npy, got"):
        load(path)


def test_a_name_in_the_pickle_leads_nowhere_else(make, tmp_path):
    make(npy(VECTORS), "secret.npy")
    for names in (["../secret", "vectors"], ["vectors", "/secret"], "vectors", [["vectors"]]):
        saved = apart()
        saved.__dict__["__numpys"] = names
        with pytest.raises(FormatError, match=r"beside it, in x\.kv\.vectors\.npy|an array of"):
            load(make(pickled(saved), "x.kv"))


def test_counts_that_gensim_made_up_are_left_out(make):
    ranks = key_vectors(expandos={"count": np.arange(5, 0, -1)})
    table = load(make(pickled(ranks)))
    assert table.counts is None
    assert table.provenance["invented_counts_left_out"] is True
    assert load(make(pickled(key_vectors()))).provenance["invented_counts_left_out"] is False


@pytest.mark.parametrize(
    "expandos", [{}, {"count": np.ones(4, np.int64)}, {"count": np.array([-1] * 5)}, {"count": 5}]
)
def test_counts_that_are_none(make, expandos):
    assert load(make(pickled(key_vectors(expandos=expandos)))).counts is None


def test_documents(make):
    tags = [0, 1, 2, "a", "é"]
    new = model("doc2vec.Doc2Vec", wv=key_vectors(), dv=key_vectors(index_to_key=tags))
    docvecs = foreign(
        "gensim.models.keyedvectors.Doc2VecKeyedVectors",
        max_rawint=2, offset2doctag=["a", "é"], count=5, doctags={}, vectors_docs=VECTORS,
    )  # fmt: skip
    old = model("doc2vec.Doc2Vec", wv=old_vectors(), docvecs=docvecs)
    older = foreign("gensim.models.doc2vec.DocvecsArray", doctag_syn0=VECTORS, index2doctag=WORDS)
    for saved, tokens in (
        (new, ["0", "1", "2", "a", "é"]),
        (old, ["0", "1", "2", "a", "é"]),
        (model("doc2vec.Doc2Vec", index2word=["x"], syn0=VECTORS[:1], docvecs=older), WORDS),
    ):
        table = load(make(pickled(saved)), format=DOCUMENTS)
        assert (table.tokens.tolist(), table.provenance["part"]) == (tokens, "documents")
        assert np.array_equal(table.matrix, VECTORS)
    with pytest.raises(FormatError, match="vectors of documents, got a gensim"):
        load(make(pickled(key_vectors())), format=DOCUMENTS)
    with pytest.raises(ArgumentError):
        Gensim(part="dv")


def test_what_was_preallocated_and_never_filled(make):
    more = np.concatenate([VECTORS, np.zeros((3, 3), np.float32)])
    assert np.array_equal(load(make(pickled(key_vectors(vectors=more)))).matrix, VECTORS)


class Runs:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_nothing_in_it_is_run(make, tmp_path):
    marker = tmp_path / "marker"
    content = pickled(key_vectors(other=Runs(str(marker)), hashfxn=hash))
    table = load(make(content))
    assert np.array_equal(table.matrix, VECTORS)
    assert not marker.exists()
    # The same program, where Python's own unpickler meets it.
    pickle.loads(pickle.dumps(Runs(str(marker)))).close()
    assert marker.exists()


BROKEN = [
    (model("phrases.Phrases", vocab={}), "vectors of words, got a gensim.models.phrases.Phrases"),
    (key_vectors(vectors=VECTORS[:4]), "a vector for each of 5 words, got 4"),
    (key_vectors(vectors=VECTORS[0]), "a matrix of floating-point numbers, got float32 of shape"),
    (key_vectors(vectors=VECTORS.astype(int)), "a matrix of floating-point numbers, got int64"),
    (key_vectors(vectors=None), "an array of vectors .vectors or syn0., got none"),
    (key_vectors(vectors=np.array([[None, "a"]])), "an array of numbers in the pickle"),
    (key_vectors(index_to_key=("a", "b")), "a list of words, got tuple"),
    (key_vectors(index_to_key=[*WORDS[:4], None]), "words that are strings"),
    (key_vectors(index_to_key=[*WORDS[:4], 2.5]), "words that are strings, got 2.5"),
    (key_vectors(index_to_key=[*WORDS[:4], "\ud800"]), "text that UTF-8 can hold"),
    (key_vectors(vectors=VECTORS * np.nan), "finite numbers"),
]


@pytest.mark.parametrize(("saved", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_read(make, saved, message):
    path = make(pickled(saved))
    with pytest.raises(FormatError, match=message):
        load(path)


def test_lists_that_hold_each_other_take_no_time(make):
    endless = []
    for _ in range(60):
        endless = [endless, endless]
    itself = [1]
    itself.append(itself)
    for odd in (endless, itself):
        path = make(pickled(key_vectors(index_to_key=[*WORDS[:4], odd])))
        with soon(), pytest.raises(FormatError, match="words that are strings, got a list"):
            load(path)
        for saved in (
            key_vectors(vectors=odd, expandos={"count": odd}, other=odd),
            key_vectors(vectors_ngrams=VECTORS, min_n=odd, max_n=3, bucket=1),
            key_vectors(vectors_ngrams=VECTORS, min_n=3, max_n=3, bucket=1, hash2index={0: odd}),
            key_vectors(index_to_key={"a": odd}),
            key_vectors(__numpys=odd),
        ):
            path = make(pickled(saved))
            with soon(), contextlib.suppress(FormatError):
                assert load(path).tokens.tolist() == WORDS


def test_every_cut_is_refused(make):
    for content in (files["x"] for files in gensim_seeds()):
        for end in range(60, len(content)):
            with pytest.raises(FormatError):
                load(make(content[:end]))


def test_a_side_file_is_out_of_reach_in_an_archive(make):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.kv", pickled(apart()))
    with pytest.raises(FormatError, match="its vectors beside it"):
        load(make(file.getvalue(), "x.zip"))


# -- gensim's own files ------------------------------------------------------------------------


def theirs(name):
    utils = pytest.importorskip("gensim.test.utils")
    path = utils.datapath(name)
    if not os.path.exists(path):
        pytest.skip(f"could not import gensim's test data: {name}")
    return path


def test_a_model_that_gensim_saved(tmp_path):
    models = pytest.importorskip("gensim.models")
    texts = [["the", "good", "film"], ["a", "bad", "é", "film"], ["the", "영화"]] * 5
    saved = models.Word2Vec(texts, vector_size=4, min_count=1, seed=1, workers=1)
    for limit in (10**7, 1):
        saved.save(str(tmp_path / "x.model"), sep_limit=limit)
        saved.wv.save(str(tmp_path / "x.kv"), sep_limit=limit)
        for name in ("x.model", "x.kv"):
            table = load(tmp_path / name)
            assert table.tokens.tolist() == saved.wv.index_to_key
            assert table.matrix.tobytes() == saved.wv.vectors.tobytes()
            assert table.counts.tolist() == saved.wv.expandos["count"].tolist()
    assert (tmp_path / "x.model.wv.vectors.npy").exists()


@pytest.mark.parametrize(
    "name",
    [
        "compatible-hash-true.model",
        "model-from-gensim-3.8.0.w2v",
        "old_keyedvectors_320.dat",
        "old_w2v_models/w2v_1.0.0.mdl",
        "old_w2v_models/w2v_2.3.0.mdl",
        "old_w2v_models/w2v_3.4.0.mdl",
        "poincare_test_3.4.0",
        "word2vec_old_sep",
    ],
)
def test_old_files_are_what_gensim_reads(name):
    path = theirs(name)
    from gensim.models import FastText, KeyedVectors, Word2Vec
    from gensim.models.poincare import PoincareModel

    kinds = {"poincare": PoincareModel, "compat": FastText, "old_key": KeyedVectors}
    kind = next((kinds[start] for start in kinds if name.startswith(start)), Word2Vec)
    found = kind.load(path)
    found = getattr(found, "wv", getattr(found, "kv", found))
    table = load(path)
    assert table.tokens.tolist() == found.index_to_key
    if name != "compatible-hash-true.model":
        assert table.matrix.tobytes() == np.ascontiguousarray(found.vectors).tobytes()


@pytest.mark.parametrize(
    ("name", "shape", "token"),
    [
        ("word2vec_pre_kv_py2", (9, 2), "the"),
        ("word2vec_pre_kv_sep_py3", (9, 2), "the"),
        ("w2v-lee-v0.12.0", (806, 100), "four"),
        ("doc2vec_old_sep", (3955, 100), "the"),
        ("fasttext_old_sep", (12, 100), "system"),
        ("ft_model_2.3.0", (1763, 10), "the"),
        ("d2v-lee-v0.13.0", (1750, 10), "the"),
    ],
)
def test_files_that_gensim_itself_no_longer_reads(name, shape, token):
    table = load(theirs(name))
    assert (table.matrix.shape, table.tokens[0]) == (shape, token)
    assert np.isfinite(table.matrix).all()


def test_real_files():
    table = load(shared("gensim-fixtures", "model-from-gensim-3.8.0.w2v"))
    assert (table.tokens.tolist(), table.dim) == (["t", "e", "s"], 300)
    assert table.counts.tolist() == [2, 1, 1]
    table = load(shared("gensim-fixtures", "compatible-hash-true.model"))
    assert (table.matrix.shape, table.tokens[0], table.counts[8]) == ((22, 5), "the", 9)
