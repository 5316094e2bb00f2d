import bz2
import gzip
import lzma
import struct

import numpy as np
import pytest
from fuzz.others import (
    VECTORS,
    WORDS,
    RValue,
    r_columns,
    r_frame,
    r_matrix,
    r_pairs,
    r_seeds,
    r_strings,
    rda,
    rds,
)

from inlay import load
from inlay.errors import FormatError, UnknownArrayError
from inlay.formats import R
from tests.data import shared
from tests.formats.readers import check_reader

DOUBLES = VECTORS.astype(np.float64)
NAMES = r_strings(*WORDS)
AUTOMATIC = RValue(13, [-(2**31), -5])
SYMBOL = struct.pack(">i", 1)


def altrep(name, state, **attributes):
    """A vector in one of the forms that R has had since 3.5."""
    symbol = struct.pack(">i", 1)
    info = RValue(2, {"a": RValue(19, [])})
    info.written = lambda order: (
        struct.pack(">i", 2) + symbol + struct.pack(">ii", 9, len(name)) + name.encode()
        + struct.pack(">i", 254)
    )  # fmt: skip
    return RValue(238, [info, state], **attributes)


@pytest.mark.parametrize("order", [">", "<", "A"])
@pytest.mark.parametrize("version", [2, 3])
def test_the_contract(make, order, version):
    for content in (
        rda({"x": r_matrix()}, order, version),
        rds(r_matrix(), order, version),
        rds(r_frame(r_columns(), NAMES), order, version),
        rds(r_frame({"word": NAMES} | r_columns(), AUTOMATIC), order, version),
    ):
        check_reader(make(content, "x.rda"), WORDS, DOUBLES, "r")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_as_r_compresses_it(make, pack):
    table = load(make(pack(rda({"x": r_matrix()})), "x.rda"))
    assert np.array_equal(table.matrix, DOUBLES)


def test_several_values(make):
    values = {"a": r_matrix(VECTORS * 2), "b": r_matrix(), "c": r_strings("x")}
    path = make(rda(values))
    with pytest.raises(FormatError, match=r"got 2 of them: a, b. Try: name='a' or name='b'"):
        load(path)
    assert np.array_equal(load(path, name="b").matrix, DOUBLES)
    with pytest.raises(UnknownArrayError, match="only a, b, c"):
        load(path, name="d")
    with pytest.raises(FormatError, match="got none: c"):
        load(path, name="c")
    assert load(make(rda({"c": r_strings("x"), "b": r_matrix()}))).provenance["name"] == "b"


def test_a_data_frame_with_more_than_numbers(make):
    factor = RValue(
        13, [2, 1, 2, 1, 1], levels=r_strings("u", "v"), **{"class": r_strings("factor")}
    )
    columns = {"kind": factor, "is": RValue(10, [1, 0, 1, 0, 1])} | r_columns()
    table = load(make(rds(r_frame(columns, NAMES))))
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, DOUBLES)
    assert table.provenance["columns_left_out"] == ["kind", "is"]
    words = RValue(13, [5, 4, 3, 2, 1], levels=NAMES, **{"class": r_strings("factor")})
    table = load(make(rds(r_frame({"word": words} | r_columns(), AUTOMATIC))))
    assert table.tokens.tolist() == WORDS[::-1]


def test_whole_numbers_and_missing_ones(make):
    columns = {"a": RValue(13, [1, 2, -(2**31), 4, 5]), "b": RValue(14, [0.5] * 5)}
    path = make(rds(r_frame(columns, NAMES)))
    with pytest.raises(FormatError, match="NaN or infinity in the vector of 'film'"):
        load(path)
    matrix = load(path, format=R(nonfinite="keep")).matrix
    assert np.array_equal(matrix[:, 0], [1, 2, np.nan, 4, 5], equal_nan=True)
    wide = RValue(13, VECTORS.T.astype(int).reshape(-1), **r_matrix().attributes)
    assert np.array_equal(load(make(rds(wide))).matrix, VECTORS.astype(int))


def test_forms_of_vectors_since_r_3_5(make):
    sequence = altrep("compact_intseq", RValue(14, [5, 1, 1]))
    wrapped = altrep("wrap_real", RValue(19, [RValue(14, VECTORS[:, 0]), RValue(13, [0, 0])]))
    text = altrep("wrap_string", RValue(19, [NAMES, RValue(13, [0, 0])]))
    table = load(make(rds(r_frame({"n": sequence, "x": wrapped}, text))))
    assert table.tokens.tolist() == WORDS
    assert np.array_equal(table.matrix, np.stack([np.arange(1, 6), VECTORS[:, 0]], axis=1))
    deferred = altrep("deferred_string", RValue(2, {"x": sequence}))
    table = load(make(rds(r_frame({"x": wrapped}, deferred))))
    assert table.tokens.tolist() == ["1", "2", "3", "4", "5"]


def test_functions_and_environments_are_passed_over(make):
    environment = RValue(254, None)
    nothing = struct.pack(">i", 254)
    environment.written = lambda order: struct.pack(">ii", 4, 0) + nothing * 4
    function = RValue(254, None)
    function.written = lambda order: (
        struct.pack(">i", 3 | 0x400) + environment.written(">") + nothing * 2
    )
    again = RValue(254, None)
    again.written = lambda order: struct.pack(">i", 255 | 1 << 8)  # what was met first
    path = make(rda({"f": function, "g": function, "x": r_matrix(), "h": again}))
    assert np.array_equal(load(path).matrix, DOUBLES)


@pytest.mark.parametrize("order", [">", "A"])
def test_words_in_latin_1(make, order):
    path = make(rds(r_matrix(words=["the", b"caf\xe9", "film", "1", "x.y"]), order))
    assert load(path).tokens[1] == "café"


def test_strings_and_numbers_as_text(make):
    """What R escapes, as `ascii = TRUE` writes it; and numbers that are none."""
    words = ["a b\n\t", "'\"\\?", "영화", "", "\x07\x7f8"]
    rows = VECTORS.astype(float)
    rows[1] = np.nan, np.inf, -np.inf
    path = make(rds(r_matrix(rows, words), "A"))
    table = load(path, format=R(nonfinite="keep"))
    assert table.tokens.tolist() == words
    assert np.array_equal(table.matrix, rows, equal_nan=True)
    frame = {"n": RValue(13, [1, -(2**31), 3, 4, 5]), "is": RValue(10, [1, 0, 1, 0, 1])}
    found = load(make(rds(r_frame(frame, NAMES), "A"), "f"), format=R(nonfinite="keep"))
    assert np.array_equal(found.matrix[:, 0], [1, np.nan, 3, 4, 5], equal_nan=True)
    # With `ascii = NA` the same in hexadecimal, and escapes of other letters stand for themselves.
    written = rds(r_matrix(), "A").replace(b"\n0.25\n", b"\n0x1p-2\n").replace(b"film", b"f\\ilm")
    again = load(make(written, "h"))
    assert np.array_equal(again.matrix, DOUBLES)
    assert again.tokens.tolist() == WORDS


def test_tokens_beside_the_file(make):
    bare = r_matrix()
    del bare.attributes["dimnames"]
    path = make(rds(bare), "x.rds")
    with pytest.raises(FormatError, match="tokens in the file, or one list of them beside it"):
        load(path)
    assert load(path, tokens=WORDS).tokens.tolist() == WORDS


BROKEN = [
    (rds(r_strings("a")), "a matrix of numbers, or a data frame with columns of numbers"),
    (rda({}), "a matrix of numbers, or a data frame|a list of values"),
    (rds(r_matrix(words=["a", "b"])), "a name for each of 5 rows, got 2"),
    (rds(r_matrix(words=["a", None, "c", "d", "e"])), "names that are strings, got a missing one"),
    (rds(r_matrix(VECTORS * np.nan)), "finite numbers"),
    (rds(r_frame({"a": RValue(14, [1, 2]), "b": RValue(14, [1])}, NAMES)), "a matrix of numbers"),
    (b"RDA3\nA\n3\n262657\n", "a whole number, got its end"),
    (rds(r_matrix(), "A").replace(b"0.25", b"zero"), "numbers, got could not convert"),
    (rds(r_matrix(), "A").replace(b"\n15\n", b"\n99\n"), "99 numbers, got"),
    (rds(r_matrix(), "A").replace(b"\n15\n", b"\n9999999999\n"), "numbers, got"),
    (rds(r_matrix(), "A")[:-40], "byte"),
    (b"X\n\0\0\0\2" + bytes(8) + struct.pack(">i", 21), "a value of the type 21 of R"),
    (b"X\n\0\0\0\2" + bytes(8) + struct.pack(">i", 255 | 7 << 8), "a reference to one of 0, got 7"),
    (b"X\n\0\0\0\2" + bytes(8) + struct.pack(">i", 255), "4 bytes, got 0"),
    (b"X\n\0\0\0\2" + bytes(8) + struct.pack(">ii", 19, -5), "a number of values, got -5"),
    (rds(altrep("mmap_real", RValue(19, []))), "a vector in its plain form"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_read(make, content, message):
    path = make(content)
    with pytest.raises(FormatError, match=message):
        load(path)


@pytest.mark.parametrize("size", [2**31 - 1, -1, -5, 10**6])
def test_sizes_that_are_only_claimed(make, size):
    whole = rds(r_matrix())
    for length in (struct.pack(">ii", 14 | 0x200, 15), struct.pack(">ii", 16, 5)):
        assert length in whole
        changed = whole.replace(length, length[:4] + struct.pack(">i", size))
        with pytest.raises(FormatError):
            load(make(changed))
    huge = altrep("compact_intseq", RValue(14, [2.0**50, 1, 1]))
    with pytest.raises(FormatError):
        load(make(rds(r_frame({"a": huge, "b": RValue(14, [1.0])}, r_strings("a")))))


def test_lists_in_lists(make):
    deep = RValue(14, [1.0])
    for _ in range(99):
        deep = RValue(19, [deep])
    assert np.array_equal(load(make(rda({"a": deep, "x": r_matrix()}))).matrix, DOUBLES)
    flat = struct.pack(">ii", 19, 1) * 5000
    with pytest.raises(FormatError, match="up to 100 deep"):
        load(make(b"X\n\0\0\0\2" + bytes(8) + flat))


def test_cuts_are_refused(make):
    for i, content in enumerate(r_seeds()):
        for end in [*range(8 + i % 3, len(content), 3), *range(len(content) - 5, len(content))]:
            with pytest.raises(FormatError):
                load(make(content[:end]), format="r")


def test_a_real_file():
    """The same vectors as in the text beside it, in R's doubles."""
    table = load(shared("glove-twitter-25d", "glove_twitter_25d.rda"))
    text = load(shared("glove-twitter-25d", "glove.twitter.27B.25d.11925.txt"))
    assert table.tokens == text.tokens
    assert table.matrix.dtype == np.float64
    assert np.array_equal(table.matrix.astype(np.float32), text.matrix)
    assert len(r_pairs(">", {})) == 4
