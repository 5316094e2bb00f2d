"""Processes that a test starts, waits for, signals and collects: none outlives the test."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 120.0  # a machine may be busy

STARTS = [s for s in ("spawn", "fork") if s in multiprocessing.get_all_start_methods()]

posix = pytest.mark.skipif(os.name != "posix", reason="no such signals")


@contextmanager
def started(*args: object, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python ARGS` with pipes for its three streams; it is killed when the block ends.

    It finds inlay and the tests, and Ctrl-C works in it as in a terminal, also where these tests
    run in the background: there a shell lets programs ignore it, and they let theirs.
    """
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with ctrl_c_works():
        running = subprocess.Popen(
            [sys.executable, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path} | variables,
        )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def wait_until(ready: Callable[[], Any], running: subprocess.Popen[bytes]) -> Any:
    """Wait for what a running process is to bring about; gives what `ready` did."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := ready():
            return found
        assert running.poll() is None, f"it ended first: {running.communicate()[1].decode()}"
        time.sleep(0.01)
    raise AssertionError(f"it did not come about in {SECONDS:.0f} s")


def ended(running: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    """Wait for the end: the exit code, negative for a signal, and what was printed."""
    out, err = running.communicate(timeout=SECONDS)
    return running.returncode, out.decode(), err.decode()


@contextmanager
def soon(seconds: float = 3.0) -> Iterator[None]:
    """Fail what takes more CPU seconds, also while it runs: what is wrong might take years.

    Seconds by the clock would depend on what else the machine does, and those of the garbage
    collector on what other tests left behind.
    """
    collects = gc.isenabled()
    gc.disable()
    end = time.process_time() + seconds
    if os.name == "posix":
        before = signal.signal(signal.SIGPROF, lambda *_: pytest.fail(f"not in {seconds} s"))
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        if os.name == "posix":
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
        if collects:
            gc.enable()
    assert time.process_time() <= end, f"it took more than {seconds} s"


@contextmanager
def ctrl_c_works() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt here, and in what is started here.

    Tests that run in the background may have been told to ignore it.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def in_fresh(work: Callable[..., Any], *given: Any) -> Any:
    """What `work(*given)` says in a process of its own.

    It may fork. The one that runs the tests may not: another test may have started JAX there,
    whose threads a fork leaves behind in the middle of something.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result(SECONDS)


def in_worker(start: str, work: Callable[[Any], Any], make: Callable[..., Any], *given: Any) -> Any:
    """What `work` says, in a worker started in that way, of what `make(*given)` made."""
    return in_fresh(_sent, start, work, make, given)


def _sent(start: str, work: Any, make: Any, given: Any) -> Any:
    with multiprocessing.get_context(start).Pool(1) as pool:
        return pool.apply_async(work, [make(*given)]).get(SECONDS)
