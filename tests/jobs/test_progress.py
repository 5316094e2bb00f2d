import io
import sys

import numpy as np
import pytest

from inlay.errors import ArgumentTypeError
from inlay.jobs.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "enabled", "shown"),
    [
        (io.StringIO, None, False),
        (io.StringIO, True, True),
        (io.StringIO, np.True_, True),
        (Terminal, None, True),
        (Terminal, False, False),
    ],
)
def test_a_bar_shows_on_a_terminal_or_when_asked_for(monkeypatch, stream, enabled, shown):
    monkeypatch.setattr(sys, "stderr", stream())
    with progress(10, unit=" words", desc="training", enabled=enabled) as report:
        report.update(4)
        report.note(rate=0.5)
        report.update(6)
    text = sys.stderr.getvalue()
    assert ("training" in text, "10.0/10.0" in text, " words/s" in text) == (shown,) * 3


def test_without_standard_error_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress(None, unit="", desc="") as report:
        report.update(1)
        report.note(loss=1)
    assert sys.stderr is None


@pytest.mark.parametrize("enabled", ["no", 1, 0])
def test_what_is_neither_yes_nor_no(enabled):
    with pytest.raises(ArgumentTypeError, match=r"^progress: expected True, False or None"):
        progress(1, unit="", desc="", enabled=enabled).__enter__()
