"""Frameworks, where a command needs one: looked for at once, imported after all that is quick."""

import os

from inlay.errors import ArgumentError


def check_keras(need: str, *, trains: bool = True) -> None:
    """Fail now, without any import, if Keras or a backend of it is missing.

    Args:
        need: What it is needed for, as a phrase.
        trains: Whether the backend must be one that trains.

    Raises:
        MissingPackageError: As `inlay.hosts.backends.check_keras`.
        ArgumentError: `KERAS_BACKEND` names no backend, or one that does not train.
    """
    from inlay.hosts import backends

    backends.check_keras(need)
    said = os.environ.get("KERAS_BACKEND")
    if trains and said in backends.INFERRING:
        expected = f"one that trains ({', '.join(backends.BACKENDS)}), for {need}"
        raise ArgumentError("KERAS_BACKEND", expected=expected, got=repr(said))


def load_keras(need: str) -> None:
    """Import Keras before the work begins, so that Ctrl-C meanwhile ends the process at once."""
    from inlay.hosts import backends

    backends.load_keras(need)
