"""What the tests share: where everything is installed, nothing is skipped for want of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
