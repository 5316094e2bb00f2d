"""Which backend Keras takes when the one it would take is not installed."""

import importlib.util
import json
import os
import sys
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")


def choose_backend() -> None:
    """Set `KERAS_BACKEND` to one that is installed, where Keras would fail for want of another.

    Keras' choice is its settings file's, which it writes itself, or TensorFlow. Does nothing
    when that is installed, when the variable is set, or when Keras is loaded already.
    """
    if "keras" in sys.modules or os.environ.get("KERAS_BACKEND"):
        return
    settings = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        wanted = json.loads(settings.read_text(encoding="utf-8"))["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        wanted = BACKENDS[0]
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    if installed and wanted not in installed:
        os.environ["KERAS_BACKEND"] = installed[0]
