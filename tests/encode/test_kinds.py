import importlib.util
import inspect
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import inlay
from inlay import encode
from inlay.bytes import writing
from inlay.encode import ENCODERS, Kind, load_encoder
from inlay.encode.elmo import Elmo, Options, Weights
from inlay.encode.kinds import recognise
from inlay.encode.savedmodel import SavedModelEncoder
from inlay.encode.transformer import Transformer
from inlay.encode.use import Use
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    DownloadError,
    FormatError,
    MissingFileError,
    MissingPackageError,
)
from inlay.sources import Download, Source, find, names
from tests.encode.elmo.test_network import TINY
from tests.encode.features_fake import Plain


class Mine:
    """A kind of the user's own: a folder with a `mine.txt`."""

    name, files, takes = "mine", "a folder with mine.txt", ("workers",)

    def sniff(self, path):
        return (path / "mine.txt").is_file()

    def load(self, path, **settings):
        encoder = Plain()
        encoder.given = settings
        return encoder


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("h5py")
    Elmo(TINY, Weights.random(TINY, 3)).save(tmp_path / "model")
    return tmp_path / "model"


def test_every_kind_is_one():
    assert all(isinstance(kind, Kind) for kind in ENCODERS)
    assert isinstance(Mine(), Kind)


def test_an_elmo_is_recognised_by_any_of_its_paths(folder):
    expected = Elmo.load(folder).hash
    for path in (folder, folder / "options.json", folder / "weights.hdf5", str(folder)):
        assert recognise(Path(path), ENCODERS).name == "elmo"
        assert load_encoder(path).hash == expected
    assert load_encoder(folder, kind="elmo").hash == expected


def test_settings_reach_the_encoder(folder):
    given = {"tokenizer": "lower", "max_length": np.int64(2), "engine": "torch", "workers": 3}
    found = load_encoder(folder, **given, precision="bfloat16")
    assert found.settings == {
        "pool": "mean",
        "tokenizer": "lower",
        "pad_token": None,
        "max_length": 2,
        "engine": "torch",
        "precision": "bfloat16",
    }
    assert found.workers == 3
    with pytest.raises(ArgumentError, match="engine"):
        load_encoder(folder, engine="")


def test_what_is_no_encoder_is_told_with_the_kinds_and_what_was_found(tmp_path, monkeypatch):
    with pytest.raises(MissingFileError, match=r"an encoder: its folder .*no such file"):
        load_encoder(tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError, match="Try: elmo-small or elmo-medium or elmo-original"):
        load_encoder("elmo")
    with pytest.raises(
        MissingFileError, match="Try: download it first, and give its folder; or hf://"
    ):
        load_encoder("unheard-of")
    with pytest.raises(FormatError, match=r"elmo: options\.json .*an empty folder"):
        load_encoder(tmp_path)
    for i in range(7):
        (tmp_path / f"{i}.txt").write_text("a good film")
    with pytest.raises(FormatError, match=r"a folder with 0\.txt, 1\.txt, .*4\.txt, \.\.\."):
        load_encoder(tmp_path)
    with pytest.raises(FormatError, match="a file that begins with b'a good film'"):
        load_encoder(tmp_path / "0.txt")
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FormatError, match="neither a file nor a folder"):
            load_encoder(tmp_path / "pipe")


def test_json_of_vectors_is_no_elmo_and_json_of_options_is_no_table(folder, tmp_path):
    vectors = tmp_path / "vectors.json"
    vectors.write_text('{"good": [1.0, 0.0], "film": [0.0, 1.0]}')
    assert load_encoder(vectors).encode(["good film"]).tolist() == [[0.5, 0.5]]
    assert recognise(folder / "options.json", ENCODERS).name == "elmo"


def test_several_models_in_a_folder_are_asked_about_by_their_kind(folder):
    (folder / "a_weights.hdf5").write_bytes(b"")
    (folder / "b_weights.hdf5").write_bytes(b"")
    (folder / "weights.hdf5").unlink()
    with pytest.raises(ArgumentError, match="give both by name"):
        load_encoder(folder)


def test_a_kind_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "mine.txt").touch()
    assert load_encoder(tmp_path, kind=Mine(), workers=2).given == {"workers": 2}
    monkeypatch.setattr(encode, "ENCODERS", (*ENCODERS, Mine()))
    assert load_encoder(tmp_path).given == {}
    with pytest.raises(ArgumentError, match=r"engine: expected only workers with mine, got a sett"):
        load_encoder(tmp_path, engine="torch")


def test_kinds_that_are_none(tmp_path):
    with pytest.raises(ArgumentError, match=r"kind: expected 'elmo'.*, got str 'bert'.*or a Kind"):
        load_encoder(tmp_path, kind="bert")
    with pytest.raises(ArgumentTypeError, match="kind: expected a name, or an object with name"):
        load_encoder(tmp_path, kind=3)


def test_it_is_never_guessed(folder):
    (folder / "mine.txt").touch()
    with pytest.raises(FormatError, match=r"one that fits elmo and mine.*kind='elmo'"):
        recognise(folder, (*ENCODERS, Mine()))


@pytest.mark.skipif(sys.platform == "win32", reason="dead processes are not known there")
def test_a_folder_whose_replacement_was_killed_is_put_back(folder):
    expected = load_encoder(folder).hash
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    name = writing._part_of(folder).with_suffix(".old").name
    pid = ended.stdout.decode().strip()
    folder.rename(folder.with_name(name.replace(f"_{os.getpid()}_", f"_{pid}_")))
    assert load_encoder(folder).hash == expected


def test_an_encoder_loads_no_training_code_and_none_of_other_kinds(folder):
    script = (
        "import sys, inlay; inlay.load_encoder(sys.argv[1]).encode(['a film']); "
        "rooms = [f'inlay.encode.{kind.name}.encoder' for kind in inlay.encode.ENCODERS[1:]]; "
        "print([n for n in sys.modules if n.startswith('inlay.train') or n in rooms])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env=os.environ | {"PYTHONPATH": str(Path(inlay.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert answer.stdout.strip() == "[]", answer.stderr


def test_a_name_longer_than_any_file_has(folder):
    for ask in (load_encoder, Elmo.load, Weights.load, Options.load):
        more = (TINY,) if ask == Weights.load else ()
        with pytest.raises(MissingFileError, match=r"^path: .* of 5,000 characters"):
            ask("x" * 5000, *more)
    with pytest.raises(MissingFileError, match=r"^weights: .* of 5,000 characters"):
        Elmo.load(folder / "options.json", "x" * 5000)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("stateful", r"Try: inlay\.encode\.elmo\.Elmo\.load, whose own it is"),
        ("freeze", r"Try: inlay\.to_torch\(encoder\)"),
        ("worker", "Try: workers="),
    ],
)
def test_arguments_of_others_are_told_where_they_stand(folder, name, hint):
    with pytest.raises(ArgumentTypeError, match=rf"load_encoder: .* got {name}=True.*{hint}"):
        load_encoder(folder, **{name: True})


def test_what_may_hold_vectors_of_words_leads_to_their_own_door(tmp_path):
    np.savez(tmp_path / "vectors.npz", a=np.eye(3), b=np.eye(3))  # no tokens
    with pytest.raises(FormatError, match=r"Try: inlay\.load\(path\)"):
        load_encoder(tmp_path / "vectors.npz")
    with pytest.raises(MissingFileError, match=r"Try: inlay\.sources\.fetch\('https://"):
        load_encoder("https://tfhub.dev/google/elmo/3")


@pytest.mark.parametrize("path", [b"x", 3, None])
def test_what_is_no_path(path):
    with pytest.raises(ArgumentTypeError, match="path: expected a path, as a string"):
        load_encoder(path)


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_a_name_of_the_catalogue_is_downloaded_once(folder, tmp_path, monkeypatch):
    """Its files have the names of the real entry, whose addresses are those of this machine."""
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    real, published = find("elmo-small"), tmp_path / "published"
    published.mkdir()
    downloads = []
    for wanted, file in zip(real.downloads, ("weights.hdf5", "options.json"), strict=True):
        (folder / file).rename(published / wanted.name)
        downloads.append(Download((published / wanted.name).as_uri()))
    source = Source(name="mine", url=downloads[0].url, others=(downloads[1],), kind="encoder")
    monkeypatch.setattr(names, "_index", lambda: {"mine": source})
    encoder = load_encoder("mine")
    assert encoder.encode(["a good film"]).shape == (1, encoder.dim)
    published.rename(tmp_path / "gone")
    assert load_encoder(source).hash == encoder.hash
    (tmp_path / "mine").mkdir()
    with pytest.raises(FormatError, match="an empty folder"):
        load_encoder("mine")
    monkeypatch.setattr(names, "_index", lambda: {"mine2": replace(source, kind="vectors")})
    with pytest.raises(ArgumentError, match=r"expected an encoder, got a table of vectors"):
        load_encoder("mine2")


@pytest.mark.parametrize(
    "name",
    [
        "universal-sentence-encoder",
        "use-large-5",
        "https://tfhub.dev/google/universal-sentence-encoder/4",
    ],
)
def test_modules_of_tf_hub_are_fetched_as_encoders(name, monkeypatch):
    asked = []

    def fetch(source):
        asked.append(source)
        raise DownloadError(source.name, expected="a network", got="none")

    monkeypatch.setattr("inlay.sources.fetching.fetch_source", fetch)
    with pytest.raises(DownloadError, match=r"^use-"):
        load_encoder(name)
    assert [source.kind for source in asked] == ["encoder"]


@pytest.mark.parametrize("name", ["use", "USE", "use-multilingual-v3", "use_multilingual"])
def test_a_name_that_is_nearly_one(name):
    with pytest.raises(MissingFileError, match="Try: use-multilingual, whose weights come with"):
        load_encoder(name)


def test_a_module_is_not_downloaded_where_nothing_can_run_it(monkeypatch, tmp_path):
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path))
    monkeypatch.setenv("INLAY_OFFLINE", "1")
    with pytest.raises(DownloadError, match="use-4"):  # as far as it goes with TensorFlow
        load_encoder("use-4")
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    look = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tensorflow" else look(name)
    )
    with pytest.raises(MissingPackageError, match=r"running use-4, a SavedModel.*tensorflow"):
        load_encoder("use-4")


@pytest.mark.parametrize("encoder", [Elmo, SavedModelEncoder, Transformer, Use])
def test_what_a_kind_says_that_it_takes_it_takes(encoder):
    names = {Elmo: "elmo", SavedModelEncoder: "savedmodel", Transformer: "transformer", Use: "use"}
    (kind,) = (kind for kind in ENCODERS if kind.name == names[encoder])
    assert {*kind.takes} <= inspect.signature(encoder.load).parameters.keys()
