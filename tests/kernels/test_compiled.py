"""Kernels are compiled where nothing can be kept too, and anew when one of them changes."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.caching import CompileResultCacheImpl

import inlay.kernels
from inlay.kernels import compiled
from inlay.kernels.compiled import njit

FILES = sorted(Path(inlay.kernels.__file__).parent.glob("*.py"))


def double(number):
    return 2 * number


def test_a_read_only_installation_without_a_home(monkeypatch):
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    made = njit(cache=True, nogil=True)(double)
    assert (made(4), made.py_func(4)) == (8, 8)
    assert not made.stats.cache_path


def test_what_is_compiled_is_kept():
    assert njit(cache=True, nogil=True)(double).stats.cache_path


def test_a_kernel_is_compiled_anew_when_one_below_it_changes(tmp_path):
    """As after an upgrade in place: numba itself looks at the file of the upper one alone."""
    kernels = tmp_path / "inlay" / "kernels"
    kernels.mkdir(parents=True)
    for empty in (kernels.parent / "__init__.py", kernels / "__init__.py"):
        empty.write_text("")
    shutil.copy(compiled.__file__, kernels)
    head = "from inlay.kernels.compiled import njit\n"
    upper = "@njit(cache=True)\ndef upper():\n    return lower()\n"
    (kernels / "upper.py").write_text(head + "from inlay.kernels.lower import lower\n" + upper)
    for result in (1, 2):
        lower = f"@njit(cache=True)\ndef lower():\n    return {result}\n"
        (kernels / "lower.py").write_text(head + lower)
        code = (
            "from inlay.kernels.upper import upper; print(upper(), len(upper.stats.cache_misses))"
        )
        for misses in (1, 0):
            ran = subprocess.run(
                [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
            )
            assert ran.stdout.split() == [str(result), str(misses)], ran.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_all_kernels_that_a_file_imports_are_seen(path):
    found = {one or other for one, other in compiled._BELOW.findall(path.read_bytes())}
    below = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module == "inlay.kernels":
            below |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("inlay.kernels."):
            below.add(node.module.split(".")[2])
    assert {name.decode() for name in found} == below
