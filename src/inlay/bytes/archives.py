"""Archives of files: their members, and nothing that a member only claims.

tar is read as a stream, front to back: an archive inside gzip or xz that is asked to go back is
unpacked from its start again.
"""

import contextlib
import io
import os
import tarfile
import zipfile
from collections.abc import Generator
from typing import IO, Self, cast

from inlay.errors import FormatError

BLOCK = 1 << 20


def zip_names(file: IO[bytes]) -> list[str]:
    """The names of a zip archive's files, in its order."""
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            # Its directory stands behind all members.
            if not 0 <= info.header_offset <= archive.start_dir - info.compress_size:
                raise zipfile.BadZipFile(f"{info.filename} claims bytes that are not there")
        return [info.filename for info in archive.infolist() if not info.is_dir()]


def one_thing(names: list[str]) -> bool:
    """Whether these files mean something only together: an .npz, PyTorch's and Keras' own zips."""
    if names and all(name.endswith(".npy") for name in names):
        return True
    folders = {name.count("/") for name in names if name.endswith("/data.pkl")}
    return 1 in folders or {"config.json", "model.weights.h5"} <= set(names)


def open_zip_member(stack: contextlib.ExitStack, file: IO[bytes], name: str) -> IO[bytes]:
    """A member of a zip archive as a file; what has to be closed goes onto the stack."""
    archive = stack.enter_context(zipfile.ZipFile(file))
    return stack.enter_context(archive.open(name))


def tar_members(file: IO[bytes], where: str) -> Generator[tuple[str, int, IO[bytes]], None, None]:
    """The name, the size and the content of every regular file in a tar archive.

    A content is to be read before the next member is asked for. Links, devices and folders are
    left out.

    Args:
        file: At its beginning.
        where: The archive, for messages.

    Raises:
        FormatError: A member with holes (sparse): its size may be anything.
        EOFError: A member claims more bytes than there are.
    """
    stream, most = cast(IO[bytes], _Ending(file)), _size(file)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
        for member in archive:
            if member.issparse():
                raise FormatError(
                    f"{where}:{member.name}",
                    expected="a file with all its bytes",
                    got="a sparse one, with holes in it",
                    hint="tar without --sparse",
                )
            if not member.isfile():
                continue
            if most is not None and member.offset_data + member.size > most:
                raise EOFError(f"{member.name} claims {member.size:,} bytes, of {most:,} in all")
            content = archive.extractfile(member)
            assert content is not None, "a file has a content"
            yield member.name, member.size, content
    while file.read(BLOCK):
        pass  # tarfile stops at its own end; only the packer's tells of a cut-off file


def open_tar_member(
    stack: contextlib.ExitStack, file: IO[bytes], name: str, where: str
) -> IO[bytes]:
    """A member of a tar archive as a file; what has to be closed goes onto the stack."""
    members = stack.enter_context(contextlib.closing(tar_members(file, where)))
    return next(content for found, _, content in members if found == name)


def _size(file: IO[bytes]) -> int | None:
    """The bytes of a plain file; those of a packed one are not known before they are read."""
    raw = getattr(file, "raw", None)
    return os.fstat(raw.fileno()).st_size if isinstance(raw, io.FileIO) else None


class _Header(tarfile.TarInfo):
    """A member's header; a damaged one is an error, where tarfile takes it for the end."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(str(error)) from error


class _Ending:
    """A stream that can be read to its end once, and no further.

    tarfile passes over a member by reading as many blocks as the member's header claims, also
    when nothing comes any more: with a claim of 2^60 bytes it would never end.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._ended = file, False

    def read(self, size: int) -> bytes:
        piece = self._file.read(size)
        if not piece and self._ended:
            raise EOFError("the archive ends inside of a member")
        self._ended = not piece
        return piece
