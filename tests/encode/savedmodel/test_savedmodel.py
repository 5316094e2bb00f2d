"""Runs the contracts of SavedModels, in one process with TensorFlow."""

import sys
from pathlib import Path

import pytest

import inlay
from inlay.errors import MissingPackageError
from tests.contracts import cases, check_contract

HERE = Path(__file__).parent
ON_TENSORFLOW = ("encoder_contract.py", "keras_contract.py")


@pytest.mark.parametrize(
    ("file", "check", "backend"),
    [
        *cases(*(HERE / name for name in ON_TENSORFLOW), backends=["tensorflow"]),
        *cases(HERE / "other_backends_contract.py", backends=["jax", "torch"]),
    ],
)
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)


def test_without_tensorflow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(MissingPackageError, match=r"running a SavedModel.*inlay\[tensorflow\]"):
        inlay.load_encoder(tmp_path)
