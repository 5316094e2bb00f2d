import signal
import threading

import pytest

from inlay.jobs.stop import kept_in, on_stop
from tests.processes import ctrl_c_works


def test_ctrl_c_says_what_is_kept():
    there = []
    with pytest.raises(KeyboardInterrupt) as stopped, on_stop(lambda: kept_in(there[0])):
        there.append("a file")  # looked at when it happens, not before
        raise KeyboardInterrupt
    assert stopped.value.__notes__ == [
        "Stopped; what was done is kept in a file, and the same again goes on from there."
    ]


def test_another_error_goes_by():
    with pytest.raises(ValueError, match="bad") as caught, on_stop(lambda: "no"):
        raise ValueError("bad")
    assert not hasattr(caught.value, "__notes__")


def test_of_blocks_inside_each_other_the_outermost_speaks():
    stop = KeyboardInterrupt()
    stop.add_note("from elsewhere")
    with (
        pytest.raises(KeyboardInterrupt) as stopped,
        on_stop(lambda: "Stopped; nothing of the comparison is kept."),
        on_stop(lambda: "Stopped; nothing of the fit is kept."),
    ):
        raise stop
    assert stopped.value.__notes__ == [
        "from elsewhere",
        "Stopped; nothing of the comparison is kept.",
    ]


def test_ctrl_c_that_comes_out_as_another_error():
    def importing():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("half a framework") from None

    with ctrl_c_works():
        before = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt) as stopped, on_stop(lambda: "Stopped."):
            importing()
        assert signal.getsignal(signal.SIGINT) is before
    assert stopped.value.__notes__ == ["Stopped."]
    assert isinstance(stopped.value.__cause__, ImportError)


def test_an_answer_to_ctrl_c_of_ones_own_stays():
    with ctrl_c_works():
        mine = lambda number, frame: None  # noqa: E731
        before = signal.signal(signal.SIGINT, mine)
        with on_stop(lambda: "Stopped."):
            assert signal.getsignal(signal.SIGINT) is mine
        signal.signal(signal.SIGINT, before)


def test_in_a_thread_no_signal_is_touched():
    done = []

    def work():
        with on_stop(lambda: "Stopped."):
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
