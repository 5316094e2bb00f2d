import errno
import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from inlay.containers import safetensors
from inlay.errors import ArgumentError, FormatError, NoSpaceError
from inlay.jobs import checkpoint
from inlay.jobs.checkpoint import Checkpoint

ABOUT = {"seed": 0, "filters": ((1, 4),)}
STATE = Checkpoint({"step": 3, "history": [{"loss": 0.5}]}, {"w": np.arange(6.0).reshape(2, 3).T})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint.safetensors"


def load(path, about=ABOUT):
    return checkpoint.load(path, about, hint="anew=True")


def test_what_was_saved_comes_back(path):
    assert load(path) is None
    checkpoint.save(path, Checkpoint({"step": 1}, {}), ABOUT)
    checkpoint.save(path, STATE, ABOUT)
    found = load(path)
    assert found.position == STATE.position
    np.testing.assert_array_equal(found.arrays["w"], STATE.arrays["w"])
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_arrays_are_read_into_those_that_are_there(path):
    checkpoint.save(path, Checkpoint({}, {"a": np.arange(3.0), "b": np.ones(2)}), ABOUT)
    mine = np.zeros(3)
    found = checkpoint.load(path, ABOUT, hint="anew=True", into={"a": mine})
    assert found.arrays["a"] is mine
    assert mine.tolist() == [0, 1, 2]
    assert found.arrays["b"].tolist() == [1, 1]
    for other in ({"a": np.zeros(1)}, {"a": np.zeros(3, np.float32)}, {"c": np.zeros(3)}):
        with pytest.raises(FormatError, match="the state of a job that was stopped"):
            checkpoint.load(path, ABOUT, hint="anew=True", into=other)


def test_a_failure_while_saving_keeps_the_last_one(path, monkeypatch):
    checkpoint.save(path, STATE, ABOUT)
    before = path.read_bytes()

    def full(file, arrays, text):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(safetensors, "write_to", full)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(path, Checkpoint({"step": 4}, {}), ABOUT)
    assert path.read_bytes() == before
    assert [child.name for child in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("into", [None, {"w": np.zeros((3, 2))}], ids=["new", "into"])
def test_a_bit_that_fell_over_is_found(path, into):
    checkpoint.save(path, STATE, ABOUT)
    data = path.read_bytes()
    for at in (data.index(b"step") + 8, len(data) - 20):  # the position, an array
        broken = bytearray(data)
        broken[at] ^= 1
        path.write_bytes(broken)
        with pytest.raises(FormatError, match=r"do not match its checksum\. Try: anew=True"):
            checkpoint.load(path, ABOUT, hint="anew=True", into=into)


def test_a_folder_is_no_checkpoint(path):
    path.mkdir()
    with pytest.raises(FormatError, match=r"got a folder\. Try: anew=True"):
        load(path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
def test_a_full_disk_is_said(path, monkeypatch, number):
    def full(file, arrays, text):
        raise OSError(number, "No room")

    monkeypatch.setattr(safetensors, "write_to", full)
    with pytest.raises(NoSpaceError, match=r"beside the last one, got no room\. Try: another f"):
        checkpoint.save(path, STATE, ABOUT)


def test_another_job_is_refused(path):
    checkpoint.save(path, STATE, ABOUT)
    with pytest.raises(ArgumentError, match=r"got another: seed 0 \(not 1\)\. Try: anew=True"):
        load(path, ABOUT | {"seed": 1})


@pytest.mark.parametrize(
    "text",
    [
        None,
        {},
        {"about": "{}"},
        {"about": "no JSON", "position": "{}"},
        {"about": "[]", "position": "{}"},
        {"about": json.dumps(ABOUT), "position": "3"},
        {"about": json.dumps(ABOUT), "position": "[" * 100_000},
    ],
    ids=lambda text: str(text)[:50],
)
def test_a_file_that_is_no_checkpoint(path, text):
    save_file({"w": np.zeros(3)}, path, text)
    with pytest.raises(FormatError, match=r"a job that was stopped, got .* Try: anew=True"):
        load(path)


def test_a_file_that_is_cut_off(path):
    checkpoint.save(path, STATE, ABOUT)
    data = path.read_bytes()
    for cut in (0, 7, 100, len(data) - 1):
        path.write_bytes(data[:cut])
        with pytest.raises(FormatError, match="a job that was stopped") as refused:
            load(path)
        assert str(refused.value).count("Try: ") == 1
    path.write_bytes(data)
    with safe_open(path, "numpy") as file:
        assert file.metadata()["position"] == json.dumps(STATE.position)
