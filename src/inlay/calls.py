"""Calls with an argument that a function does not have: answered by what it is called here.

A decorator, and no `**others` in the signature, so that tooltips, `help` and type checkers see
the arguments that there are.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from inlay.checks import described
from inlay.errors import ArgumentTypeError

P = ParamSpec("P")
R = TypeVar("R")

# What others call it, and what to write here: a sentence, or a function of the value that came.
Elsewhere = Mapping[str, str | Callable[[Any], str]]
UNNAMED = ""  # in such a map, what came without a name


def refuses_unknown(
    elsewhere: Elsewhere | Callable[[], Elsewhere] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: an argument that is unknown, missing, or one too many is an error of ours.

    Args:
        elsewhere: What to write in the place of other libraries' names, or what makes that map
            when it is needed. Under the name of an argument of the function: what to write if it
            is missing; under `UNNAMED`: what to write for one too many without a name.

    Raises:
        ArgumentTypeError: From the function that is made.

    Examples:
        >>> @refuses_unknown({"size": "dim="})
        ... def zeros(n, *, dim=2):
        ...     return [[0] * dim] * n
        >>> zeros(1)
        [[0, 0]]
        >>> zeros(1, size=3)
        Traceback (most recent call last):
        ...
        inlay.errors.ArgumentTypeError: zeros: expected no argument but n, dim, got size=int 3. ...
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        code: Any = function.__code__
        n_unnamed = code.co_argcount
        n_needed = n_unnamed - len(getattr(function, "__defaults__", None) or ())
        names = code.co_varnames[: n_unnamed + code.co_kwonlyargcount]
        known = frozenset(names)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            missing = [name for name in names[len(args) : n_needed] if name not in kwargs]
            if missing or len(args) > n_unnamed or not known.issuperset(kwargs):
                own = names[:1] in (("self",), ("cls",))
                where = function.__name__
                if where == "__init__":  # of a class, by whose name it was called
                    where = function.__qualname__.split(".")[-2]
                listed = names[own:]
                wrong = {name: value for name, value in kwargs.items() if name not in known}
                said = (elsewhere() if callable(elsewhere) else elsewhere) or {}
                refuse_unknown(where, listed, wrong, said)
                first, others = listed[: n_unnamed - own], listed[n_unnamed - own :]
                if missing:
                    raise ArgumentTypeError(
                        where,
                        expected=" and ".join(names[own:n_needed]),
                        got=f"no {missing[0]}",
                        hint=str(said.get(missing[0], "")),
                    )
                by_name = f"; by name {', '.join(others)}" if others else ""
                raise ArgumentTypeError(
                    where,
                    expected=f"only {', '.join(first)} without a name{by_name}"
                    if first
                    else f"names for all arguments: {', '.join(others)}",
                    got=described(args[n_unnamed]),
                    hint=str(said.get(UNNAMED, "")),
                )
            return function(*args, **kwargs)

        return call

    return decorate


def refuse_unknown(
    where: str, known: Sequence[str], wrong: Mapping[str, Any], elsewhere: Elsewhere
) -> None:
    """Refuse arguments that a function does not have, by the words that it has for them.

    Args:
        where: The function or class.
        known: The arguments that it has.
        wrong: What came, and its value.
        elsewhere: As of `refuses_unknown`.

    Raises:
        ArgumentTypeError: Anything came.
    """
    for name, value in wrong.items():
        from difflib import get_close_matches

        near = [f"{close}=" for close in get_close_matches(name, known, 1)]
        hint = elsewhere.get(name, "".join(near))
        raise ArgumentTypeError(
            where,
            expected=f"no argument but {', '.join(known)}" if known else "no argument",
            got=f"{name}={described(value)}",
            hint=hint if isinstance(hint, str) else hint(value),
        )
