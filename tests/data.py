"""Where the tests find real data, and what happens when it is not there."""

import os
from pathlib import Path

import pytest

FOLDER = Path(
    os.environ.get("INLAY_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)


def shared(*parts: str) -> Path:
    """The path of a file or folder of real data; skips the test where there is no such folder.

    A user's clone has none, and every essential thing is also tested on small files that the
    tests make. Where the folder exists, a missing file is a failure, not a skip.
    """
    if not FOLDER.is_dir():
        pytest.skip(f"no real data at {FOLDER}: set INLAY_TEST_DATA")
    path = FOLDER.joinpath(*parts)
    assert path.exists(), f"{path} is missing from the real data"
    return path
