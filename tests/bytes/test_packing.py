import time

import numpy as np
import pytest

from inlay import Table, load
from inlay.bytes.packing import PACKING


@pytest.mark.parametrize("name", ["a.npz", *(f"a.vec{packing}" for packing in PACKING)])
def test_equal_content_makes_equal_files_at_any_time(tmp_path, monkeypatch, name):
    table = Table(["a", "b"], np.eye(2, dtype="float32"))
    written = []
    for seconds in (1_000_000_000, 1_500_000_000):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: float(seconds))
        table.save(tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    np.testing.assert_array_equal(load(tmp_path / name).matrix, table.matrix)
