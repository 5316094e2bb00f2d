"""Ctrl-C and `kill`: the process ends at once, or cleans up first where there is something to."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130  # as shells count signals: 128 and the signal's number

_screen = (
    2  # standard error; a copy of it, as the other is turned away from greetings of frameworks
)


def answer_signals() -> None:
    """Take over Ctrl-C and `kill` for this process; see `work`.

    Who starts a program in the background may have it ignore Ctrl-C; then it does.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        global _screen
        with suppress(OSError):
            _screen = os.dup(2)
        signal.signal(signal.SIGINT, _stop_at_once)
    # So that a `kill` cleans up half-written files like Ctrl-C does.
    signal.signal(signal.SIGTERM, _terminate)


@contextmanager
def work() -> Iterator[None]:
    """A block in which Ctrl-C raises KeyboardInterrupt, so that files are put away.

    Outside such a block nothing is lost by ending, and the process ends at once: an exception in
    the middle of a framework's import may be swallowed there, or come out as something else.
    """
    if signal.getsignal(signal.SIGINT) is not _stop_at_once:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _stop_at_once)


def _stop_at_once(number: int, frame: FrameType | None) -> NoReturn:
    with suppress(Exception):
        sys.stdout.flush()
    with suppress(OSError):
        os.write(_screen, b"Stopped.\n")
    os._exit(INTERRUPTED)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
