import importlib.machinery
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import inlay
from inlay.errors import ArgumentError, MissingPackageError
from inlay.hosts.backends import lead, load_keras

SRC = Path(inlay.__file__).parent


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Says what is installed and what Keras' settings file holds; nothing is really imported."""

    def make(installed, settings=None, said=""):
        spec = importlib.machinery.ModuleSpec("x", None)
        monkeypatch.setattr("importlib.util.find_spec", lambda n: spec if n in installed else None)
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.setenv("KERAS_BACKEND", said)
        if settings is not None:
            (tmp_path / "keras.json").write_text(settings, encoding="utf-8")

        def load(name):
            if name not in installed:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return ModuleType(name)

        monkeypatch.setattr("importlib.import_module", load)
        monkeypatch.delitem(sys.modules, "keras", raising=False)

    return make


@pytest.mark.parametrize(
    ("installed", "settings", "said", "chosen"),
    [
        ({"tensorflow", "jax"}, None, "", ""),
        ({"jax", "torch"}, None, "", "jax"),
        ({"torch"}, '{"backend": "tensorflow"}', "", "torch"),
        ({"torch", "jax"}, '{"backend": "torch"}', "", ""),
        ({"torch"}, "no JSON", "", "torch"),
        ({"torch", "jax"}, None, "torch", "torch"),
        (set(), None, "numpy", "numpy"),
    ],
)
def test_keras_is_led_to_what_is_there(machine, installed, settings, said, chosen):
    machine(installed | {"keras"}, settings, said)
    assert load_keras("a test").__name__ == "keras"
    assert os.environ["KERAS_BACKEND"] == chosen


@pytest.mark.parametrize(
    ("installed", "said", "message"),
    [
        ({"jax"}, "", "a test: .* the package 'keras', .*inlay[keras]"),
        (set(), "", "a test: .* the package 'keras', .*inlay[keras,jax]"),
        ({"keras"}, "", "a test: .* TensorFlow, JAX or PyTorch.*, got none.*inlay[keras,torch]"),
        ({"keras"}, "", 'inlay[keras,jax]".*inlay[keras,torch]".*inlay[keras,tensorflow]"'),
        ({"keras", "jax"}, "torch", "'torch', which KERAS_BACKEND names.*inlay[torch].*=jax"),
    ],
)
def test_what_is_missing_is_said_with_what_to_install(machine, installed, said, message):
    machine(installed, said=said)
    with pytest.raises(MissingPackageError, match=message.replace("[", r"\[")):
        load_keras("a test")


def test_a_backend_that_nobody_knows(machine):
    machine({"keras", "jax"}, said="theano")
    with pytest.raises(
        ArgumentError, match="KERAS_BACKEND: expected one of tensorflow, jax, torch"
    ):
        load_keras("a test")


def test_what_is_loaded_stays(machine, monkeypatch):
    machine({"keras"})
    monkeypatch.setitem(sys.modules, "keras", ModuleType("keras"))
    assert load_keras("a test").__name__ == "keras"
    assert os.environ["KERAS_BACKEND"] == ""


@pytest.mark.parametrize(
    ("installed", "settings", "said", "chosen"),
    [
        ({"jax", "torch"}, None, None, "jax"),
        ({"torch"}, '{"backend": "tensorflow"}', None, "torch"),
        ({"tensorflow", "jax"}, None, None, None),
        ({"jax"}, '{"backend": "numpy"}', None, None),
        (set(), None, None, None),
        ({"jax"}, None, "theano", "theano"),
    ],
)
def test_the_users_own_import_of_keras_is_led_too(
    machine, monkeypatch, installed, settings, said, chosen
):
    """And is stopped by nothing: what is wrong, Keras says itself."""
    machine(installed | {"keras"}, settings)
    monkeypatch.setenv("KERAS_BACKEND", said) if said else monkeypatch.delenv("KERAS_BACKEND")
    lead()
    assert os.environ.get("KERAS_BACKEND") == chosen


def test_keras_has_one_door():
    """A file that imports Keras itself would do so before the backend is chosen."""
    files = [file.relative_to(SRC).as_posix() for file in SRC.rglob("*.py") if imports_keras(file)]
    assert files == []


def imports_keras(file):
    return re.search(r"^(import|from) keras\b", file.read_text(encoding="utf-8"), re.MULTILINE)


FILES = "import inlay.layers.keras.embedding, inlay.encode.elmo.keras, inlay.encode.elmo.keras_mix"


@pytest.mark.parametrize("imports", [FILES, "import inlay"])
def test_the_files_of_layers_and_keras_behind_inlay_open_without_tensorflow(tmp_path, imports):
    pytest.importorskip("keras")
    pytest.importorskip("jax")
    script = (
        "import sys; sys.modules['tensorflow'] = None\n"
        f"{imports}\nimport keras; print(keras.backend.backend())"
    )
    env = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env=env | {"KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert answer.stdout == "jax\n", answer.stderr
