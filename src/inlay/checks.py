"""Arguments looked at before any work begins, once and in the same words everywhere.

Each function takes the argument's name, as the user wrote it, and its value; it returns the
value as the plain Python type that it stands for, or raises. numpy's scalars are numbers;
True and False are not, nor is `16.0` a whole number.
"""

import math
import operator
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from inlay.errors import ArgumentError, ArgumentTypeError, InlayWarning

T = TypeVar("T")
LONG = 60  # characters of a value in a message
# What to write for texts that come as tuples, which `zip` and a cursor give as rows.
OF_TUPLES = "[row[0] for row in rows] if they are rows or pairs, list(tokens) if they are tokens"
OURS = ("inlay.", "contextlib")  # modules whose lines no user wrote


def whole(name: str, value: Any, *, least: int = 1, most: int | None = None) -> int:
    """A whole number within bounds, as an int.

    Raises:
        ArgumentTypeError: No whole number (a bool, a float, a string).
        ArgumentError: Out of bounds.

    Examples:
        >>> whole("dim", 300)
        300
    """
    expected = f"a whole number, {least} or more"
    if most is not None:
        expected = f"a whole number from {least} to {most}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ArgumentTypeError(name, expected=expected, got=described(value))
    try:
        number = operator.index(value)
    except TypeError:  # numpy's arrays have the method, and refuse
        raise ArgumentTypeError(name, expected=expected, got=described(value)) from None
    if number < least or (most is not None and number > most):
        raise ArgumentError(name, expected=expected, got=f"{number}")
    return number


def whole_or_none(name: str, value: Any, *, least: int = 1) -> int | None:
    """`whole`, where None is an answer too: no bound."""
    return None if value is None else whole(name, value, least=least)


def number(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> float:
    """A finite number within bounds, as a float.

    Args:
        name: The argument's name.
        value: Its value.
        least: The bound from below, itself allowed.
        above: The bound from below, itself not allowed.
        most: The bound from above, itself allowed.
        below: The bound from above, itself not allowed.

    Raises:
        ArgumentTypeError: No number.
        ArgumentError: Out of bounds, infinite or NaN.

    Examples:
        >>> number("alpha", 0.025, above=0)
        0.025
    """
    bounds = {"from": least, "above": above, "to": most, "below": below}
    said = [f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None]
    expected = " ".join(["a number", *said])
    if below is not None and said[1:]:
        between = (
            f"up to, but not including, {below:g}" if above is None else f"and below {below:g}"
        )
        expected = f"a number {said[0]} {between}"
    # Strings have `float`, and so would "3"; what has `__float__` or `__index__` is a number.
    numeric = hasattr(value, "__float__") or hasattr(value, "__index__")
    if isinstance(value, bool) or not numeric or getattr(value, "shape", ()) != ():
        raise ArgumentTypeError(name, expected=expected, got=described(value))
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentTypeError(name, expected=expected, got=described(value)) from None
    fits = (
        math.isfinite(found)
        and (least is None or found >= least)
        and (above is None or found > above)
        and (most is None or found <= most)
        and (below is None or found < below)
    )
    if not fits:
        raise ArgumentError(name, expected=expected, got=f"{value!r}")
    return found


def flag(name: str, value: Any, *, hint: str = "", expected: str = "True or False") -> bool:
    """True or False, also numpy's: nothing else, for every object has a truth value.

    Raises:
        ArgumentTypeError: Anything else.
    """
    if type(value).__name__ in ("bool", "bool_"):  # numpy 2 calls its own "bool" too
        return bool(value)
    raise ArgumentTypeError(name, expected=expected, got=described(value), hint=hint)


def flag_or_none(name: str, value: Any) -> bool | None:
    """As `flag`, or None, which leaves it open.

    Raises:
        ArgumentTypeError: Anything else.
    """
    if value is None:
        return None
    return flag(name, value, expected="True, False or None")


def text_or_none(name: str, value: Any) -> str | None:
    """A string, or None, which leaves it open.

    Raises:
        ArgumentTypeError: Anything else.
    """
    if value is None or isinstance(value, str):
        return value
    raise ArgumentTypeError(name, expected="a string, or None", got=described(value))


def choice(name: str, value: T, choices: Sequence[T], *, hint: str = "") -> T:
    """One of several values.

    Raises:
        ArgumentError: Another one.
    """
    # `in` alone would let 1 pass for True, and an array answer for each of its elements.
    if any(type(value) is type(known) and value == known for known in choices):
        return value
    if isinstance(value, str) and value in choices:  # numpy's strings are strings
        return value
    listed = [repr(known) for known in choices]
    expected = f"{', '.join(listed[:-1])} or {listed[-1]}" if len(listed) > 1 else listed[0]
    raise ArgumentError(name, expected=expected, got=described(value), hint=hint)


def many(name: str, values: Any, of: str, *, hint: str = "") -> Iterable[Any]:
    """What can be gone through and has one value after the other: not one string, not a table.

    Args:
        name: The argument's name.
        values: Its value; a generator is not used up.
        of: What the values are: "texts".
        hint: What to do where it is one value, or nothing of the kind.

    Raises:
        ArgumentTypeError: One string or bytes, whose characters would pass for values; a mapping
            or a table (a DataFrame), of which the names would; or nothing of the kind.
    """
    if isinstance(values, str | bytes):
        hint = f"put it in a list: [{name.removesuffix('s')}]"
    elif hasattr(values, "texts") and hasattr(values, "labels"):
        hint = f"{name}.texts"  # of `inlay.read_labelled`, which gives the texts and the labels
    elif getattr(values, "ndim", 1) == 2 and values.shape[1] == 1 and hasattr(values, "ravel"):
        hint = f"{name}.ravel()"  # of the column of a table, where each row would be a list
    elif hasattr(values, "columns") or isinstance(values, Mapping):
        hint = f"one column of it: {name}[...]; a dict's keys: list({name})"
    elif isinstance(values, Iterable) and getattr(values, "ndim", 1) != 0:
        return values
    raise ArgumentTypeError(name, expected=f"a list of {of}", got=described(values), hint=hint)


def two(name: str, values: Any) -> tuple[Any, Any]:
    """Two values in a tuple or a list.

    Raises:
        ArgumentTypeError: Anything else.
    """
    if not isinstance(values, tuple | list) or len(values) != 2:
        raise ArgumentTypeError(name, expected="two values, (a, b)", got=described(values))
    return values[0], values[1]


def many_texts(name: str, texts: Any) -> Iterable[Any]:
    """An iterable of texts, not looked at one by one: see `many`.

    Raises:
        ArgumentTypeError: One string, bytes, or nothing that can be gone through.
    """
    return many(name, texts, "texts")


def every_text(name: str, texts: Any, *, hint: str = "") -> Iterator[str | list[str]]:
    """`one_text` of each of `many_texts`, one after the other as they are asked for.

    Raises:
        ArgumentTypeError: At once, what is no list of texts, or a set of them, which has no order;
            later, what is no text, with its number.
    """
    if isinstance(texts, set | frozenset):  # an answer in order would be of no order
        raise no_order(name, texts, "texts")
    texts = many_texts(name, texts)
    return (one_text(f"text {i}", text, hint=hint) for i, text in enumerate(texts))


def one_text(where: str, text: Any, *, hint: str = "") -> str | list[str]:
    """A string, or a list of tokens, which a numpy array of strings becomes.

    Raises:
        ArgumentTypeError: Anything else: None and NaN, and a tuple, for it may be a row: a text and
            its label.
    """
    if isinstance(text, str):
        return text
    tokens = text.tolist() if type(text).__module__ == "numpy" else text
    if isinstance(tokens, list):
        strange = set(map(type, tokens)) - {str}  # perhaps strings of another class
        if all(issubclass(kind, str) for kind in strange):
            return list(tokens)
    if isinstance(text, tuple):
        hint = OF_TUPLES
    elif isinstance(text, bytes):
        hint = "text.decode(), or text.decode('cp949') of another encoding"
    elif text is None or (isinstance(text, float) and text != text):
        hint = hint or "leave out missing texts: [text for text in texts if isinstance(text, str)]"
    expected = "a string or a list of tokens"
    raise ArgumentTypeError(where, expected=expected, got=described(text), hint=hint)


def many_tokens(name: str, tokens: Any, *, hint: str = "") -> list[str]:
    """Tokens in their order: numpy's array of strings, pandas' Index and an iterator become a list.

    Args:
        name: The argument's name.
        tokens: Its value.
        hint: What to do where a number stands for a token.

    Raises:
        ArgumentTypeError: What `many` refuses; a set, which has no order; an item that is not
            a string.

    Examples:
        >>> many_tokens("tokens", ("a", "film"))
        ['a', 'film']
    """
    if isinstance(tokens, set | frozenset):
        raise no_order(name, tokens, "tokens")
    tokens = many(name, tokens, "tokens", hint=hint)
    listed: list[str] = tokens.tolist() if hasattr(tokens, "tolist") else list(tokens)
    strange = set(map(type, listed)) - {str}  # perhaps strings of another class
    for i, token in enumerate(listed if strange else ()):
        if not isinstance(token, str):
            raise ArgumentTypeError(
                f"{name}, item {i}", expected="a string", got=described(token), hint=hint
            )
    return listed


def no_order(name: str, values: Any, of: str) -> ArgumentTypeError:
    """The error of a set where the order counts."""
    got = f"a {type(values).__name__}, which has another order in each process"
    return ArgumentTypeError(name, expected=f"a list of {of}", got=got, hint=f"sorted({name})")


def warn(message: str) -> None:
    """Warn of what is probably not meant, at the line of the user's that led to it.

    Args:
        message: What was found and what to try, as in an error.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, InlayWarning, stacklevel=level)


def described(value: Any) -> str:
    """A value for a message: its type and the beginning of what it looks like."""
    if value is None or isinstance(value, bool | float):
        return repr(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of shape {shape}"
    return f"{type(value).__name__} {shown(value)}"


def shown(value: Any) -> str:
    """The beginning of what a value looks like: a token may be a million characters long."""
    if isinstance(value, str | bytes):
        return f"{value[:LONG]!r}{'...' if len(value) > LONG else ''}"
    text = repr(value)
    return text if len(text) <= LONG else f"{text[:LONG]}..."


def some_of(n: int, total: int, one: str, several: str) -> str:
    """`n` of `total` texts and what is said of them, in the singular or the plural.

    Examples:
        >>> some_of(2, 5_000, "has", "have"), some_of(1, 3, "has", "have")
        ('2 of 5,000 texts have', '1 of 3 texts has')
        >>> some_of(1, 1, "has", "have")
        'the text has'
    """
    said = one if n == 1 else several
    return f"the text {said}" if total == 1 else f"{n:,} of {total:,} texts {said}"
