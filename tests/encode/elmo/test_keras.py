"""Runs the Keras contracts on each backend: Keras fixes its backend when it is imported."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_contract(backend):
    for package in ("keras", backend, "h5py"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no {package} here")
    files = ["keras_contract.py", "keras_training_contract.py", "keras_mix_contract.py"]
    if backend == "tensorflow":
        files.append("tensorflow_contract.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *(str(HERE / file) for file in files)],
        cwd=HERE.parents[2],
        # JAX compiles for most of the time: tests want it done soon rather than well.
        env=os.environ | {"KERAS_BACKEND": backend, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
