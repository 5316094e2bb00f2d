"""Kernels are compiled also where nothing that is compiled can be kept."""

from numba.core.caching import CompileResultCacheImpl

from inlay.kernels.compiled import njit


def double(number):
    return 2 * number


def test_a_read_only_installation_without_a_home(monkeypatch):
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    made = njit(cache=True, nogil=True)(double)
    assert (made(4), made.py_func(4)) == (8, 8)
    assert not made.stats.cache_path


def test_what_is_compiled_is_kept():
    assert njit(cache=True, nogil=True)(double).stats.cache_path
