"""A SavedModel that is saved by reference: where its folder is, and the digest of its files."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.encode.savedmodel.files import digest_of, is_savedmodel
from inlay.errors import FormatError, MissingFileError

HINT = "the folder as it was, there or in the current folder"


@dataclass(frozen=True)
class Reference:
    """Which SavedModel is meant.

    Attributes:
        path: Its folder, absolute.
        relative: The same from the folder in which it was saved; "" if it is not below it.
        digest: Of `digest_of`.
    """

    path: str
    relative: str
    digest: str

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The SavedModel in a folder; reads all of it."""
        return cls(str(folder), _relative(folder), digest_of(folder))

    @classmethod
    def read(cls, where: str, saved: Any) -> Self:
        """What `as_dict` or `as_bytes` has written.

        Raises:
            FormatError: It is damaged, or something else.
        """
        try:
            found = cls(**(saved if isinstance(saved, Mapping) else json.loads(bytes(saved))))
        except (ValueError, TypeError):
            found = None
        if found is None or not all(isinstance(text, str) for text in asdict(found).values()):
            expected = "the path and digest of a SavedModel"
            raise FormatError(where, expected=expected, got=described(saved))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def as_bytes(self) -> Array:
        """The same as JSON in UTF-8, uint8 `(n,)`, for what saves nothing but arrays."""
        return np.frombuffer(json.dumps(self.as_dict()).encode(), np.uint8).copy()

    def found(self) -> Path:
        """The folder, whose files have the digest; reads all of them.

        Raises:
            MissingFileError: There is none.
            FormatError: There is another.
        """
        others = []
        for place in self._places():
            if is_savedmodel(place):
                if digest_of(place) == self.digest:
                    return place.absolute()
                others.append(place)
        expected = f"the SavedModel with digest {self.digest[:12]}..., without which it was saved"
        if others:
            got = "another one"
            raise FormatError(str(others[0]), expected=expected, got=got, hint=HINT)
        raise MissingFileError(self.path, expected=expected, got="no such folder", hint=HINT)

    def _places(self) -> Iterator[Path]:
        yield Path(self.path)
        if self.relative:
            yield Path(self.relative)
        yield Path(self.path.replace("\\", "/").rpartition("/")[2])


def _relative(folder: Path) -> str:
    try:
        return folder.relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError):
        return ""
