import io
import json

import numpy as np
import pytest

from inlay import containers
from inlay.containers.safetensors import write
from inlay.errors import FormatError, MissingFileError
from tests.processes import soon

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def index(folder, places, name="model.safetensors.index.json"):
    (folder / name).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return folder / name


@pytest.fixture
def model(tmp_path):
    write(tmp_path / "model-1.safetensors", {"a": ROWS, "unnamed": ROWS})
    write(tmp_path / "model-2.safetensors", {"b": ROWS + 1, "c": ROWS[0]})
    return tmp_path


def test_arrays_of_all_files_by_name(model):
    places = {"c": "model-2.safetensors", "a": "model-1.safetensors", "b": "model-2.safetensors"}
    with containers.open(index(model, places)) as file:
        assert (file.kind, list(file)) == ("shards", ["c", "a", "b"])
        assert np.array_equal(file["a"], ROWS)
        assert np.array_equal(file["b"][[3, 1]], ROWS[[3, 1]] + 1)
        assert np.array_equal(file["c"], ROWS[0])


def test_files_of_pytorch(model):
    torch = pytest.importorskip("torch")
    for name in ("a", "b"):
        file = io.BytesIO()
        torch.save({name: torch.from_numpy(ROWS)}, file)
        (model / f"pytorch_model-{name}.bin").write_bytes(file.getvalue())
    places = {name: f"pytorch_model-{name}.bin" for name in "ab"}
    with containers.open(index(model, places, "pytorch_model.bin.index.json")) as file:
        assert np.array_equal(file["b"], ROWS)


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "C:x", "x\0", 3, None, ["model-1"]],
)
def test_names_that_lead_elsewhere(model, name):
    write(model.parent / "x", {"a": ROWS})
    with pytest.raises(FormatError, match="files beside the index, got"):
        containers.open(index(model, {"a": name}))


def test_parts_that_are_missing(model):
    places = {"a": "model-1.safetensors", "b": "model-3.safetensors"}
    with pytest.raises(MissingFileError, match=r"model-3\.safetensors: expected a part of model\."):
        containers.open(index(model, places))
    with pytest.raises(FormatError, match=r"'z' in model-1\.safetensors, got no such array"):
        containers.open(index(model, {"z": "model-1.safetensors"}))
    (model / "model-1.safetensors").write_bytes(b"<html>")
    with pytest.raises(FormatError, match=r"model-1\.safetensors: expected a header"):
        containers.open(index(model, {"a": "model-1.safetensors"}))


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", "", '{"weight_map": 3}', '{"weight_map"', "[" * 100_000, '{"weight_map": ["a"]}'],
)
def test_what_is_no_index(make, text):
    with soon(), pytest.raises(FormatError, match="an index of files of arrays"):
        containers.open(make(text.encode(), "x.json"), kind="shards")
