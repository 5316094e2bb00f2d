"""Another library's map of token to id, and what it may be instead."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inlay.checks import described, shown
from inlay.errors import ArgumentError, ArgumentTypeError, UnknownTokenError


def checked_mapping(mapping: Any, pad: Any, unk: Any) -> Mapping[str, int]:
    """A map of token to id with its special tokens; `pad` gets 0 if the ids are from 1.

    Raises:
        ArgumentTypeError: No mapping, or a special token that is no string.
        UnknownTokenError: A special token is not in it.
    """
    if not isinstance(mapping, Mapping):
        raise ArgumentTypeError(
            "mapping",
            expected="a dict of token to id",
            got=described(mapping),
            hint="Vocabulary(tokens) for a list of tokens",
        )
    for name, token in (("pad", pad), ("unk", unk)):
        if token is not None and not isinstance(token, str):
            hint = f"the token whose id it is, as {name}='<{name}>'"
            expected, got = "a token or None", described(token)
            raise ArgumentTypeError(name, expected=expected, got=got, hint=hint)
    if pad is not None and pad not in mapping and _are_from_1(mapping):
        mapping = {pad: 0, **mapping}
    for name, token in (("pad", pad), ("unk", unk)):
        if token is not None and token not in mapping:
            raise UnknownTokenError(
                name,
                expected="a token of the mapping",
                got=f"{shown(token)}, which it does not have",
                hint=f"leave {name}= out, if it has none",
            )
    return dict(mapping)


def tokens_by_id(mapping: Mapping[str, int]) -> list[str]:
    """The tokens of a map in the order of their ids."""
    rows: list[Any] = [None] * len(mapping)
    for token, i in mapping.items():
        if not _is_whole(i) or not 0 <= i < len(rows) or rows[i] is not None:
            raise ArgumentError(
                "mapping",
                expected=f"each id from 0 to {len(rows) - 1} once",
                got=f"{shown(i)} for {shown(token)}",
                hint=_instead_of(mapping),
            )
        rows[i] = token
    return rows


def _are_from_1(mapping: Mapping[str, Any]) -> bool:
    """Whether the ids are 1, 2 and so on, in some order: Keras leaves 0 to padding."""
    ids = [int(i) for i in mapping.values() if _is_whole(i)]
    return set(ids) == set(range(1, len(mapping) + 1))


def _is_whole(value: Any) -> bool:
    """Whether it is a number that counts; numpy's arrays have `__index__` too."""
    is_number = hasattr(value, "__index__") and not isinstance(value, bool | np.bool_)
    return is_number and getattr(value, "shape", ()) == ()


def _instead_of(mapping: Mapping[Any, Any]) -> str:
    """What to do about a map whose ids are not 0, 1, 2 and so on."""
    if _are_from_1(mapping):
        return (
            "Vocabulary.from_mapping(mapping, pad='<pad>'), which gives 0 to padding as Keras does "
            "where ids begin at 1"
        )
    if all(isinstance(token, str) for token in mapping.values()):
        return "{token: id for id, token in mapping.items()}, if this is a map of id to token"
    if any(getattr(value, "shape", ()) for value in mapping.values()):
        return "Table(list(mapping), np.array(list(mapping.values()))), if these are vectors"
    return (
        "Vocabulary(sorted(mapping, key=mapping.get), pad=None, unk=None) if these are ids with "
        "holes, which it closes; Vocabulary(tokens), the most frequent first, if they are "
        "frequencies"
    )
