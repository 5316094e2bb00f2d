"""The command line, called in this process or in one of its own."""

from contextlib import ExitStack

import pytest
from click.testing import CliRunner

from tests.processes import started


@pytest.fixture
def inlay():
    """Call the command line in this process: `inlay("info", path, input="...")`."""
    from inlay.cli.root import inlay as command

    def call(*args, **options):
        return CliRunner().invoke(command, [str(arg) for arg in args], **options)

    return call


@pytest.fixture
def process():
    """Start `python -m inlay` in a process of its own; see `tests.processes`."""
    with ExitStack() as running:
        yield lambda *args, **variables: running.enter_context(
            started("-m", "inlay", *args, **variables)
        )


@pytest.fixture
def glove(tmp_path):
    """A GloVe file of five tokens, one of them twice."""
    path = tmp_path / "glove.txt"
    path.write_text(
        "good 1 0 0\ngreat 0.9 0.1 0\nfilm 0 1 0\nmovie 0 0.9 0.1\ngood 7 7 7\n영화 0 0.8 0\n",
        encoding="utf-8",
    )
    return path
