"""The tests of the tests that run on each backend: nothing that fails there may pass here."""

import sys

import pytest

from tests.contracts import cases, check_contract, names_of, run

CONTRACT = """
import os, pytest

def helper(): pass
def test_backend(): assert os.environ["KERAS_BACKEND"] == "jax"
@pytest.mark.parametrize("n", [1, 2, 3])
def test_some(n): assert n != 2
def test_skipped(): pytest.skip("not today")
def test_broken(missing): pass
def test_dies(): os._exit(9)
"""


@pytest.fixture
def contract(tmp_path):
    path = tmp_path / "the_contract.py"
    path.write_text(CONTRACT)
    return path


def test_each_function_on_each_backend_is_a_test(contract):
    assert names_of(contract) == [
        "test_backend",
        "test_some",
        "test_skipped",
        "test_broken",
        "test_dies",
    ]
    found = cases(contract, backends=["jax", "torch"])
    assert [case.id for case in found][:2] == ["the-backend-jax", "the-some-jax"]
    assert len(found) == 10


def test_what_came_of_each_is_told(contract):
    checks = names_of(contract)[:4]
    _, results = run([(contract, check) for check in checks], "jax")
    assert {file for file, _ in results} == {contract}
    told = {name: [outcome for outcome, _ in found] for (_, name), found in results.items()}
    assert told == {
        "test_backend": ["passed"],
        "test_some": ["passed", "failure", "passed"],
        "test_skipped": ["skipped"],
        "test_broken": ["error"],
    }
    assert "test_some[2]" in results[contract, "test_some"][1][1]
    assert "not today" in results[contract, "test_skipped"][0][1]


def test_checks_of_the_same_name_in_two_files_are_two(contract, tmp_path):
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "__init__.py").touch()
    other = tmp_path / "deeper" / "the_contract.py"
    other.write_text("def test_some(): pass")
    _, results = run([(path, "test_some") for path in (contract, other)], "jax")
    assert [outcome for outcome, _ in results[contract, "test_some"]][1] == "failure"
    assert [outcome for outcome, _ in results[other, "test_some"]] == ["passed"]


class Request:
    """What `check_contract` needs of a test's request."""

    def __init__(self, *asked):
        self.config, self.session = self, self
        self.stash = pytest.Stash()
        self.items = [Item(params) for params in asked]


class Item:
    def __init__(self, params):
        self.callspec = self
        self.params = params


def outcome_of(request, contract, check):
    try:
        check_contract(request, contract, check, "jax")
    except BaseException as error:  # pytest's own are no Exceptions
        return type(error).__name__
    return "passed"


def test_a_test_here_ends_as_it_did_there(contract, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    checks = names_of(contract)[:4]
    asked = [{"file": contract, "check": check, "backend": "jax"} for check in checks]
    request = Request(*asked, {"file": contract, "check": "test_dies", "backend": "torch"}, {})
    assert {check: outcome_of(request, contract, check) for check in checks} == {
        "test_backend": "passed",
        "test_some": "Failed",
        "test_skipped": "Skipped",
        "test_broken": "Failed",
    }


def test_a_file_that_cannot_be_imported_fails_with_its_error(contract, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    contract.write_text("import nothing_like_it\ndef test_some(): pass")
    request = Request({"file": contract, "check": "test_some", "backend": "jax"})
    with pytest.raises(pytest.fail.Exception, match="No module named 'nothing_like_it'"):
        check_contract(request, contract, "test_some", "jax")


def test_a_process_that_dies_passes_nothing(contract, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    checks = ["test_backend", "test_dies"]
    request = Request(*({"file": contract, "check": check, "backend": "jax"} for check in checks))
    assert [outcome_of(request, contract, check) for check in checks] == ["Failed", "Failed"]


def test_without_a_backend_it_is_skipped(contract, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    assert outcome_of(Request(), contract, "test_backend") == "Skipped"
