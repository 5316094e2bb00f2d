import random

import numpy as np
import pytest

from inlay.kernels.utf8 import is_utf8

GOOD = ["a", "\0", "\x7f", "\x80", "\u07ff", "\u0800", "\u0fff", "한", "\ud7ff", "\ue000", "\uffff"]
GOOD += ["\U00010000", "👍", "\U000fffff", "\U0010ffff"]
EDGES = (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1)
EDGES += (0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF)


def python_takes(raw):
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.fixture(params=["compiled", "plain"])
def how(request):
    return request.param


def taken(raw, how):
    check = is_utf8 if how == "compiled" else is_utf8.py_func
    return bool(check(np.frombuffer(raw + b" " * 64, np.uint8), len(raw)))


def test_what_python_takes_is_taken_wherever_it_stands(how):
    draw = random.Random(0)
    for _ in range(3000 if how == "compiled" else 60):
        raw = "".join(draw.choices(draw.sample(GOOD, 4), k=draw.randrange(100))).encode()
        assert taken(b"x" * draw.randrange(64) + raw, how), raw


def test_what_is_cut_or_changed_is_told(how):
    draw, refused = random.Random(1), 0
    for i in range(20_000 if how == "compiled" else 300):
        raw = bytearray("".join(draw.choices(GOOD, k=draw.randrange(1, 60))).encode())
        if i % 2:
            raw = raw[: draw.randrange(len(raw))]
        else:
            raw[draw.randrange(len(raw))] = draw.choice(EDGES)
        refused += not python_takes(bytes(raw))
        assert taken(bytes(raw), how) == python_takes(bytes(raw)), raw
    assert refused > 100


@pytest.mark.parametrize("before", [0, 60, 61, 62, 63])
def test_every_beginning_of_a_character(how, before):
    """Two bytes of each kind, also where 64 bytes end between them."""
    for first in EDGES:
        for second in EDGES if before in (0, 63) else (0x80, 0xBF):
            for more in (b"", b"\x80", b"\x80\x80"):
                raw = b"a" * before + bytes([first, second]) + more
                assert taken(raw, how) == python_takes(raw), raw
