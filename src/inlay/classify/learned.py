"""What a fit leaves: something that answers, shows what it knows, and can be written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from inlay.aliases import Array, Text


class Trial(NamedTuple):
    """What a fit that looks for its own settings has tried.

    Attributes:
        settings: By name, those that it looks for.
        score: By the metric that was asked for; None: the training was cut, for it would not
            have ended in time, or it failed: numbers grew without bound, or were too many.
        seconds: How long it took.
    """

    settings: dict[str, Any]
    score: float | None
    seconds: float


class Learned(Protocol):
    """A network on the vectors of words or texts, or a model of another kind.

    It never changes, and pickles.
    """

    def ready(self, where: str) -> None:
        """Make what answers, if it is not there yet.

        Args:
            where: What to call its numbers in messages.

        Raises:
            FormatError: They do not fit each other.
        """
        ...

    def probabilities(self, texts: Sequence[Text]) -> Array:
        """How probable each class is, float32 `(len(texts), n_classes)`, in their order."""
        ...

    def shown(self) -> dict[str, Any]:
        """Attributes of a fitted classifier, by name."""
        ...

    def arrays(self) -> dict[str, Array]:
        """What it has learned, by name."""
        ...

    def write(self, folder: Path, *, by_reference: bool) -> dict[str, Any]:
        """Write what is no array; gives what the settings' file says of it, as JSON values.

        Args:
            folder: The classifier's.
            by_reference: Note where an encoder is, instead of writing it.
        """
        ...
