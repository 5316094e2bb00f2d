import re
import sys
from pathlib import Path

import numpy as np
import pytest

from inlay.jobs.freed import give_back


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "ctypes", None)  # whatever imports it now fails
    assert give_back() is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_was_freed_goes_back():
    def held():
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024

    give_back()
    blocks = [np.ones(8_000) for _ in range(3_000)]  # of a size that is not mapped: 192 MB
    last = blocks.pop()  # what stands behind them keeps the library from giving them back itself
    full = held()
    del blocks
    give_back()
    assert full - held() > 150
    assert last.all()
