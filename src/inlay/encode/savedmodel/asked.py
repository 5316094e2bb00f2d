"""What a SavedModel is called with: arguments and tags, looked at before it is read."""

import json
from typing import Any

from inlay.checks import described, many_tokens
from inlay.errors import ArgumentTypeError


def checked_arguments(arguments: Any) -> dict[str, Any]:
    """Arguments of a call, by name.

    Raises:
        ArgumentTypeError: No dict of JSON values.
    """
    try:
        return dict(json.loads(json.dumps({} if arguments is None else dict(arguments))))
    except (TypeError, ValueError):
        expected = "a dict of names and JSON values"
        raise ArgumentTypeError("arguments", expected=expected, got=described(arguments)) from None


def checked_tags(tags: Any) -> list[str] | None:
    """The tags of a graph; None: the usual ones.

    Raises:
        ArgumentTypeError: No list of strings.
    """
    return None if tags is None else sorted(many_tokens("tags", list(tags)))
