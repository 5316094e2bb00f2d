"""What a checkpoint of TensorFlow says of a module's frozen matrix, and how that is verified."""

import hashlib
import json
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from inlay.errors import FormatError
from inlay.layers.reference import Reference
from inlay.layers.stored import Stored


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


class Base(Protocol):
    """A module that trains a difference, and whose frozen numbers no checkpoint has."""

    by_reference: bool

    def confirmed(self) -> Reference:
        """The file of the numbers, if it still has them."""

    def stored(self) -> Stored:
        """The numbers, which never change."""


class BaseRecord(tf.train.experimental.PythonState):  # type: ignore[misc]  # TensorFlow is optional
    """The digest of what a module's difference is added to; and by reference, the path of the file.

    Args:
        module: Whose numbers they are.
    """

    def __init__(self, module: Base) -> None:
        self._module = module
        self._digest = ""

    def serialize(self) -> str:
        """What is saved."""
        file = self._module.confirmed().as_dict() if self._module.by_reference else None
        return json.dumps({"digest": self._found(), "file": file})

    def deserialize(self, string_value: Any) -> None:
        """See that the difference that is restored is one of the module's own numbers.

        Raises:
            FormatError: It is not, or what says so is damaged.
        """
        try:
            saved = json.loads(bytes(string_value))
            digest, file = saved["digest"], saved["file"]
        except (ValueError, TypeError, KeyError):
            expected, got = "the digest of a table", "something else"
            raise FormatError("checkpoint, 'reference'", expected=expected, got=got) from None
        if digest != self._found():
            path = file and Reference.read("checkpoint, 'reference'", file).path
            raise FormatError(
                "checkpoint",
                expected="the difference of a module of the same table",
                got=f"that of another table{f', {path}' if path else ''}",
                hint=f"a module made of {path or 'the table of the one that was saved'}",
            )

    def _found(self) -> str:
        if not self._digest:
            stored = self._module.stored()
            made = hashlib.sha256(stored.form.encode())
            for array in stored.named.values():
                made.update(np.ascontiguousarray(array).data)
            self._digest = made.hexdigest()
        return self._digest
