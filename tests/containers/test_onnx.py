import numpy as np
import pytest
from fuzz.checkpoints import message, varint

from inlay import containers
from inlay.containers.onnx import DTYPES, Onnx
from inlay.errors import FormatError, InlayError, MissingFileError
from tests.data import shared
from tests.processes import soon

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
CONTENT = ROWS.tobytes()


def tensor(name=b"rows", dtype=1, shape=(4, 3), raw=CONTENT, more=()):
    fields = [(1, size) for size in shape] + [(2, dtype), (8, name)]
    return message(*fields, *([] if raw is None else [(9, raw)]), *more)


def model(*tensors, nodes=()):
    graph = message(*((1, node) for node in nodes), (2, b"g"), *((5, t) for t in tensors))
    return message((1, 8), (2, b"pytorch"), (7, graph), (8, message((2, 17))))


def external(location, offset=None, length=None, **settings):
    pairs = {"location": location, "offset": offset, "length": length}
    told = [
        (13, message((1, key.encode()), (2, str(value).encode())))
        for key, value in pairs.items()
        if value is not None
    ]
    return tensor(raw=None, more=[*told, (14, 1)], **settings)


def test_initialisers_by_name(make):
    constant = message(
        (2, b"made"), (4, b"Constant"), (5, message((1, b"value"), (5, tensor(b""))))
    )
    other = message((2, b"y"), (4, b"Gather"), (5, message((1, b"axis"), (3, 0))))
    data = model(tensor(), tensor(b"one", 7, (), bytes(8)), nodes=[constant, other])
    with containers.open(make(data, "x")) as file:
        assert (file.kind, list(file)) == ("onnx", ["made", "rows", "one"])
        for name in ("rows", "made"):
            assert (file[name].shape, file[name].dtype) == ((4, 3), np.float32)
            for index in (..., 2, slice(1, 3), [3, 0, 3]):
                assert np.array_equal(file[name][index], ROWS[index])
        assert file["one"][...] == 0


def test_a_file_is_mapped_and_never_written_to(make):
    path = make(model(tensor()), "x")
    before = path.read_bytes()
    containers.open(path)["rows"][...][...] = 9
    assert path.read_bytes() == before


def packed(number, values):
    return [(number, b"".join(map(varint, values)))]


def one_by_one(number, values):
    return [(number, value) for value in values]


@pytest.mark.parametrize("how", [packed, one_by_one])
def test_numbers_in_fields_of_their_types(make, how):
    signs = [0, -1, 127, -128]
    bits = ROWS[1].astype(np.float16).view(np.uint16).tolist()
    brain = (ROWS[1].view(np.uint32) >> 16).tolist()
    data = model(
        tensor(b"int8", 3, (4,), None, how(5, signs)),
        tensor(b"int64", 7, (2, 2), None, how(7, signs)),
        tensor(b"uint64", 13, (1,), None, how(11, [2**64 - 1])),
        tensor(b"half", 10, (3,), None, how(5, bits)),
        tensor(b"brain", 16, (3,), None, how(5, brain)),
        tensor(b"yes", 9, (2,), None, how(5, [1, 0])),
        tensor(b"float", 1, (4, 3), None, [(4, ROWS.tobytes())]),
        tensor(b"double", 11, (3,), None, [(10, ROWS[1].astype("<f8").tobytes())]),
        tensor(b"nothing", 1, (0, 3), None),
    )
    file = containers.open(make(data, "x"))
    expected = {
        "int8": np.int8(signs),
        "int64": np.int64(signs).reshape(2, 2),
        "uint64": np.uint64([2**64 - 1]),
        "half": ROWS[1].astype(np.float16),
        "brain": ROWS[1],
        "yes": np.array([True, False]),
        "float": ROWS,
        "double": ROWS[1].astype(np.float64),
        "nothing": np.zeros((0, 3), np.float32),
    }
    assert list(file) == list(expected)
    for name, array in expected.items():
        assert file[name].dtype == file[name][...].dtype == array.dtype, name
        assert np.array_equal(file[name], array), name
        assert np.array_equal(file[name][:1], array[:1]), name


def test_numbers_in_a_file_beside_the_model(make, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(b"before.." + ROWS.tobytes() + b"behind")
    data = model(
        external("./data/w.bin", 8, 48),
        external("data/w.bin", offset=8, name=b"short", shape=(2, 3)),
        external("data/w.bin", name=b"bytes", dtype=2, shape=(8,)),
    )
    file = containers.open(make(data, "x"))
    assert np.array_equal(file["rows"], ROWS)
    assert np.array_equal(file["short"][[1, 0]], ROWS[[1, 0]])
    assert file["bytes"][...].tobytes() == b"before.."


@pytest.mark.parametrize(
    ("location", "offset", "length", "got"),
    [
        ("../w.bin", 0, 48, "file beside the model, got '../w.bin'"),
        ("/etc/passwd", 0, 48, "beside the model, got '/etc/passwd'"),
        ("a/../../w.bin", 0, 48, "beside the model"),
        ("C:w.bin", 0, 48, "beside the model"),
        ("..\\w.bin", 0, 48, "beside the model"),
        ("", 0, 48, "beside the model, got ''"),
        ("w.bin", 1, None, "48 bytes at byte 1, got 48"),
        ("w.bin", 2**70, None, "48 bytes at byte"),
        ("w.bin", -1, None, "an offset and a length, got '-1'"),
        ("w.bin", 0, 47, "48 bytes at byte 0, got 48, or 47"),
        ("w.bin", "9" * 5000, None, "48 bytes at byte"),
    ],
)
def test_numbers_that_lie_elsewhere(make, tmp_path, location, offset, length, got):
    for folder in (tmp_path, tmp_path.parent):
        (folder / "w.bin").write_bytes(ROWS.tobytes())
    with pytest.raises(FormatError, match=got):
        containers.open(make(model(external(location, offset, length)), "x"))


def test_a_file_of_numbers_that_is_missing(make):
    with pytest.raises(MissingFileError, match=r"x, rows: expected its numbers in w\.bin, got no"):
        containers.open(make(model(external("w.bin")), "x"))


def test_types_that_are_no_numbers_are_refused_when_they_are_read(make):
    sparse = message((1, message((1, 5), (2, 1), (8, b"sparse"), (9, bytes(20)))), (3, 9))
    graph = message((5, tensor(b"small", 17)), (15, sparse), (5, tensor()))
    file = containers.open(make(message((1, 8), (7, graph)), "x"))
    assert np.array_equal(file["rows"], ROWS)
    assert file["small"].shape == (4, 3)
    for name, got in {"small": "float8e4m3fn", "sparse": "a sparse tensor"}.items():
        with pytest.raises(FormatError, match=f"x, {name}: expected numbers or texts, got {got}"):
            file[name][...]


def test_texts(make):
    data = model(tensor(b"t", 8, (2, 1), None, [(6, b"a"), (6, "é".encode())]))
    found = containers.open(make(data, "x"))["t"]
    assert (found.dtype, found[...].tolist()) == (object, [[b"a"], ["é".encode()]])
    assert found[1].tolist() == ["é".encode()]


@pytest.mark.parametrize(
    ("bad", "got"),
    [
        (tensor(shape=(2**40, 3)), "13194139533312 bytes for float32"),
        (tensor(shape=(4, 2)), r"32 bytes for float32 \(4, 2\), got 48"),
        (tensor(shape=(-1, 3)), "sizes of at least 0"),
        (tensor(shape=(1,) * 40), "a shape that can be"),
        (tensor(shape=(0,) + (2**57,) * 9, raw=b""), "a shape that can be"),
        (
            tensor(dtype=7, shape=(2**40,), raw=None, more=packed(7, [1])),
            "at least 1099511627776 b",
        ),
        (tensor(dtype=8, shape=(2**40,), raw=None), "1099511627776 texts, got 0"),
        (tensor(raw=None), "at least 12 bytes for 12 numbers, got 0"),
        (b"\x08", "without an end"),
        (b"\x4a\x7f", "a field 9 of 127 bytes"),
    ],
)
def test_tensors_that_claim_what_is_not_there(make, bad, got):
    with soon(), pytest.raises(FormatError, match=got):
        containers.open(make(model(bad), "x"))


def test_no_other_real_file_is_taken_for_a_model():
    files = [path for path in shared().rglob("*") if path.is_file()]
    found = set()
    for path in files:
        with path.open("rb") as file:
            if Onnx.sniff(file.read(4096), path):
                found.add(path.name)
    assert found == {"embedding_only.onnx"}
    assert len(files) > 100


def test_two_of_one_name(make):
    with pytest.raises(FormatError, match="a name of its own, got two called 'rows'"):
        containers.open(make(model(tensor(), tensor()), "x"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x08\x08",
        b"the 1 2\n",
        b"\x08\x01\x12\x80\x04\x0a",
        b"\n\x08\x08",
        message((2, b"a model of something"), (7, b"")),
        message((1, 99), (7, b"")),
        message((1, 8), (9, b"x"), (7, b"")),
        message((1, 8), (7, 5)),
        message((1, 8), (1, 8), (2, b"x")),
    ],
)
def test_other_bytes(make, data):
    assert not Onnx.sniff(data, make(data, "x"))
    if b":" not in data:
        with pytest.raises(FormatError):
            containers.open(make(data, "x"), kind="onnx")


def test_damage_is_an_error_of_ours_or_none(make):
    data = model(tensor(), tensor(b"l", 7, (2,), None, packed(7, [1, -1])), external("x", 0, 48))
    rng, failures = np.random.default_rng(0), 0
    for _ in range(300):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 2):
            broken[at] = rng.integers(256)
        try:
            with containers.open(make(bytes(broken[: rng.integers(9, 999)]), "x"), "onnx") as file:
                read = [entry[...] for entry in file.values()]
        except InlayError:
            failures += 1
        else:
            assert sum(array.nbytes for array in read) <= 16 * len(data)
    assert 100 < failures < 300


def test_everything_that_the_reference_writes(tmp_path):
    onnx = pytest.importorskip("onnx")
    rng = np.random.default_rng(0)
    arrays = [
        np.array(rng.integers(0, 2 if dtype.kind == "b" else 100, (5, 3))).astype(dtype)
        for number, dtype in DTYPES.items()
        if number != 16
    ]
    arrays.append(rng.integers(0, 2**32, (9, 4), dtype=np.uint32).view(np.float32))
    initialisers = [onnx.numpy_helper.from_array(a, f"a{i}") for i, a in enumerate(arrays)]
    kinds = {"FLOAT": [1.5, -2], "INT32": [7, -7], "INT64": [2**40, -1], "DOUBLE": [0.1, 5.0]}
    kinds |= {"FLOAT16": [1.5, 2], "BFLOAT16": [1.5, -2], "INT8": [-3, 4], "BOOL": [1, 0]}
    kinds |= {"UINT64": [2**63, 5]}
    for name, values in kinds.items():
        kind = getattr(onnx.TensorProto, name)
        initialisers.append(onnx.helper.make_tensor(name, kind, [2], values))
    texts = onnx.helper.make_tensor("texts", onnx.TensorProto.STRING, [2], [b"a", b"bc"])
    graph = onnx.helper.make_graph([], "g", [], [], [*initialisers, texts])
    made = onnx.helper.make_model(graph, producer_name="x")
    onnx.save_model(made, tmp_path / "in.onnx")
    onnx.save_model(
        made, tmp_path / "out.onnx", save_as_external_data=True, location="d", size_threshold=9
    )
    for name in ("in.onnx", "out.onnx"):
        with containers.open(tmp_path / name) as file:
            assert list(file) == [t.name for t in [*initialisers, texts]]
            for proto in initialisers:
                expected = onnx.numpy_helper.to_array(proto)
                if proto.data_type == onnx.TensorProto.BFLOAT16:
                    expected = expected.astype(np.float32)
                found = file[proto.name][...]
                assert (found.dtype, found.shape) == (expected.dtype, expected.shape), proto.name
                assert found.tobytes() == expected.tobytes(), proto.name
            assert file["texts"][...].tolist() == [b"a", b"bc"]


def test_a_real_model():
    path = shared("onnx-embedding-dl4j", "embedding_only.onnx")
    with containers.open(path) as file:
        ((name, rows),) = file.items()
        assert (name, rows.shape) == ("2", (100, 300))
        onnx = pytest.importorskip("onnx")
        (proto,) = onnx.load(path).graph.initializer
        assert rows[...].tobytes() == onnx.numpy_helper.to_array(proto).tobytes()
        assert np.array_equal(rows[[99, 3]], rows[...][[99, 3]])
