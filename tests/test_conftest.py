"""What the tests share: where everything is installed, nothing is skipped for want of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import unit

ROOT = Path(__file__).resolve().parents[1]
WHOLE = "import pytest\npytest.importorskip('nothing_like_it')\ndef test_one(): pass\n"
INSIDE = "import pytest\ndef test_one(): pytest.importorskip('nothing_like_it')\n"
SAID = "import pytest\ndef test_one(): pytest.skip('no torch here')\n"
OTHER = "import pytest\ndef test_one(): pytest.skip('no such signals')\n"


@pytest.mark.parametrize(
    ("code", "installed", "exits"),
    [
        (WHOLE, "1", {1, 2}),
        (INSIDE, "1", {1}),
        (SAID, "1", {1}),
        (OTHER, "1", {0}),
        (INSIDE, None, {0}),
        (WHOLE, None, {0, 5}),  # 5: no tests
    ],
)
def test_a_skip_for_a_missing_package_fails_where_all_are_installed(make, code, installed, exits):
    variables = {name: os.environ[name] for name in os.environ if name != "INLAY_ALL_INSTALLED"}
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, str(make(code, "test_it.py"))],
        cwd=ROOT,
        env=variables | ({"INLAY_ALL_INSTALLED": installed} if installed else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in exits, run.stdout
    assert ("should have everything lacks it" in run.stdout) is (exits <= {1, 2})


def test_one_worker_runs_a_file_or_the_contracts_of_a_backend():
    assert unit("tests/core/test_table.py::TestTable::test_rows[a-b]") == "tests/core/test_table.py"
    files = ("tests/layers/keras/test_embedding.py", "tests/encode/elmo/test_keras.py")
    units = [unit(f"{f}::test_contract[rows-{b}]") for b in ("jax", "torch") for f in files]
    assert units[0] == units[1] != units[2] == units[3]
    assert unit(f"{files[0]}::test_other") == files[0]


WHERE = """
import os, pytest
def tell(n): print("WORKER", os.environ["PYTEST_XDIST_WORKER"], __name__)
test_n = pytest.mark.parametrize("n", [1, 2, 3])(tell)
class TestN: test_n = staticmethod(test_n)
"""


def test_workers_take_files_whole(make):
    pytest.importorskip("xdist")
    files = [str(make(WHERE, f"test_{name}.py")) for name in "ab"]
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "-n", "2", "-rP", *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    told = [line for line in run.stdout.splitlines() if line.startswith("WORKER")]
    assert len(told) == 12, run.stdout
    assert len(set(told)) == 2
