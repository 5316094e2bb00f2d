import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from inlay.encode.elmo import resume, torch_train, torch_trainer
from inlay.encode.elmo.bilm import train_bilm
from inlay.encode.elmo.characters import batch_to_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_bilm import BiLM, CharCNN
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from inlay.text.reading import read_lines
from tests.data import shared

FILES = {"options.json", "weights.hdf5", "vocab.txt", "training.json"}
SMALL = dict(
    dim=12,
    projection_dim=6,
    filters=[(1, 4), (3, 8)],
    min_count=1,
    unroll_steps=5,
    batch_size=70,
    learning_rate=0.02,
    held_out=0.1,
)
SOURCE = Path(torch_train.__file__).resolve().parents[3]


def counting(n=250, seed=0):
    """Texts that count in threes from anywhere: each word says which comes next, and before."""
    draw = random.Random(seed)
    words = "zero one two three four five six seven eight nine".split()
    starts = [draw.randrange(10) for _ in range(n)]
    return [
        " ".join(words[(start + 3 * i) % 10] for i in range(draw.randint(3, 12)))
        for start in starts
    ]


def trained(folder, **changed):
    return train_bilm(counting(), folder, **SMALL | changed)


def arrays(folder):
    options = Options.load(folder / "options.json")
    return Weights.load(folder / "weights.hdf5", options).named()


@pytest.mark.parametrize("softmax", [{"softmax": "full"}, {"n_samples": 6}])
def test_it_learns_what_comes_next_and_what_came_before(tmp_path, softmax):
    report = trained(tmp_path / "elmo", epochs=25, **softmax)
    perplexity = report["perplexity"]
    # Ten words, about as frequent, and an end one time in eight.
    assert 9 < perplexity["unigram"] < 11
    # What is left to guess: the first word, and where a text ends.
    assert perplexity["forward"] < 4
    assert perplexity["backward"] < 4
    mean = np.sqrt(perplexity["forward"] * perplexity["backward"])
    assert perplexity["mean"] == pytest.approx(mean)
    history = [entry["perplexity"] for entry in report["history"]]
    assert history[0] > 7
    assert history[-1] < history[0] / 2


def test_the_folder_is_an_elmo(tmp_path):
    report = trained(tmp_path / "elmo", epochs=1, keep_softmax=True)
    assert {file.name for file in (tmp_path / "elmo").iterdir()} == FILES | {"softmax.safetensors"}
    assert json.loads((tmp_path / "elmo/training.json").read_text()) == report
    options = Options.load(tmp_path / "elmo/options.json")
    assert (options.dim, options.projection_dim, options.filters) == (12, 6, ((1, 4), (3, 8)))
    assert (options.cell_clip, options.proj_clip, options.use_skip_connections) == (3, 3, True)
    weights = Weights.load(tmp_path / "elmo/weights.hdf5", options)
    words = CharCNN.from_weights(options, weights)(
        torch.from_numpy(batch_to_ids([["<S>", "three", "never-seen", "</S>"]]))
    )
    layers, _ = BiLM.from_weights(options, weights)(words)
    assert [layer.shape for layer in layers] == [(1, 4, 12)] * 2
    assert all(layer.isfinite().all() for layer in layers)
    vocabulary = (tmp_path / "elmo/vocab.txt").read_text().split("\n")
    assert vocabulary[:3] == ["<S>", "</S>", "<UNK>"]
    assert sorted(vocabulary[3:-1]) == sorted(
        {word for text in counting() for word in text.split()}
    )
    softmax = load_file(tmp_path / "elmo/softmax.safetensors")
    assert softmax["softmax/W"].shape == (13, 6)
    assert report["vocab_size"] == 13
    assert report["parameters"] == sum(array.size for array in arrays(tmp_path / "elmo").values())


def test_all_parameters_are_trained(tmp_path):
    trained(tmp_path / "elmo", epochs=1, n_highway=2)
    found = arrays(tmp_path / "elmo")
    before = Weights.random(Options.load(tmp_path / "elmo/options.json"), 0).named()
    for name, array in before.items():
        assert (found[name] != array).any(), name


def test_the_number_of_threads_changes_nothing_and_the_seed_does(tmp_path):
    settings = dict(epochs=1, dropout=0.1, n_samples=6)
    for name, changed in {
        "one": {"workers": 1},
        "three": {"workers": 3},
        "seed": {"seed": 1},
    }.items():
        trained(tmp_path / name, **settings | changed)
    one, three, seed = (arrays(tmp_path / name) for name in ("one", "three", "seed"))
    for name, array in one.items():
        np.testing.assert_array_equal(array, three[name])
    assert (one["char_embed"] != seed["char_embed"]).any()


def test_torch_keeps_its_number_of_threads(tmp_path):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        trained(tmp_path / "elmo", epochs=0.1)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def stopped_after(monkeypatch, steps):
    """Let a training fail after so many steps."""
    step = torch_trainer.Trainer.step

    def failing(self, number, batch):
        if number == steps:
            raise KeyboardInterrupt
        return step(self, number, batch)

    monkeypatch.setattr(torch_trainer.Trainer, "step", failing)


@pytest.mark.parametrize("steps", [1, 9])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch, steps):
    settings = dict(epochs=3, dropout=0.1, n_samples=6, checkpoint_every=0)
    whole = trained(tmp_path / "whole", **settings)
    assert whole["steps"] > 10
    with monkeypatch.context() as patch:
        stopped_after(patch, steps)
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "stopped", **settings)
    assert [file.name for file in (tmp_path / "stopped").iterdir()] == [resume.NAME]
    taken = []
    step = torch_trainer.Trainer.step
    with monkeypatch.context() as patch:
        patch.setattr(
            torch_trainer.Trainer, "step", lambda *args: (taken.append(args[1]), step(*args))[1]
        )
        resumed = trained(tmp_path / "stopped", **settings)
    assert taken == list(range(steps, whole["steps"]))
    expected = arrays(tmp_path / "whole")
    for name, array in arrays(tmp_path / "stopped").items():
        np.testing.assert_array_equal(array, expected[name])
    for name in whole.keys() - {"seconds"}:
        assert resumed[name] == whole[name], name
    assert {file.name for file in (tmp_path / "stopped").iterdir()} == FILES


def test_a_checkpoint_of_another_training_is_refused_or_left_alone(tmp_path, monkeypatch):
    folder = tmp_path / "elmo"
    with monkeypatch.context() as patch:
        stopped_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            trained(folder, checkpoint_every=0)
    with pytest.raises(ArgumentError, match=r"expected .*seed=0, got seed=1\. Try: .*resume=False"):
        trained(folder, seed=1)
    with pytest.raises(ArgumentError, match="text="):
        train_bilm(counting(seed=5), folder, **SMALL)
    assert trained(folder, seed=1, resume=False)["settings"]["seed"] == 1


def test_a_damaged_checkpoint(tmp_path):
    (tmp_path / resume.NAME).write_bytes(b"nonsense")
    with pytest.raises(FormatError, match="a training that was stopped"):
        trained(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path):
    (tmp_path / "corpus.txt").write_text("\n".join(counting(3000)))
    settings = SMALL | dict(epochs=50, checkpoint_every=0)
    script = (
        "from inlay.encode.elmo.bilm import train_bilm\n"
        f"train_bilm({str(tmp_path / 'corpus.txt')!r}, {str(tmp_path / 'elmo')!r}, **{settings!r})"
    )
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH")]))
    running = subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": path}
    )
    for _ in range(6000):
        if (tmp_path / "elmo" / resume.NAME).exists():
            break
        assert running.poll() is None
        time.sleep(0.01)
    time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    found = load_file(tmp_path / "elmo" / resume.NAME)
    assert np.isfinite(found["softmax/W"]).all()
    assert not (tmp_path / "elmo/weights.hdf5").exists()
    # Whatever the kill left in the folder, a new training may have it.
    train_bilm(counting(), tmp_path / "elmo", **SMALL | {"resume": False, "epochs": 0.1})
    assert {file.name for file in (tmp_path / "elmo").iterdir()} == FILES


def test_a_loss_that_is_not_finite_stops_it(tmp_path):
    with pytest.raises(ArgumentError, match="learning_rate: expected a rate at which the loss"):
        trained(tmp_path / "elmo", learning_rate=1e30, epochs=3)
    assert not list((tmp_path / "elmo").iterdir())


def test_nothing_held_out(tmp_path):
    assert trained(tmp_path / "elmo", epochs=0.1, held_out=0)["perplexity"] is None
    one = ["a b c d e f"]
    assert train_bilm(one, tmp_path / "one", **SMALL | {"held_out": 0})["steps"] == 2


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("dim", 0),
        ("dim", 2.5),
        ("projection_dim", "8"),
        ("n_layers", -1),
        ("n_highway", -1),
        ("vocab_size", 3),
        ("min_count", 0),
        ("n_samples", 0),
        ("unroll_steps", 0),
        ("batch_size", 0),
        ("epochs", 0),
        ("learning_rate", float("nan")),
        ("clip_norm", 0),
        ("dropout", 1),
        ("held_out", 0.6),
        ("softmax", "hierarchical"),
        ("filters", []),
        ("filters", [(51, 3)]),
        ("filters", [(1, 0)]),
        ("filters", [3]),
        ("seed", -1),
        ("workers", 0),
        ("checkpoint_every", -1),
        ("tokenizer", "letters"),
    ],
)
def test_a_setting_that_cannot_be(tmp_path, setting, value):
    with pytest.raises(ArgumentError, match=f"^{setting}: expected"):
        trained(tmp_path / "elmo", **{setting: value})
    assert not (tmp_path / "elmo").exists()


def test_a_corpus_that_gives_nothing(tmp_path):
    for texts in ([], ["", " "]):
        with pytest.raises(ArgumentError, match="a corpus with words"):
            train_bilm(texts, tmp_path / "elmo", **SMALL)
    with pytest.raises(ArgumentError, match="min_count: expected at most 2"):
        train_bilm(["a b", "b c"], tmp_path / "elmo", **SMALL | {"min_count": 3})
    with pytest.raises(ArgumentError, match="held_out"):
        train_bilm(["a b"], tmp_path / "elmo", **SMALL)
    with pytest.raises(ArgumentTypeError, match="item 1"):
        train_bilm(["a b", 3], tmp_path / "elmo", **SMALL)


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(ArgumentError, match=r"a new folder.*thesis\.tex"):
        trained(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "all of it"
    with pytest.raises(ArgumentError, match="got a file"):
        trained(tmp_path / "thesis.tex")
    with pytest.raises(MissingFileError, match="no folder"):
        trained(tmp_path / "none/elmo")


def test_a_trained_folder_is_replaced_by_another_training(tmp_path):
    trained(tmp_path / "elmo", epochs=0.1)
    first = arrays(tmp_path / "elmo")["char_embed"]
    trained(tmp_path / "elmo", epochs=0.1, seed=1)
    assert (arrays(tmp_path / "elmo")["char_embed"] != first).any()


def test_it_learns_korean(tmp_path):
    lines = itertools.islice(read_lines(shared("corpus-kowiki", "kowiki_sample.txt.xz")), 600)
    report = train_bilm(
        lines, tmp_path / "elmo", dim=32, projection_dim=16, vocab_size=500, epochs=5
    )
    assert report["perplexity"]["mean"] < report["perplexity"]["unigram"]
