"""What a network learns from: texts as rows of numbers, whoever has the vectors."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from inlay.aliases import Array, Text
from inlay.core import Coverage


class Inputs(Protocol):
    """Texts as a network reads them: the words of a table, or the vectors of an encoder.

    A text is a row, whose first axis is what is filled up where others are longer: its tokens,
    or one place for all of it.

    Attributes:
        dim: Numbers in a vector that the network gets.
        by_token: Whether it gets a vector for each token, with a mask, or one for each text.
        fixed: Whether rows are vectors as the network gets them, and never change.
        n_layers: Layers of vectors that it mixes; None: there is nothing to mix.
        block: Texts that are answered at once: their rows are in memory together.
        coverage: How many of the texts' words have a given vector; None where nobody counts.
    """

    @property
    def dim(self) -> int: ...

    @property
    def by_token(self) -> bool: ...

    @property
    def fixed(self) -> bool: ...

    @property
    def n_layers(self) -> int | None: ...

    @property
    def block(self) -> int: ...

    @property
    def coverage(self) -> Coverage | None: ...

    def rows(self, texts: Sequence[Text]) -> Sequence[Array]:
        """A row for each text."""
        ...

    def learning_rows(
        self, texts: Sequence[Text], *, progress: bool | None
    ) -> AbstractContextManager[Sequence[Array]]:
        """The same for texts to learn from, for as long as the learning takes."""
        ...

    def rectangle(self, rows: Sequence[Array], width: int, n_rows: int) -> Any:
        """What the model is given of some rows: filled up to `width`, then up to `n_rows`."""
        ...

    def below(self, body: Any) -> Any:
        """The model from rectangles to scores, on which `body` stands."""
        ...

    def learned(self, model: Any) -> "Inputs":
        """What these have become in a model that was trained; they never train again."""
        ...

    def shown(self) -> dict[str, Any]:
        """Attributes of a fitted classifier, by name."""
        ...

    def arrays(self) -> dict[str, Array]:
        """What they hold by name, to be saved with the weights of the body."""
        ...

    def write(self, folder: Path, *, by_reference: bool) -> dict[str, Any]:
        """Write what is no array; gives what the settings' file says of it, as JSON values.

        Args:
            folder: The classifier's.
            by_reference: Note where an encoder is, instead of writing it.
        """
        ...


def lengths_of(rows: Sequence[Array]) -> Array:
    """The length of each row, int64 `(n,)`."""
    return np.fromiter(map(len, rows), np.int64, len(rows))
