"""Blocks of the documentation that need another backend than the other examples."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from inlay.encode.elmo import Elmo, Weights
from tests.encode.elmo.test_network import TINY

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"^```python tensorflow\n(.*?)^```", re.DOTALL | re.MULTILINE)
FOUND = [
    (page.name, code)
    for page in DOCS.glob("*.md")
    for code in BLOCK.findall(page.read_text("utf-8"))
]


@pytest.mark.parametrize(("page", "code"), FOUND, ids=[page for page, _ in FOUND])
def test_on_tensorflow(page, code, tmp_path):
    pytest.importorskip("tensorflow")
    Elmo(TINY, Weights.random(TINY)).save(tmp_path / "elmo")
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "save" not in code or any(tmp_path.glob("*.keras"))


def test_there_is_such_a_page():
    assert [page for page, _ in FOUND] == ["elmo.md"]
