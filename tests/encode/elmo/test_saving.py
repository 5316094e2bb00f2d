import os
import subprocess
import sys

import pytest

pytest.importorskip("h5py")

from inlay import load_encoder
from inlay.bytes import writing
from inlay.encode.elmo import Elmo, Options, Weights
from inlay.errors import ArgumentError, FormatError, MissingFileError
from tests.encode.elmo.test_network import TINY

OLD, NEW = (Elmo(TINY, Weights.random(TINY, seed)) for seed in (1, 2))


def stop(*args):
    raise KeyboardInterrupt


@pytest.mark.parametrize("at", [Weights, Options])
def test_a_save_that_is_stopped_leaves_the_old_model(tmp_path, monkeypatch, at):
    OLD.save(tmp_path / "model")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(at, "save", stop)
        NEW.save(tmp_path / "model")
    assert load_encoder(tmp_path / "model").hash == OLD.hash
    assert os.listdir(tmp_path) == ["model"]
    NEW.save(tmp_path / "model")
    assert load_encoder(tmp_path / "model").hash == NEW.hash


def test_half_of_two_models_is_not_loaded(tmp_path, monkeypatch):
    OLD.save(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Options, "save", stop)
        NEW.save(tmp_path)
    for path in (tmp_path, tmp_path / "weights.hdf5", tmp_path / "options.json"):
        for load in (load_encoder, Elmo.load):
            with pytest.raises(FormatError, match=r"stopped between the two.*save the encoder"):
                load(path)
    NEW.save(tmp_path)
    assert load_encoder(tmp_path).hash == NEW.hash
    assert {path.name for path in tmp_path.iterdir()} == {
        "notes.txt",
        "options.json",
        "weights.hdf5",
    }


def test_the_folder_in_which_one_stands_stays_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = os.stat(".").st_ino
    OLD.save(".")
    assert os.stat(tmp_path).st_ino == before
    assert load_encoder(".").hash == OLD.hash


@pytest.mark.skipif(sys.platform == "win32", reason="dead processes are not known there")
@pytest.mark.parametrize("load", [load_encoder, Elmo.load])
def test_a_save_that_was_killed_between_two_names_is_mended_by_who_reads_next(tmp_path, load):
    folder = tmp_path / "model"
    OLD.save(folder)
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    name = writing._part_of(folder).with_suffix(".old").name
    folder.rename(tmp_path / name.replace(str(os.getpid()), ended.stdout.decode().strip()))
    assert load(folder).hash == OLD.hash


def test_places_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match="got a file"):
        OLD.save(tmp_path / "file")
    with pytest.raises(MissingFileError, match="no folder"):
        OLD.save(tmp_path / "none" / "model")
