import pytest

from inlay.jobs.stop import kept_in, on_stop


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
