import collections
import os
import pickle
import pickletools
import tracemalloc
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest

from inlay.bytes import pickle_machine
from inlay.bytes.pickle_instructions import CHANGES, VALUES
from inlay.bytes.pickle_machine import DONE
from inlay.bytes.pickles import Inert, Name, numpy_array, read_pickle
from inlay.errors import FormatError
from tests.processes import soon

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
PLAIN = {
    "text": ["", "é\n\\", "x" * 300, "x" * 70_000, "\ud800"],
    "numbers": [0, 1, -1, 255, 256, 65_536, -(2**31), 2**31, 10**30, -(10**30), 1.5, -0.0],
    "others": [None, True, False, b"", b"a\xff", (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "nested": {"a": [{"b": ({"c": []},)}], 5: {1, 2}, ("a", 1): set()},
}


def read(content, **options):
    value, end = read_pickle(content, where="x", **options)
    assert end == len(content)
    return value


class Thing:
    def __init__(self, **state):
        self.__dict__.update(state)


class Listed(list):
    pass


class Mapped(dict):
    pass


class Runs:
    """A pickle that would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_values_of_the_language(protocol):
    assert read(pickle.dumps(PLAIN, protocol)) == PLAIN
    same = ["a"]
    one, two = read(pickle.dumps([same, same], protocol))
    assert one is two
    kinds = [OrderedDict(a=1), defaultdict(list, a=[2]), Counter("aab"), deque([1, 2])]
    assert read(pickle.dumps(kinds, protocol)) == [{"a": 1}, {"a": [2]}, {"a": 2, "b": 1}, [1, 2]]
    assert read(pickle.dumps([frozenset("ab"), bytearray(b"cd")], protocol)) == [{"a", "b"}, b"cd"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_objects_stay_inert(protocol):
    thing, listed, mapped = Thing(a=1, b=[2]), Listed([1, 2]), Mapped(a=1)
    listed.note = "x"
    found = read(pickle.dumps([thing, listed, mapped, Thing], protocol))
    assert [type(item) for item in found] == [Inert, Inert, Inert, Name]
    assert [item.name.name for item in found[:3]] == ["Thing", "Listed", "Mapped"]
    assert found[0].state == {"a": 1, "b": [2]}
    assert (found[1].items, found[1].state) == ([1, 2], {"note": "x"})
    assert found[2].pairs == {"a": 1}
    assert found[3] == Name(__name__, "Thing")
    assert "Thing, not made" in repr(found[0])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_is_called(tmp_path, protocol):
    marker = str(tmp_path / "marker")
    content = pickle.dumps({"a": Runs(marker)}, protocol)
    assert read(content)["a"].args == (marker, "w")
    for program in (b"cos\nsystem\n(Vtouch %s\ntR.", b"(S'touch %s'\nios\nsystem\n."):
        assert read(program % marker.encode()).name.name == "system"
    assert not os.path.exists(marker)
    pickle.loads(content)["a"].close()
    assert os.path.exists(marker)  # as Python's own unpickler has it


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
        np.arange(20_000, dtype="<i8"),
        np.array(["a", "é"]),
        np.array([b"a", b"bc"]),
        np.array(5, np.uint32),
        np.zeros((0, 3), np.float16),
        np.array([True, False]),
    ],
    ids=str,
)
def test_arrays(array, protocol):
    found = numpy_array(read(pickle.dumps(array, protocol)), "x")
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert np.array_equal(found, array)
    number = numpy_array(read(pickle.dumps(np.float32(2.5), protocol)), "x")
    assert (number, number.dtype) == (2.5, np.float32)


def test_a_large_array_is_a_view():
    content = np.frombuffer(pickle.dumps(np.arange(100_000).astype(np.uint8), 4), np.uint8)
    assert np.shares_memory(numpy_array(read(content), "x"), content)


def test_what_is_no_array_of_numbers():
    assert numpy_array([1], "x") is None
    assert numpy_array(read(pickle.dumps(Thing(a=1))), "x") is None
    for array in (np.array([1, "a", None], object), np.zeros(2, [("a", "f4"), ("b", "i8")])):
        with pytest.raises(FormatError, match="an array of numbers in the pickle"):
            numpy_array(read(pickle.dumps(array)), "x")
    content = pickle.dumps(np.arange(6.0).reshape(2, 3), 2)
    for old, new in ((b"K\x02K\x03\x86", b"K\x02K\x07\x86"), (b"f8", b"O8"), (b"f8", b"q9")):
        assert old in content
        with pytest.raises(FormatError, match=r"bytes for float64 of shape|of the type '"):
            numpy_array(read(content.replace(old, new)), "x")


def test_persistent_ids_and_several_pickles():
    content = b"".join(pickle.dumps(value, 2) for value in ("one", [2]))
    one, at = read_pickle(content, where="x")
    assert (one, read_pickle(content, at, where="x")) == ("one", ([2], len(content)))
    assert read(b"X\1\0\0\0aQ.", persistent=str.upper) == "A"
    assert read(b"Pab\n.", persistent=str.upper) == "AB"
    with pytest.raises(FormatError, match="a reference to something outside"):
        read(b"X\1\0\0\0aQ.")


def test_what_is_known_is_the_caller_s():
    name = Name("m", "f")
    assert read(b"cm\nf\nK\x05\x85R.", known={name: lambda n: n + 1}) == 6
    assert read(pickle.dumps(OrderedDict(a=1)), known={}).pairs == {"a": 1}


DAMAGED = [
    (b"", "no end"),
    (b"\x80\x04", "no end"),
    (b".", "empty stack"),
    (b"(.", "empty stack"),
    (b"]0.", "empty stack"),
    (b"\xff.", "an instruction 0xff"),
    (b"\x82\1.", "an instruction 0x82"),
    (b"X\xff\xff\xff\xffa.", "4294967295 bytes where 2 are left"),
    (b"\x8e" + b"\xff" * 8 + b".", "bytes where 1 are left"),
    (b"\x8b\xff\xff\xff\x7f.", "a number of"),
    (b"h\5.", "5"),
    (b"}]K\1s.", "a key of type list"),
    (b"}(K\1e.", "items for dict"),
    (b"}(]K\1u.", "a key of type list"),
    (b"}(K\1u.", "damaged"),
    (b"K\5)R.", "a call of something"),
    (b"cm\nf\nK\5R.", "a call of something"),
    (b"c" + b"m" * 5000 + b"\nf\n.", "a name of 5,000 characters"),
    (b"K\1K\2\x93.", "a name that is no string"),
    (b"K\1}b.", "a state for int"),
    (b"K\1K\2a.", "items for int"),
    (b"Sa\n.", "a string without quotes"),
    (b"Ifive\n.", "invalid literal"),
    (b"I1", "a line without an end"),
    (b"cbuiltins\nset\nK\5\x85R.", "no list"),
    (b"X\1\0\0\0\xff.", "decode"),
]


@pytest.mark.parametrize(("content", "message"), DAMAGED, ids=[repr(c[:20]) for c, _ in DAMAGED])
def test_damage(content, message):
    with pytest.raises(FormatError, match=message) as caught:
        read(content)
    assert "x, byte " in str(caught.value)


def test_every_cut_of_a_pickle_is_refused():
    for protocol in PROTOCOLS:
        content = pickle.dumps([PLAIN["nested"], PLAIN["numbers"], Thing(a=np.arange(3))], protocol)
        for end in range(len(content)):
            with pytest.raises(FormatError):
                read_pickle(content[:end], where="x")


def test_small_files_that_would_take_much():
    with soon(5):
        # A memo of four thousand million places, of which one is used.
        assert read(b"K\1r\xff\xff\xff\xff.") == 1
        # Tuples within tuples, whose hash would take 2 ** 60 steps, or all of the stack.
        for deeper in (b"2\x86", b"\x85"):
            with pytest.raises(FormatError, match="a key of type tuple"):
                read(b"})" + deeper * 60 + b"K\1s.")
        assert type(read(b")" + b"\x85" * 1_000_000 + b".")) is tuple
        # A list that is made into a new one again and again.
        many = b"]q\0(" + b"N" * 30_000 + b"e0" + b"cbuiltins\nlist\nh\0\x85R0" * 30_000 + b"N."
        with pytest.raises(FormatError, match="takes more than"):
            read(many)


@pytest.mark.parametrize(
    "piece",
    [
        b"]",
        b"}",
        b"\x8f",
        b"N\x85",
        b"N\x94",
        b"\x94",
        b"h\0)\x81",
        b"(d",
        b"(l",
        b"(\x91",
        b"h\0)R",
        b"2\x94",
    ],
)
def test_memory_is_a_small_multiple_of_the_file(piece, monkeypatch):
    monkeypatch.setattr(pickle_machine, "AFFORDED", 1000)
    content = b"\x80\4cx\ny\nq\0" + piece * 30_000 + b"."
    tracemalloc.start()
    with pytest.raises(FormatError, match="takes more than"):
        read(content)
    assert tracemalloc.get_traced_memory()[1] < 50 * len(content)
    tracemalloc.stop()


class Vocab:
    def __init__(self, i):
        self.count, self.index, self.sample_int = 1000 + i, i, 2**32


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_words_as_old_models_have_them_are_no_small_multiple_too_many(protocol, monkeypatch):
    monkeypatch.setattr(pickle_machine, "AFFORDED", 1000)
    words = {f"w{i}": Vocab(i) for i in range(1000)}
    content = pickle.dumps([list(words), words, {w: i for i, w in enumerate(words)}], protocol)
    _, vocab, rows = read(content)
    assert vocab["w7"].state["index"] == rows["w7"] == 7


@pytest.mark.parametrize("n", [9, 300, 70_000])
def test_many_words_and_their_numbers(n):
    words = [f"w{i}" if i % 50 else "\u00e9" * (i % 120) + "\ud800" + str(i) for i in range(n)]
    content = pickle.dumps([words, {word: i for i, word in enumerate(words)}], 4)
    assert read(content) == [words, {word: i for i, word in enumerate(words)}]


def test_a_memo_with_gaps_is_no_pickler_s():
    words = b"".join(b"\x8c\x01%c\x94" % (65 + i) for i in range(20))
    padding = b"0\x8c\xff" + b"x" * 255 + b"0" * 300
    with pytest.raises(FormatError, match="a memo with gaps"):
        read(b"\x80\4Nq\x05" + words + padding)


def test_what_is_no_dtype_and_no_shape_takes_no_time_to_say():
    endless = ()
    for _ in range(60):
        endless = (endless, endless)
    dtype = Inert(Name("numpy", "dtype"), ("f4",))
    made = Inert(Name("numpy.core.multiarray", "_reconstruct"))
    for kind, shape in (
        (Inert(dtype.name, (endless,)), (1,)),
        (dtype, (endless,)),
        (dtype, endless),
    ):
        made.state = (1, shape, kind, False, bytes(4))
        with soon(), pytest.raises(FormatError, match="an array of numbers in the pickle"):
            numpy_array(made, "x")
    dtype.state = (3, endless)
    made.state = (1, (1,), dtype, False, bytes(4))
    with soon(), pytest.raises(FormatError, match="a byte order a tuple"):
        numpy_array(made, "x")


def test_every_instruction_is_known_but_those_that_reach_outside():
    codes = {opcode.name: opcode.code for opcode in pickletools.opcodes}
    known = {*VALUES, *CHANGES, *DONE}
    missing = {name for name, code in codes.items() if code not in known}
    assert missing == {"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}
    assert not known - set(codes.values())
    assert collections.Counter([*VALUES, *CHANGES, *DONE]).most_common(1)[0][1] == 1
