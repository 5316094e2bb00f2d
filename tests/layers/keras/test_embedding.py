"""Runs the contracts on each backend of Keras, and what needs no Keras."""

import sys
from pathlib import Path

import pytest

from inlay import to_keras
from inlay.errors import MissingPackageError
from tests.contracts import cases, check_contract

CONTRACTS = sorted(Path(__file__).parent.glob("*_contract.py"))


@pytest.mark.parametrize(("file", "check", "backend"), cases(*CONTRACTS))
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)


def test_without_keras_the_error_says_what_to_install(padded, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingPackageError, match=r"inlay\[keras\]"):
        to_keras(padded)
