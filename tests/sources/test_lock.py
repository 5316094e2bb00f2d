import errno
import importlib.util
import os
import sys
import threading
from types import SimpleNamespace

import pytest

from inlay.sources import lock


def load_lock():
    """The module once more, for what stands at its top."""
    spec = importlib.util.spec_from_file_location("lock_once_more", lock.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_one_at_a_time(module, path):
    inside, most, waited = [], [], []

    def work():
        with module.only_one(path, lambda: waited.append(1)):
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.03)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 4
    assert waited


def test_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "EVERY", 0.002)
    check_one_at_a_time(lock, tmp_path / "x.lock")


def test_one_at_a_time_on_windows(tmp_path, monkeypatch):
    """With what `msvcrt` says there, in the place of the real one."""
    held = set()

    def locking(handle, mode, n):
        assert n == 1
        assert os.lseek(handle, 0, os.SEEK_CUR) == 0
        place = os.fstat(handle).st_ino
        if mode == "unlock":
            held.remove(place)
        elif place in held:
            raise OSError(errno.EACCES, "Permission denied")
        else:
            held.add(place)

    msvcrt = SimpleNamespace(LK_NBLCK="lock", LK_UNLCK="unlock", locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(sys, "platform", "win32")
    module = load_lock()
    monkeypatch.undo()
    module.EVERY = 0.002
    check_one_at_a_time(module, tmp_path / "x.lock")
    assert held == set()


def test_an_error_inside_releases_it(tmp_path):
    for _ in range(2):
        with (
            pytest.raises(KeyError),
            lock.only_one(tmp_path / "x.lock", lambda: pytest.fail("nobody is in it")),
        ):
            raise KeyError


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def none_here(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", none_here)
    with lock.only_one(tmp_path / "x.lock", lambda: pytest.fail("nobody is in it")):
        assert (tmp_path / "x.lock").exists()
