"""A killed command leaves what stood there before, whole, or nothing."""

import os
import random
import signal
import time

import numpy as np
import pytest

import inlay as lib

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no such signals")


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
    running = process(*slow_job[command], target)
    part = wait_for_part(running, tmp_path)
    running.send_signal(number)
    assert running.wait(30) == {signal.SIGTERM: 143, signal.SIGINT: 130}.get(number, -number)
    assert (target.read_bytes() if target.exists() else None) == old
    # What can clean up does.
    assert part.exists() == (number == signal.SIGKILL)


def wait_for_part(running, folder):
    """Until the job has begun to write."""
    for _ in range(3000):
        parts = list(folder.glob(".out.vec.bz2.*.part"))
        if parts and parts[0].stat().st_size > 0:
            return parts[0]
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.01)
    raise AssertionError("nothing was written")
