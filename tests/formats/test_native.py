import gzip
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from inlay import Table, Vocabulary, load, save
from inlay.bytes.content import Content
from inlay.containers.safetensors import Safetensors, make_header, write
from inlay.core import Tokens
from inlay.errors import FormatError, InlayError


@pytest.fixture
def table():
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)
    return Table(["a", "é", "b c"], matrix, provenance={"source": "x.txt", "n": [1]})


@pytest.fixture
def path(table, tmp_path):
    save(table, tmp_path / "t.safetensors")
    return tmp_path / "t.safetensors"


def test_what_is_saved_comes_back(table, path):
    again = load(path, verify=True)
    assert again.tokens == table.tokens
    assert np.array_equal(again.matrix, table.matrix)
    assert again.provenance == {"source": "x.txt", "n": [1]}
    assert (again.counts, again.pad_id, again.unk_id) == (None, None, None)
    assert again["b c"].tolist() == [4, 5]
    assert "zz" not in again


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 1), (0, 4), (1, 3), (7, 5)])
def test_every_dtype_and_odd_sizes(tmp_path, dtype, shape):
    matrix = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    tokens = [f"t{i}" for i in range(shape[0])]
    counts = np.arange(shape[0])
    save(Table(tokens, matrix, counts=counts), tmp_path / "x.safetensors")
    again = load(tmp_path / "x.safetensors", verify=True)
    assert again.matrix.dtype == dtype
    assert np.array_equal(again.matrix, matrix)
    assert again.counts.tolist() == counts.tolist()
    assert [again.find(token) for token in tokens] == list(range(shape[0]))
    assert np.array_equal(load_file(tmp_path / "x.safetensors")["matrix"], matrix)


def test_an_aligned_table_keeps_its_pad_and_unknown_rows(table, tmp_path):
    aligned = table.align(Vocabulary(["é", "new"]))
    aligned.save(tmp_path / "x.safetensors")
    again = load(tmp_path / "x.safetensors")
    assert (again.pad_id, again.unk_id) == (aligned.pad_id, aligned.unk_id) == (0, 1)
    assert np.array_equal(again.matrix, aligned.matrix)
    kept = load(tmp_path / "x.safetensors", keep=["<unk>", "é"])
    assert (kept.pad_id, kept.unk_id) == (None, 0)


def test_limit_and_keep(table, path):
    assert load(path, limit=2).tokens.tolist() == ["a", "é"]
    assert load(path, limit=2)["é"].tolist() == [2, 3]
    assert load(path, keep={"b c", "zz"}).matrix.tolist() == [[4, 5]]
    assert load(path, keep={"b c"}, limit=2).matrix.shape == (0, 2)


def test_the_map_is_copy_on_write_and_the_matrix_stands_at_a_multiple_of_64(path):
    before = path.read_bytes()
    table = load(path)
    table.storage[0, 0] = 99
    assert table.matrix[0, 0] == 99
    assert path.read_bytes() == before
    assert (8 + int.from_bytes(before[:8], "little")) % 64 == 0
    assert table.storage.ctypes.data % 64 == 0


def test_safetensors_reads_it(table, path):
    arrays = load_file(path)
    assert sorted(arrays) == ["index", "matrix", "offsets", "tokens"]
    assert np.array_equal(arrays["matrix"], table.matrix)
    assert arrays["tokens"].tobytes() == "aéb c".encode()
    assert arrays["offsets"].tolist() == [0, 1, 3, 6]
    assert arrays["index"].dtype == np.uint32


def test_not_contiguous_arrays_are_written_right(tmp_path):
    """Upstream's writer once stored such arrays in the wrong order without a word."""
    matrix = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2))
    table = Table._unchecked(Tokens.from_list(["a", "b", "c"]), matrix)
    save(table, tmp_path / "x.safetensors")
    assert np.array_equal(load_file(tmp_path / "x.safetensors")["matrix"], matrix)


def test_the_bytes_that_are_written(tmp_path):
    """A golden file: a change here makes older files unreadable, or newer ones."""
    table = Table(["a", "b"], np.array([[1], [2]], np.float16), provenance={"k": 1})
    save(table, tmp_path / "x.safetensors")
    data = (tmp_path / "x.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    digests = json.loads(header["__metadata__"].pop("digests"))
    assert header == {
        "__metadata__": {"format": "inlay-table", "version": "1", "provenance": '{"k": 1}'},
        "matrix": {"dtype": "F16", "shape": [2, 1], "data_offsets": [0, 4]},
        "offsets": {"dtype": "I64", "shape": [3], "data_offsets": [4, 28]},
        "index": {"dtype": "U32", "shape": [4], "data_offsets": [28, 44]},
        "tokens": {"dtype": "U8", "shape": [2], "data_offsets": [44, 46]},
    }
    assert data[8 + length :].hex() == (
        "003c0040" + "000000000000000001000000000000000200000000000000"
        "00000000000000000100000002000000" + "6162"
    )
    assert digests["matrix"] == "sha256:" + hashlib.sha256(b"\0\x3c\0\x40").hexdigest()
    assert hashlib.sha256(data).hexdigest() == GOLDEN


GOLDEN = "c338906d2881fdbc76850bf30eda33aaeeb00bcea0e072daaabde530180f3f88"


def test_a_flipped_byte_is_found_when_asked(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    load(path)
    with pytest.raises(FormatError, match=r"t.safetensors: expected tensor '\w+' with sha256:"):
        load(path, verify=True)


def test_another_safetensors_file_is_listed(tmp_path):
    save_file({"embedding.weight": np.zeros((3, 2), np.float32)}, tmp_path / "m.safetensors")
    with pytest.raises(FormatError, match="got one of the format 'safetensors'"):
        load(tmp_path / "m.safetensors", format="native")


def rewritten(path, change):
    """The file with its header changed by `change(entries)`."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])
    change(entries)
    text = json.dumps(entries).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def setter(name, **values):
    return lambda entries: entries[name].update(values)


def swap(entries):
    entries["index"], entries["tokens"] = entries["tokens"], entries["index"]


def remove(entries):
    del entries["__metadata__"]["format"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (setter("matrix", data_offsets=[0, 10**15]), "expected"),
        (setter("matrix", data_offsets=[4, 24]), "'matrix' to begin at byte 0, got 4"),
        (setter("matrix", data_offsets=[24, 0]), "expected"),
        (setter("matrix", data_offsets=[-1, 24]), "no list of whole numbers"),
        (setter("matrix", data_offsets=[0, True]), "no list of whole numbers"),
        (setter("matrix", data_offsets=[0]), "a safetensors header, got ValueError"),
        (setter("matrix", shape=[3, 3]), r"F32 \[3, 3\] in tensor 'matrix', got 24 bytes"),
        (setter("matrix", shape=[2**62, 4]), "in tensor 'matrix', got 24 bytes"),
        (setter("matrix", shape=[1] * 100 + [3, 2]), "a shape of tensor 'matrix' that can be"),
        (
            setter("matrix", shape=[6]),
            "'matrix' as F16 or BF16 or F32 or F64 or I8 in 2 dimensions",
        ),
        (
            setter("matrix", dtype="I64", shape=[3, 1]),
            "'matrix' as F16 or BF16 or F32 or F64 or I8",
        ),
        (setter("matrix", dtype="BF16"), r"U16 \[3, 2\] in tensor 'matrix', got 24 bytes"),
        (setter("matrix", dtype="U16"), r"in tensor 'matrix', got 24 bytes|as F16 or BF16"),
        (setter("matrix", dtype="I8"), r"in tensor 'matrix', got 24 bytes"),
        (setter("offsets", data_offsets=[8, 40]), "'offsets' to begin at byte 24, got 8"),
        (setter("tokens", shape=[3, 2]), "'tokens' as U8 in 1 dimensions"),
        (swap, "'index' as U32|'tokens' as U8"),
        (remove, "one matrix that may be an embedding|tokens in the file"),
        (setter("__metadata__", version="2"), "expected version '1', got '2'"),
        (setter("__metadata__", version=2), "metadata 2 is no string"),
        (setter("__metadata__", pad_id="1"), "zeros in row 1, which is padding"),
        (setter("__metadata__", pad_id="3"), "pad_id below 3, got '3'"),
        (setter("__metadata__", unk_id="-1"), "unk_id below 3"),
        (setter("__metadata__", unk_id="1" * 5000), "unk_id below 3, got '111"),
        (setter("__metadata__", provenance="["), "JSON in 'provenance'"),
        (setter("__metadata__", provenance="[" * 100_000), "JSON in 'provenance'"),
        (setter("__metadata__", provenance="[]"), "a JSON object in 'provenance'"),
        (lambda entries: entries.pop("tokens"), "bytes of data"),
        (lambda entries: entries.update(x=[1]), "a safetensors header"),
    ],
)
def test_hostile_headers(path, change, message):
    rewritten(path, change)
    with pytest.raises(FormatError, match=message):
        load(path)


@pytest.mark.parametrize("keep", [9, 30, 100, 300, -1])
def test_a_file_that_is_cut(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match=r"t.safetensors: expected"):
        load(path)


@pytest.mark.parametrize("length", [1, 10**9, 2**39, 2**63])
def test_a_header_length_beyond_the_file(make, length):
    with pytest.raises(FormatError, match=r"a header within|binary data of a kind"):
        load(make(length.to_bytes(8, "little") + b'{"a": 1}', "x.safetensors"))


def test_json_bombs(make):
    text = b'{"a":' + b"[" * 100_000
    with pytest.raises(FormatError, match="a safetensors header"):
        load(make(len(text).to_bytes(8, "little") + text))


def hostile(make, offsets, slots, tokens=b"ab", n=2):
    arrays = {
        "matrix": np.zeros((n, 1), np.float32),
        "offsets": np.array(offsets, np.int64),
        "index": np.array(slots, np.uint32),
        "tokens": np.frombuffer(tokens, np.uint8),
    }
    header = make_header(arrays, {"format": "inlay-table", "version": "1"})
    return make(header + b"".join(a.tobytes() for a in arrays.values()), "x.safetensors")


@pytest.mark.parametrize(
    ("offsets", "slots", "message"),
    [
        ([0, 1, 3], [0, 0, 0, 0], "offsets from 0 to 2, got 0 to 3"),
        ([1, 1, 2], [0, 0, 0, 0], "offsets from 0 to 2, got 1 to 2"),
        ([0, 1, 1, 2], [0, 0, 0, 0], "offsets and counts of 2 rows, got 4 offsets"),
        ([0, 1, 2], [0, 0, 0], "an index of 2.k slots, more than 2, got 3"),
        ([0, 1, 2], [1, 2], "got 2 slots"),
        ([0, 1, 2], [], "got 0 slots"),
    ],
)
def test_arrays_that_contradict_each_other(make, offsets, slots, message):
    with pytest.raises(FormatError, match=message):
        load(hostile(make, offsets, slots))


@pytest.mark.parametrize(
    ("offsets", "slots"),
    [
        ([0, 10**12, 2], [1, 1, 1, 1]),
        ([0, -5, 2], [1, 2, 1, 2]),
        ([0, 2, 2], [9, 9, 9, 9]),
        ([0, 2, 2], [2**32 - 1] * 4),
    ],
)
def test_a_look_up_in_damaged_data_never_leaves_the_file(make, offsets, slots):
    table = load(hostile(make, offsets, slots))
    with pytest.raises(FormatError, match=r"\.safetensors: expected"):
        table.find("b")


@pytest.mark.parametrize("offsets", [[0, 3, 2], [0, 10**12, 2], [0, -5, 2]])
def test_no_kernel_follows_damaged_offsets_out_of_the_file(make, tmp_path, offsets):
    path = hostile(make, offsets, [0, 0, 0, 0])
    for wanted in ({"limit": 1}, {"keep": ["a"]}):
        with pytest.raises(FormatError, match="offsets that rise from 0"):
            load(path, **wanted)
    for name in ("x.vec", "x.bin"):
        with pytest.raises(FormatError, match="offsets that rise from 0"):
            save(load(path), tmp_path / name)
    with pytest.raises(FormatError, match="offsets that rise from 0"):
        save(load(path), tmp_path / "x", format="glove")


def test_tokens_that_are_not_utf8_are_named_when_they_are_read(make):
    table = load(hostile(make, [0, 1, 2], [0, 0, 0, 0], tokens=b"a\xff"))
    assert table.tokens[0] == "a"
    for read in (lambda: table.tokens[1], table.tokens.tolist, lambda: table.key_to_index):
        with pytest.raises(FormatError, match=r"expected token 1 in UTF-8, got b'\\xff'"):
            read()


def test_opening_builds_no_index_and_imports_no_numba(path):
    script = f"""
import sys, inlay
table = inlay.load({str(path)!r})
assert table.find("b c") == 2
print("numba" in sys.modules, "as_dict" in vars(table.tokens))
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.split() == ["False", "False"], answer.stderr


def test_verify_finds_every_flipped_bit_also_in_the_header(tmp_path):
    table = Table(
        ["<pad>", "é", "b c"],
        np.array([[0, 0], [1, 2], [3, 4]], np.float16),
        counts=[0, 5, 4],
        pad_id=0,
        unk_id=2,
        provenance={"source": "x.txt"},
    )
    save(table, tmp_path / "t.safetensors")
    good = (tmp_path / "t.safetensors").read_bytes()
    load(tmp_path / "t.safetensors", verify=True)
    passed = []
    for place in range(len(good)):
        data = bytearray(good)
        data[place] ^= 1 << place % 8
        (tmp_path / "x.safetensors").write_bytes(data)
        try:
            load(tmp_path / "x.safetensors", format="native", verify=True)
        except FormatError:
            continue
        passed.append(place)
    assert passed == []


@pytest.mark.parametrize(
    ("old", "new"), [(b'"pad_id":"0"', b'"pad_id":"1"'), (b"unk_id", b"unk_ie")]
)
def test_verify_covers_the_rows_that_have_a_meaning(tmp_path, old, new):
    table = Table(["a", "b", "c"], np.zeros((3, 2), np.float32), pad_id=0, unk_id=2)
    save(table, tmp_path / "t.safetensors")
    data = (tmp_path / "t.safetensors").read_bytes()
    (tmp_path / "t.safetensors").write_bytes(data.replace(old, new))
    assert load(tmp_path / "t.safetensors").pad_id in (0, 1)
    with pytest.raises(FormatError, match="expected metadata with sha256:"):
        load(tmp_path / "t.safetensors", verify=True)


def mapped(array):
    """Whether an array lies in a map of a file."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return type(array).__name__ in ("mmap", "memoryview")


def test_a_table_that_is_not_mapped_outlives_its_file(table, path):
    assert mapped(load(path).storage)
    again = load(path, mmap=False)
    assert not mapped(again.storage)  # looked at first: a map of a shortened file kills the tests
    assert not mapped(again.tokens.blob)
    path.write_bytes(b"")
    assert np.array_equal(again.matrix, table.matrix)
    assert again.tokens.tolist() == ["a", "é", "b c"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b'{"__metadata__":{"format":"inlay-table","version":"9"}}', "expected version '1'"),
        (b'{"__metadata__":{"format":"inlay-table"}, "a":{"dtype":"U8"', "a safetensors header"),
    ],
)
def test_a_packed_file_is_refused_before_it_is_unpacked(make, header, message, monkeypatch):
    def unpacked(self):
        raise AssertionError("unpacked for nothing")

    monkeypatch.setattr(Content, "array", unpacked)
    content = len(header).to_bytes(8, "little") + header + bytes(1 << 20)
    with pytest.raises(FormatError, match=message):
        load(make(gzip.compress(content), "x.safetensors.gz"))


def test_a_packed_file_whose_header_is_long_is_read(tmp_path, table):
    long = Table(table.tokens, table.matrix, provenance={"notes": ["x" * 1000] * 400})
    save(long, tmp_path / "t.safetensors.gz")
    assert load(tmp_path / "t.safetensors.gz", verify=True).provenance == long.provenance


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int8"])
def test_a_flipped_bit_of_any_byte_is_found(table, tmp_path, dtype):
    """The metadata, the spaces that fill up the header and the length before it among them."""
    path = tmp_path / "t.safetensors"
    whole = Table(
        ["<pad>", "é", "b"],
        np.array([[0, 0], [1, 2], [-3, 0.5]], np.float32),
        counts=[1, 2, 3],
        pad_id=0,
        unk_id=1,
        provenance={"source": 'a "b" é', "licence": "CC0"},
    )
    save(whole.astype(dtype), path)
    data = path.read_bytes()
    load(path, verify=True)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with pytest.raises(InlayError):
            load(path, verify=True)


def test_a_flipped_byte_of_what_composes_is_found(tmp_path):
    from fuzz.fasttext import model

    (tmp_path / "m.bin").write_bytes(model().dump())
    save(load(tmp_path / "m.bin"), tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    for at in range(0, len(data), 97):
        changed = bytearray(data)
        changed[at] ^= 0xFF
        (tmp_path / "m.safetensors").write_bytes(changed)
        with pytest.raises(InlayError):
            load(tmp_path / "m.safetensors", verify=True)


@pytest.mark.parametrize("n", [2, 3, 16])
def test_codes_begin_where_frameworks_can_live_in_them(tmp_path, n):
    """Behind wider numbers, which begin at multiples of their sizes; and older files are read."""
    path = tmp_path / "t.safetensors"
    given = Table([str(i) for i in range(n)], np.eye(n, 5, dtype=np.float32)).astype("int8")
    save(given, path)
    rows = load(path, verify=True)._rows
    assert rows.codes.ctypes.data % 64 == rows.scales.ctypes.data % 4 == 0
    arrays = Safetensors.open(path)
    older = {name: array[...] for name, array in arrays.items() if name != "padding"}
    write(tmp_path / "older.safetensors", older, arrays.metadata)
    assert load(tmp_path / "older.safetensors").vectors.tobytes() == given.vectors.tobytes()


def test_scales_that_do_not_fit(tmp_path):
    path = tmp_path / "t.safetensors"
    save(Table(["a", "b"], np.eye(2, dtype=np.float32)).astype("int8"), path)
    for shape in ([1, 2], [1]):
        other = tmp_path / "u.safetensors"
        other.write_bytes(path.read_bytes())
        rewritten(other, setter("scales", shape=shape))
        with pytest.raises(FormatError, match="scales"):
            load(other)
    rewritten(path, lambda entries: entries.update(other=entries.pop("scales")))
    with pytest.raises(FormatError, match="a tensor 'scales'"):
        load(path)
