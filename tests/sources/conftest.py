import pytest

from inlay.sources import download, transfer
from tests.sources.server import serving


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own, no proxy, and no long pauses."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("INLAY_CACHE", str(folder))
    monkeypatch.delenv("INLAY_OFFLINE", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSE", 0.001)
    monkeypatch.setattr(transfer, "SILENCE", 5.0)
    return folder
