"""Runs the contracts of JAX alone, and what needs no JAX."""

import sys
from pathlib import Path

import pytest

from inlay import to_jax
from inlay.errors import MissingPackageError
from tests.contracts import cases, check_contract

CONTRACTS = sorted(Path(__file__).parent.glob("*_contract.py"))


@pytest.mark.parametrize(("file", "check", "backend"), cases(*CONTRACTS, backends=["jax"]))
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)


def test_without_jax_the_error_says_what_to_install(padded, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingPackageError, match=r"inlay\[jax\]"):
        to_jax(padded)
