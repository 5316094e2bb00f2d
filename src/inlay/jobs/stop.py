"""What Ctrl-C leaves, said in a sentence to whoever pressed it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_stop(say: Callable[[], str]) -> Iterator[None]:
    """Add a sentence to a KeyboardInterrupt that leaves the block: what is kept of the work.

    Python prints it below the traceback, and the command line instead of one.

    Args:
        say: Gives the sentence, by what is there at that moment.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(say())
        raise


def kept_in(path: object) -> str:
    """The sentence where work can be gone on with."""
    return f"Stopped; what was done is kept in {path}, and the same again goes on from there."
