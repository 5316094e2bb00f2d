"""Runs `tensorflow_text_contract.py` and, on each backend of Keras, `keras_text_contract.py`."""

from pathlib import Path

import pytest

from tests.contracts import cases, check_contract

KERAS, TENSORFLOW = (
    Path(__file__).with_name(f"{name}_text_contract.py") for name in ("keras", "tensorflow")
)


@pytest.mark.parametrize(("file", "check", "backend"), cases(KERAS))
def test_keras(request, file, check, backend):
    check_contract(request, file, check, backend)


@pytest.mark.parametrize(("file", "check", "backend"), cases(TENSORFLOW, backends=["tensorflow"]))
def test_tensorflow(request, file, check, backend):
    check_contract(request, file, check, backend)
