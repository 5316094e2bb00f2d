"""A file's bytes, whatever it is packed in, always by the first bytes and never by the name.

`open_content` is the one way in which files of vectors, corpora, labelled texts and vocabularies
are opened. It takes away gzip, bzip2, xz, zip and tar, one inside the other if need be. What is
left is read in windows that hold a few megabytes, so that the text of a compressed file is
never in memory as a whole, or as one array, which for a plain file is a map of it.
"""

import contextlib
import errno
import importlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.bytes.limits import UNPACKED
from inlay.bytes.windows import MapWindows, StreamWindows, Windows
from inlay.errors import FormatError, MissingFileError
from inlay.paths import path_to_read

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
HEAD = 1 << 18  # bytes that formats are recognised by
WINDOW = 1 << 24
DEPTH = 4  # a .tar.gz is two deep
DOWNLOAD = "download it, and give its path"

# Opens the content; whatever has to be closed afterwards goes onto the stack.
Opener = Callable[[contextlib.ExitStack], IO[bytes]]

# "BZh" may begin a word of a text: what follows it in a file of bzip2 hardly ever does.
BZIP2 = tuple(
    b"BZh%d" % level + block for level in range(1, 10) for block in (b"1AY&SY", b"\x17rE8")
)
# First bytes, a suffix, and the module of Python that unpacks, imported when it is needed.
STREAMS: tuple[tuple[bytes | tuple[bytes, ...], str, str], ...] = (
    (b"\x1f\x8b", ".gz", "gzip"),
    (BZIP2, ".bz2", "bz2"),
    (b"\xfd7zXZ\x00", ".xz", "lzma"),
)
NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
SHORT = {".tgz": ".tar", ".tbz2": ".tar", ".txz": ".tar"}


class Content(NamedTuple):
    """An open question to a file: its name for messages, its first bytes, its content.

    Attributes:
        path: The file on the disk.
        name: What to call it in a message: the file's name, and the member's behind a colon.
        inner: The name of what was unpacked: its suffix is the format's.
        head: The first 256 KiB of the content. Look at them before you take all of it: what a
            packed file holds may be a million times as large as the file.
        packed: Whether anything had to be unpacked.
    """

    path: Path
    name: str
    inner: str
    head: bytes
    packed: bool
    opener: Opener

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The content from its beginning, as a binary file."""
        with contextlib.ExitStack() as stack:
            with damage_reported(self.name):
                file = self.opener(stack)
            yield file

    def array(self) -> Array:
        """The whole content as uint8 `(bytes,)`.

        A plain file is mapped copy-on-write, so nothing is read and writing to the array
        never reaches the file. Anything packed is unpacked into memory.

        Raises:
            FormatError: It is damaged, or unpacks to more than `limits.UNPACKED`.
        """
        if not self.packed:
            return np.memmap(self.path, np.uint8, "c") if self.head else np.empty(0, np.uint8)
        content, most = bytearray(), UNPACKED.bytes()
        with self.open() as file, damage_reported(self.name):
            while piece := file.read(WINDOW):
                content += piece
                if len(content) > most:
                    raise UNPACKED.exceeded(self.name)
        return np.frombuffer(content, np.uint8)

    @contextlib.contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A file with the content alone, for libraries that open nothing else.

        It is the file itself, or a temporary one that is gone afterwards.

        Raises:
            FormatError: It is damaged, or unpacks to more than `limits.UNPACKED`.
        """
        if not self.packed:
            yield self.path
            return
        import tempfile

        most = UNPACKED.bytes()
        with tempfile.TemporaryDirectory(prefix="inlay-") as folder:
            path = Path(folder, "unpacked")
            with path.open("wb") as out, self.open() as file, damage_reported(self.name):
                while piece := file.read(WINDOW):
                    if out.tell() + len(piece) > most:
                        raise UNPACKED.exceeded(self.name)
                    out.write(piece)
            yield path

    @contextlib.contextmanager
    def windows(self, size: int = WINDOW) -> Iterator[Windows]:
        """The content, a stretch of about `size` bytes at a time."""
        with self.open() as file:
            windows = StreamWindows if self.packed else MapWindows
            yield windows(file, size, self.name)


def open_content(
    path: str | os.PathLike[str],
    member: str | None = None,
    *,
    what: str = "a file of vectors",
    choosable: bool = True,
    through_tar: bool = True,
) -> Content:
    """Look into a file and everything it is packed in.

    Args:
        path: A plain or packed file.
        member: Which file of a zip or tar archive, if it holds several.
        what: What is expected at `path`, for messages.
        choosable: Whether the user of the caller can say which `member`; also for messages.
        through_tar: Whether a tar archive is one more packing, or the content.

    Raises:
        MissingFileError: There is no such file.
        FormatError: A folder, a pipe, a broken archive, or an archive of several files and no
            `member`.
    """
    given, path = path, path_to_read("path", path)
    kind = kind_of(path)
    if kind is None:
        hint = _instead(str(given), path)
        got = "a link to nothing" if os.path.islink(path) else "nothing there"
        raise MissingFileError(shortened(path), expected=what, got=got, hint=hint)
    if kind == stat.S_IFDIR:
        children = sorted(path.iterdir())
        files = [child.name for child in children if child.is_file()]
        names = files or [child.name for child in children]
        what_in = "files" if files else "folders"
        hint = f"one of the {what_in} in it: {_some(names)}" if names else ""
        raise FormatError(str(path), expected=what, got="a folder", hint=hint)
    if kind != stat.S_IFREG:
        raise FormatError(
            str(path),
            expected=f"{what} that can be read twice",
            got="a pipe or a device",
            hint="write it to a file first",
        )

    def plain(stack: contextlib.ExitStack) -> IO[bytes]:
        return stack.enter_context(path.open("rb"))

    layers = _Layers(choosable, through_tar)
    return layers.unpack(Content(path, path.name, path.name, b"", False, plain), member, DEPTH)


def is_zip(head: bytes) -> bool:
    """Whether these first bytes are a zip archive's."""
    return head.startswith(ZIP)


def is_tar(head: bytes) -> bool:
    """Whether these first bytes are a tar archive's."""
    return head[257:262] == b"ustar"


def is_html(head: bytes) -> bool:
    """Whether this is a web page, whatever its name says."""
    start = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


def kind_of(path: Path) -> int | None:
    """What stands at a path: one of `stat.S_IFREG`, `S_IFDIR` and so on; None if nothing does.

    Nothing stands at a loop of links, nor where the name cannot be one: it holds a NUL, or is
    too long, as a text is that was given for a path.
    """
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except ValueError:
        return None
    except OSError as error:
        if error.errno in NOWHERE:
            return None
        raise


class _Layers(NamedTuple):
    """How one layer of packing after the other is taken away."""

    choosable: bool
    through_tar: bool

    def unpack(self, source: Content, member: str | None, depth: int) -> Content:
        with source.open() as file, damage_reported(source.name):
            head = file.read(HEAD)
            names = self._members(file, head, source.name) if depth else None
        if names is not None:
            chosen = self._choose(source.name, names, member)
            opener = _member_opener(source, chosen, zipped=is_zip(head))
            layer = Content(source.path, f"{source.name}:{chosen}", chosen, b"", True, opener)
            return self.unpack(layer, None, depth - 1)
        for magic, suffix, unpacker in STREAMS if depth else ():
            if head.startswith(magic):
                inner, opener = (
                    _without(source.inner, suffix),
                    _stream(source.opener, unpacker),
                )
                layer = Content(source.path, source.name, inner, b"", True, opener)
                return self.unpack(layer, member, depth - 1)
        if member is not None:
            raise FormatError(
                source.name, expected=f"an archive with a member {member!r}", got="no archive"
            )
        return source._replace(head=head)

    def _members(self, file: IO[bytes], head: bytes, name: str) -> list[str] | None:
        """The names of an archive's files, or None if this is no archive (an .npz is none)."""
        if is_zip(head):
            from inlay.bytes.archives import one_thing, zip_names

            file.seek(0)
            names = zip_names(file)
            return None if one_thing(names) else names
        if self.through_tar and is_tar(head):
            from inlay.bytes.archives import tar_members

            file.seek(0)
            return [found for found, _, _ in tar_members(file, name)]
        return None

    def _choose(self, name: str, names: list[str], member: str | None) -> str:
        if member in names:
            return str(member)
        if member is None and len(names) == 1:
            return names[0]
        hint = f"member={names[0]!r}, or whichever you mean" if names else "download it again"
        if names and not self.choosable:
            hint = "unpack it first, and give the one that you mean"
        raise FormatError(
            name,
            expected="one file in the archive" if member is None else f"a member {member!r}",
            got=f"{len(names)} files: {_some(names)}" if names else "no file",
            hint=hint,
        )


def _stream(outer: Opener, unpacker: str) -> Opener:
    def opener(stack: contextlib.ExitStack) -> IO[bytes]:
        unpack: Any = importlib.import_module(unpacker)
        stream: IO[bytes] = stack.enter_context(unpack.open(outer(stack), "rb"))
        return stream

    return opener


def _member_opener(outer: Content, member: str, *, zipped: bool) -> Opener:
    def opener(stack: contextlib.ExitStack) -> IO[bytes]:
        from inlay.bytes.archives import open_tar_member, open_zip_member

        file = outer.opener(stack)
        if zipped:
            return open_zip_member(stack, file, member)
        return open_tar_member(stack, file, member, outer.name)

    return opener


def _without(name: str, suffix: str) -> str:
    """A file's name without the suffix of its packing."""
    stem, end = os.path.splitext(name)
    if end.lower() in SHORT:
        return stem + SHORT[end.lower()]
    return stem if end.lower() == suffix else name


def _instead(given: str, path: Path) -> str:
    """What may be meant by a path at which nothing is."""
    if given.startswith("~"):
        return repr(os.path.expanduser(given))
    if near := near_path(path):
        return near
    is_name = given == path.name and " " not in given and not path.suffix[1:2].isalpha()
    return DOWNLOAD if is_name else ""  # of what others fetch, "glove.6B.300d"


def near_path(path: Path) -> str:
    """What lies in the same folder under the name most like this one; empty if none is like it."""
    from difflib import get_close_matches

    try:
        names = {*os.listdir(path.parent)} - {path.name}  # a link that leads nowhere is there
        near = get_close_matches(path.name, names, 1)
    except (OSError, ValueError):
        return ""
    return str(path.with_name(near[0])) if near else ""


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def shortened(path: Path) -> str:
    """A path for a message; a text that was given for one may be of any length."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:60]}..."
