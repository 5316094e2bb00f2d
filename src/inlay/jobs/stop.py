"""What Ctrl-C leaves, said in a sentence to whoever pressed it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED = "Stopped"  # is how each sentence begins


@contextmanager
def on_stop(tell: Callable[[], str]) -> Iterator[None]:
    """Add a sentence to a KeyboardInterrupt that leaves the block: what is kept of the work.

    Python prints it below the traceback, and the command line instead of one. Of blocks inside
    each other the outermost speaks. In the middle of a framework's import Ctrl-C may come out as
    an ImportError or whatever else: that becomes a KeyboardInterrupt again.

    Args:
        tell: Gives the sentence, by what is there at that moment; it begins with "Stopped".
    """
    with _noticed() as pressed:
        try:
            yield
        except KeyboardInterrupt as stop:
            say(stop, tell())
            raise
        except Exception as error:
            if not pressed:
                raise
            again = KeyboardInterrupt()
            say(again, tell())
            raise again from error


def kept_in(path: object) -> str:
    """The sentence where work can be gone on with."""
    return f"Stopped; what was done is kept in {path}, and the same again goes on from there."


def say(stop: KeyboardInterrupt, sentence: str) -> None:
    """Add the sentence to a KeyboardInterrupt, in the place of any that it has."""
    others = [note for note in getattr(stop, "__notes__", []) if not note.startswith(STOPPED)]
    stop.__notes__ = [*others, sentence]


@contextmanager
def _noticed() -> Iterator[list[int]]:
    """A list that is no longer empty when Ctrl-C was pressed, where Python itself answers it."""
    pressed: list[int] = []
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pressed
        return

    def answer(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, answer)
    try:
        yield pressed
    finally:
        if signal.getsignal(signal.SIGINT) is answer:
            signal.signal(signal.SIGINT, signal.default_int_handler)
