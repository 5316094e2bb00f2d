"""The reference outputs, read once for all tests of ELMo."""

import pytest

from tests.encode.elmo.golden import Golden, Official, load_golden, load_official

# Run by test_keras.py, a process for each backend.
collect_ignore_glob = ["*_contract.py"]


@pytest.fixture(scope="session")
def golden() -> Golden:
    """A small set of random weights, with clips, skip connections and layer norm."""
    return load_golden()


@pytest.fixture(scope="session")
def official() -> Official:
    """AllenNLP's fixture, where the real data are."""
    return load_official()
