"""The encoder that a command is given: a name, a folder, or a file of word vectors."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.cli.hints import in_options, in_words
from inlay.cli.inputs import check_there, fetch_named, table_file
from inlay.cli.interrupts import work
from inlay.cli.outputs import note, size
from inlay.errors import ArgumentError, InlayError
from inlay.sources.asked import asked_for
from inlay.sources.hub_files import HUB

if TYPE_CHECKING:
    from inlay.encode import Encoder, Kind

WHERE = "download it first, and give its folder; or hf://OWNER/REPO, of the Hugging Face Hub"


def check_encoder(given: str) -> None:
    """Fail now if there is no such encoder, on this machine or in the catalogue.

    Raises:
        InlayError: There is none, or the package that has it is not installed.
    """
    if not is_named(given) and not _is_table(given):
        check_there(given, "an encoder", hint=WHERE, kind="encoder")


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

    if is_named(given):
        place = given
    else:
        place = table_file(given) if _is_table(given) else fetch_named(given, "encoder")
    return load_encoder(place, **{name: v for name, v in settings.items() if v is not None})


def is_named(given: str) -> bool:
    """Whether an installed package, or the cache of Hugging Face, has an encoder of this name.

    Raises:
        InlayError: It is the name of one whose package is not installed.
    """
    return not os.path.lexists(given) and _named(given) is not None


def _is_table(given: str) -> bool:
    """Whether the catalogue has vectors of words by this name."""
    try:
        asked_for(given, "encoder")
    except ArgumentError:
        return asked_for(given, "vectors") is not None
    return False


def _named(given: str) -> "tuple[Kind | None, Path] | None":
    from inlay.encode import ENCODERS
    from inlay.encode.names import named

    return named(given, ENCODERS)


def encoder_facts(given: str) -> dict[str, Any] | None:
    """What is known of an encoder, for `inlay info`; None: it is not the name or folder of one.

    Args:
        given: What the user typed.

    Raises:
        InlayError: It is a name, and the encoder cannot be read.
    """
    found = None if os.path.lexists(given) else _named(given) or _fetched(given)
    kind, place = found or (None, Path(given))
    if kind is None and place.is_dir():
        from inlay.encode import ENCODERS

        fitting = [known for known in ENCODERS if known.sniff(place)]
        kind = fitting[0] if len(fitting) == 1 else None
    if kind is None:
        return None
    from inlay.encode.card import read_card

    facts: dict[str, Any] = {"kind": kind.name, "folder": str(place)}
    try:
        facts |= _facts_of(kind.load(place))
    except InlayError as error:
        if found is not None:
            raise
        facts["unread"] = _reason(error)
    card = read_card(place)
    facts["languages"] = facts.get("languages") or card.languages
    facts["licence"] = facts.get("licence") or card.licence
    return facts | {"licence_files": card.licence_files}


def _fetched(given: str) -> tuple[None, Path] | None:
    """The folder of an encoder of the catalogue; None: it has none of this name."""
    if given.startswith(HUB):  # whose models are shown by their arrays
        return None
    try:
        source = asked_for(given, "encoder")
    except ArgumentError:  # something else
        return None
    if source is None:
        return None
    from inlay.sources.fetching import fetch_source

    with work():
        return None, fetch_source(source, say=note).path


def _reason(error: InlayError) -> str:
    """Why an encoder is not read, without advice that only Python takes."""
    said = f"expected {in_words(error.expected)}, got {in_words(error.got)}."
    hint = in_options(error.hint, {})
    return f"{said} Try: {hint}." if hint else said


def _facts_of(encoder: "Encoder") -> dict[str, Any]:
    said = getattr(encoder, "provenance", {})
    return {
        "dim": encoder.dim,
        "n_layers": getattr(encoder, "n_layers", 1),
        "tokens": bool(getattr(encoder, "has_tokens", hasattr(encoder, "layers"))),
        "pools": list(getattr(encoder, "pools", ())),
        "max_length": getattr(encoder, "max_length", None),
        "n_parameters": getattr(encoder, "n_parameters", None),
        "n_bytes": getattr(encoder, "n_bytes", None),
        "hash": encoder.hash,
        "languages": list(said.get("languages") or ()),
        "licence": said.get("licence"),
    }


def encoder_lines(facts: dict[str, Any]) -> dict[str, Any]:
    """The same for people, in the order in which it is printed."""
    lines: dict[str, Any] = {"encoder": f"{facts['kind']}, {facts['folder']}"}
    if "unread" in facts:
        lines["cannot be read"] = facts["unread"]
    else:
        of = "texts and their tokens" if facts["tokens"] else "texts"
        lines["vectors"] = f"of {of}, {facts['dim']} numbers each"
        lines["layers"] = facts["n_layers"]
        lines["pools"] = " ".join(facts["pools"]) or None
        lines["tokens read"] = facts["max_length"] or "all of a text"
        lines["parameters"] = facts["n_parameters"]
        lines["memory"] = facts["n_bytes"] and size(facts["n_bytes"])
    lines["languages"] = " ".join(facts["languages"]) or None
    lines["licence"] = facts["licence"]
    lines["licence files"] = " ".join(facts["licence_files"]) or None
    return {name: value for name, value in lines.items() if value is not None}
