"""Objects that never change once they are made, so that whoever shares one can rely on it."""

from typing import Any, Self

from inlay.aliases import Array
from inlay.errors import ImmutableError


class Immutable:
    """Refuses to set or delete an attribute; `_set` fills a new object in.

    A copy is the object itself, a deep one too. A pickle holds the attributes.
    """

    def _set(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __setstate__(self, state: dict[str, Any]) -> None:
        counts = state.get("counts")  # pickled as an array that can be written to
        self._set(**state | ({} if counts is None else {"counts": read_only(counts)}))

    def __setattr__(self, name: str, value: Any) -> None:
        raise self._refusal(name)

    def __delattr__(self, name: str) -> None:
        raise self._refusal(name)

    def _refusal(self, name: str) -> ImmutableError:
        kind = type(self).__name__
        return ImmutableError(
            f"{kind}.{name}",
            expected=f"no change, for a {kind} is shared and never changes",
            got="an assignment or a deletion",
            hint=f"make a new {kind}",
        )


def read_only(array: Array) -> Array:
    """A view of an array that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view
