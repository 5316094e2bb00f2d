import json
import os
import signal

import numpy as np
import pytest

from inlay.containers import safetensors
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.train.job import Running, run
from tests.processes import ctrl_c_works, ended, posix, started
from tests.train.toys import Toy, ToyApart

ABOUT = {"model": "toy", "seed": 3}


def train(work, epochs=3, about=ABOUT, **running):
    running = Running(**{"workers": 1, **running})
    return run(work, running, epochs=epochs, alpha=0.3, min_alpha=0.0, about=about)


class KilledError(Exception):
    pass


def at(number, what):
    def before(now):
        if now == number:
            what()

    return before


def kill():
    raise KilledError


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_rate_falls_piece_by_piece_and_each_epoch_has_its_loss():
    work = Toy()
    report = train(work)
    assert [number for number, _ in work.seen] == list(range(15))
    np.testing.assert_allclose([rate for _, rate in work.seen], 0.3 * (1 - np.arange(15) / 15))
    means = [np.mean([1 / (1 + n) for n in range(5 * e, 5 * e + 5)]) for e in range(3)]
    np.testing.assert_allclose(report.losses, means)
    assert (report.epochs, report.stopped_because, report.best) == (3, "", 3)
    assert 0 <= report.seconds < 60


def test_several_workers_do_every_piece_once():
    work = Toy(pieces=40)
    report = train(work, workers=3)
    assert sorted(number for number, _ in work.seen) == list(range(120))
    assert len(report.losses) == 3


@pytest.mark.parametrize("make", [Toy, ToyApart])
@pytest.mark.parametrize("number", [0, 1, 5, 7, 14])
def test_what_was_killed_anywhere_goes_on_to_the_same_result(tmp_path, make, number):
    whole, deterministic = make(), make is ToyApart
    expected = train(whole, deterministic=deterministic)
    settings = dict(folder=tmp_path / "f", checkpoint_every=0, deterministic=deterministic)
    with pytest.raises(KilledError):
        train(make(before=at(number, kill)), **settings)
    assert (tmp_path / "f/checkpoint.safetensors").exists() == (
        number >= getattr(make, "together", 1)
    )
    again = make()
    found = train(again, **settings)
    assert found._replace(seconds=0) == expected._replace(seconds=0)
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    last = make(before=lambda number: kill())  # it has ended: nothing is left to do
    assert train(last, **settings).losses == expected.losses
    np.testing.assert_array_equal(last.arrays["x"], whole.arrays["x"])


LOOP = """
import os, signal, sys, numpy as np
from tests.train.toys import Toy
from inlay.train.job import Running, run
from inlay.bytes import writing
rng, kills = np.random.default_rng(1), 0
flush = writing._flush
while True:
    child = os.fork()
    if child == 0:
        left = int(rng.integers(1, 9)) + kills % 2
        def before(number):
            global left
            left -= 1
            if left == 0: os.kill(os.getpid(), signal.SIGKILL)
        def half(path):  # a file that is written, and has not its name yet
            if kills % 3 == 1: before(0)
            flush(path)
        writing._flush = half
        work = Toy(before=before)
        how = Running(workers=1, folder=sys.argv[1], checkpoint_every=0)
        run(work, how, epochs=3, alpha=0.3, min_alpha=0.0, about={})
        print(work.arrays["x"].tobytes().hex(), kills, flush=True)
        os._exit(0)
    rng.random(); kills += 1
    if os.waitpid(child, 0)[1] == 0: break
    assert kills < 100
"""


@posix
def test_killed_again_and_again_it_comes_to_the_same_bytes(tmp_path):
    whole = Toy()
    train(whole)
    with started("-c", LOOP, tmp_path / "f") as running:
        code, out, err = ended(running)
    assert (code, err) == (0, "")
    digits, kills = out.split()
    assert digits == whole.arrays["x"].tobytes().hex()
    assert int(kills) > 3
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["checkpoint.safetensors"]


@posix
def test_ctrl_c_with_a_folder_keeps_a_checkpoint(tmp_path):
    whole = Toy()
    train(whole)
    work = Toy(before=at(7, press))
    with ctrl_c_works(), pytest.raises(KeyboardInterrupt) as stopped:
        train(work, folder=tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    assert stopped.value.__notes__ == [
        f"Stopped; what was done is kept in {path}, and the same again goes on from there."
    ]
    again = Toy()
    train(again, folder=tmp_path)
    assert again.seen[0][0] > 6
    np.testing.assert_array_equal(again.arrays["x"], whole.arrays["x"])


@posix
def test_ctrl_c_without_a_folder_leaves_the_table_as_it_stands():
    work = Toy(before=at(7, press))
    with ctrl_c_works(), pytest.raises(KeyboardInterrupt) as stopped:
        train(work)
    np.testing.assert_array_equal(stopped.value.table.vectors[0], work.arrays["x"].astype("f"))
    assert 8 <= len(work.seen) < 15
    note = f"Stopped after {len(work.seen) / 5:.2f} of 3 epochs; "
    assert stopped.value.__notes__[0].startswith(note)


@posix
def test_checkpoints_come_when_it_is_time(tmp_path, monkeypatch):
    now, saved = [0.0], []
    monkeypatch.setattr("inlay.train.job.time.monotonic", lambda: now[0])
    write = safetensors.write
    monkeypatch.setattr(safetensors, "write", lambda *given: saved.append(now[0]) or write(*given))

    def tick(number):
        now[0] += 10

    train(Toy(before=tick), folder=tmp_path, checkpoint_every=40)
    assert saved == [40, 80, 120, 150]


def test_another_training_and_a_damaged_one_are_refused(tmp_path):
    train(Toy(), folder=tmp_path)
    with pytest.raises(ArgumentError, match=r"another: seed 3 \(not 4\)\. Try: another folder"):
        train(Toy(), folder=tmp_path, about=ABOUT | {"seed": 4})
    with pytest.raises(ArgumentError, match="epochs 3"):
        train(Toy(), folder=tmp_path, epochs=4)
    train(Toy(), folder=tmp_path, epochs=4, resume=False)  # begins anew
    path = tmp_path / "checkpoint.safetensors"
    whole = path.read_bytes()
    for damage in (whole[:-20], whole[:40], b"", whole.replace(b"losses", b"lasses")):
        path.write_bytes(damage)
        with pytest.raises(FormatError, match="the state of a job that was stopped"):
            train(Toy(), folder=tmp_path, epochs=4)


def test_callbacks_are_told_of_each_epoch_and_may_end_it():
    told = []
    report = train(Toy(), epochs=4, callbacks=[told.append, lambda epoch: epoch.number == 2])
    assert [(epoch.number, epoch.epochs) for epoch in told] == [(1, 4), (2, 4)]
    assert [epoch.loss for epoch in told] == report.losses
    assert report.stopped_because == "a callback returned True"
    assert told[1].table().dim == 4
    assert report.facts()["epochs_trained"] == 2
    assert train(Toy(), callbacks=[lambda epoch: 1, lambda epoch: "go on"]).epochs == 3


@pytest.mark.parametrize("killed", [False, True])
def test_until_gives_the_best_table_and_waits_as_long_as_was_said(tmp_path, killed):
    scores, tables = iter([1.0, 3.0, 2.0, 3.0, 9.0]), []

    def until(table):
        tables.append(table.vectors.copy())
        return next(scores)

    work, settings = Toy(), dict(epochs=5, until=until, patience=2, folder=tmp_path)
    settings |= {"checkpoint_every": 0}
    if killed:
        with pytest.raises(KilledError):
            train(Toy(before=at(17, kill)), **settings)
    report = train(work, **settings)
    assert (report.scores, report.best, report.epochs) == ([1.0, 3.0, 2.0, 3.0], 2, 4)
    assert report.stopped_because == "no better score after epoch 2"
    np.testing.assert_array_equal(work.arrays["x"].astype(np.float32), tables[1][0])
    assert json.dumps(report.facts())


def test_until_must_give_a_number():
    with pytest.raises(ArgumentTypeError, match="until: expected a number"):
        train(Toy(), until=lambda table: "good")
    with pytest.raises(ArgumentError, match="until: expected a number"):
        train(Toy(), until=lambda table: float("nan"))


def test_rounds_give_the_same_for_any_number_of_workers():
    results = []
    for workers in (1, 2, 3):
        work = ToyApart(pieces=7)
        report = train(work, workers=workers, deterministic=True)
        results.append((work.arrays["x"].tobytes(), report.losses))
    assert results[0] == results[1] == results[2]
    alone = Toy(pieces=7)
    train(alone, deterministic=True)
    assert (
        abs(work.arrays["x"] - alone.arrays["x"]).max() > 1e-3
    )  # from the same state, not in turn


def test_a_trainer_without_rounds_is_deterministic_with_one_worker():
    with pytest.raises(ArgumentError, match="workers: expected 1 with deterministic=True"):
        train(Toy(), workers=2, deterministic=True)
    work = Toy()
    train(work, workers=None, deterministic=True)
    assert [number for number, _ in work.seen] == list(range(15))


@pytest.mark.parametrize(
    "settings",
    [
        {"workers": 0},
        {"seed": -1},
        {"deterministic": 1},
        {"progress": "yes"},
        {"checkpoint_every": -1, "folder": "f"},
        {"checkpoint_every": 5},
        {"resume": False},
        {"resume": 0},
        {"callbacks": print},
        {"callbacks": [print, 3]},
        {"until": 3},
        {"patience": 2},
        {"patience": 0, "until": len},
    ],
    ids=str,
)
def test_settings_that_cannot_be(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{next(iter(settings))}: exp"):
        Running(**settings)


def test_a_folder_that_cannot_be_one(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "no/folder", tmp_path / "x.safetensors"):
        with pytest.raises((ArgumentError, OSError), match=folder.name):
            Running(folder=folder)
