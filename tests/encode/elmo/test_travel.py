"""What goes to other processes of an ELMo: in real ones, started afresh and forked."""

import copy
import dataclasses
import functools
import importlib.util
import os
import pickle
import shutil

import numpy as np
import pytest

import inlay
from inlay import Table, Vocabulary
from inlay.encode.elmo import Elmo, Mix, Weights
from inlay.errors import FormatError, MissingFileError
from tests.encode.elmo.golden import HERE
from tests.encode.elmo.test_checkpoints import (
    OPTIONS,
    allennlp_state,
    variables,
    write_tensorflow,
    write_torch,
)
from tests.encode.elmo.test_network import TINY
from tests.processes import STARTS, in_fresh, in_worker

pytest.importorskip("h5py")

TEXTS = ["a good film", "", "The END"]
WEIGHTS = Weights.random(TINY, 3)
SMALL = 4_000  # bytes of what holds no weights


def first_letters(text):
    """A tokenizer with a name."""
    return [word[0] for word in text.split()]


@pytest.fixture
def folder(tmp_path):
    Elmo(TINY, WEIGHTS).save(tmp_path / "model")
    return tmp_path / "model"


def everything(folder, *, used=False):
    """Encoders of every kind that travels."""
    loaded = inlay.load_encoder(folder)
    if used:  # what was made when it ran stays behind
        loaded.encode(TEXTS)
    changed = Elmo.load(folder, max_length=2)
    changed.mix = Mix((1.0, 0.0, -1.0), 2.0)
    return {
        "loaded": loaded,
        "changed": changed,
        "in memory": Elmo(TINY, WEIGHTS, tokenizer="lower", pad_token="a"),
        "other numbers": Elmo(loaded.options, Weights.random(TINY, 4)),
        "named": Elmo.load(folder, tokenizer=first_letters, max_length=1),
        "stateful": Elmo.load(folder, stateful=True),
        "cached": Elmo.load(folder, vocab_to_cache=["a", "film"]),
        "official": Elmo.load(HERE / "a_options.json", HERE / "a_weights.hdf5"),
    }


def answers(encoders):
    """What they say in the process that they have come to."""
    return {
        name: (encoder.hash, encoder.tokenize("A b c"), encoder.encode(TEXTS).tolist())
        for name, encoder in encoders.items()
    }


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("used", [False, True])
def test_every_encoder_goes_to_a_worker(folder, start, used):
    make = functools.partial(everything, used=used)
    assert in_worker(start, answers, make, folder) == answers(everything(folder))


def size(encoder):
    return len(pickle.dumps(encoder))


def test_what_was_loaded_travels_as_its_file(folder, tmp_path):
    encoders = everything(folder)
    numbers = sum(array.nbytes for array in WEIGHTS.named().values())
    assert numbers > 2 * SMALL
    for name in ("loaded", "changed", "named", "cached", "official"):
        assert size(encoders[name]) < SMALL, name
    for name in ("in memory", "other numbers"):
        assert size(encoders[name]) > numbers, name
    with_numbers = Elmo(TINY, dataclasses.replace(encoders["loaded"].weights))
    assert size(with_numbers) > numbers
    again = pickle.loads(pickle.dumps(encoders["loaded"]))
    assert size(again) < SMALL
    assert isinstance(pickle.loads(pickle.dumps(with_numbers)).weights, Weights)


def test_a_relative_path_means_the_same_in_a_worker_elsewhere(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    sent = pickle.dumps(inlay.load_encoder(folder.name))
    monkeypatch.chdir("/")
    assert pickle.loads(sent).hash == WEIGHTS.hash(TINY)


def test_numbers_of_a_file_never_change(folder):
    weights = inlay.load_encoder(folder).weights
    cell = weights.cells[1][1]
    for array in (weights.char_embed, weights.filters[0][0], weights.projection[1], cell.kernel):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_file_that_is_gone_or_another_is_an_error(folder):
    encoder = inlay.load_encoder(folder)
    sent = pickle.dumps(encoder)
    kept = shutil.move(folder, folder.with_name("kept"))
    with pytest.raises(MissingFileError, match=r"weights\.hdf5: expected the file.*replace"):
        pickle.loads(sent)
    assert size(encoder) > SMALL  # it takes its numbers along
    shutil.copytree(kept, folder, copy_function=shutil.copyfile)  # the same at another time
    assert pickle.loads(sent).hash == encoder.hash
    Elmo(TINY, Weights.random(TINY, 9)).save(folder)
    with pytest.raises(FormatError, match=r"weights\.hdf5: expected the weights.*others, written"):
        pickle.loads(sent)
    assert pickle.loads(pickle.dumps(encoder)).hash == encoder.hash
    (folder / "options.json").unlink()
    with pytest.raises(MissingFileError, match=r"options\.json: no such file"):
        pickle.loads(sent)


def test_checkpoints_travel_as_their_files(tmp_path):
    weights = Weights.random(OPTIONS, 5)
    if importlib.util.find_spec("torch"):
        write_torch(tmp_path / "weights.th", allennlp_state(weights, "elmo."))
    if importlib.util.find_spec("tensorflow"):
        (tmp_path / "tf").mkdir()
        write_tensorflow(tmp_path / "tf" / "model", variables(weights, "TF-Hub"))
    for path in tmp_path.iterdir():
        encoder = inlay.load_encoder(path)
        assert size(encoder) < SMALL
        assert pickle.loads(pickle.dumps(encoder)).hash == encoder.hash


def test_a_function_without_a_name_is_copied(folder):
    encoder = Elmo.load(folder, tokenizer=lambda text: text.split("e"))
    assert copy.deepcopy(encoder).tokenize("aebec") == ["a", "b", "c"]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_copies(folder, duplicate):
    expected = answers(everything(folder))
    encoders = everything(folder)
    shutil.rmtree(folder)  # no copy reads a file
    copies = {name: duplicate(encoder) for name, encoder in encoders.items()}
    assert copies["loaded"].weights is encoders["loaded"].weights
    assert answers(copies) == expected
    copies["stateful"].encode(TEXTS)  # and has moved on alone
    assert answers(encoders) == expected
    copies["loaded"].mix = Mix((1.0, 0.0, 0.0))
    assert encoders["loaded"].mix == Mix((0.0, 0.0, 0.0))


def test_copied_weights_of_ones_own_are_ones_own():
    encoder = Elmo(TINY, Weights.random(TINY, 3))
    twin = copy.deepcopy(encoder)
    twin.weights.char_embed[:] = 0
    assert encoder.weights.char_embed.any()


class Collate:
    """Texts to what a model of each kind is fed with, in a DataLoader's worker."""

    def __init__(self, folder):
        table = Table(["film", "good", "a"], np.arange(6, dtype="f4").reshape(3, 2))
        self.vocab = Vocabulary.from_texts(TEXTS)
        self.table = table.align(self.vocab)
        self.encoder = inlay.load_encoder(folder)

    def __call__(self, texts):
        ids = self.vocab.encode(texts)
        return os.getpid(), ids, self.table.vectors[ids], self.encoder.encode(texts)


def collated(start, folder):
    """The process, and the batches that its loader's workers collate."""
    from torch.utils.data import DataLoader

    make = {"batch_size": 3, "num_workers": 2, "multiprocessing_context": start}
    return os.getpid(), list(DataLoader(TEXTS * 4, collate_fn=Collate(folder), **make))


@pytest.mark.parametrize("start", STARTS)
def test_the_workers_of_a_data_loader(folder, start):
    pytest.importorskip("torch")
    expected = Collate(folder)(TEXTS)[1:]
    parent, batches = in_fresh(collated, start, folder)
    assert len(batches) == 4
    assert len({pid for pid, *_ in batches} | {parent}) == 3
    for _, *found in batches:
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
