"""Runs `keras_mapped_contract.py` on each backend."""

from pathlib import Path

import pytest

from tests.contracts import cases, check_contract

CONTRACT = Path(__file__).with_name("keras_mapped_contract.py")


@pytest.mark.parametrize(("file", "check", "backend"), cases(CONTRACT))
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)
