"""The command line, called in this process or in one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

SOURCE = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture
def inlay():
    """Call the command line in this process: `inlay("info", path, input="...")`."""
    from inlay.cli import inlay as command

    def call(*args, **options):
        return CliRunner().invoke(command, [str(arg) for arg in args], **options)

    return call


@pytest.fixture
def process():
    """Start `python -m inlay` in a process of its own, with pipes for all three streams."""
    started = []

    def start(*args, **variables):
        path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH")]))
        running = subprocess.Popen(
            [sys.executable, "-m", "inlay", *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path} | variables,
        )
        started.append(running)
        return running

    yield start
    for running in started:
        running.kill()
        running.communicate()


@pytest.fixture
def glove(tmp_path):
    """A GloVe file of five tokens, one of them twice."""
    path = tmp_path / "glove.txt"
    path.write_text(
        "good 1 0 0\ngreat 0.9 0.1 0\nfilm 0 1 0\nmovie 0 0.9 0.1\ngood 7 7 7\n영화 0 0.8 0\n",
        encoding="utf-8",
    )
    return path
