import dataclasses
import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from inlay import load_encoder
from inlay.bytes import writing
from inlay.encode.elmo import Elmo
from inlay.encode.elmo.files import read
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.pair import NOTE, read_pair, write_pair
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from tests.encode.elmo.golden import ATOL
from tests.encode.elmo.reference import reference_layers
from tests.encode.elmo.test_weights import OPTIONS
from tests.processes import soon

OTHER = dataclasses.replace(OPTIONS, cell_clip=0.5, use_skip_connections=False)


@pytest.fixture(scope="module")
def old():
    return Weights.random(OPTIONS, seed=1)


@pytest.fixture(scope="module")
def new():
    """Of the same shapes: nothing but the options would tell."""
    return Weights.random(OTHER, seed=2)


def model(folder):
    found = read(folder)
    return found.options, found.weights.hash(found.options)


def test_what_is_written_is_official_and_comes_back(tmp_path, old):
    (tmp_path / "notes.txt").write_text("mine")
    write_pair(tmp_path, OPTIONS, old)
    assert model(tmp_path) == (OPTIONS, old.hash(OPTIONS))
    assert Options.load(tmp_path / "options.json") == OPTIONS
    assert Weights.load(tmp_path / "weights.hdf5", OPTIONS).hash(OPTIONS) == old.hash(OPTIONS)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "notes.txt",
        "options.json",
        "weights.hdf5",
    ]


@pytest.mark.parametrize("projects", [True, False])
def test_whether_states_are_projected_is_told_by_the_weights(tmp_path, projects):
    """bilm-tf's are not where `dim == projection_dim`; AllenNLP's are, and its options alike."""
    options = dataclasses.replace(OPTIONS, projection_dim=5, projects=projects)
    weights = Weights.random(options, seed=1)
    official = json.loads((json.dumps(options.to_dict())).replace(', "projects": false', ""))
    (tmp_path / "options.json").write_text(json.dumps(official))
    weights.save(tmp_path / "weights.hdf5")
    with h5py.File(tmp_path / "weights.hdf5") as file:
        assert ("W_P_0" in file["RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell"]) == projects
    encoder = load_encoder(tmp_path)
    assert encoder.options == options
    assert Elmo(dataclasses.replace(options, projects=True), weights).options == options
    (layers,) = encoder.layers([["a", "film"]])
    (expected,) = reference_layers(options, weights, [["a", "film"]])
    np.testing.assert_allclose(layers, expected[:, 1:-1], atol=ATOL)
    encoder.save(tmp_path / "again")
    again = load_encoder(tmp_path / "again", verify=True)
    assert (again.options, again.hash) == (options, encoder.hash)


def test_arrays_of_one_projection_alone_are_damage(tmp_path):
    options = dataclasses.replace(OPTIONS, projection_dim=5)
    write_pair(tmp_path, options, Weights.random(options))
    with h5py.File(tmp_path / "weights.hdf5", "r+") as file:
        del file["RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_P_0"]
    with pytest.raises(FormatError, match="W_P_0"):
        read(tmp_path)
    with pytest.raises(FormatError, match=r"lstm\.projects: expected True, got False"):
        Options.from_dict(dataclasses.replace(OPTIONS, projects=False).to_dict())


KILLED = """
import os, sys
from pathlib import Path
from inlay.bytes import writing
from tests.encode.elmo.test_pair import OTHER, Weights, write_pair
from tests.processes import soon

folder, last = Path(sys.argv[1]), int(sys.argv[2])
real, renames = Path.replace, []

def replace(path, target):
    if len(renames) == last:
        os._exit(9)
    renames.append(target)
    return real(path, target)

Path.replace = replace
write_pair(folder, OTHER, Weights.random(OTHER, seed=2))
"""


@pytest.mark.parametrize(("renames", "is_new"), [(0, False), (1, True), (2, True)])
def test_killed_at_any_moment_it_leaves_the_old_model_or_the_new(
    tmp_path, old, new, renames, is_new
):
    write_pair(tmp_path, OPTIONS, old)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(renames)])
    assert killed.returncode == (0 if renames == 2 else 9)
    stale = Options.load(tmp_path / "options.json") == OPTIONS
    assert stale is (renames < 2)
    assert model(tmp_path) == ((OTHER, new.hash(OTHER)) if is_new else (OPTIONS, old.hash(OPTIONS)))
    assert load_encoder(tmp_path, verify=True).options == (OTHER if is_new else OPTIONS)


def test_stopped_over_a_model_of_others_it_is_the_new_one(tmp_path, old, new, monkeypatch):
    old.save(tmp_path / "weights.hdf5")  # without a note, as published
    OPTIONS.save(tmp_path / "options.json")

    def stop(self, path):
        raise KeyboardInterrupt

    for _ in range(2):  # and once more over what that left
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Options, "save", stop)
            write_pair(tmp_path, OTHER, new)
        assert model(tmp_path) == (OTHER, new.hash(OTHER))


@pytest.mark.skipif(sys.platform == "win32", reason="dead processes are not known there")
@pytest.mark.parametrize("load", [load_encoder, Elmo.load])
def test_a_folder_that_was_killed_between_two_names_is_mended_by_who_reads_next(
    tmp_path, old, load
):
    """As a training replaces its own: as a whole."""
    folder = tmp_path / "model"
    Elmo(OPTIONS, old).save(folder)
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    name = writing._part_of(folder).with_suffix(".old").name
    folder.rename(tmp_path / name.replace(str(os.getpid()), ended.stdout.decode().strip()))
    assert load(folder).hash == old.hash(OPTIONS)


def test_places_that_cannot_be(tmp_path, old):
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match="got a file"):
        Elmo(OPTIONS, old).save(tmp_path / "file")
    with pytest.raises(MissingFileError, match="no folder"):
        Elmo(OPTIONS, old).save(tmp_path / "none" / "model")


def test_weights_without_their_options(tmp_path, new):
    write_pair(tmp_path, OTHER, new)
    (tmp_path / "options.json").unlink()
    for path in (tmp_path, tmp_path / "weights.hdf5"):
        assert model(path) == (OTHER, new.hash(OTHER))


def test_options_of_another_model_are_refused(tmp_path, old, new):
    write_pair(tmp_path, OPTIONS, old)
    OTHER.save(tmp_path / "options.json")
    with pytest.raises(FormatError, match=r"options\.json: expected the options that weights\.hd"):
        read(tmp_path)
    (tmp_path / "options.json").write_text(json.dumps(OPTIONS.to_dict()))  # only laid out anew
    assert model(tmp_path)[0] == OPTIONS


def test_a_flipped_bit_is_found(tmp_path, old):
    elmo = Elmo(OPTIONS, old)
    elmo.save(tmp_path)
    assert load_encoder(tmp_path, verify=True).hash == elmo.hash
    path = tmp_path / "weights.hdf5"
    data = bytearray(path.read_bytes())
    at = data.index(old.cells[1][1].kernel.tobytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert load_encoder(tmp_path).hash != elmo.hash
    with pytest.raises(FormatError, match=rf"weights of SHA-256 {elmo.hash}, got"):
        load_encoder(tmp_path, verify=True)
    with pytest.raises(FormatError, match="weights of SHA-256"):
        Elmo.load(tmp_path, verify=True)


def test_nothing_to_verify(tmp_path, old):
    OPTIONS.save(tmp_path / "options.json")
    old.save(tmp_path / "weights.hdf5")
    with pytest.raises(ArgumentError, match="verify: expected weights with a digest"):
        load_encoder(tmp_path, verify=True)
    with pytest.raises(ArgumentTypeError, match="verify: expected True or False"):
        load_encoder(tmp_path, verify="yes")


def note(path, text):
    with h5py.File(path / "weights.hdf5", "r+") as file:
        file.attrs[NOTE] = np.bytes_(text.encode())


@pytest.mark.parametrize(
    "text",
    [" ", "{", "[" * 20_000, "3", "{}", '{"options": {}, "hash": "", "replaces": ""}', "[]"],
)
def test_a_damaged_note(tmp_path, old, text):
    write_pair(tmp_path, OPTIONS, old)
    note(tmp_path, text)
    with pytest.raises(FormatError, match=r"weights\.hdf5"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("lstm", "n_layers", 2**63),
        ("lstm", "n_layers", 900),
        ("lstm", "dim", 2**62),
        ("lstm", "projection_dim", 2**20),
        ("char_cnn", "n_highway", 2**31),
        ("char_cnn", "n_highway", 900),
        ("char_cnn", "max_characters_per_token", 2**40),
        ("char_cnn", "filters", [[1, 2**60]]),
        ("char_cnn", "filters", [[1, 2]] * 5000),
        ("char_cnn", "embedding", {"dim": 2**40}),
    ],
)
@pytest.mark.parametrize("where", ["file", "note"])
def test_options_that_claim_too_much_are_refused_at_once(tmp_path, old, part, name, value, where):
    write_pair(tmp_path, OPTIONS, old)
    values = OPTIONS.to_dict()
    values[part][name] = value
    text = json.dumps(values)
    if where == "note":
        (tmp_path / "options.json").unlink()
        with h5py.File(tmp_path / "weights.hdf5", "r+") as file:
            kept = json.loads(file.attrs.pop(NOTE))
            data = json.dumps(kept | {"options": values})
            if len(data) > 60_000:
                pytest.skip("no attribute is as long")
            file.attrs[NOTE] = np.bytes_(data.encode())
    else:
        (tmp_path / "options.json").write_text(text)
        old.save(tmp_path / "weights.hdf5")
    with soon(2), pytest.raises(FormatError):
        load_encoder(tmp_path)


def test_options_that_no_file_bounds_are_held_against_the_weights(tmp_path, old):
    """Not from a file: nothing but the arrays can say that there are not so many."""
    old.save(tmp_path / "weights.hdf5")
    for name in ("n_layers", "n_highway"):
        with soon(2), pytest.raises(FormatError, match="an array"):
            Weights.load(tmp_path / "weights.hdf5", dataclasses.replace(OPTIONS, **{name: 2**63}))


def test_a_file_of_options_that_is_no_such_file(tmp_path, old):
    write_pair(tmp_path, OPTIONS, old)
    (tmp_path / "options.json").write_text(" " * (1 << 21))
    with pytest.raises(FormatError, match="options of at most 1048576, got 2097152 bytes"):
        read(tmp_path)
    with pytest.raises(MissingFileError):
        read_pair(tmp_path / "none.hdf5", None)
