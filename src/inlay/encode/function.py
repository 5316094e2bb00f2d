"""A function of the user's own as an encoder."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, text_or_none, whole_or_none
from inlay.encode.base import TextEncoder
from inlay.errors import ArgumentError, ArgumentTypeError, UnsupportedError

HINT = "inlay.encode.FunctionEncoder(function, name='what-it-is-1')"


class FunctionEncoder(TextEncoder):
    """A function from a list of texts to an array, with all that an encoder can do besides.

    It can be pickled and sent to other processes if the function can, and cannot be saved.

    Args:
        function: Called with a list of texts, as they were given; returns numbers `(n, dim)`: an
            array, a tensor on the CPU, or lists. A text should have the same vector whatever
            stands beside it.
        dim: Numbers in a vector. None: as many as the function gives for one text, when they are
            first asked for.
        name: What names the function, its model and its settings, in caches: another name for
            whatever gives other vectors. Without one its features cannot be kept.

    Examples:
        >>> encoder = FunctionEncoder(lambda texts: [[len(text)] for text in texts], dim=1)
        >>> encoder.encode(["a", "film"])
        array([[1.], [4.]], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[[list[Any]], Any],
        dim: int | None = None,
        *,
        name: str | None = None,
    ) -> None:
        if not callable(function):
            raise ArgumentTypeError("function", expected="a callable", got=described(function))
        self.function, self.name = function, text_or_none("name", name)
        self._dim = whole_or_none("dim", dim)

    def __repr__(self) -> str:
        return f"FunctionEncoder({self.name or getattr(self.function, '__name__', '...')!r})"

    @property
    def dim(self) -> int:  # type: ignore[override]
        """Numbers in a vector; the first question calls the function with one text."""
        if self._dim is None:
            self._dim = int(self._called(["a"]).shape[1])
        return self._dim

    def _hash(self) -> str:
        if not self.name:
            raise ArgumentError(
                "FunctionEncoder",
                expected="a name, by which its features are known again",
                got="a function, which cannot name what it computes",
                hint=HINT,
            )
        named = ["inlay function", self.name, self.dim]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        vectors = self._called(texts)
        if vectors.shape != (len(texts), self.dim):
            raise self._wrong(
                f"numbers of shape {(len(texts), self.dim)}", f"shape {vectors.shape}"
            )
        return vectors

    def _called(self, texts: list[Any]) -> Array:
        answer = self.function(texts)
        try:
            found = np.asarray(answer)
        except (TypeError, ValueError, RuntimeError) as error:  # ragged lists, a tensor elsewhere
            raise self._wrong("an array of numbers", described(answer)) from error
        if found.dtype.kind not in "fiub" or found.ndim != 2:
            raise self._wrong("an array (n, dim) of numbers", f"{found.dtype} {found.shape}")
        with np.errstate(over="ignore"):  # infinity is found by the base
            return found.astype(np.float32)

    def _wrong(self, expected: str, got: str) -> ArgumentError:
        return ArgumentError(repr(self), expected=f"{expected} from the function", got=got)

    def _lacks(self, what: str) -> UnsupportedError:
        error = super()._lacks(what)
        if what == "save":
            error.hint = "keep the code, and the features: inlay.encode.features.write_features"
        return error
