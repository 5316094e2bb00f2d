"""Encoders by a name: nothing is asked of a network."""

import socket
from pathlib import Path

import numpy as np
import pytest

from inlay import Table, encode, load_encoder
from inlay.encode.names import NamingKind, hugging_face_cache, in_cache, named
from inlay.encode.static import StaticEncoder
from inlay.errors import MissingFileError
from tests.conformance.encoders import Tiny


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of Hugging Face with one model in it, and no network."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)

    def no_network(*_, **__):
        raise AssertionError("a network was asked")

    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    return tmp_path / "hub"


def put(cache, name, make):
    folder = cache / f"models--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("c0ffee\n")
    (folder / "snapshots").mkdir()
    make(folder / "snapshots" / "c0ffee")
    return folder / "snapshots" / "c0ffee"


def model(folder):
    StaticEncoder(Table(["a", "film"], np.eye(2, dtype=np.float32))).save(folder)


def test_a_name_of_the_cache(cache):
    place = put(cache, "owner/model-v1.5", model)
    assert in_cache("owner/model-v1.5") == place
    assert load_encoder("owner/model-v1.5").encode(["film"]).tolist() == [[0, 1]]
    assert named("owner/other", encode.ENCODERS) is None


def test_a_name_without_owner_is_one_of_sentence_transformers(cache):
    put(cache, "sentence-transformers/all-small", model)
    assert load_encoder("all-small").dim == 2


def test_a_folder_of_this_name_goes_first(cache, tmp_path):
    put(cache, "owner/model", model)
    (tmp_path / "owner").mkdir()
    StaticEncoder(Table(["a"], np.ones((1, 7), np.float32))).save(tmp_path / "owner" / "model")
    assert load_encoder("owner/model").dim == 7


@pytest.mark.parametrize("name", ["owner/model", "intfloat/multilingual-e5-small"])
def test_what_is_not_there_says_how_it_is_fetched(cache, name):
    with pytest.raises(MissingFileError) as caught:
        load_encoder(name)
    assert caught.value.hint == f"hf://{name}, if a model of the Hugging Face Hub is meant"


@pytest.mark.parametrize("name", ["../../etc", "a/b/c", "/etc/passwd", "a/..", "", "a\0/b"])
def test_what_is_no_name_is_looked_for_nowhere(cache, name):
    assert in_cache(name) is None


def test_a_cache_that_was_cut_short(cache):
    place = put(cache, "owner/model", model)
    place.rename(place.with_name("other"))
    assert in_cache("owner/model") is None
    (cache / "models--owner--model" / "refs" / "main").unlink()
    assert in_cache("owner/model") is None


def test_where_the_cache_is(monkeypatch):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert hugging_face_cache() == Path.home() / ".cache" / "huggingface" / "hub"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert hugging_face_cache() == Path("/x/huggingface/hub")
    monkeypatch.setenv("HF_HOME", "/home")
    assert hugging_face_cache() == Path("/home/hub")
    monkeypatch.setenv("HUGGINGFACE_HUB_CACHE", "/old")
    assert hugging_face_cache() == Path("/old")
    monkeypatch.setenv("HF_HUB_CACHE", "~/hub")
    assert hugging_face_cache() == Path.home() / "hub"


class Naming:
    """A kind of a package that brings its own models."""

    name, files, takes = "tiny", "nothing", ("max_length",)

    def named(self, name):
        return Path("nowhere") if name == "tiny-1" else None

    def sniff(self, path):
        return False

    def load(self, path, **settings):
        assert path == Path("nowhere")
        return Tiny(**settings)


def test_a_kind_that_knows_names(cache, monkeypatch):
    assert isinstance(Naming(), NamingKind)
    monkeypatch.setattr(encode, "ENCODERS", (*encode.ENCODERS, Naming()))
    assert load_encoder("tiny-1", max_length=3).max_length == 3
