import dataclasses
import json
import shutil
import sys

import numpy as np
import pytest

from inlay.encode.elmo.files import read
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, FormatError, MissingFileError, MissingPackageError
from tests.data import shared
from tests.encode.elmo.test_checkpoints import (
    OPTIONS,
    allennlp_state,
    variables,
    write_tensorflow,
    write_torch,
)

# Not what would be taken for granted, so that a test sees whether it was read.
CLIPPED = dataclasses.replace(OPTIONS, cell_clip=0.5, use_skip_connections=False)


@pytest.fixture(scope="module")
def weights():
    return Weights.random(OPTIONS, seed=4)


def put(folder, weights, *, options="options.json", hdf5="weights.hdf5"):
    """An official pair of files under these names."""
    (folder / options).write_text(json.dumps(CLIPPED.to_dict()))
    weights.save(folder / hdf5)


def is_model(source, weights, options=CLIPPED):
    return source.options == options and source.weights.hash(options) == weights.hash(options)


@pytest.mark.parametrize(
    ("options", "hdf5"),
    [
        ("options.json", "weights.hdf5"),
        ("elmo_small_options.json", "elmo_small_weights.hdf5"),
        ("options.json", "lm_weights.hdf5"),
        ("my_options_v2.json", "weights.hdf5"),
    ],
)
def test_a_pair_by_any_of_its_names(tmp_path, weights, options, hdf5):
    put(tmp_path, weights, options=options, hdf5=hdf5)
    (tmp_path / "lm_embeddings_0.hdf5").write_bytes(b"not weights")
    (tmp_path / "vocab.json").write_text("{}")
    for source in (
        read(tmp_path),
        read(str(tmp_path / options)),
        read(tmp_path / hdf5),
        read(tmp_path / options, tmp_path / hdf5),
        read(tmp_path, str(tmp_path / hdf5)),
    ):
        assert is_model(source, weights)
        assert source.where == str(tmp_path / hdf5)
        assert (source.mixes, source.mix) == ((), None)


def test_files_far_from_each_other(tmp_path, weights):
    put(tmp_path, weights)
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "weights.hdf5", tmp_path / "elsewhere" / "numbers")
    assert is_model(read(tmp_path / "options.json", tmp_path / "elsewhere" / "numbers"), weights)
    with pytest.raises(MissingFileError, match="none of them in this folder"):
        read(tmp_path)


def test_two_models_in_a_folder(tmp_path, weights):
    other = Weights.random(CLIPPED, seed=5)
    put(tmp_path, weights, options="a_options.json", hdf5="a_weights.hdf5")
    put(tmp_path, other, options="b_options.json", hdf5="b_weights.hdf5")
    with pytest.raises(ArgumentError, match=r"a_weights\.hdf5, b_weights\.hdf5.*by name"):
        read(tmp_path)
    assert is_model(read(tmp_path / "b_weights.hdf5"), other)
    assert is_model(read(tmp_path / "a_options.json"), weights)
    shutil.copy(tmp_path / "b_weights.hdf5", tmp_path / "weights.hdf5")
    with pytest.raises(ArgumentError, match=r"a_options\.json, b_options\.json"):
        read(tmp_path)
    shutil.copy(tmp_path / "b_options.json", tmp_path / "options.json")
    assert is_model(read(tmp_path), other)


def test_weights_without_options(tmp_path, weights):
    weights.save(tmp_path / "weights.hdf5")
    for path in (tmp_path, tmp_path / "weights.hdf5"):
        with pytest.raises(MissingFileError, match=r"an options\.json beside it"):
            read(path)


@pytest.mark.parametrize(
    "name", ["", "model.ckpt", "model.ckpt.index", "model.ckpt.data-00000-of-00001"]
)
def test_a_checkpoint_by_any_of_its_names(tmp_path, weights, name):
    write_tensorflow(tmp_path / "model.ckpt", variables(weights, "bilm-tf, training"))
    assert is_model(read(tmp_path / name), weights, OPTIONS)  # taken for granted
    (tmp_path / "options.json").write_text(json.dumps(CLIPPED.to_dict()))
    source = read(tmp_path / name)
    assert is_model(source, weights)
    assert source.mix is None


def test_the_last_of_several_checkpoints(tmp_path, weights):
    last = Weights.random(OPTIONS, seed=5)
    write_tensorflow(tmp_path / "model.ckpt-9", variables(weights, "bilm-tf, training"))
    write_tensorflow(tmp_path / "model.ckpt-10", variables(last, "bilm-tf, training"))
    with pytest.raises(ArgumentError, match=r"model\.ckpt-10\.index, model\.ckpt-9\.index"):
        read(tmp_path)
    note = 'model_checkpoint_path: "/moved/since/model.ckpt-10"\nall_model_checkpoint_paths: "x"\n'
    (tmp_path / "checkpoint").write_text(note)
    assert is_model(read(tmp_path), last, OPTIONS)
    assert is_model(read(tmp_path / "model.ckpt-9"), weights, OPTIONS)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "gone"')
    with pytest.raises(ArgumentError, match="one \\*\\.index"):
        read(tmp_path)
    put(tmp_path, weights)  # the official files come first
    assert is_model(read(tmp_path), weights)


@pytest.mark.parametrize("name", ["", "variables", "variables/variables.index"])
def test_a_module_of_tf_hub(tmp_path, weights, name):
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    (tmp_path / "tfhub_module.pb").write_bytes(b"\x08\x03")
    arrays = variables(weights, "TF-Hub")
    arrays |= {"aggregation/weights": np.float32([1, 2, 3]), "aggregation/scaling": np.float32(4)}
    write_tensorflow(tmp_path / "variables" / "variables", arrays)
    source = read(tmp_path / name)
    assert is_model(source, weights, OPTIONS)
    assert (source.mix.scalars, source.mix.gamma) == ((1, 2, 3), 4)
    assert source.where == str(tmp_path / "variables" / "variables.index") or name == "variables"
    (tmp_path / "options.json").write_text(json.dumps(CLIPPED.to_dict()))
    assert is_model(read(tmp_path / name), weights)


@pytest.mark.parametrize("style", ["too few", "nan"])
def test_a_mix_that_cannot_be(tmp_path, weights, style):
    scalars = np.float32([1, 2]) if style == "too few" else np.float32([1, np.nan, 2])
    arrays = {"aggregation/weights": scalars, "aggregation/scaling": np.float32(1)}
    write_tensorflow(tmp_path / "v", variables(weights, "TF-Hub") | arrays)
    with pytest.raises(FormatError, match="3 finite numbers and gamma"):
        read(tmp_path / "v")


@pytest.mark.parametrize("name", ["best.th", "weights.th", "model.pt"])
def test_a_state_dict(tmp_path, weights, name):
    state = allennlp_state(weights, "elmo.", [((0.0, 1.0, 2.0), 3.0)])
    write_torch(tmp_path / name, state)
    if name != "model.pt":  # what AllenNLP leaves beside it
        write_torch(tmp_path / "training_state_epoch_3.th", {"epoch": 3})
    for path in (tmp_path, tmp_path / name):
        source = read(path)
        assert source.options == OPTIONS
        np.testing.assert_allclose(
            source.weights.cells[1][1].kernel, weights.cells[1][1].kernel, atol=0
        )
        assert source.mix.gamma == 3


def test_contents_count_more_than_names(tmp_path, weights):
    put(tmp_path, weights, hdf5="weights.th")
    assert is_model(read(tmp_path / "weights.th"), weights)
    write_torch(tmp_path / "lm.weights", allennlp_state(weights, "elmo."))
    assert read(tmp_path / "lm.weights").options == CLIPPED


@pytest.mark.parametrize("path", ["", "options.json", "weights.hdf5"])
def test_a_page_that_was_downloaded_as_weights(tmp_path, weights, path):
    put(tmp_path, weights)
    (tmp_path / "weights.hdf5").write_text("<!DOCTYPE html><html>404</html>")
    with pytest.raises(FormatError, match=r"weights\.hdf5: expected an HDF5 file.*download"):
        read(tmp_path / path)


def test_nothing_to_read(tmp_path):
    with pytest.raises(MissingFileError, match=r"no such file or folder.*Try: download it"):
        read(tmp_path / "elmo")
    with pytest.raises(MissingFileError, match="none of them in this folder"):
        read(tmp_path)
    with pytest.raises(MissingFileError, match="no such file"):
        read(tmp_path / "options.json", tmp_path / "weights.hdf5")


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08 an archive", b"", b"a table\n"])
def test_files_of_another_kind(tmp_path, data):
    (tmp_path / "model.tar.gz").write_bytes(data)
    with pytest.raises(FormatError, match=r"got (another file|a file of)"):
        read(tmp_path / "model.tar.gz")


def test_options_where_weights_are_meant(tmp_path, weights):
    put(tmp_path, weights)
    with pytest.raises(FormatError, match="expected the weights of an ELMo, got options"):
        read(tmp_path / "options.json", tmp_path / "options.json")


def test_weights_where_options_are_meant(tmp_path, weights):
    put(tmp_path, weights)
    with pytest.raises(FormatError, match="JSON"):
        read(tmp_path / "weights.hdf5", tmp_path / "weights.hdf5")


def test_real_folders(official):
    assert is_model(read(shared("elmo-allennlp")), official.weights, official.options)
    golden = read(shared("elmo-golden"))
    assert golden.options.cell_clip == 0.6
    tagger = read(shared("elmo-allennlp-tagger", "serialization"))
    assert tagger.options == official.options
    assert tagger.mix.gamma > 1


def test_a_package_that_is_not_there(tmp_path, monkeypatch, weights):
    put(tmp_path, weights)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingPackageError, match=r"package 'h5py'.*inlay\[h5\]"):
        read(tmp_path / "weights.hdf5")
