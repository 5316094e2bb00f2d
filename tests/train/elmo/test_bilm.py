import inspect
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from inlay.bytes.lines import read_lines
from inlay.bytes.writing import _machine, atomic_path
from inlay.encode import load_encoder
from inlay.encode.elmo.characters import batch_to_ids, character_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_bilm import BiLM
from inlay.encode.elmo.torch_words import CharCNN
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, InlayError, MissingFileError
from inlay.jobs.checkpoint import _checksum
from inlay.jobs.stop import kept_in
from inlay.text import encode_corpus
from inlay.train import bilm
from inlay.train.elmo import bilm_settings, resume, torch_trainer
from inlay.train.elmo.bilm_settings import BilmSettings
from inlay.train.elmo.stream import Texts
from tests.data import shared
from tests.processes import ended, posix, started, wait_until

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

# Of those arguments that its settings have.
DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(bilm).parameters.items()
    if name in BilmSettings.__dataclass_fields__
}


def counting(n=250, seed=0):
    """Texts that count in threes from anywhere: each word says which comes next, and before."""
    draw = random.Random(seed)
    words = "zero one two three four five six seven eight nine".split()
    starts = [draw.randrange(10) for _ in range(n)]
    return [
        " ".join(words[(start + 3 * i) % 10] for i in range(draw.randint(3, 12)))
        for start in starts
    ]


def again(folder, **changed):
    """Train although something is there."""
    return trained(folder, resume=False, **changed)


def trained(folder, **changed):
    """The report of a training."""
    return bilm(counting(), folder, **SMALL | changed).provenance


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


def test_the_encoder_comes_back_with_what_was_measured_and_the_tokenizer(tmp_path):
    def by_commas(text):
        return text.split(",")

    texts = [text.replace(" ", ",") for text in counting()]
    settings = SMALL | {"epochs": 0.1, "tokenizer": by_commas}
    made = bilm(texts, tmp_path / "elmo", **settings)
    report = json.loads((tmp_path / "elmo/training.json").read_text())
    assert made.provenance == report
    assert made.tokenize("two,five") == ["two", "five"]
    again = bilm(texts, tmp_path / "elmo", **settings)  # which trains nothing
    loaded = load_encoder(tmp_path / "elmo", tokenizer=by_commas)
    assert again.provenance == loaded.provenance == report
    for one in (again, loaded):
        np.testing.assert_array_equal(one.encode(texts[:3]), made.encode(texts[:3]))


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
        with pytest.raises(KeyboardInterrupt) as stopped:
            trained(tmp_path / "stopped", **settings)
    assert stopped.value.__notes__ == [kept_in(tmp_path / "stopped" / resume.NAME)]
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
    with pytest.raises(ArgumentError, match=r"got another: seed 0 \(not 1\)\. Try: .*resume=False"):
        trained(folder, seed=1)
    with pytest.raises(ArgumentError, match=r"got another: another text\."):
        bilm(counting(seed=5), folder, **SMALL)
    assert trained(folder, seed=1, resume=False)["settings"]["seed"] == 1


def test_a_damaged_checkpoint(tmp_path):
    (tmp_path / resume.NAME).write_bytes(b"nonsense")
    with pytest.raises(FormatError, match="a job that was stopped"):
        trained(tmp_path)


def test_a_checkpoint_that_lacks_something(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stopped_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path, checkpoint_every=0)
    path = tmp_path / resume.NAME
    with safe_open(path, "numpy") as file:
        about = file.metadata()
    arrays = load_file(path)
    del arrays["softmax/b"]
    save_file(arrays, path, about | {"checksum": _checksum(about, arrays)})
    with pytest.raises(FormatError, match=r"got no softmax/b of \(13,\)\. Try: .*resume=False"):
        trained(tmp_path)


def test_a_training_that_is_left_behind_does_not_come_back(tmp_path, monkeypatch):
    for resumes in (True, False):  # the second is stopped before its first checkpoint
        with monkeypatch.context() as patch:
            stopped_after(patch, 2)
            with pytest.raises(KeyboardInterrupt) as stopped:
                every = 0 if resumes else 60
                trained(tmp_path, checkpoint_every=every, resume=resumes, seed=int(resumes))
    assert stopped.value.__notes__ == ["Stopped; there was no checkpoint yet to go on from."]
    assert not list(tmp_path.iterdir())


@posix
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path, how):
    (tmp_path / "corpus.txt").write_text("\n".join(counting(3000)))
    settings = SMALL | dict(epochs=50, checkpoint_every=0)
    script = (
        "from inlay.train import bilm\n"
        f"bilm({str(tmp_path / 'corpus.txt')!r}, {str(tmp_path / 'elmo')!r}, **{settings!r})"
    )
    checkpoint = tmp_path / "elmo" / resume.NAME
    with started("-c", script) as running:
        wait_until(checkpoint.exists, running)
        time.sleep(0.05)
        running.send_signal(how)
        code, _, err = ended(running)
    assert code == -how
    assert err.endswith(f"{kept_in(checkpoint)}\n" if how == signal.SIGINT else "")
    found = load_file(checkpoint)
    assert np.isfinite(found["softmax/W"]).all()
    assert not (tmp_path / "elmo/weights.hdf5").exists()
    # Whatever the kill left in the folder, a new training may have it.
    bilm(counting(), tmp_path / "elmo", **SMALL | {"resume": False, "epochs": 0.1})
    assert {file.name for file in (tmp_path / "elmo").iterdir()} == FILES


def test_a_loss_that_is_not_finite_stops_it(tmp_path):
    with pytest.raises(ArgumentError, match="learning_rate: expected a rate at which the loss"):
        trained(tmp_path / "elmo", learning_rate=1e30, epochs=3)
    assert not list((tmp_path / "elmo").iterdir())
    with pytest.raises(ArgumentError, match=r"below 50 nats a word, got .* in step"):
        trained(tmp_path / "elmo", learning_rate=300, epochs=3)


def test_nothing_held_out(tmp_path):
    assert trained(tmp_path / "elmo", epochs=0.1, held_out=0)["perplexity"] is None
    one = ["a b c d e f"]
    assert bilm(one, tmp_path / "one", **SMALL | {"held_out": 0}).provenance["steps"] == 2


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("dim", 0),
        ("dim", 2.5),
        ("projection_dim", "8"),
        ("n_layers", -1),
        ("n_highway", -1),
        ("max_size", 3),
        ("min_count", 0),
        ("n_samples", 0),
        ("max_size", "all"),
        ("n_layers", 10**9),
        ("n_highway", 10**9),
        ("dim", 10**12),
        ("filters", [(1, 99_999_999_999)]),
        ("filters", [(1, 1)] * 1001),
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
        ("checkpoint_every", "60"),
        ("epochs", "1"),
        ("filters", "12"),
        ("filters", [(1, 2, 3)]),
        ("dim", True),
        ("resume", "no"),
        ("keep_softmax", 1),
        ("device", "gpu"),
        ("tokenizer", "letters"),
    ],
)
def test_a_setting_that_cannot_be(tmp_path, setting, value):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=rf"^{setting}(\[0\], \w+)?: "):
        trained(tmp_path / "elmo", **{setting: value})
    assert not (tmp_path / "elmo").exists()


@pytest.mark.parametrize(
    ("where", "settings"),
    [
        ("dim", {"dim": 2**20, "projection_dim": 2**20}),
        ("filters", {"filters": [(1, 2**20)]}),
        ("filters", {"filters": [(1, 40_000)], "n_highway": 2}),
    ],
)
def test_a_network_that_fits_no_memory(where, settings):
    with pytest.raises(ArgumentError, match=rf"^{where}: expected a network of up to"):
        BilmSettings(**DEFAULTS | settings)


def test_the_size_of_a_network_is_what_its_weights_have(monkeypatch):
    # That of AllenNLP's original, which says 93.6 million.
    filters = [(1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024)]
    original = {"dim": 4096, "projection_dim": 512, "filters": filters, "n_highway": 2}
    for most, fits in ((94_000_000, True), (93_000_000, False)):
        monkeypatch.setattr(bilm_settings, "MOST_NUMBERS", most)
        if fits:
            assert BilmSettings(**DEFAULTS | original).dim == 4096
            continue
        with pytest.raises(ArgumentError, match="got one of 93,"):
            BilmSettings(**DEFAULTS | original)


def test_a_sample_where_none_is_drawn():
    with pytest.raises(ArgumentError, match=r"^n_samples: expected nothing with softmax='full'"):
        BilmSettings(**DEFAULTS | {"softmax": "full", "n_samples": 7})
    drawn = {s: BilmSettings(**DEFAULTS | {"softmax": s}).n_samples for s in ("sampled", "full")}
    assert drawn == {"sampled": 1024, "full": None}


def test_a_folder_that_cannot_be_written_is_refused_before_a_text_is_read(tmp_path, monkeypatch):
    def unread():
        pytest.fail("the corpus was read")
        yield

    def refused(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    with pytest.raises(
        ArgumentError, match=r"expected a folder that can be written to, got .*: Perm"
    ):
        bilm(unread(), tmp_path / "elmo", **SMALL)
    assert not (tmp_path / "elmo").exists()


def test_a_corpus_that_gives_nothing(tmp_path):
    for texts in ([], ["", " "]):
        with pytest.raises(ArgumentError, match="a corpus with words"):
            bilm(texts, tmp_path / "elmo", **SMALL)
    with pytest.raises(ArgumentError, match="min_count: expected at most 2"):
        bilm(["a b", "b c"], tmp_path / "elmo", **SMALL | {"min_count": 3})
    with pytest.raises(ArgumentError, match="held_out"):
        bilm(["a b"], tmp_path / "elmo", **SMALL)
    with pytest.raises(ArgumentTypeError, match="item 1"):
        bilm(["a b", 3], tmp_path / "elmo", **SMALL)


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(ArgumentError, match=r"a new folder.*thesis\.tex"):
        trained(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "all of it"
    (tmp_path / "official").mkdir()
    (tmp_path / "official/weights.hdf5").write_text("downloaded")
    for resumes in (True, False):
        with pytest.raises(ArgumentError, match=r"got one with weights\.hdf5 in it"):
            trained(tmp_path / "official", resume=resumes)
    assert (tmp_path / "official/weights.hdf5").read_text() == "downloaded"
    with pytest.raises(ArgumentError, match="got a file"):
        trained(tmp_path / "thesis.tex")
    with pytest.raises(MissingFileError, match="no folder"):
        trained(tmp_path / "none/elmo")


def written(folder):
    """Which files there are, and when each was written; reading does not matter."""
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.iterdir()}


def test_a_training_that_has_ended_is_not_done_again(tmp_path, monkeypatch):
    folder = tmp_path / "elmo"
    report = trained(folder, epochs=0.1)
    before = written(folder)
    with monkeypatch.context() as patch:
        stopped_after(patch, 0)
        assert trained(folder, epochs=0.1) == report
        with pytest.raises(ArgumentError, match=r"got another: seed 0 \(not 1\)\. Try: another f"):
            trained(folder, epochs=0.1, seed=1)
        with pytest.raises(ArgumentError, match=r"got another: keep_softmax False \(not True\)"):
            trained(folder, epochs=0.1, keep_softmax=True)
    assert written(folder) == before
    first = arrays(folder)["char_embed"]
    assert again(folder, epochs=0.1, seed=1, keep_softmax=True)["settings"]["seed"] == 1
    assert (arrays(folder)["char_embed"] != first).any()
    again(folder, epochs=0.1, seed=1)
    assert {file.name for file in folder.iterdir()} == FILES
    (folder / "training.json").write_text("{}")
    with pytest.raises(FormatError, match="the report of a training"):
        trained(folder, epochs=0.1)


def stopped_at(monkeypatch, name):
    """Let the writing of a file fail."""
    part = atomic_path

    def killed(path):
        if path.name == name:
            raise KeyboardInterrupt
        return part(path)

    for module in ("encode.elmo.options", "containers.hdf5", "train.elmo.folder"):
        monkeypatch.setattr(f"inlay.{module}.atomic_path", killed)


@pytest.mark.parametrize("file", ["options.json", "weights.hdf5", "vocab.txt", "training.json"])
@pytest.mark.parametrize("place", ["killed", "."])
def test_a_kill_while_the_result_is_written_costs_nothing(tmp_path, monkeypatch, file, place):
    settings = dict(epochs=0.5, n_samples=6, workers=1)
    expected = trained(tmp_path / "whole", **settings)
    (tmp_path / "killed").mkdir()
    if place == ".":
        monkeypatch.chdir(tmp_path / "killed")
    else:
        place = tmp_path / place
    with monkeypatch.context() as patch:
        stopped_at(patch, file)
        with pytest.raises(KeyboardInterrupt):
            trained(place, **settings)
    if (place, file) == (".", "options.json"):  # all is there: the weights have their options
        assert load_encoder(".", verify=True).hash == load_encoder(tmp_path / "whole").hash
    else:
        with pytest.raises(InlayError):  # which of them depends on what is there already
            load_encoder(tmp_path / "killed")
    with monkeypatch.context() as patch:
        patch.setattr(torch_trainer.Trainer, "step", None)  # no step is left
        found = trained(place, **settings)
    assert found | {"seconds": 0} == expected | {"seconds": 0}
    assert {file.name for file in (tmp_path / "killed").iterdir()} == FILES
    assert {path.name for path in tmp_path.iterdir()} == {"whole", "killed"}


@pytest.mark.parametrize("file", ["options.json", "weights.hdf5", "vocab.txt", "training.json"])
def test_a_kill_while_a_result_is_replaced_leaves_the_earlier_one(tmp_path, monkeypatch, file):
    folder = tmp_path / "elmo"
    trained(folder, epochs=0.1, dim=20)
    before = arrays(folder)
    with monkeypatch.context() as patch:
        stopped_at(patch, file)
        with pytest.raises(KeyboardInterrupt):
            again(folder, epochs=0.1)
    for name, array in arrays(folder).items():
        np.testing.assert_array_equal(array, before[name])
    trained(folder, epochs=0.1)  # goes on from its checkpoint
    assert Options.load(folder / "options.json").dim == 12
    assert {file.name for file in folder.iterdir()} == FILES


@pytest.mark.skipif(os.name == "nt", reason="processes cannot be asked whether they live")
def test_a_kill_between_two_names_is_made_good(tmp_path):
    folder = tmp_path / "elmo"
    report = trained(folder, epochs=0.1)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mark = f".elmo.{_machine()}_{ended.pid}_0123456789ab"
    folder.rename(tmp_path / f"{mark}.old")
    (tmp_path / f"{mark}.part").mkdir()
    assert trained(folder, epochs=0.1) == report
    assert [path.name for path in tmp_path.iterdir()] == ["elmo"]


@pytest.mark.skipif(os.name == "nt", reason="no such permissions")
def test_others_may_read_the_softmax_too(tmp_path):
    trained(tmp_path / "elmo", epochs=0.1, keep_softmax=True)
    modes = {file.stat().st_mode & 0o777 for file in (tmp_path / "elmo").iterdir()}
    (tmp_path / "other").touch()
    assert modes == {(tmp_path / "other").stat().st_mode & 0o777}


def test_perplexity_is_that_of_the_folder(tmp_path):
    """Each text by itself, whatever the rows and steps of the training were."""
    for name, settings in {"wide": {"batch_size": 9, "unroll_steps": 3}, "long": {}}.items():
        folder = tmp_path / name
        report = trained(folder, epochs=2, keep_softmax=True, **settings)
        encoder = load_encoder(folder)
        softmax = load_file(folder / "softmax.safetensors")
        vocabulary = (folder / "vocab.txt").read_text().split("\n")[:-1]
        corpus = encode_corpus(counting(), min_count=1, tokenizer="words")
        _, held = Texts.of(corpus.ids).split(0.1, 20_000, seed=0)
        sums, words = np.zeros(2), 0
        for at, n in zip(*held, strict=True):
            tokens = ["<S>", *(corpus.tokens[i] for i in corpus.ids[at : at + n]), "</S>"]
            char_ids = character_ids(tokens)
            network = encoder._network
            top = network.layers(network.words(char_ids), [np.arange(n + 2)])[-1]
            for side, (states, targets) in enumerate([(top[:-1], tokens[1:]), (top[1:], tokens)]):
                scores = np.split(states, 2, 1)[side] @ softmax["softmax/W"].T
                scores = np.float64(scores + softmax["softmax/b"])
                logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
                numbers = [vocabulary.index(token) for token in targets[: n + 1]]
                sums[side] -= logs[np.arange(n + 1), numbers].sum()
            words += n + 1
        found = [report["perplexity"][side] for side in ("forward", "backward")]
        np.testing.assert_allclose(found, np.exp(sums / words), rtol=1e-5)


def test_marks_as_words_of_the_text(tmp_path):
    texts = [f"<S> {text} </S> <UNK>" for text in counting(60)]
    report = bilm(
        texts, tmp_path / "elmo", **SMALL | {"tokenizer": "split", "epochs": 0.1}
    ).provenance
    assert np.isfinite(report["perplexity"]["unigram"])
    json.dumps(report, allow_nan=False)


def test_settings_of_numpy(tmp_path):
    settings = {"seed": np.int64(1), "dropout": np.float32(0.5), "epochs": np.float64(0.1)}
    filters = [np.array([1, 4]), (np.int32(3), 8)]
    report = trained(tmp_path / "elmo", **settings, filters=filters)
    assert report["settings"]["filters"] == [[1, 4], [3, 8]]
    assert report["settings"]["dropout"] == 0.5


def test_it_trains_into_the_folder_it_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained(".", epochs=0.1)
    assert {file.name for file in tmp_path.iterdir()} == FILES


def test_nothing_is_made_for_a_corpus_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError):
        bilm(tmp_path / "none.txt", tmp_path / "elmo", **SMALL)
    assert not list(tmp_path.iterdir())


def test_a_tokenizer_that_no_file_can_hold_must_be_given_again(tmp_path):
    trained(tmp_path / "elmo", epochs=0.1, tokenizer=lambda text: text.split("e"))
    encoder = load_encoder(tmp_path / "elmo")
    with pytest.raises(ArgumentError, match=r"tokenizer: expected the function .* trained with"):
        encoder.encode(["one two"])
    assert encoder.encode([["one", "two"]]).shape == (1, 12)
    assert load_encoder(tmp_path / "elmo", tokenizer="split").encode(["one two"]).any()


def test_it_learns_korean(tmp_path):
    lines = itertools.islice(read_lines(shared("corpus-kowiki", "kowiki_sample.txt.xz")), 600)
    settings = dict(dim=32, projection_dim=16, max_size=500, epochs=5)
    report = bilm(lines, tmp_path / "elmo", **settings).provenance
    assert report["perplexity"]["mean"] < report["perplexity"]["unigram"]


def test_a_corpus_in_another_encoding_is_the_same_training(tmp_path):
    texts = ["영화가 좋다 film", "별로였다 film 이야기"] * 20
    path = tmp_path / "corpus.txt"
    path.write_bytes("\n".join(texts).encode("cp949"))
    with pytest.raises(FormatError, match=r"Try: encoding='cp949'"):
        bilm(path, tmp_path / "none", **SMALL)
    found = bilm(path, tmp_path / "file", encoding="cp949", **SMALL)
    expected = bilm(texts, tmp_path / "texts", **SMALL)
    assert found.provenance["text"] == expected.provenance["text"]
    np.testing.assert_array_equal(found.encode(texts[:2]), expected.encode(texts[:2]))
    with pytest.raises(ArgumentError, match="encoding: expected none, for texts are decoded"):
        bilm(texts, tmp_path / "other", encoding="cp949", **SMALL)
    assert not (tmp_path / "other").exists()


def test_an_elmo_of_lists_of_tokens_claims_no_tokenizer_and_takes_strings(tmp_path):
    lists = [text.split() for text in counting()]
    elmo = bilm(lists, tmp_path / "elmo", **SMALL | {"epochs": 0.1})
    assert "tokenizer" not in elmo.provenance
    loaded = load_encoder(tmp_path / "elmo")
    for some in (elmo, loaded, load_encoder(tmp_path / "elmo", tokenizer="split")):  # unwarned
        vectors = some.encode(["one two three", ["one", "two", "three"]])
        np.testing.assert_array_equal(vectors[0], vectors[1])
    again = bilm(lists, tmp_path / "elmo", **SMALL | {"epochs": 0.1})
    assert again.provenance == elmo.provenance
