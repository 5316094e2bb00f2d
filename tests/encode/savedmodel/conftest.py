"""SavedModels that are made once for all tests of a process."""

import importlib

import pytest

KINDS = ("strings", "outputs", "hub", "ids", "keras", "tokens")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder of a kind, which no test may change."""
    models = importlib.import_module("tests.encode.savedmodel.models")
    place, folders = tmp_path_factory.mktemp("savedmodels"), {}

    def folder_of(kind):
        if kind not in folders:
            (place / kind).mkdir()
            folders[kind] = place / kind / "model"
            getattr(models, f"save_{kind}")(folders[kind])
        return folders[kind]

    return folder_of
