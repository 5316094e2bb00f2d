"""Runs the contracts of SavedModels, in one process with TensorFlow."""

from pathlib import Path

import pytest

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
