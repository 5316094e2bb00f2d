"""Encoders that learn something of texts, without labels, before they can encode."""

import copy
from collections.abc import Iterable
from typing import Any

from inlay.aliases import Text


def must_learn(encoder: Any) -> bool:
    """Whether an encoder cannot encode yet: it has a `must_learn`, which is true."""
    return bool(getattr(encoder, "must_learn", False))


def learned_on(encoder: Any, texts: Iterable[Text]) -> Any:
    """An encoder that can encode: a copy that has learned on texts, if this one has not learned.

    One that has learned, or has nothing to learn, is given back as it is.

    Args:
        encoder: Any.
        texts: Those that it learns on.
    """
    return copy.deepcopy(encoder).fit(texts) if must_learn(encoder) else encoder
