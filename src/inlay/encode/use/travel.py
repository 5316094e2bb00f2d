"""The numbers of an encoder on their way to another process: the name of their folder instead."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from inlay.encode.stamps import Stamp, stamp_of
from inlay.encode.use.files import PUBLISHED, WEIGHTS, read
from inlay.encode.use.weights import Weights
from inlay.errors import FormatError, MissingFileError


@dataclass(frozen=True)
class Folder:
    """Where weights were read, and how another process knows that it reads the same.

    Pickled in the place of the weights: calling it reads them again.

    Attributes:
        path: The folder, absolute.
        stamps: The size and the time of its files of weights when they were read.
        digest: Of the weights, once it has been asked for.
    """

    path: Path
    stamps: tuple[Stamp, ...]
    digest: str = ""

    def is_there(self) -> bool:
        """Whether the files are as they were: else the weights take their numbers along."""
        return self.stamps == _stamps(self.path)

    def signed(self, weights: Weights) -> Self:
        """With the digest of what was read, a tenth of a second, once."""
        return self if self.digest else replace(self, digest=weights.digest().hexdigest())

    def __call__(self) -> Weights:
        """Read the weights again.

        Raises:
            MissingFileError: They are not there.
            FormatError: Others are there now.
        """
        try:
            weights = read(self.path).weights
        except MissingFileError as error:
            expected = "the folder that this encoder was read from, in this process too"
            got = f"{error.where}: {error.got}"
            raise MissingFileError(str(self.path), expected=expected, got=got) from None
        origin = type(self)(self.path, _stamps(self.path)).signed(weights)
        if origin.digest != self.digest:
            raise FormatError(
                str(self.path),
                expected="the weights that this encoder was read from",
                got="others, written since",
                hint="load it again",
            )
        return weights.read_from(origin)


def remembered(weights: Weights, path: Path) -> Weights:
    """Weights that know where they were read."""
    return weights.read_from(Folder(path.absolute(), _stamps(path)))


def _stamps(path: Path) -> tuple[Stamp, ...]:
    files = [path / name for name in (WEIGHTS, PUBLISHED)]
    return tuple(stamp_of(file) for file in files if file.is_file())
