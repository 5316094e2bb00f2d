import io
import pickle
import sys
import zipfile

import numpy as np
import pytest

from inlay import containers
from inlay.containers.torch import Torch
from inlay.errors import FormatError, InlayError, MissingFileError
from tests.data import shared
from tests.processes import in_fresh, soon

torch = pytest.importorskip("torch")
ROWS = torch.arange(12, dtype=torch.float32).reshape(4, 3)
STATE = {
    "rows": ROWS,
    "turned": ROWS.T,
    "part": ROWS[1:, :2],
    "half": ROWS.half(),
    "brain": ROWS.bfloat16(),
    "wide": ROWS.double() / 3,
    "bytes": ROWS.to(torch.uint8),
    "small": ROWS.to(torch.int16),
    "unsigned": ROWS.to(torch.uint32),
    "yes": ROWS > 3,
    "complex": ROWS.to(torch.complex64) * 1j,
    "long": torch.tensor(7),
    "nothing": torch.zeros(0, 3),
    "parameter": torch.nn.Parameter(ROWS[:1].clone()),
    "twice": ROWS,
}


def saved(state, *, zipped=True):
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def rewritten(data, change, compress=zipfile.ZIP_STORED):
    """The files of a zip again, each as `change(name, content)`."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", compress) as new:
        for info in old.infolist():
            new.writestr(info.filename, change(info.filename, old.read(info)))
    return file.getvalue()


def assert_same(found, tensor):
    """Bit for bit, NaN included; bfloat16 as float32."""
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    expected = tensor.detach().numpy()
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_by_name(make, zipped):
    state = STATE | {"epoch": 3, 4: ROWS}
    with containers.open(make(saved(state, zipped=zipped), "x.bin")) as file:
        assert (file.kind, list(file)) == ("torch", [*STATE, "4"])
        for name, tensor in STATE.items():
            assert file[name].shape == tuple(tensor.shape)
            assert file[name].dtype == file[name][...].dtype
            assert_same(file[name][...], tensor)
            if tensor.dim() == 2:
                for index in (np.s_[1:3], np.s_[::-1], [3, 0, 3]):
                    index = np.arange(len(tensor))[:3] if index == [3, 0, 3] else index
                    assert np.array_equal(file[name][index], file[name][...][index], equal_nan=True)


@pytest.mark.parametrize("zipped", [True, False])
def test_random_bits_equal_what_torch_reads(make, zipped):
    rng = np.random.default_rng(0)
    bits = torch.from_numpy(rng.integers(0, 2**32, (50, 8), dtype=np.uint32).view(np.float32))
    brain = bits.clone().view(torch.bfloat16)
    state = {"bits": bits, "brain": brain, "view": bits[7:, 3:].T}
    path = make(saved(state, zipped=zipped), "x")
    expected = torch.load(path, weights_only=True)
    with containers.open(path) as file:
        for name, entry in file.items():
            assert_same(entry[...], expected[name])


def test_dicts_in_dicts_have_dotted_names(make):
    state = {
        "model": {"a.weight": ROWS, "b": [ROWS, (ROWS[0],)]},
        "optimizer": {"state": {0: ROWS}},
    }
    names = ["model.a.weight", "model.b.0", "model.b.1.0", "optimizer.state.0"]
    file = containers.open(make(saved(state), "x"))
    assert list(file) == names
    assert_same(file["model.b.1.0"][...], ROWS[0])
    assert list(containers.open(make(saved([ROWS]), "y"))) == ["0"]
    assert list(containers.open(make(saved(ROWS), "z"))) == [""]


def test_two_tensors_of_one_name_are_not_mixed_up(make):
    path = make(saved({"a": {"b": ROWS}, "a.b": ROWS}), "x")
    with pytest.raises(FormatError, match=r"a name of its own, got two called 'a\.b'"):
        containers.open(path)


def test_a_file_is_mapped_and_never_written_to(make):
    for zipped in (True, False):
        path = make(saved(STATE, zipped=zipped), "x")
        before = path.read_bytes()
        found = containers.open(path)["rows"][...]
        found[...] = 9
        assert path.read_bytes() == before


def big_endian(name, content):
    if name.endswith("byteorder"):
        return b"big"
    return content[::-1] if "/data/" in name else content


def test_numbers_in_the_other_byte_order(make):
    rows = ROWS.flip((0, 1)).contiguous()
    data = rewritten(saved({"rows": rows, "brain": rows.bfloat16()}), big_endian)
    file = containers.open(make(data, "x"))
    assert file["rows"].dtype == np.dtype(">f4")
    assert np.array_equal(file["rows"], ROWS.numpy())
    assert np.array_equal(file["brain"], ROWS.numpy())


@pytest.mark.filterwarnings("ignore:.*quantize:UserWarning")
def test_tensors_that_are_no_plain_numbers_are_refused_when_read(make):
    quantised = torch.quantize_per_tensor(ROWS, 0.1, 3, torch.quint8)
    state = {
        "rows": ROWS,
        "sparse": ROWS.to_sparse(),
        "small": ROWS.to(torch.float8_e4m3fn),
        "quantised": quantised,
        "meta": ROWS.to("meta"),
    }
    file = containers.open(make(saved(state), "x"))
    assert np.array_equal(file["rows"], ROWS.numpy())
    said = {
        "sparse": "a sparse",
        "small": "float8_e4m3fn",
        "quantised": "a quant",
        "meta": "on the",
    }
    for name, got in said.items():
        assert file[name].shape == (4, 3)
        with pytest.raises(FormatError, match=f"x, {name}: expected a plain tensor.*{got}"):
            file[name][...]
    old = containers.open(make(saved({"q": quantised, "rows": ROWS}, zipped=False), "y"))
    assert np.array_equal(old["rows"], ROWS.numpy())


class Part(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(5, 3)
        self.layers = torch.nn.ModuleList([torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)])
        self.tied = self.embedding
        self.register_buffer("unsaved", torch.ones(2), persistent=False)
        self.register_parameter("none", None)
        self.whole = [self]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_model_gives_the_tensors_of_its_state(make, zipped):
    model = Part()
    with containers.open(make(saved(model, zipped=zipped), "x")) as file:
        expected = model.state_dict()
        assert list(file) == list(expected)
        for name, tensor in expected.items():
            assert_same(file[name][...], tensor)


def test_a_tensor_of_a_class_of_its_own(make):
    class Named(torch.Tensor):
        pass

    globals()["Named"], Named.__qualname__ = Named, "Named"
    state = {"a": ROWS.as_subclass(Named), "b": torch.nn.Buffer(ROWS)}
    file = containers.open(make(saved(state), "x"))
    for name in "ab":
        assert np.array_equal(file[name], ROWS.numpy())


def test_torch_is_not_needed(make):
    path = make(saved(STATE), "x")
    assert in_fresh(without_torch, path) == ROWS.tolist()


def without_torch(path):
    sys.modules["torch"] = None  # type: ignore[assignment]
    return containers.open(path)["rows"][...].tolist()


def test_parameters_with_a_state_of_their_own(make):
    parameter = torch.nn.Parameter(ROWS.clone())
    parameter.note = "mine"
    assert_same(containers.open(make(saved({"a": parameter}), "x"))["a"][...], ROWS)


def test_a_view_of_a_storage_in_the_older_layout(make):
    """As PyTorch 0.4 could write them: the storage itself begins within another."""
    data = saved({"a": ROWS[:3]}, zipped=False)
    view = b"(X\1\0\0\0vK\x03K\x09t"
    assert data.count(b"K\x0cNt") == 1
    changed = data.replace(b"K\x0cNt", b"K\x0c" + view + b"t")
    assert_same(containers.open(make(changed, "x"))["a"][...], ROWS[1:])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_torchscript_gives_its_tensors_and_runs_nothing(tmp_path):
    model = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.Linear(3, 2))
    torch.jit.trace(model, torch.tensor([1, 2])).save(tmp_path / "x")
    with containers.open(tmp_path / "x") as file:
        assert set(file) == set(model.state_dict())
        for name, tensor in model.state_dict().items():
            assert_same(file[name][...], tensor)


class Evil:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


class EvilState:
    def __reduce__(self):
        return Evil, (), {"a": Evil(open, ("marker", "w"))}


class EvilItems:
    def __reduce__(self):
        return dict, (), None, None, iter([("a", Evil(eval, ("open('marker', 'w')",)))])


EVIL = {
    "open": Evil(open, ("marker", "w")),
    "system": Evil(__import__("os").system, ("touch marker",)),
    "eval": Evil(eval, ("open('marker', 'w')",)),
    "exec": Evil(exec, ("open('marker', 'w')",)),
    "nested": [{"x": (Evil(open, ("marker", "w")),)}],
    "state": EvilState(),
    "items": EvilItems(),
}
# By hand: what Python's own pickler would not write.
BY_HAND = {
    "GLOBAL, REDUCE": b"\x80\x02cos\nsystem\n(X\x0c\0\0\0touch markertR.",
    "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0ctouch marker\x85R.",
    "INST": b"(S'touch marker'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'touch marker'\no.",
    "NEWOBJ": b"\x80\x02cos\nsystem\nX\x0c\0\0\0touch marker\x85\x81.",
    "NEWOBJ_EX": b"\x80\x04cos\nsystem\nX\x0c\0\0\0touch marker\x85}\x92.",
    "BUILD": b"\x80\x02c__main__\nA\n)\x81}X\x0c\0\0\0__setstate__cos\nsystem\nsb"
    b"X\x0c\0\0\0touch markerb.",
    "copyreg": b"\x80\x02ccopyreg\n_reconstructor\nccopyreg\nadd_extension\n"
    b"cbuiltins\nobject\nN\x87R.",
    "EXT": b"\x80\x02\x82\x01.",
    "APPENDS": b"\x80\x02cos\nsystem\n(X\x0c\0\0\0touch markere.",
    "PERSID": b"Ptouch marker\n.",
    "PERSID with REDUCE": b"\x80\x02cos\nsystem\n(X\x0c\0\0\0touch markertRQ.",
}


def holding(pickled):
    """A zip of PyTorch's with this pickle in it."""
    return rewritten(saved({"a": ROWS}), lambda n, c: pickled if n.endswith("data.pkl") else c)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_file_is_run(make, empty, name, zipped):
    state = {"before": ROWS, "evil": EVIL[name], "rows": ROWS}
    with containers.open(make(saved(state, zipped=zipped), "x")) as file:
        assert list(file) == ["before", "rows"]
        assert np.array_equal(file["rows"], ROWS.numpy())
    with pytest.raises(FormatError, match=r"state_dict: .* got a pickle (that wants|of)"):
        containers.open(make(saved({"evil": EVIL[name]}, zipped=zipped), "y"))
    assert not list(empty.iterdir())


@pytest.mark.parametrize("code", BY_HAND)
def test_no_code_of_a_pickle_runs_anything(make, empty, code):
    for data in (BY_HAND[code], holding(BY_HAND[code])):
        with pytest.raises(FormatError):
            containers.open(make(data, "x"), kind="torch")
    assert not list(empty.iterdir())


def test_the_markers_would_be_made(empty):
    """So that the two tests above can fail."""
    pickle.loads(BY_HAND["GLOBAL, REDUCE"])
    assert (empty / "marker").exists()


def test_what_it_wants_to_import_is_said(make):
    wanted = "a pickle that wants to import (posix|nt).system, which may run any program"
    with pytest.raises(FormatError, match=wanted):
        containers.open(make(saved({"a": EVIL["system"]}), "x"))


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps({"a": Evil(open, ("marker", "w"))}),
        pickle.dumps({"a": 3}),
        saved({"a": 3}),
        saved({"a": 3}, zipped=False),
        b"PK\x03\x04 and no more",
        b"\x80\x02",
        saved(STATE)[:-100],
        saved(STATE, zipped=False)[:-10],
        rewritten(saved(STATE), lambda name, content: content)[:-30],
    ],
    ids="object number zip old-file no-zip no-pickle cut-zip cut-old-file no-directory".split(),
)
def test_files_of_something_else(make, empty, data):
    with pytest.raises(FormatError, match=r"x\.th[^:]*: expected a "):
        containers.open(make(data, "x.th"))
    assert not list(empty.iterdir())


def test_a_zip_of_something_else(make):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "x")
    with pytest.raises(FormatError, match=r"with data\.pkl in it, got a zip of word/document\.xml"):
        containers.open(make(file.getvalue(), "x"))


def test_the_layout_of_2016_is_refused(make):
    import tarfile

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(FormatError, match=r"PyTorch 0\.1\.10 or newer, got a tar archive"):
        containers.open(make(file.getvalue(), "x"))


def test_more_numbers_than_are_stored(make):
    """A stride of 0 makes 2^40 numbers of one."""
    path = make(saved({"a": torch.zeros(1).expand(2**40)}), "x")
    with soon(), pytest.raises(FormatError, match=f"{4 * 2**40} bytes for float32 of shape"):
        containers.open(path)
    few = containers.open(make(saved({"a": torch.zeros(3).expand(1, 3)}), "y"))
    assert np.array_equal(few["a"], np.zeros((1, 3)))


@pytest.mark.parametrize("count", [2**31, 2**40])
@pytest.mark.parametrize("zipped", [True, False])
def test_more_numbers_than_the_file_has(make, count, zipped):
    data, seven = saved({"a": torch.zeros(7)}, zipped=zipped), b"K\x07"
    big = b"\x8a\x06" + count.to_bytes(6, "little")
    if zipped:
        data = rewritten(data, lambda name, content: content.replace(seven, big))
    with soon(), pytest.raises(FormatError, match="expected a state_dict with"):
        containers.open(make(data.replace(seven, big), "x"))


@pytest.mark.parametrize(
    ("part", "change", "got"),
    [
        (
            b"K\x00K\x04K\x03\x86",
            b"K\x01K\x04K\x03\x86",
            r"strides within 12 numbers, got \(3, 1\)",
        ),
        (b"K\x03K\x01\x86", b"K\x04K\x01\x86", r"strides within 12 numbers, got \(4, 1\) from 0"),
        (b"K\x03K\x01\x86", b"J\xff\xff\xff\xffK\x01\x86", r"a tensor at 'a', got a shape or str"),
        (b"K\x03K\x01\x86", b"K\x03\x85", "48 bytes for float32"),
        (b"K\x04K\x03\x86", b"K\x05K\x03\x86", r"60 bytes for float32 of shape \(5, 3\), got 48"),
        (b"K\x00K\x04K\x03\x86", b"J\xff\xff\xff\xffK\x04K\x03\x86", "48 bytes for float32"),
    ],
)
def test_views_that_reach_outside(make, part, change, got):
    data = rewritten(saved({"a": ROWS}), lambda name, content: content.replace(part, change))
    with soon(), pytest.raises(FormatError, match=got):
        containers.open(make(data, "x"))


def test_storages_that_are_not_there(make):
    data = rewritten(
        saved({"a": ROWS}), lambda name, c: c.replace(b"X\x01\0\0\x000", b"X\x01\0\0\x007")
    )
    with pytest.raises(FormatError, match="the numbers of a tensor in archive/data/7, got no such"):
        containers.open(make(data, "x"))


def test_a_zip_that_is_packed_or_lies(make):
    packed = rewritten(saved(STATE), lambda name, content: content, zipfile.ZIP_DEFLATED)
    with pytest.raises(FormatError, match="a zip that PyTorch wrote, not compressed"):
        containers.open(make(packed, "x"))
    file = io.BytesIO(saved(STATE))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("more", b"")
        archive.infolist()[-1].file_size = 2**40
    with pytest.raises(FormatError, match=r"members within \d+ bytes, got 1099"):
        containers.open(make(file.getvalue(), "x"))


def deep(n):
    """A dict in a dict in a dict."""
    return b"\x80\x02" + b"}X\1\0\0\0a" * n + b"}" + b"s" * n + b"."


def doubling(n):
    """Lists of the same list twice: 2^n ways to the innermost."""
    return b"\x80\x02]q\0" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(n)) + b"."


@pytest.mark.parametrize(
    ("pickled", "got"),
    [
        (deep(200), "dicts in dicts in dicts"),
        (deep(50_000), "dicts in dicts in dicts"),
        (doubling(60), "dicts in dicts in dicts"),
        (b"\x80\x02](%beq\0](%be." % (b"K\1" * 10**5, b"h\0" * 10**5), "dicts in dicts in dicts"),
        (b"\x80\x02]q\0h\0a.", "a pickle of list without tensors"),
        (b"\x80\x02r\xff\xff\xff\x7f.", "a whole pickle"),
        (b"\x80\x02Nr\xff\xff\xff\x7f.", "a pickle of NoneType without tensors"),
        (b"\x80\x02]" + b"\x85" * 50_000 + b"}\x86}X\1\0\0\0a\x86.", "without tensors"),
        (b"\x80\x02}]" + b"\x85" * 50_000 + b"Ns.", "a key of type tuple"),
        (b"\x80\x04\x8e" + (2**60).to_bytes(8, "little") + b"a.", "bytes where 2 are left"),
        (b"\x80\x02ctorch\n" + b"[" * (1 << 20) + b"\n.", "a name of 1,048,576 characters"),
        (b"\x80\x02(((", "a whole pickle"),
        (b"\x80\x022.", "a whole pickle"),
        (b"\x80\x02}K\x01s.", "a whole pickle"),
        (b"\x80\x05\x97.", "an instruction 0x97"),
    ],
    ids=range(15),
)
def test_pickles_that_ask_for_much(make, pickled, got):
    with soon(3.0), pytest.raises(FormatError, match=got):
        containers.open(make(holding(pickled), "x"))


def test_names_that_are_longer_than_the_file(make):
    long = "a" * 100_000
    path = make(saved({str(i): {long: ROWS} for i in range(200)}), "x")
    assert path.stat().st_size < 2 * len(long)
    with soon(), pytest.raises(FormatError, match="names within the file"):
        containers.open(path)


def test_arrays_of_numpy_in_the_pickle(make):
    state = {"a": ROWS.numpy(), "b": {"c": np.arange(99999.0)}, "objects": np.array([{}], object)}
    for zipped in (True, False):
        file = containers.open(make(saved(state, zipped=zipped), "x"))
        assert list(file) == ["a", "b.c", "objects"]
        assert np.array_equal(file["a"], ROWS.numpy())
        assert np.array_equal(file["b.c"][[5, 7]], [5.0, 7.0])
        with pytest.raises(
            FormatError, match="a plain tensor of numbers, got numbers of the type 'O8'"
        ):
            file["objects"][...]


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFileError, match="nothing there"):
        containers.open(tmp_path / "x", kind="torch")


@pytest.mark.parametrize("zipped", [True, False])
def test_damage_is_an_error_of_ours_or_none(tmp_path, zipped):
    data, rng, failures = saved(STATE, zipped=zipped), np.random.default_rng(0), 0
    for _ in range(200):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 6):
            broken[at] = rng.integers(256)
        (tmp_path / "x").write_bytes(broken[: rng.integers(len(data) // 2, len(data) * 2)])
        try:
            with Torch.open(tmp_path / "x") as file:
                read = [entry[...] for entry in file.values()]
        except InlayError:
            failures += 1
        else:
            assert sum(array.nbytes for array in read) <= 4 * len(data)
    assert failures > 30


def test_real_tensors_of_words():
    path = shared("torch-pt-vidhirathore", "cbow.pt")
    expected = torch.load(path, weights_only=True)
    with containers.open(path) as file:
        assert list(file) == [str(word) for word in expected]
        for word, tensor in expected.items():
            assert_same(file[str(word)][...], tensor)


def test_a_real_model_without_its_program():
    """`weights_only` refuses it: its class is in a module that nobody has."""
    (path,) = shared("torch-pt-hexm3x-lm").glob("*.pt")
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    with containers.open(path) as file:
        matrices = {name: entry.shape for name, entry in file.items() if entry.ndim == 2}
        assert matrices["encoder.weight"] == (4934, 20)
        with zipfile.ZipFile(path) as archive:
            stored = np.frombuffer(archive.read("archive/data/0"), "<f4").reshape(4934, 20)
        assert np.array_equal(file["encoder.weight"], stored)
