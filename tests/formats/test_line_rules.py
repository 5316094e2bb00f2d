import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.errors import FormatError
from inlay.formats.glove import Glove
from inlay.formats.line_rules import LineRules, holds_row, numbers_in
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
        (b" 1", 0),
        (b"a 1 2 \t", 2),
        (b"a\t1\t2", 2),
        (b"a 1\r 2", 1),
        (b"", 0),
    ],
)
def test_numbers_at_the_end_of_a_line(line, n):
    assert numbers_in(line) == n


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
        end, row = LineRules("x", dim, "", Glove()).parse(line, 1)
    except FormatError:
        assert status[0] >= 2
        return
    if status[0] != ODD:
        assert bounds[0].tolist() == [0, end]
        assert matrix[0].tobytes() == row.tobytes()
