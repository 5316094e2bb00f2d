"""Runs `check_layer`, and what Keras asks of its own layer, in processes of Keras' backends."""

from pathlib import Path

import pytest

from tests.contracts import cases, check_contract

HERE = Path(__file__).parent
CONTRACTS = [HERE / "layers_contract.py", HERE / "peers_keras_contract.py"]


@pytest.mark.parametrize(("file", "check", "backend"), cases(*CONTRACTS))
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend)
