"""The few answers of the Hugging Face Hub that `huggingface_hub` needs, on this machine."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "a" * 40


class Hub:
    """Repositories by their names, and what was asked.

    Attributes:
        files: The files of each repository; None: one that is gated.
        licences: What the card of each says.
        asked: The method and the path of each request.
    """

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes] | None] = {}
        self.licences: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = ""

    def fetched(self) -> set[str]:
        """The files whose bytes were asked for since the last call."""
        asked, self.asked = self.asked, []
        paths = (path for method, path in asked if method == "GET" and "/resolve/" in path)
        return {path.split("/resolve/")[1].partition("/")[2] for path in paths}


@contextmanager
def serving_hub() -> Iterator[Hub]:
    """A hub for a while."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(*_answer(hub, "HEAD", self.path))

        def do_GET(self) -> None:
            self._answer(*_answer(hub, "GET", self.path))

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    hub.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def _answer(hub: Hub, method: str, target: str) -> tuple[int, dict[str, str], bytes]:
    path = unquote(urlsplit(target).path).lstrip("/")
    hub.asked.append((method, path))
    for kind in ("api/models/", "api/datasets/", "datasets/"):
        path = path.removeprefix(kind)
    repository, rest = "/".join(path.split("/")[:2]), path.split("/")[2:]
    if repository not in hub.files:
        return _error(401, "RepoNotFound")
    files = hub.files[repository]
    if files is None:
        return _error(403, "GatedRepo")
    if rest[1:] and rest[1] not in ("main", COMMIT):
        return _error(404, "RevisionNotFound")
    if rest[:1] == ["revision"]:
        licence = hub.licences.get(repository)
        facts = {
            "id": repository,
            "sha": COMMIT,
            "siblings": [{"rfilename": n, "size": len(c)} for n, c in files.items()],
            "tags": [f"license:{licence}"] if licence else [],
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(facts).encode()
    file = "/".join(rest[2:])
    if file not in files:
        return _error(404, "EntryNotFound")
    content = files[file]
    tag = hashlib.sha256(content).hexdigest()
    return 200, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, content


def _error(status: int, code: str) -> tuple[int, dict[str, str], bytes]:
    return status, {"X-Error-Code": code, "X-Error-Message": code}, b"{}"
