"""What a checkpoint of TensorFlow says of a module's frozen matrix, and how that is verified."""

import json
from typing import Any, Protocol

import tensorflow as tf

from inlay.errors import FormatError
from inlay.layers.reference import Reference


class Refers(Protocol):
    """A module whose frozen matrix may be the map of a file."""

    by_reference: bool

    def confirmed(self) -> Reference:
        """What a checkpoint has in the place of the numbers."""

    def take_file(self, file: Reference) -> None:
        """Live in the file that a checkpoint names."""


class Record(tf.train.experimental.PythonState):  # type: ignore[misc]  # TensorFlow is optional
    """The path and digest of the file that holds a module's matrix; empty if it is saved whole.

    Args:
        module: Whose matrix it is.
    """

    def __init__(self, module: Refers) -> None:
        self._module = module

    def serialize(self) -> str:
        """What is saved, once the module's numbers are seen to be the file's."""
        return json.dumps(self._module.confirmed().as_dict()) if self._module.by_reference else ""

    def deserialize(self, string_value: Any) -> None:
        """Find, verify and map the file of a saved module.

        Raises:
            FormatError: The checkpoint has the matrix whole, and this module does not take it.
        """
        saved = bytes(string_value)
        if saved:
            self._module.take_file(Reference.read("checkpoint, 'reference'", saved))
        elif self._module.by_reference:
            raise FormatError(
                "checkpoint",
                expected="the path and digest of a file, for a module by reference",
                got="a matrix that was saved whole",
                hint="module.by_reference = False, and restore it again",
            )
