"""The one door to Keras: it opens on a backend that is installed, or says what to install."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

from inlay.errors import ArgumentError, MissingPackageError
from inlay.optional import require

BACKENDS = ("tensorflow", "jax", "torch")
INFERRING = ("numpy", "openvino")  # backends that predict and do not train
INSTALL = ", or ".join(
    f'pip install "inlay[keras,{name}]"' for name in ("jax", "torch", "tensorflow")
)


def load_keras(need: str) -> ModuleType:
    """Import Keras, which takes its backend now and for good.

    It is the one that `KERAS_BACKEND` names; else that of Keras' settings file, which Keras
    writes itself, or TensorFlow; and where that is not installed, one that is. Then the
    variable is set, for Keras would fail.

    Args:
        need: What Keras is needed for, as a phrase: `"making a Keras layer"`.

    Raises:
        MissingPackageError: Keras is not installed, or no backend, or not the one that
            `KERAS_BACKEND` names.
        ArgumentError: `KERAS_BACKEND` names no backend of Keras.
    """
    check_keras(need)
    return require("keras", extra="keras", need=need)


def check_keras(need: str) -> None:
    """Look, without the seconds of the import, whether `load_keras` would find all it needs.

    Args:
        need: As in `load_keras`.

    Raises:
        MissingPackageError: As `load_keras`.
        ArgumentError: As `load_keras`.
    """
    if sys.modules.get("keras") is None:
        installed = _installed()
        if importlib.util.find_spec("keras") is None:
            # Who lacks both should not have to ask twice.
            require("keras", extra="keras" if installed else "keras,jax", need=need)
        _choose(installed, need)


def lead() -> None:
    """Set `KERAS_BACKEND` to a backend that is here, if Keras would take one that is not.

    What somebody has named stays, and so does the error of Keras where no backend is installed.
    """
    installed = _installed()
    if installed and not os.environ.get("KERAS_BACKEND"):
        _choose(installed, "Keras")


def _installed() -> list[str]:
    return [name for name in BACKENDS if importlib.util.find_spec(name)]


def _choose(installed: list[str], need: str) -> None:
    said = os.environ.get("KERAS_BACKEND")
    wanted = said or _settled()
    if said and said not in (*BACKENDS, *INFERRING):
        raise ArgumentError(
            "KERAS_BACKEND", expected=f"one of {', '.join(BACKENDS)}", got=repr(said)
        )
    if wanted in installed or wanted in INFERRING:
        return
    if not installed:
        raise MissingPackageError(
            need,
            expected="TensorFlow, JAX or PyTorch, for Keras to run on",
            got="none of them here",
            hint=INSTALL,
        )
    if said:
        raise MissingPackageError(
            need,
            expected=f"the package {said!r}, which KERAS_BACKEND names",
            got="no such package here",
            hint=f'pip install "inlay[{said}]", or KERAS_BACKEND={installed[0]}',
        )
    os.environ["KERAS_BACKEND"] = installed[0]


def _settled() -> str:
    """The backend of Keras' settings file, or the one that Keras takes without it."""
    settings = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        return str(json.loads(settings.read_text(encoding="utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return BACKENDS[0]
