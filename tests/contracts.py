"""Checks that run on each backend of Keras, each of them a test of its own.

Keras takes its backend once, when it is imported. So the checks stand in files `*_contract.py`
that pytest does not collect. `cases` reads their names without importing them; the first test
of a backend runs those that were selected (`-k`), of all files, in one process, and the others
look up what came of theirs. With pytest-xdist one worker has them all: see `tests/conftest.py`.

A contract can also be run by hand: `KERAS_BACKEND=jax pytest tests/layers/keras/bags_contract.py`.
"""

import ast
import functools
import importlib.util
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

BACKENDS = ("tensorflow", "jax", "torch")
ROOT = Path(__file__).resolve().parents[1]
FOUND = pytest.StashKey[dict]()
# JAX compiles for most of the time: tests want it done soon rather than well.
SOON = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
SOONER = SOON | {"XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false"}


def cases(*files, backends=BACKENDS):
    """Arguments `(file, check, backend)`, a set for each test function and backend."""
    return [
        pytest.param(
            file,
            check,
            backend,
            id=f"{file.stem.removesuffix('_contract')}-{check.removeprefix('test_')}-{backend}",
        )
        for backend in backends
        for file in files
        for check in names_of(file)
    ]


def names_of(file):
    """The test functions of a file, which is not imported."""
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    return [n.name for n in nodes if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]


def check_contract(request, file, check, backend, *, needs=()):
    """Fail, skip or pass as the check did on that backend.

    Args:
        request: Of the test.
        file: The contract.
        check: The name of a function in it; of its parameters all must pass.
        backend: Of Keras.
        needs: Other packages without which it is skipped.
    """
    for package in ("keras", backend, *needs):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no {package} here")
    found = request.config.stash.setdefault(FOUND, {})
    if backend not in found:
        found[backend] = run(selected(request.session, backend), backend)
    output, results = found[backend]
    variants = results.get((file, check), [])
    failures = [text for outcome, text in variants if outcome in ("failure", "error")]
    if failures or not variants:
        pytest.fail("\n\n".join(failures) or f"it did not run:\n{output}", pytrace=False)
    if all(outcome == "skipped" for outcome, _ in variants):
        pytest.skip(variants[0][1])


def selected(session, backend):
    """The files and checks that this run asks of a backend."""
    asked = [getattr(item, "callspec", None) for item in session.items]
    return [
        (spec.params["file"], spec.params["check"])
        for spec in asked
        if spec and "check" in spec.params and spec.params.get("backend") == backend
    ]


def run(checks, backend):
    """Run checks in a process of their own.

    Returns:
        The end of its output, and by files and the names of checks a list of `(outcome, text)`,
        one for each set of their parameters: "passed", "failure", "error" or "skipped".
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        # Of the two kinds of reports, the first names the file.
        command += [f"--junitxml={report}", "-o", "junit_family=xunit1", f"--rootdir={ROOT}"]
        process = subprocess.run(
            [*command, *(f"{file}::{check}" for file, check in checks)],
            cwd=ROOT,
            env=os.environ | {"KERAS_BACKEND": backend} | quick(backend),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        output = process.stdout[-8000:] + process.stderr[-2000:]
        return output, outcomes(report.read_text(encoding="utf-8") if report.exists() else "")


@functools.cache
def quick(backend):
    """Environment variables that make a backend compile in half the time."""
    if backend != "jax":
        return {}
    # XLA ends the process over a flag that it does not know: not all versions have this one.
    probe = [sys.executable, "-c", "import jax; jax.devices()"]
    known = subprocess.run(probe, env=os.environ | SOONER, capture_output=True, check=False)
    return SOONER if known.returncode == 0 else SOON


def outcomes(report):
    """What a JUnit report says of each file's test functions, their parameters together."""
    results = {}
    for case in ElementTree.fromstring(report).iter("testcase") if report else ():
        told = [part for part in case if part.tag in ("failure", "error", "skipped")]
        outcome, text = "passed", ""
        if told:
            outcome = told[0].tag
            text = f"{case.get('name')}\n{told[0].text or told[0].get('message')}"
        file = Path(os.path.normpath(ROOT / case.get("file", "")))
        name = case.get("name").partition("[")[0]
        results.setdefault((file, name), []).append((outcome, text))
    return results
