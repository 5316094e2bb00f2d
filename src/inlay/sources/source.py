"""What can be fetched: an address, what is known of the file behind it, and how to read it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from inlay.checks import described
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.sources.hub_files import HUB

Kind = Literal["vectors", "labelled", "encoder", "corpus"]
KINDS = ("vectors", "labelled", "encoder", "corpus")
SCHEMES = ("https", "http", "file", "hf")
# What no file system takes for a part of a name, or takes for more than a name.
UNSAFE = re.compile(r"[\x00-\x1f<>:\"/\\|?*]|^\.*$|^\s|[\s.]$")


@dataclass(frozen=True)
class Download:
    """One file to download.

    Attributes:
        url: Where it is: `https://`, `http://` or `file://`, or `hf://OWNER/REPO/FILE`.
        mirrors: Other addresses of the same bytes, asked in this order if the first fails.
        sha256: What its publisher, or somebody who can be trusted, says of it; "" if nobody does.
        size: About how many bytes it has, where that is known.
        file: What to call it. "": as its address does.
    """

    url: str
    mirrors: tuple[str, ...] = ()
    sha256: str = ""
    size: int | None = None
    file: str = ""

    def __post_init__(self) -> None:
        for url in self.urls:
            if not isinstance(url, str):
                raise ArgumentTypeError("url", expected="an address", got=described(url))
            if urlsplit(url).scheme not in SCHEMES:
                expected = "an address that begins with https://, http://, file:// or hf://"
                raise ArgumentError("url", expected=expected, got=described(url))
        if self.sha256 and not re.fullmatch("[0-9a-f]{64}", self.sha256):
            expected = "64 hexadecimal digits in lower case"
            raise ArgumentError("sha256", expected=expected, got=described(self.sha256))
        check_name("file", self.name)

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses, in the order in which they are asked."""
        return (self.url, *self.mirrors)

    @property
    def name(self) -> str:
        """What the file is called on the disk."""
        return self.file or unquote(urlsplit(self.url).path).rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Something to fetch: one of the catalogue, or one of your own.

    Several tables may lie in one archive, which is downloaded once for all of them.

    Attributes:
        name: What it is asked for by.
        url: Where its file is: `https://`, `http://` or `file://`. Or a name of the Hugging Face
            Hub, `hf://OWNER/REPO` or `hf://OWNER/REPO@REVISION/FILE`; its library then does what
            `mirrors`, `sha256`, `file`, `others` and `unpack` are for.
        mirrors: Other addresses of the same bytes, asked in this order if the first fails.
        sha256: The SHA-256 of the download, where it is published. Otherwise that of the first
            download is noted, and another one later is an error.
        size: About how many bytes are downloaded, where that is known.
        file: What to call the file. "": as its address does.
        others: More files that belong to it: a folder then holds all of them.
        member: Which file of the archive is meant; it is read where it lies. None: the only one.
        unpack: Files of the archive that have to lie in a folder; `"*"`: all of them.
        kind: `"vectors"`, `"labelled"`, `"encoder"` or `"corpus"`.
        aliases: Other names for it.
        rows: How many vectors or texts there are, where that is known.
        dim: How many numbers a vector has.
        language: The code of its language; "" for several.
        licence: Under which terms it is published; "" where none were found.
        note: What else one should know.
        parts: Of labelled texts in several files: which file holds which split.
        reading: How `inlay.read_labelled` reads it: its arguments.

    Examples:
        >>> Source(name="mine", url="https://example.org/mine.vec.gz").downloads[0].name
        'mine.vec.gz'
    """

    name: str
    url: str
    mirrors: tuple[str, ...] = ()
    sha256: str = ""
    size: int | None = None
    file: str = ""
    others: tuple[Download, ...] = ()
    member: str | None = None
    unpack: tuple[str, ...] = ()
    kind: Kind = "vectors"
    aliases: tuple[str, ...] = ()
    rows: int | None = None
    dim: int | None = None
    language: str = ""
    licence: str = ""
    note: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name("name", self.name)
        if self.kind not in KINDS:
            expected = f"one of {', '.join(KINDS)}"
            raise ArgumentError("kind", expected=expected, got=described(self.kind))
        own = (self.mirrors, self.sha256, self.file, self.others, self.unpack)
        if self.on_hub and any(own):
            expected = "only member, kind and reading with a name of the Hugging Face Hub"
            got = "mirrors, sha256, file, others or unpack, which have no effect"
            raise ArgumentError("Source", expected=expected, got=got)
        names = [download.name for download in self.downloads]
        if len({name.casefold() for name in names}) < len(names):
            raise ArgumentError("others", expected="files of different names", got=", ".join(names))

    @property
    def downloads(self) -> tuple[Download, ...]:
        """All files of it, its own first."""
        own = Download(self.url, self.mirrors, self.sha256, self.size, self.file)
        return (own, *self.others)

    @property
    def on_hub(self) -> bool:
        """Whether it is on the Hugging Face Hub, whose own library fetches and keeps it."""
        return self.url.startswith(HUB)

    @property
    def bytes(self) -> int | None:
        """About how much is downloaded, where that is known."""
        sizes = [download.size for download in self.downloads]
        return None if None in sizes else sum(size for size in sizes if size)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files, once it is fetched."""
        return bool(self.others or self.unpack)


def check_name(where: str, name: str) -> None:
    """Refuse what is no name of a file on every system, or leads out of its folder.

    Raises:
        ArgumentTypeError: No string.
        ArgumentError: `..`, a slash, a colon, a NUL, nothing at all, or a very long name.
    """
    if not isinstance(name, str):
        raise ArgumentTypeError(where, expected="a name, as a string", got=described(name))
    if UNSAFE.search(name) or len(name.encode(errors="replace")) > 150:
        expected = "a name that a file can have on every system"
        raise ArgumentError(where, expected=expected, got=described(name))
