"""Names of the Hugging Face Hub, for which its library need not be there."""

import os
import sys

import pytest

import inlay
from inlay.errors import ArgumentError, MissingFileError, MissingPackageError
from inlay.formats import lists_beside, vocabulary_files
from inlay.formats.lists_beside import LESS
from inlay.sources import Source
from inlay.sources.hub_files import SETTINGS, TOKENS, hub_name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("hf://a/b", ("a/b", "main", "", "model")),
        ("hf://a/b/", ("a/b", "main", "", "model")),
        ("hf://a/b@v1.0/c/d.bin", ("a/b", "v1.0", "c/d.bin", "model")),
        ("hf://a/b@refs/pr/3/d.bin", ("a/b", "refs/pr/3", "d.bin", "model")),
        ("hf://datasets/a/b/c@d.csv", ("a/b", "main", "c@d.csv", "dataset")),
    ],
)
def test_names_are_taken_apart(name, parts):
    found = hub_name(name)
    assert tuple(found) == parts
    assert hub_name(str(found)) == found


@pytest.mark.parametrize("name", ["hf://", "hf://gpt2", "hf://a/b/../c", "hf:///a/b", "hf://../b"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ArgumentError, match="hf://OWNER/REPO, with @REVISION or /FILE behind it"):
        inlay.load(name)


def test_a_name_without_its_scheme_downloads_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hint = "hf://owner/model-v1.5, if a model of the Hugging Face Hub is meant"
    for read in (inlay.load, inlay.load_encoder, inlay.read_labelled):
        with pytest.raises(MissingFileError) as caught:
            read("owner/model-v1.5")
        assert caught.value.hint == hint
    for path in ("data/glove.txt", "a/b/c", "/a/b", "./a"):
        with pytest.raises(MissingFileError) as caught:
            inlay.load(path)
        assert "hf://" not in caught.value.hint
    os.mkdir("owner")  # it is a path that is meant
    with pytest.raises(MissingFileError) as caught:
        inlay.load("owner/model-v1.5")
    assert "hf://" not in caught.value.hint


def test_what_has_no_effect_with_such_a_name_is_refused():
    with pytest.raises(ArgumentError, match="mirrors, sha256, file, others or unpack"):
        Source(name="mine", url="hf://a/b", sha256="0" * 64)


def test_without_its_library_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingPackageError, match=r'huggingface_hub.*pip install "inlay\[hub\]"'):
        inlay.load("hf://a/b")


def test_every_list_of_tokens_that_is_looked_for_is_fetched():
    assert {*LESS} <= {*TOKENS}
    assert {*lists_beside.SETTINGS, *vocabulary_files.SETTINGS} <= {*SETTINGS}
