"""The encoder that a command is given: a name, a folder, or a file of word vectors."""

import os
from typing import TYPE_CHECKING, Any

from inlay.cli.inputs import check_there, fetch_named

if TYPE_CHECKING:
    from inlay.encode import Encoder

WHERE = "download it first, and give the folder in which it is"


def check_encoder(given: str) -> None:
    """Fail now if there is no such encoder, on this machine or in the catalogue.

    Raises:
        InlayError: There is none, or the package that has it is not installed.
    """
    if not is_named(given):
        check_there(given, "the name or the folder of an encoder", hint=WHERE, kind="encoder")


def read_encoder(given: str, **settings: Any) -> "Encoder":
    """Read it; what the catalogue has is fetched, and the user told so.

    Args:
        given: What the user typed.
        settings: Those of `inlay.load_encoder`; None stands for its own default.

    Raises:
        InlayError: As of `check_encoder` and `inlay.load_encoder`.
    """
    check_encoder(given)
    from inlay.encode import load_encoder

    place = given if is_named(given) else fetch_named(given, "encoder")
    return load_encoder(place, **{name: v for name, v in settings.items() if v is not None})


def is_named(given: str) -> bool:
    """Whether an installed package, or the cache of Hugging Face, has an encoder of this name.

    Raises:
        InlayError: It is the name of one whose package is not installed.
    """
    if os.path.lexists(given):
        return False
    from inlay.encode import ENCODERS
    from inlay.encode.names import named

    return named(given, ENCODERS) is not None
