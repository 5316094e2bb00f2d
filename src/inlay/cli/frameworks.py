"""Frameworks, where a command needs one: looked for at once, imported after all that is quick."""

import importlib.util
import os

from inlay.errors import MissingPackageError


def check_keras(need: str) -> None:
    """Fail now, without any import, if Keras or a backend of it is missing.

    Raises:
        MissingPackageError: As `inlay.hosts.backends.check_keras`.
    """
    from inlay.hosts import backends

    backends.check_keras(need)


def load_keras(need: str) -> None:
    """Import Keras before the work begins, so that Ctrl-C meanwhile ends the process at once."""
    from inlay.hosts import backends

    quiet_backends()
    backends.load_keras(need)


def quiet_backends() -> None:
    """Keep TensorFlow, where it is the backend, from advice on its graphs. Before its import."""
    import logging

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def check_package(module: str, *, extra: str, need: str) -> None:
    """Fail now, without its import, if a package is missing.

    Raises:
        MissingPackageError: It is.
    """
    if importlib.util.find_spec(module) is None:
        raise MissingPackageError(
            need,
            expected=f"the package {module!r}",
            got="no such package here",
            hint=f'pip install "inlay[{extra}]"',
        )
