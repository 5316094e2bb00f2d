"""The `inlay` command: one module a command, argument parsing and printing only.

This file is imported first and imports next to nothing, so that Ctrl-C is answered in a sentence
from the first moment on. The commands are in `inlay.cli.root`, which imports click; what a
command needs is imported when it runs.
"""

import os
import sys
from typing import NoReturn

from inlay.cli.interrupts import answer_signals

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line of this process and exit: 0 done, 1 failed, 2 used wrongly."""
    answer_signals()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # UTF-8 whatever the locale: vectors and texts come in every script. What is no text at
        # all, such as half a character in the name of a file, is printed as its number.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    from inlay.cli.root import inlay

    inlay.main(prog_name="inlay", color=False if os.environ.get("NO_COLOR") else None)
    raise AssertionError("click exits by itself")
