import os
import subprocess
import sys
from pathlib import Path

import pytest

import inlay
from inlay.errors import MissingPackageError
from inlay.optional import LEVEL, look_for, quiet, require


def test_a_package_that_is_not_there_is_missing():
    with pytest.raises(MissingPackageError, match=r"a test: .*'no_such_package'.*inlay\[torch\]"):
        require("no_such_package.part", extra="torch", need="a test")


@pytest.mark.parametrize("module", ["installed", "installed.part"])
def test_a_package_that_lacks_something_itself_is_not_called_missing(module, tmp_path, monkeypatch):
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed/__init__.py").write_text("")
    (tmp_path / "installed/part.py").write_text("import what_it_needs")
    if module == "installed":
        (tmp_path / "installed/__init__.py").write_text("import installed.part")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_needs") as caught:
        require(module, extra="torch", need="a test")
    assert not isinstance(caught.value, MissingPackageError)


def test_all_that_is_missing_is_named_at_once_and_nothing_is_imported(tmp_path, monkeypatch):
    (tmp_path / "explodes.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    look_for({"explodes": "torch"}, need="a test")
    packages = {"no_such": "elmo", "explodes": "torch", "none_here": "jax", "nor_here": "jax"}
    with pytest.raises(MissingPackageError) as caught:
        look_for(packages, need="a test")
    assert caught.value.expected == "the packages 'no_such' and 'none_here' and 'nor_here'"
    assert caught.value.hint == 'pip install "inlay[elmo,jax]"'


LINES = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1795630518.996032   25473 port.cc:153] oneDNN custom operations are on.\n"
    b"2024-05-01 10:00:00.123456: E external/xla/cuda_dnn.cc:9261] Unable to register cuDNN\n"
)
REST = b"F0000 00:00:1795630518.996032   25473 cpu.cc:1] no AVX\nImagine: a line of ours\n"


@pytest.mark.parametrize("level", [None, "2", "0"])
def test_log_lines_of_tensorflow_are_left_out_unless_they_are_asked_for(level, capfd, monkeypatch):
    monkeypatch.delenv(LEVEL, raising=False)
    if level is not None:
        monkeypatch.setenv(LEVEL, level)
    with quiet():
        assert os.environ[LEVEL] == (level or "3")
        os.write(2, LINES + REST)
        print("printed", file=sys.stderr)
    os.write(2, LINES)
    assert os.environ.get(LEVEL) == level
    expected = REST + b"printed\n" + LINES * (2 if level == "0" else 1)
    assert sorted(capfd.readouterr().err.encode().splitlines()) == sorted(expected.splitlines())


def test_what_is_there_already_is_quiet_anyway(monkeypatch):
    """On JAX or PyTorch, Keras never imports TensorFlow, and is asked for with each layer."""
    monkeypatch.setattr("inlay.optional.quiet", None)
    monkeypatch.setitem(sys.modules, "keras", sys)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    assert require("keras", extra="keras", need="a test") is sys


def test_what_fails_meanwhile_is_seen(capfd, monkeypatch):
    monkeypatch.delenv(LEVEL, raising=False)
    with pytest.raises(ImportError), quiet():
        os.write(2, REST)
        raise ImportError
    assert capfd.readouterr().err.encode() == REST
    assert LEVEL not in os.environ


OURS = """
import numpy as np, inlay
table = inlay.Table(["a", "b"], np.eye(2, dtype="float32"))
print(np.asarray(inlay.to_keras(table)(np.array([1]))).tolist())
"""


@pytest.mark.parametrize("first", ["", "import tensorflow as tf; tf.constant(1.0) + 1"])
def test_tensorflow_says_nothing_where_we_import_it_and_all_where_the_program_does(first):
    pytest.importorskip("tensorflow")
    pytest.importorskip("keras")
    loud = {name: value for name, value in os.environ.items() if name != LEVEL}
    path = str(Path(inlay.__file__).parents[1])
    ended = subprocess.run(
        [sys.executable, "-c", f"{first}\n{OURS}"],
        env=loud | {"KERAS_BACKEND": "tensorflow", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.stdout == "[[0.0, 1.0]]\n"
    assert bool(ended.stderr) is bool(first)  # that it is built for many processors, at least
