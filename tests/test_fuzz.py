"""Each crack that was found once stays closed; the fuzzer itself notices what it should."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fuzz import run
from fuzz.corpus import CASES
from fuzz.mutate import CHANGES, mutated
from fuzz.targets import TARGETS, Target

from inlay.errors import FormatError, InlayError

TARGET = {target.name: target for target in TARGETS}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_crack_stays_closed(case, tmp_path, monkeypatch):
    if case.needs:
        pytest.importorskip(case.needs)
    for variable, value in run.SMALL.items():
        monkeypatch.setenv(variable, value)
    run.write(case.make(), tmp_path / "case")
    with run.alarm(20), run.limited_memory(run.MEMORY), pytest.raises(InlayError) as caught:
        TARGET[case.target].reads[0](tmp_path / "case")
    assert caught.value.got
    assert len(str(caught.value)) < 2000
    assert run.tried(TARGET[case.target], tmp_path / "case") == ""


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_seeds_are_valid(target, tmp_path):
    if target.needs:
        pytest.importorskip(target.needs)
    for files in target.seeds():
        run.write(files, tmp_path / "seed")
        assert target.reads[0](tmp_path / "seed") is not FormatError


def test_every_target_has_a_crack_in_the_corpus():
    assert {case.target for case in CASES} | {"corpus"} == TARGET.keys()
    assert len({case.name for case in CASES}) == len(CASES)


def broken(error):
    def read(folder):
        if folder.joinpath("x").read_bytes() != b"good 1 2\n":
            raise error

    return Target("broken", lambda: [{"x": b"good 1 2\n"}], (read,))


@pytest.mark.parametrize(
    ("error", "crack"),
    [
        (FormatError("x", expected="a", got="b"), False),
        (FileNotFoundError(2, "No such file"), False),
        (OSError("of a library"), True),
        (ValueError("x"), True),
        (MemoryError(), True),
        (run.TooSlowError(), True),
    ],
)
def test_the_fuzzer_knows_a_crack_when_it_sees_one(error, crack, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "FOUND", tmp_path)
    assert run.fuzz(broken(error), 0.2, 1) == crack
    kept = [path for path in (tmp_path / "broken").iterdir() if (path / "x").is_file()]
    assert bool(kept) == crack
    assert f"{type(error).__name__}" in capsys.readouterr().out or not crack


def test_what_takes_too_long_is_stopped(tmp_path):
    slow = Target("slow", list, (lambda folder: time.sleep(60),))
    assert "TooSlowError" in run.tried(slow, tmp_path, seconds=0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are the system's")
def test_what_takes_too_much_memory_is_stopped(tmp_path):
    import resource

    greedy = Target("greedy", list, (lambda folder: np.empty(1 << 36, np.uint8),))
    with run.limited_memory(1 << 30):
        assert "MemoryError" in run.tried(greedy, tmp_path)
        during = resource.getrlimit(resource.RLIMIT_AS)
    assert resource.getrlimit(resource.RLIMIT_AS) != during


def test_mutants_are_many_and_the_same_for_a_seed():
    data, others = b"5 3\ngood 1 2.5 -3\nfilm 4 5 6\n", [b"other 9"]

    def some():
        rng = np.random.default_rng(5)
        return [mutated(data, rng, others) for _ in range(300)]

    assert some() == some()
    assert len(set(some())) > 250
    rng = np.random.default_rng(5)
    for change in CHANGES:
        assert any(change(data, rng, others) != data for _ in range(20)), change


def test_it_runs_from_the_command_line():
    command = [sys.executable, "-m", "fuzz.run", "--seconds", "0.5", "tokens"]
    root = Path(run.__file__).parents[1]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "inputs, 0 cracks" in ran.stdout
    refused = subprocess.run([*command, "nothing"], cwd=root, capture_output=True, check=False)
    assert refused.returncode == 2
