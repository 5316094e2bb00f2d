"""A killed command leaves what stood there before, whole, or nothing."""

import random
import signal

import numpy as np
import pytest

import inlay as lib
from tests.processes import ended, posix, wait_until

pytestmark = posix


@pytest.fixture(scope="module")
def slow_job(tmp_path_factory):
    """Arguments of jobs that write for seconds: random numbers, compressed by bzip2."""
    folder = tmp_path_factory.mktemp("big")
    rng = np.random.default_rng(0)
    tokens = [f"w{i}" for i in range(20_000)]
    table = lib.Table(tokens, rng.normal(size=(20_000, 50)).astype(np.float32))
    table.save(folder / "big.safetensors")
    random.Random(0).shuffle(tokens)
    lines = [" ".join(tokens[i : i + 20]) for i in range(0, len(tokens), 20)]
    (folder / "corpus.txt").write_text("\n".join(lines))
    train = ("train", "word2vec", folder / "corpus.txt", "--min-count", "1", "--epochs", "1", "-o")
    return {"convert": ("convert", folder / "big.safetensors"), "train": train}


def begun(folder):
    """The file that a job has begun to write, if it has."""
    parts = [part for part in folder.glob(".out.vec.bz2.*.part") if part.stat().st_size > 0]
    return parts[0] if parts else None


@pytest.mark.parametrize("command", ["convert", "train"])
@pytest.mark.parametrize(
    ("number", "old"),
    [
        (signal.SIGKILL, None),
        (signal.SIGKILL, b"what stood there before"),
        (signal.SIGTERM, b"what stood there before"),
        (signal.SIGINT, None),
    ],
)
def test_killed_while_writing(process, slow_job, tmp_path, command, number, old):
    target = tmp_path / "out.vec.bz2"
    if old is not None:
        target.write_bytes(old)
    running = process(*slow_job[command], target, "--overwrite")
    part = wait_until(lambda: begun(tmp_path), running)
    running.send_signal(number)
    code, _, err = ended(running)
    assert code == {signal.SIGTERM: 143, signal.SIGINT: 130}.get(number, -number)
    assert err == ("Stopped.\n" if number == signal.SIGINT else "")
    assert (target.read_bytes() if target.exists() else None) == old
    # What can clean up does.
    assert part.exists() == (number == signal.SIGKILL)
