import importlib.machinery
import os
import sys

import pytest

from inlay.hosts.backends import choose_backend


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Says which backends are installed and what Keras' settings file holds."""

    def make(installed, settings=None):
        spec = importlib.machinery.ModuleSpec("x", None)
        monkeypatch.setattr("importlib.util.find_spec", lambda n: spec if n in installed else None)
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.setenv("KERAS_BACKEND", "")
        monkeypatch.delitem(sys.modules, "keras", raising=False)
        if settings is not None:
            (tmp_path / "keras.json").write_text(settings, encoding="utf-8")

    return make


@pytest.mark.parametrize(
    ("installed", "settings", "chosen"),
    [
        ({"tensorflow", "jax"}, None, ""),
        ({"jax", "torch"}, None, "jax"),
        ({"torch"}, '{"backend": "tensorflow"}', "torch"),
        ({"torch", "jax"}, '{"backend": "torch"}', ""),
        ({"torch"}, "no JSON", "torch"),
        (set(), None, ""),
    ],
)
def test_keras_is_led_to_what_is_there(machine, installed, settings, chosen):
    machine(installed, settings)
    choose_backend()
    assert os.environ["KERAS_BACKEND"] == chosen


def test_what_the_user_said_stands(machine, monkeypatch):
    machine({"torch"})
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    choose_backend()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
