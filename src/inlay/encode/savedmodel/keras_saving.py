"""How a layer of a SavedModel is exported and saved: its numbers, and the files around them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.encode.folder import written_folder
from inlay.encode.savedmodel.files import NAME, Kept, copy_files
from inlay.encode.savedmodel.reference import Reference
from inlay.errors import FormatError, InlayError
from inlay.hosts.keras import as_array, plain

REFERENCE, FOLDER = "reference", "savedmodel"  # in weights; among assets


class Saved:
    """The half of `SavedModelLayer` that is written and read again.

    Attributes:
        signature: What is called.
        output_key: What is taken of its outputs.
        arguments: Other arguments of the call.
        tags: Of the graph, if there are several.
    """

    signature: str | None
    output_key: str | None
    arguments: dict[str, Any]
    tags: list[str] | None
    _graph: Any
    _kept: Kept | None
    _numbers: list[Any]
    _reference: Reference | None
    _refers: bool
    _twins: dict[str, Any]
    _loaded: Callable[[], Any]
    _adopt: Callable[[Path], None]
    _variables_in_graph: Callable[[], list[Any]]
    _where: Callable[[], str]

    def export(self, folder: str | os.PathLike[str]) -> None:
        """Write a SavedModel with the numbers of now, which TensorFlow alone loads.

        With it stands what `inlay.load_encoder` wants to know, but for what makes ids of texts,
        where it takes ids: the layer does not know it, so give `SavedModelEncoder.load` the
        `to_ids` again. All that it could be called by is as it was.

        Args:
            folder: A new one, or one that this or `encoder.save` has written.

        Raises:
            MissingFileError: There is no folder around it.
            ArgumentError: It is a file, or a folder with something else in it.
        """
        from inlay.encode.savedmodel.tensorflow_variables import write_all

        graph, names = self._loaded(), ("signature", "output_key", "arguments", "tags")
        with written_folder(folder, NAME, {n: getattr(self, n) for n in names}) as part:
            copy_files(graph.folder, part, variables=False)
            write_all(graph, self._variables_in_graph(), self._twins, part)

    def save_own_variables(self, store: Any) -> None:
        """Write the numbers; by reference, those that differ from the SavedModel's."""
        arrays: list[Array | None] = [as_array(v) for v in self._numbers]
        if self._refers:
            from inlay.encode.savedmodel.tensorflow_variables import stored

            assert self._reference is not None
            store[REFERENCE] = self._reference.as_bytes()
            same = stored(self._loaded(), self._variables_in_graph())
            pairs = zip(arrays, same, strict=True)
            arrays = [None if _is_same(now, before) else now for now, before in pairs]
        for i, array in enumerate(arrays):
            if array is not None:
                store[str(i)] = array

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` has written."""
        given, n = {*store.keys()}, len(self._numbers)
        values: list[Any] = [store[str(i)] if str(i) in given else None for i in range(n)]
        if REFERENCE in given:
            values = self._completed(store, values)
        wrong = given - {REFERENCE, *map(str, range(n))}
        if wrong or any(value is None for value in values):
            expected = f"weights of {n} variables"
            got = f"weights of the names {', '.join(sorted(given)) or 'none'}"
            raise plain(FormatError(self._where(), expected=expected, got=got))
        for variable, value in zip(self._numbers, values, strict=True):
            variable.assign(value)

    def _completed(self, store: Any, values: list[Any]) -> list[Any]:
        """Numbers with those of the SavedModel where weights by reference have none."""
        from inlay.encode.savedmodel.tensorflow_variables import stored

        meant = Reference.read(self._where(), np.asarray(store[REFERENCE]))
        graph = self._loaded()
        own = self._reference or Reference.of(graph.folder)
        if meant.digest != own.digest:
            expected = f"weights on top of {graph.folder}"
            got = f"weights on top of another SavedModel, {meant.path}"
            raise plain(FormatError(self._where(), expected=expected, got=got))
        before = stored(graph, self._variables_in_graph())
        return [b if v is None else v for v, b in zip(values, before, strict=True)]

    def save_assets(self, dir_path: str) -> None:
        """Write the SavedModel without those numbers that are among the weights."""
        if self._refers:
            return
        from inlay.encode.savedmodel.tensorflow_variables import write_others

        graph, folder = self._loaded(), Path(dir_path) / FOLDER
        folder.mkdir(exist_ok=True)
        copy_files(graph.folder, folder, variables=False)
        write_others(graph, self._variables_in_graph(), self._twins, folder)

    def load_assets(self, dir_path: str) -> None:
        """Read the SavedModel, once the numbers have come."""
        if not self._refers and self._graph is None:
            try:
                self._kept = Kept(Path(dir_path) / FOLDER)
                self._adopt(self._kept.folder)
            except InlayError as error:
                raise plain(error) from None


def _is_same(now: Array | None, before: Array | None) -> bool:
    return now is not None and before is not None and np.array_equal(now, before, equal_nan=True)
