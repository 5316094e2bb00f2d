"""An ELMo's numbers on their way to another process: the name of their file instead."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from inlay.encode.elmo.files import Found, read
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.encode.stamps import Stamp, stamp_of
from inlay.errors import FormatError, MissingFileError

HINT = "Elmo(encoder.options, dataclasses.replace(encoder.weights)) takes its numbers along"


@dataclass(frozen=True)
class WeightsFile:
    """Where weights were read, and how another process knows that it reads the same.

    Pickled in the place of the weights: calling it reads them again.

    Attributes:
        path: The file, absolute.
        options_file: That of their options; None: their own note has them, or their shapes.
        options: What was read of these.
        stamps: The size and the time of each file when it was read.
        digest: `Weights.hash`, once it has been asked for.
    """

    path: Path
    options_file: Path | None
    options: Options
    stamps: tuple[Stamp, ...]
    digest: str = ""

    @classmethod
    def of(cls, found: Found) -> Self:
        """The files of an ELMo that has just been read."""
        path, other = Path(found.where).absolute(), found.options_file
        options = None if other is None else other.absolute()
        return cls(path, options, found.options, _stamps(path, options))

    def is_there(self) -> bool:
        """Whether the files are as they were: else the weights take their numbers along."""
        return self.stamps == _stamps(self.path, self.options_file)

    def signed(self, weights: Weights) -> Self:
        """With the digest of what was read, which takes a second for the largest ELMo, once."""
        return self if self.digest else replace(self, digest=weights.hash(self.options))

    def __call__(self) -> Weights:
        """Read the weights again.

        Raises:
            MissingFileError: They are not there.
            FormatError: Others are there now.
        """
        try:
            found = (
                read(self.path) if self.options_file is None else read(self.options_file, self.path)
            )
        except MissingFileError as error:
            expected = "the file that this ELMo was read from, in this process too"
            got = f"{error.where}: {error.got}"
            raise MissingFileError(str(self.path), expected=expected, got=got, hint=HINT) from None
        origin = type(self).of(found).signed(found.weights)
        if origin.digest != self.digest:
            raise FormatError(
                str(self.path),
                expected="the weights that this ELMo was read from",
                got="others, written since",
                hint=f"load it again; or {HINT}",
            )
        return found.weights.read_from(origin)


def remembered(found: Found) -> Weights:
    """Weights that know where they were read, and never change."""
    return found.weights.read_from(WeightsFile.of(found))


def _stamps(*paths: Path | None) -> tuple[Stamp, ...]:
    """The size and the time of each file; of a checkpoint's prefix, of all that begin with it."""
    files = [
        file
        for path in paths
        if path is not None
        for file in ([path] if path.is_file() else sorted(path.parent.glob(f"{path.name}.*")))
    ]
    return tuple(map(stamp_of, files))
