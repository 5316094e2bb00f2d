import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core import Tokens
from inlay.kernels.lines import _hash, _quick_hash, mark_fields, wanted_lines

KERNELS = pytest.mark.parametrize(
    "kernel", [wanted_lines, wanted_lines.py_func], ids=["compiled", "python"]
)
FIELDS = ["the", "é", "film"]


def lines(kernel, content, start=0, fields=FIELDS, most=100, n_marks=2):
    """What the kernel finds: the lines, what stands before them, how many, and where it stops."""
    tokens = Tokens.from_list(fields)
    buf = np.frombuffer(content, np.uint8)
    spans, numbers = np.full((most, 2), -1), np.full(most, -1)
    marks = np.zeros(n_marks, np.uint64)
    mark = mark_fields if kernel is wanted_lines else mark_fields.py_func
    with np.errstate(over="ignore"):  # numpy's scalars warn where numba wraps
        mark(tokens.blob, tokens.offsets, marks)
        index = (*tokens.checked_index(), marks)
        n, passed, stop = kernel(buf, start, buf.size, *index, spans, numbers)
    found = [content[a:b] for a, b in spans[:n].tolist()]
    return found, numbers[:n].tolist(), passed, stop


def expected(content, fields=FIELDS):
    """The same, by Python."""
    whole = content.splitlines(keepends=True)
    known = {field.encode() for field in fields}
    found = []
    for number, line in enumerate(whole):
        first = line.removesuffix(b"\n").replace(b"\t", b" ").split(b" ", 1)[0]
        if not first or first in known:
            found.append((line, number))
    return [line for line, _ in found], [n for _, n in found], len(whole), len(content)


@KERNELS
def test_lines_by_their_first_field(kernel):
    long = b"x " + b"0.5 " * 200 + b"\n"
    content = b"the 1\n" + long + b"thee 2\n\xc3\xa9\t3\nfil 4\nfilm\n" + long + b"film 5"
    found = lines(kernel, content)
    assert found[0] == [b"the 1\n", b"\xc3\xa9\t3\n", b"film\n", b"film 5"]
    assert found == expected(content)


@KERNELS
def test_a_line_without_a_first_field_is_for_others_to_judge(kernel):
    content = b"a 1\n\n b 2\n\tc 3\nd 4\n"
    assert lines(kernel, content) == ([b"\n", b" b 2\n", b"\tc 3\n"], [1, 2, 3], 5, len(content))


@KERNELS
def test_it_stops_before_the_first_line_that_has_no_room(kernel):
    content = b"the 1\nno 2\nthe 3\nno 4\nthe 5\nno 6\n"
    found, numbers, passed, stop = lines(kernel, content, most=2)
    assert (found, numbers, passed) == ([b"the 1\n", b"the 3\n"], [0, 2], 4)
    assert content[stop:] == b"the 5\nno 6\n"
    assert lines(kernel, content, start=stop)[0] == [b"the 5\n"]


@KERNELS
def test_fields_of_any_length_are_found_wherever_their_line_begins(kernel):
    fields = ["x" * n for n in (1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 130)]
    others = ["y" + field[1:] for field in fields] + [field + "y" for field in fields]
    content = "".join(f"{field} 5\n" for field in fields + others + fields).encode()
    for n_marks in (1, 256):
        found = lines(kernel, content, fields=fields, n_marks=n_marks)
        assert found == expected(content, fields)


@pytest.mark.parametrize("n", [0, 1, 8, 9, 20])
def test_a_mark_is_the_same_at_the_end_of_a_text(n):
    content = b"a" * 100 + bytes(range(65, 65 + n))
    buf = np.frombuffer(content, np.uint8)
    start, stop = np.uint64(100), np.uint64(100 + n)
    last = _hash(buf, start, stop)
    assert last == _quick_hash(np.append(buf, np.arange(8, dtype=np.uint8)), start, stop)
    with np.errstate(over="ignore"):
        assert last == _hash.py_func(buf, start, stop)


@KERNELS
def test_an_index_without_an_empty_slot_ends_the_search(kernel):
    fields = Tokens.from_list(["a", "b"])
    full = Tokens(fields.blob, fields.offsets, np.array([1, 2, 1, 2], np.uint32))
    buf = np.frombuffer(b"c 1\na 2\n", np.uint8)
    spans, numbers = np.empty((9, 2), int), np.empty(9, int)
    marks = np.full(1, -1).view(np.uint64)
    with np.errstate(over="ignore"):
        assert kernel(buf, 0, 8, *full.checked_index(), marks, spans, numbers) == (1, 2, 8)


words = st.sampled_from([b"the", b"film", b"\xc3\xa9", b"th", b"films", b"", b"x" * 130])


@given(st.lists(st.tuples(words, st.integers(0, 300)), max_size=12), st.booleans())
@settings(max_examples=200, deadline=None)
def test_lines_of_any_length(rows, ended):
    content = b"\n".join(word + b" 5" * n for word, n in rows) + b"\n" * ended
    assert lines(wanted_lines, content) == expected(content)
