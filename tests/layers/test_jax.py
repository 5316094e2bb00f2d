"""Runs the contracts of JAX alone, and what needs no JAX."""

import sys
from pathlib import Path

import pytest

from inlay import to_jax
from inlay.errors import MissingPackageError
from tests.contracts import cases, check_contract

NAMES = ("jax", "jax_delta", "jax_reference")
CONTRACTS = [Path(__file__).with_name(f"{name}_contract.py") for name in NAMES]


@pytest.mark.parametrize(("file", "check", "backend"), cases(*CONTRACTS, backends=["jax"]))
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)


def test_without_jax_the_error_says_what_to_install(padded, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingPackageError, match=r"inlay\[jax\]"):
        to_jax(padded)
