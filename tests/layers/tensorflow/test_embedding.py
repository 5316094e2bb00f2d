"""Runs the contracts of TensorFlow without Keras, and what needs no TensorFlow."""

import sys
from pathlib import Path

import pytest

from inlay import to_tensorflow
from inlay.errors import MissingPackageError
from tests.contracts import cases, check_contract

CONTRACTS = sorted(Path(__file__).parent.glob("*_contract.py"))


@pytest.mark.parametrize(("file", "check", "backend"), cases(*CONTRACTS, backends=["tensorflow"]))
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)


def test_without_tensorflow_the_error_says_what_to_install(padded, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingPackageError, match=r"inlay\[tensorflow\]"):
        to_tensorflow(padded)
