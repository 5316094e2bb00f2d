"""What is on the Hugging Face Hub, through `huggingface_hub`, which has a cache and a login."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inlay.errors import DownloadError, InlayError
from inlay.optional import require
from inlay.sources.download import is_offline
from inlay.sources.hub_files import CARD, HubName, hub_name, needed
from inlay.sources.source import Source

NEED = "a name of the Hugging Face Hub"
SHA256 = re.compile("[0-9a-f]{64}")
LICENCE = re.compile(r"^license:[ \t]*['\"]?([\w.-]+)", re.MULTILINE)


class Repository:
    """A repository at one commit, of which some files are on this disk.

    Args:
        name: What was asked for.
        bar: Whether bars are shown; None: on a terminal.

    Attributes:
        commit: Its hash.
        cache: The folder of all that comes from there.
        endpoint: The server.
        offline: Whether it may not be asked.
        sizes: The bytes of each file; 0 where nobody says it.
        licence: As its owner states it; "" if not.
    """

    def __init__(self, name: HubName, bar: bool | None) -> None:
        self._hub: Any = require("huggingface_hub", extra="hub", need=NEED)
        for part in ("constants", "utils"):
            require(f"huggingface_hub.{part}", extra="hub", need=NEED)
        self._name, self._bar, self.licence = name, bar, ""
        self._where = {"repo_id": name.repository, "repo_type": name.type}
        self.cache = Path(self._hub.constants.HF_HUB_CACHE)
        # Also where it is set after that library was imported.
        said = os.environ.get("HF_ENDPOINT", "").rstrip("/")
        self.endpoint = said or str(self._hub.constants.ENDPOINT)
        self.offline = is_offline() or bool(self._hub.constants.HF_HUB_OFFLINE)
        if self.offline:
            folder = self._kept()
            self.commit = folder.name
            found = [file for file in folder.rglob("*") if file.is_file()]
            self.sizes = {file.relative_to(folder).as_posix(): 0 for file in found}
            return
        with _told(name, self._hub, self.endpoint):
            info = self._hub.HfApi(endpoint=self.endpoint).repo_info(
                **self._where, revision=name.revision, files_metadata=True
            )
        self.commit = str(info.sha)
        self.sizes = {file.rfilename: int(file.size or 0) for file in info.siblings or ()}
        stated = [tag for tag in info.tags or () if tag.startswith("license:")]
        self.licence = stated[0].removeprefix("license:") if stated else ""

    def is_here(self, file: str) -> bool:
        """Whether it is in the cache."""
        found = self._hub.try_to_load_from_cache(
            **self._where, filename=file, revision=self.commit, cache_dir=self.cache
        )
        return isinstance(found, str)

    def place(self, file: str, revision: str = "") -> Path:
        """Where a file is, which is downloaded if it is not there."""
        with _told(self._name, self._hub, self.endpoint), _bars(self._hub, self._bar):
            return Path(
                self._hub.hf_hub_download(
                    **self._where,
                    filename=file,
                    revision=revision or self.commit,
                    local_files_only=self.offline,
                    endpoint=self.endpoint,
                    cache_dir=self.cache,
                )
            )

    def stated_licence(self, files: list[str]) -> str:
        """The licence, also where no server is asked: the card of the model says it."""
        if not self.licence and CARD in files:
            text = self.place(CARD).read_text(encoding="utf-8", errors="replace")
            front = re.match(r"---\r?\n(.*?)\n---", text, re.DOTALL)
            stated = LICENCE.search(front[1]) if front else None
            self.licence = stated[1] if stated else ""
        return self.licence

    def _kept(self) -> Path:
        """The folder of this revision in the cache, as its layout is documented."""
        name = self._name
        owner, _, repo = name.repository.partition("/")
        folder = self.cache / f"{name.type}s--{owner}--{repo}"
        try:
            commit = (folder / "refs" / name.revision).read_text(encoding="utf-8").strip()
        except OSError:
            commit = name.revision
        if not (folder / "snapshots" / commit).is_dir():
            said = "INLAY_OFFLINE" if is_offline() else "HF_HUB_OFFLINE"
            raise DownloadError(
                str(name),
                expected=f"it in the cache of huggingface_hub, as {said} is set",
                got=f"nothing in {folder}",
                hint=f"fetch it where there is a network, or unset {said}",
            )
        return folder / "snapshots" / commit


def fetch_from_hub(
    source: Source, *, verify: bool, bar: bool | None, say: Callable[[str], None]
) -> tuple[Path, dict[str, Any]]:
    """Have what is needed of a repository in the cache of `huggingface_hub`.

    Args:
        source: Whose address is a name of the Hub.
        verify: Compare the large files with the SHA-256 that the Hub calls them by.
        bar: Whether to show bars; None: on a terminal.
        say: Called with a sentence on what is downloaded.

    Returns:
        The file or the folder to read, and what a table that is made of it should say.

    Raises:
        DownloadError: There is no such repository or file, or no network.
        MissingPackageError: `huggingface_hub` is not installed.
    """
    name = hub_name(source.url)
    repository = Repository(name, bar)
    read, files = needed(name, source.kind, repository.sizes, repository.place)
    missing = [file for file in files if not repository.is_here(file)]
    if missing:
        size = sum(repository.sizes[file] for file in missing)
        licence = f"licence {repository.licence}" if repository.licence else "no licence found"
        say(f"Downloading {name} (about {size / 1e6:,.1f} MB; {licence}) to {repository.cache}.")
    places = [repository.place(file) for file in files]
    if missing and not repository.offline and name.revision != repository.commit:
        repository.place(files[0], name.revision)  # notes which commit the branch is at
    if verify:
        for file, place in zip(files, places, strict=True):
            _check(f"{name}: {file}", place)
    own = places[files.index(read)] if read else places[0].parent
    facts = {
        "repository": name.repository,
        "revision": repository.commit,
        "url": str(name._replace(revision=repository.commit)),
        "licence": repository.stated_licence(files) or source.licence,
        "sha256": _said(own) if own.is_file() else "",
    }
    return own, {key: value for key, value in facts.items() if value}


def _said(place: Path) -> str:
    """The SHA-256 that the Hub calls a large file by; "" of a small one."""
    name = place.resolve().name
    return name if SHA256.fullmatch(name) else ""


def _check(where: str, place: Path) -> None:
    if said := _said(place):
        with place.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != said:
            hint = f"remove {place.resolve()}, and fetch it again"
            raise DownloadError(where, expected=f"SHA-256 {said}", got=found, hint=hint)


@contextmanager
def _bars(hub: Any, bar: bool | None) -> Iterator[None]:
    """While it lasts, its bars are not shown if ours would not be."""
    if bar is not False or hub.utils.are_progress_bars_disabled():
        yield
        return
    hub.utils.disable_progress_bars()
    try:
        yield
    finally:
        hub.utils.enable_progress_bars()


@contextmanager
def _told(name: HubName, hub: Any, endpoint: str) -> Iterator[None]:
    """Whatever it raises, of several libraries over the years, as an error of ours."""
    try:
        yield
    except InlayError:
        raise
    except Exception as error:
        page = f"{endpoint}/{name.repository}"
        expected, hint = f"an answer of {endpoint}", "the same again later"
        got = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
        if isinstance(error, hub.utils.GatedRepoError):
            expected, got = "a repository that is open to you", "one that one has to ask for"
            hint = f"ask at {page}, and log in with `hf auth login`"
        elif isinstance(error, hub.utils.RevisionNotFoundError):
            expected, got = f"the revision {name.revision}", "none of this name"
            hint = f"one of those at {page}"
        elif isinstance(error, hub.utils.LocalEntryNotFoundError):
            hint = "INLAY_OFFLINE=1, which takes what is in the cache; HTTPS_PROXY behind a proxy"
        elif isinstance(error, hub.utils.RepositoryNotFoundError):
            expected, got = "a public repository, or one of yours", f"none at {page}"
            hint = "look at its name; for a private one, log in with `hf auth login`"
        elif not isinstance(error, hub.utils.HfHubHTTPError):
            hint = "INLAY_OFFLINE=1, which takes what is in the cache; HTTPS_PROXY behind a proxy"
        raise DownloadError(str(name), expected=expected, got=got, hint=hint) from error
