"""What lies between this machine and a server: certificates, proxies."""

import hashlib
import ssl

import pytest

from inlay.errors import DownloadError
from inlay.sources import Source, fetch
from tests.sources.server import serving

CONTENT = b"x" * 3000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
# A certificate that nobody has signed, for this machine alone, and its key.
PEM = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7Xo2ClSQzVmfxW0S
GAeRZvktE+Gk7QDPBQM1KEdvp32hRANCAATxMRBWmtx+G4QhbhDEHpQ0+j8JcLr7
+iD4s3pM8uIkPasHZ5X5Od3nXe7dPo5fcQ6SvSXBgAeNdNJQarNCUW6n
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUUlcfe7sYqjlbZeYBzlSMwKl+UD4wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTIxNDgyNFoYDzIxMjYxMTAx
MjE0ODI0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATxMRBWmtx+G4QhbhDEHpQ0+j8JcLr7+iD4s3pM8uIkPasHZ5X5Od3n
Xe7dPo5fcQ6SvSXBgAeNdNJQarNCUW6no28wbTAdBgNVHQ4EFgQUBMsbYWomvJCg
VDB0L2Usil0D8zwwHwYDVR0jBBgwFoAUBMsbYWomvJCgVDB0L2Usil0D8zwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgdVb4Z/QdvfyLv53fNsnNiPPvdHtkg3C6FokGjrIVWx0CIQDD
aeJgyZWrwsM9vaMmUqiVhqYie6e7e/3TI544otrVCg==
-----END CERTIFICATE-----
"""


@pytest.fixture
def certificate(make):
    return make(PEM, "certificate.pem")


@pytest.fixture
def safe_server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(context) as running:
        yield running


def test_a_certificate_that_nobody_has_signed_is_refused(safe_server, monkeypatch):
    safe_server.put("v.bin", CONTENT)
    monkeypatch.setattr("inlay.sources.download.PAUSE", 60)  # another attempt is of no use
    url = f"https://localhost:{safe_server.port}/v.bin"
    with pytest.raises(DownloadError, match=r"localhost: no safe connection .*CERTIFICATE"):
        fetch(Source(name="mine", url=url, sha256=DIGEST))
    assert safe_server.asked == []


def test_a_certificate_that_the_environment_trusts(safe_server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    safe_server.put("v.bin", CONTENT)
    url = f"https://localhost:{safe_server.port}/v.bin"
    assert fetch(Source(name="mine", url=url, sha256=DIGEST)).read_bytes() == CONTENT
    safe_server.locations["old"] = f"http://localhost:{safe_server.port}/v.bin"
    url = f"https://localhost:{safe_server.port}/old"
    with pytest.raises(DownloadError, match="from https to http, which is not as safe"):
        fetch(Source(name="mine", url=url, sha256=DIGEST, file="v.bin"))


def test_a_proxy_of_the_environment_is_asked(server, monkeypatch):
    server.put("v.bin", CONTENT)
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    source = Source(name="mine", url="http://vectors.invalid/v.bin", sha256=DIGEST)
    assert fetch(source).read_bytes() == CONTENT
    assert server.asked == [("v.bin", None, None)]


def test_a_server_that_is_not_there(monkeypatch):
    monkeypatch.setattr("inlay.sources.download.TRIES", 1)
    source = Source(name="mine", url="http://127.0.0.1:9/v.bin", sha256=DIGEST)
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1: Connection refused"):
        fetch(source)
