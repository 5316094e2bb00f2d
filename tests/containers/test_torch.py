import io
import pickle
import zipfile

import numpy as np
import pytest

from inlay import containers
from inlay.containers.torch import Torch
from inlay.errors import FormatError, InlayError, MissingFileError
from tests.processes import soon

torch = pytest.importorskip("torch")
ROWS = torch.arange(12, dtype=torch.float32).reshape(4, 3)
STATE = {
    "rows": ROWS,
    "turned": ROWS.T,
    "half": ROWS.half(),
    "brain": ROWS.bfloat16(),
    "long": torch.tensor(7),
    "parameter": torch.nn.Parameter(ROWS[:1].clone()),
}


def saved(state, *, zipped=True):
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_by_name(make, zipped):
    state = STATE | {"epoch": 3, 4: ROWS}
    with containers.open(make(saved(state, zipped=zipped), "x.bin")) as file:
        assert (file.kind, list(file)) == ("torch", [*STATE, "4"])
        for name, tensor in STATE.items():
            assert file[name].shape == tuple(tensor.shape)
            found = np.asarray(file[name])
            assert found.dtype == file[name].dtype
            assert np.array_equal(found, tensor.detach().float().numpy())
        assert file["brain"].dtype == np.float32
        assert np.array_equal(file["rows"][1:3], ROWS[1:3].numpy())


def test_a_zip_is_mapped_and_never_written_to(make, monkeypatch):
    path, real, asked = make(saved(STATE), "x"), torch.load, []
    monkeypatch.setattr(torch, "load", lambda *a, **k: asked.append(k["mmap"]) or real(*a, **k))
    before = path.read_bytes()
    found = containers.open(path)["rows"][...]
    found[...] = 9
    assert path.read_bytes() == before
    assert asked == [True]


def test_tensors_that_are_no_plain_numbers_are_refused_when_read(make):
    state = {"rows": ROWS, "sparse": ROWS.to_sparse(), "small": ROWS.to(torch.float8_e4m3fn)}
    file = containers.open(make(saved(state), "x"))
    assert np.array_equal(file["rows"], ROWS.numpy())
    for name in ("sparse", "small"):
        assert file[name].shape == (4, 3)
        with pytest.raises(FormatError, match=f"x, {name}: expected a plain tensor of numbers"):
            file[name][...]


class Evil:
    def __reduce__(self):
        return open, ("marker", "w")


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps({"a": Evil()}),
        pickle.dumps({"a": 3}),
        saved({"a": Evil()}),
        saved({"a": Evil()}, zipped=False),
        saved([ROWS]),
        saved(ROWS),
        b"PK\x03\x04 and no more",
        b"\x80\x02",
        saved(STATE)[:-100],
        saved(STATE, zipped=False)[:-10],
    ],
    ids="object number zip old-file list tensor no-zip no-pickle cut-zip cut-old-file".split(),
)
def test_files_of_something_else(make, tmp_path, monkeypatch, data):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FormatError, match=r"x\.th: expected a "):
        containers.open(make(data, "x.th"))
    assert not (tmp_path / "marker").exists()


def test_more_numbers_than_are_stored(make):
    """A stride of 0 makes 2^40 numbers of one."""
    path = make(saved({"a": torch.zeros(1).expand(2**40)}), "x")
    refused = f"expected {4 * 2**40} bytes for torch"
    with soon(), pytest.raises(FormatError, match=refused):
        containers.open(path)


@pytest.mark.parametrize("count", [2**31, 2**40])
@pytest.mark.parametrize("zipped", [True, False])
def test_more_numbers_than_the_file_has(make, count, zipped):
    data, seven = saved({"a": torch.zeros(7)}, zipped=zipped), b"K\x07"
    big = b"\x8a\x06" + count.to_bytes(6, "little")
    if zipped:
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
            for info in old.infolist():
                new.writestr(info.filename, old.read(info).replace(seven, big))
        data = file.getvalue()
    with soon(), pytest.raises(FormatError, match="expected a state_dict"):
        containers.open(make(data.replace(seven, big), "x"))


def test_a_zip_that_is_packed_or_lies(make):
    def again(change, compress):
        file = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(saved(STATE))) as old,
            zipfile.ZipFile(file, "w", compress) as new,
        ):
            for info in old.infolist():
                new.writestr(info.filename, old.read(info))
            change(new.infolist())
        return make(file.getvalue(), "x")

    with pytest.raises(FormatError, match="a zip that PyTorch wrote, not compressed"):
        containers.open(again(lambda members: None, zipfile.ZIP_DEFLATED))
    with pytest.raises(FormatError, match=r"members within \d+ bytes, got 1099"):
        containers.open(again(lambda m: setattr(m[-1], "file_size", 2**40), zipfile.ZIP_STORED))


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFileError, match="nothing there"):
        containers.open(tmp_path / "x", kind="torch")


@pytest.mark.parametrize("zipped", [True, False])
def test_damage_is_an_error_of_ours_or_none(tmp_path, zipped):
    data, rng, failures = saved(STATE, zipped=zipped), np.random.default_rng(0), 0
    for _ in range(60):
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
    assert failures > 10
