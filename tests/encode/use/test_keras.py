"""Runs the contracts of a Universal Sentence Encoder in Keras on each backend."""

from pathlib import Path

import pytest

from tests.contracts import cases, check_contract

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("file", "check", "backend"),
    [
        *cases(HERE / "keras_contract.py"),
        *cases(HERE / "tensorflow_contract.py", backends=["tensorflow"]),
    ],
)
def test_contract(request, file, check, backend):
    check_contract(request, file, check, backend, needs=["sentencepiece"])
