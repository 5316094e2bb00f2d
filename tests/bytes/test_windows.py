import gzip

from inlay.bytes.content import open_content

TEXT = b"a 1 2\nb 3 4\n"


def test_windows_give_back_what_was_not_used(make):
    for content in (TEXT, gzip.compress(TEXT)):
        with open_content(make(content)).windows(4) as windows:
            window, final = windows.next(0)
            assert (window.tobytes(), final) == (b"a 1 ", False)
            window, final = windows.next(3)
            assert (window.tobytes(), final) == (b" 2\nb", False)
            window, final = windows.next(0)  # a larger one
            assert (window.tobytes(), final) == (b" 2\nb 3 4", False)
            window, final = windows.next(2)
            assert (window.tobytes(), final) == (b"\nb 3 4\n", True)
