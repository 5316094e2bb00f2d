"""What goes to other processes: in real ones, started afresh and forked."""

import copy
import io
import marshal
import pickle
import sys
import types

import numpy as np
import pytest

import inlay
from inlay import Table, Vocabulary
from inlay.core import HashingVocabulary
from inlay.errors import FormatError, MissingFileError
from tests.processes import STARTS, in_fresh, in_worker

N = 5_000


def first_letters(text):
    """A tokenizer with a name."""
    return [word[0] for word in text.split()]


@pytest.fixture
def path(tmp_path):
    """A native file of 1.3 MB."""
    matrix = np.random.default_rng(0).normal(size=(N, 64)).astype("f4")
    Table([f"w{i}" for i in range(N)], matrix, counts=range(N)).save(tmp_path / "t.safetensors")
    return tmp_path / "t.safetensors"


def everything(path):
    """One of each thing that travels."""
    vocab = Vocabulary.from_texts(["w1 w2 w9", "w1 x"])
    mapped = inlay.load(path)
    return {
        "mapped": mapped,
        "limited": inlay.load(path, limit=10),
        "in memory": inlay.load(path, mmap=False),
        "aligned": mapped.align(vocab),
        "vocab": vocab,
        "named": Vocabulary(["a", "b"], tokenizer=first_letters),
        "hashing": HashingVocabulary(100, tokenizer="lower"),
        "tokens": vocab.tokens,
        "coverage": mapped.align(vocab).coverage,
    }


def answers(things):
    """What they say in the process that they have come to."""
    tables = [things[name] for name in ("mapped", "limited", "in memory", "aligned")]
    return {
        "rows": [table["w1"].tolist() for table in tables],
        "similar": [table.most_similar("w1", topn=2) for table in tables],
        "shapes": [(table.shape, table.pad_id, table.unk_id) for table in tables],
        "counts": [table.counts.tolist() for table in tables],
        "read only": [table.counts.flags.writeable for table in [*tables, things["vocab"]]],
        "is map": [table._origin is not None for table in tables],
        "provenance": [table.provenance for table in tables],
        "coverage": [things["coverage"], tables[3].coverage],
        "ids": things["vocab"].encode(["w1 w9 w7"]).tolist(),
        "letters": things["named"].encode(["apple berry"]).tolist(),
        "hashed": things["hashing"].encode(["W1"]).tolist(),
        "found": things["tokens"].find("w2"),
    }


@pytest.mark.parametrize("start", STARTS)
def test_everything_goes_to_a_worker(path, start):
    assert in_worker(start, answers, everything, path) == answers(everything(path))


def test_a_copy_is_the_thing_itself(path):
    for name, thing in everything(path).items():
        if name != "coverage":
            assert copy.copy(thing) is thing
            assert copy.deepcopy([thing])[0] is thing
    coverage = everything(path)["coverage"]
    assert copy.deepcopy(coverage) == coverage


def test_a_mapped_table_travels_as_its_path(path):
    mapped = inlay.load(path)
    assert len(pickle.dumps(mapped)) < 2_000
    assert len(pickle.dumps(inlay.load(path, limit=4_000))) < 2_000
    assert len(pickle.dumps(inlay.load(path, mmap=False))) > N * 64 * 4
    assert len(pickle.dumps(inlay.load(path, keep=["w1"]))) < 3_000  # the one row
    again = pickle.loads(pickle.dumps(mapped))
    assert np.array_equal(again.matrix, mapped.matrix)
    assert len(pickle.dumps(again)) < 2_000


def test_a_relative_path_means_the_same_in_a_worker_elsewhere(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    sent = pickle.dumps(inlay.load(path.name))
    monkeypatch.chdir("/")
    assert "w7" in pickle.loads(sent)


def test_a_file_that_is_gone_or_another_is_an_error(path):
    table = inlay.load(path)
    sent = pickle.dumps(table)
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(MissingFileError, match=r"t\.safetensors: expected the file.*mmap=False"):
        pickle.loads(sent)
    path.write_bytes(content)  # the same content at another time
    assert np.array_equal(pickle.loads(sent).matrix, table.matrix)
    matrix = np.array(table.matrix)
    matrix[7] += 1
    Table(table.tokens, matrix, counts=table.counts).save(path)
    assert path.stat().st_size == len(content)
    with pytest.raises(FormatError, match=r"got another one, written since.*Try: load it again"):
        pickle.loads(sent)
    for damaged in (b"", content[:3], content[:500], content[:-1], content + b"x"):
        path.write_bytes(damaged)
        with pytest.raises((FormatError, MissingFileError), match=r"t\.safetensors: expected the"):
            pickle.loads(sent)


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file cannot be removed there")
@pytest.mark.parametrize("fate", ["gone", "another"])
def test_a_map_whose_file_has_gone_travels_with_its_numbers(path, fate):
    table = inlay.load(path)
    expected = np.array(table.matrix)
    if fate == "gone":
        path.unlink()
    else:
        Table(["x"], np.eye(1)).save(path)
    again = pickle.loads(pickle.dumps(table))
    assert np.array_equal(again.matrix, expected)
    assert pickle.loads(pickle.dumps(again))["w3"].tolist() == table["w3"].tolist()


class Rebuilding(pickle.Pickler):
    """Takes the code of functions along, as the picklers of joblib, Ray and Spark do."""

    def reducer_override(self, thing):
        if not isinstance(thing, types.FunctionType) or thing.__name__ != "<lambda>":
            return NotImplemented
        return rebuilt, (marshal.dumps(thing.__code__),)


def rebuilt(code):
    return types.FunctionType(marshal.loads(code), {})


def test_whether_a_function_without_a_name_travels_is_for_the_pickler_to_say():
    nameless = lambda text: text.split("|")  # noqa: E731
    for vocab in (Vocabulary(["a"], tokenizer=nameless), HashingVocabulary(9, tokenizer=nameless)):
        with pytest.raises((pickle.PicklingError, AttributeError), match="<lambda>"):
            pickle.dumps(vocab)
        sent = io.BytesIO()
        Rebuilding(sent).dump(vocab)
        assert pickle.loads(sent.getvalue()).tokenize("b|a") == ["b", "a"]


def test_what_takes_functions_along_may_have_one_without_a_name():
    cloudpickle = pytest.importorskip("cloudpickle")
    vocab = Vocabulary(["a", "b"], tokenizer=lambda text: text.split("|"))
    again = pickle.loads(cloudpickle.dumps(vocab))
    assert again.encode(["b|a"]).tolist() == [[3, 2]]


def test_joblib_s_workers_have_them_too(path):
    joblib = pytest.importorskip("joblib")
    things = everything(path)
    things["named"] = Vocabulary(
        ["a", "b"], tokenizer=lambda text: [word[0] for word in text.split()]
    )
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(answers)(things) for _ in range(2))
    assert found == [answers(things)] * 2


@pytest.mark.parametrize("start", STARTS)
def test_a_data_loader_of_torch_has_workers(path, start):
    pytest.importorskip("torch")
    assert np.array_equal(in_fresh(batched, start, path), inlay.load(path)[["w1", "w2"]])


def batched(start, path):
    """The one batch of a loader."""
    from torch.utils.data import DataLoader

    rows = Rows(inlay.load(path), Vocabulary(["w1", "w2"]))
    loader = DataLoader(rows, batch_size=2, num_workers=1, multiprocessing_context=start)
    (batch,) = list(loader)
    return batch.numpy()


class Rows:
    """A dataset that holds a table and a vocabulary."""

    def __init__(self, table, vocab):
        self.table, self.vocab = table, vocab

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return self.table[self.vocab.tokens[i + 2]]
