import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.bytes.content import HEAD
from inlay.errors import FormatError
from inlay.formats.lines import LineRules, holds_row, numbers_in, text_head, usual_dim
from inlay.kernels.parse import ODD, parse_lines


@pytest.mark.parametrize(
    ("line", "n"),
    [
        (b"a 1 2", 2),
        (b"7 1 2", 2),
        (b"a b 1 -2e5 nan", 3),
        (b"a 1 x", 0),
        (b"a 1 x 2 \r", 1),
        (b"a", 0),
        (b"", 0),
    ],
)
def test_numbers_at_the_end_of_a_line(line, n):
    assert numbers_in(line) == n


def test_the_usual_dimension():
    dim, counts = usual_dim([b"a b 1 2", b"", b"c 1 2", b"d 3 1 2", b"e 1"])
    assert dim == 2
    assert counts == {2: 2, 3: 1, 1: 1}
    assert usual_dim([])[0] == 0


def test_the_head_of_a_file():
    head = text_head(b"\xef\xbb\xbf3 2\r\na 1 2\r\nb 3")
    assert head is not None
    assert (head.header, head.bom, head.skip) == ((3, 2), 3, 8)
    assert head.lines == [b"3 2\r", b"a 1 2\r", b"b 3"]
    assert text_head(b"a b\nc d\n") is None


def test_a_line_that_the_head_cuts_is_not_judged():
    line = b"a 1 2 3\n"
    head = text_head((line * (HEAD // len(line) + 1))[:HEAD])
    assert head is not None
    assert set(head.lines) == {line[:-1]}
    long = text_head(b"a 1 2\nb " + b"1" * HEAD)
    assert long is not None
    assert long.lines == [b"a 1 2"]


@pytest.mark.parametrize(
    ("token", "dim", "answer"),
    [
        (b". . .", 2, False),
        (b"Route 66", 2, False),
        (b"a 1 2", 2, True),
        (b"a 0.1 0.2 0.3of", 5, False),
        (b"a 0.1 0.2 0.3 0.4of", 5, True),
    ],
)
def test_a_token_that_holds_a_row(token, dim, answer):
    assert holds_row(token, dim) is answer


@given(st.text("a1 .-+eE\tn", max_size=20).map(str.rstrip), st.integers(1, 3))
@settings(max_examples=1000, deadline=None)
def test_the_kernel_takes_no_line_that_these_rules_refuse(text, dim):
    line = text.encode()
    matrix, bounds, status = (
        np.zeros((1, dim), np.float32),
        np.zeros((1, 2), int),
        np.zeros(1, "u1"),
    )
    parse_lines(np.frombuffer(line + b"\n", np.uint8), 0, len(line) + 1, matrix, bounds, status)
    try:
        end, row = LineRules("x", dim, "", True).parse(line, 1)
    except FormatError:
        assert status[0] >= 2
        return
    if status[0] != ODD:
        assert bounds[0].tolist() == [0, end]
        assert matrix[0].tobytes() == row.tobytes()
