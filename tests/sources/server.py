"""An HTTP server on this machine that does what servers do, the wrong things too."""

import hashlib
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Server:
    """What is served, how, and what was asked.

    Attributes:
        files: The bytes of each path.
        ways: How each path is answered: the names of flags; none is a good server.
        asked: Every request, as `(path, Range, If-Range)`.
        etags: Of each path; "" for none.
        cut: After how many bytes an answer of the way "cut" ends.
        cuts: How many answers are cut still.
        locations: Where redirects lead.
        headers: Of each path: what else, or what instead, an answer says.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.ways: dict[str, set[str]] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.etags: dict[str, str] = {}
        self.locations: dict[str, str] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.cut, self.cuts, self.port = 1000, 1, 0
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def put(self, path: str, content: bytes, *ways: str) -> str:
        """Serve these bytes at a path, in these ways; gives the address."""
        self.files[path], self.ways[path] = content, set(ways)
        self.etags.setdefault(path, f'"{hashlib.md5(content).hexdigest()}"')
        return self.url(path)


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server for a while; with a context, by TLS."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            with suppress(ConnectionError):  # of a client that has gone
                _answer(server, self)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    if context is not None:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    server.port = httpd.server_address[1]
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def _answer(server: Server, http: BaseHTTPRequestHandler) -> None:
    path = urlsplit(http.path).path.lstrip("/")  # of a whole address, if this is a proxy
    wanted, condition = http.headers.get("Range"), http.headers.get("If-Range")
    server.asked.append((path, wanted, condition))
    http.close_connection = True
    if path in server.locations:
        http.send_response(302)
        http.send_header("Location", server.locations[path])
        http.send_header("Content-Length", "0")
        http.end_headers()
        return
    if path not in server.files:
        http.send_error(404)
        return
    ways, content, tag = server.ways[path], server.files[path], server.etags[path]
    if "unavailable" in ways:
        http.send_error(503)
        return
    start = 0
    holds = condition in (None, tag) or "no condition" in ways
    if wanted and "no range" not in ways and holds:
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            http.send_response(416)
            http.send_header("Content-Range", f"bytes */{len(content)}")
            http.send_header("Content-Length", "0")
            http.end_headers()
            return
        http.send_response(206)
        said = start + 1 if "other range" in ways else start
        http.send_header("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}")
    else:
        http.send_response(200)
    rest = content[start:]
    if tag:
        http.send_header("ETag", tag)
    for name, value in server.headers.get(path, {}).items():
        http.send_header(name, value)
    if "no length" not in ways:
        lie = 500 if "lies" in ways else 0
        http.send_header("Content-Length", str(len(rest) + lie))
    http.end_headers()
    if "cut" in ways and server.cuts:
        server.cuts -= 1
        rest = rest[: server.cut]
    if "drips" in ways:
        for byte in rest:
            http.wfile.write(bytes([byte]))
            time.sleep(0.02)
        return
    if "waits" in ways:
        http.wfile.write(rest[: server.cut])
        http.wfile.flush()
        server.reached.set()
        server.go_on.wait(60)
        rest = rest[server.cut :]
    http.wfile.write(rest)
