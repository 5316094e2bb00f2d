"""The helper for processes is relied on by tests that could not fail without it."""

import os
import signal
import time

import pytest

from tests.processes import ended, posix, soon, started, wait_until

WAITS = "import time; print('ready', flush=True); time.sleep(600)"


@posix
def test_ctrl_c_works_where_this_process_ignores_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with started("-c", WAITS) as running:
            running.stdout.readline()
            running.send_signal(signal.SIGINT)
            code, _, err = ended(running)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert code == -signal.SIGINT
    assert "KeyboardInterrupt" in err


@posix
def test_no_process_outlives_a_test_that_fails():
    with pytest.raises(ZeroDivisionError), started("-c", WAITS) as running:
        raise ZeroDivisionError
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)


def test_a_process_that_ends_too_early_is_not_waited_for():
    with (
        started("-c", "raise SystemExit('no corpus')") as running,
        pytest.raises(AssertionError, match="it ended first: no corpus"),
    ):
        wait_until(lambda: False, running)


@posix
def test_what_takes_too_long_fails_while_it_runs_and_waiting_takes_no_time():
    with pytest.raises(pytest.fail.Exception, match=r"not in 0\.05 s"), soon(0.05):
        while True:
            pass
    with soon(0.5):
        time.sleep(0.6)


def test_what_took_too_long_fails_where_nothing_can_interrupt_it(monkeypatch):
    monkeypatch.setattr(os, "name", "another")
    with pytest.raises(AssertionError, match=r"more than 0\.01 s"), soon(0.01):
        sum(range(3_000_000))
