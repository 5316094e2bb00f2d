"""Runs the contracts of ELMo in Keras on each backend."""

from pathlib import Path

import pytest

from tests.contracts import cases, check_contract

HERE = Path(__file__).parent
EVERYWHERE = ("keras_contract.py", "keras_training_contract.py", "keras_mix_contract.py")


@pytest.mark.parametrize(
    ("file", "check", "backend"),
    [
        *cases(*(HERE / name for name in EVERYWHERE)),
        *cases(HERE / "tensorflow_contract.py", backends=["tensorflow"]),
    ],
)
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend, needs=["h5py"])
