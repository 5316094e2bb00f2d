import pytest

from inlay.errors import ArgumentError
from inlay.workers import available_workers


def test_workers():
    assert available_workers() >= 1
    assert available_workers(5) == 5
    with pytest.raises(ArgumentError, match="workers"):
        available_workers(0)
