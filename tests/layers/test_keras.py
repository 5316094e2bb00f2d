"""Runs `keras_contract.py` on each backend: Keras fixes its backend when it is imported."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inlay import to_keras
from inlay.errors import MissingPackageError

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_contract(backend):
    for package in ("keras", backend):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no {package} here")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, str(HERE / "keras_contract.py")],
        cwd=HERE.parents[1],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]


def test_without_keras_the_error_says_what_to_install(padded, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingPackageError, match=r"inlay\[keras\]"):
        to_keras(padded)
