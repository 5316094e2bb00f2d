import contextlib
import gzip
import hashlib
import json
import urllib.request
from types import SimpleNamespace

import pytest

import inlay
from inlay.errors import ArgumentError, DownloadError, InlayWarning
from inlay.sources import Download, Source, fetch, transfer
from inlay.sources.cache import files_of, remove
from tests.processes import ended, posix, started, wait_until

CONTENT = bytes(range(256)) * 40  # 10,240 bytes
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def of(url, content=CONTENT, **more):
    """A source whose SHA-256 is published."""
    return Source(name="mine", url=url, sha256=hashlib.sha256(content).hexdigest(), **more)


def place(source):
    return files_of(source)[0][1]


def test_a_file_comes_once_and_is_noted(server, cache):
    source = of(server.put("vectors.bin", CONTENT))
    path = fetch(source)
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(cache / "downloads")
    assert fetch(source) == path
    assert [asked[0] for asked in server.asked] == ["vectors.bin"]
    note = json.loads(path.with_name("vectors.bin.inlay").read_text())
    assert (note["name"], note["sha256"], note["size"]) == ("mine", DIGEST, len(CONTENT))
    assert note["published"] is True
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "vectors.bin",
        "vectors.bin.inlay",
        "vectors.bin.lock",
    ]


@pytest.mark.parametrize("cuts", [1, 6])
def test_what_is_cut_off_goes_on_where_it_ended(server, cuts):
    server.cuts = cuts
    source = of(server.put("v.bin", CONTENT, "cut"))
    assert fetch(source).read_bytes() == CONTENT
    tag = server.etags["v.bin"]
    assert server.asked[0] == ("v.bin", None, None)
    assert server.asked[1:] == [("v.bin", f"bytes={1000 * i}-", tag) for i in range(1, cuts + 1)]


def test_no_name_starts_a_download_that_is_not_told(server, capsys):
    source = of(server.put("v.bin", CONTENT), licence="CC0 1.0", size=2_000_000)
    fetch(source)  # not on a terminal, so there is no bar
    said = capsys.readouterr()
    folder = place(source).parent
    assert said.err == f"Downloading mine (about 2 MB; licence CC0 1.0) to {folder}.\n"
    assert said.out == ""
    fetch(source)
    fetch(of(server.put("w.bin", CONTENT)), progress=False)
    assert capsys.readouterr().err == ""


def test_a_cut_without_a_length_is_found_by_the_digest(server):
    source = of(server.put("v.bin", CONTENT, "cut", "no length"), mirrors=())
    with pytest.raises(DownloadError, match=r"it gives another file: SHA-256 .*published"):
        fetch(source)
    assert fetch(source).read_bytes() == CONTENT  # the part was put away


def test_a_server_without_ranges_begins_anew(server):
    source = of(server.put("v.bin", CONTENT, "cut", "no range"))
    assert fetch(source).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_another_version_is_not_joined_to_the_first(server):
    source = Source(name="mine", url=server.put("v.bin", CONTENT))
    left_by_another_call(source, b"x" * 500, validator='"old"')
    with pytest.warns(InlayWarning, match="nobody publishes"):
        assert fetch(source).read_bytes() == CONTENT
    assert server.asked == [("v.bin", "bytes=500-", '"old"')]


def left_by_another_call(source, content, **state):
    """The part of a download, and what is noted of it."""
    part = place(source).with_name(place(source).name + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    part.with_name(part.name + ".inlay").write_text(json.dumps({"url": source.url} | state))


def test_another_version_from_a_server_without_conditions(server):
    source = Source(name="mine", url=server.put("v.bin", CONTENT, "no condition"))
    left_by_another_call(source, b"x" * 500, validator='"old"')
    with pytest.warns(InlayWarning):
        assert fetch(source).read_bytes() == CONTENT
    assert [asked[1] for asked in server.asked] == ["bytes=500-", None]


def test_wrong_bytes_of_an_earlier_call_are_given_up(server):
    source = of(server.put("v.bin", CONTENT))
    left_by_another_call(source, b"x" * 500)
    assert fetch(source).read_bytes() == CONTENT
    assert [asked[1] for asked in server.asked] == ["bytes=500-", None]


def test_a_file_that_is_shorter_than_its_part(server):
    source = of(server.put("v.bin", CONTENT, "no condition"))
    left_by_another_call(source, CONTENT + b"more", validator='"old"')
    assert fetch(source).read_bytes() == CONTENT
    assert [asked[1] for asked in server.asked] == ["bytes=10244-", None]


def test_the_whole_length_is_that_of_the_range(server):
    server.cuts, server.cut = 1, 3000
    source = Source(name="mine", url=server.put("v.bin", CONTENT, "cut", "no length"))
    left_by_another_call(source, CONTENT[:500], validator=server.etags["v.bin"])
    with pytest.warns(InlayWarning):
        assert fetch(source).read_bytes() == CONTENT
    assert [asked[1] for asked in server.asked] == ["bytes=500-", "bytes=3500-"]


def test_what_was_stopped_between_the_last_byte_and_the_name(server):
    source = of(server.put("v.bin", CONTENT))
    left_by_another_call(source, CONTENT, total=len(CONTENT))
    assert fetch(source).read_bytes() == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_bytes_without_a_version_are_not_gone_on_with(server, tag):
    server.etags["v.bin"] = tag
    source = Source(name="mine", url=server.put("v.bin", CONTENT, "cut"))
    with pytest.warns(InlayWarning):
        assert fetch(source).read_bytes() == CONTENT
    assert [asked[1] for asked in server.asked] == [None, None]


def test_with_a_published_digest_another_server_may_go_on(server):
    server.cuts = 10**6
    server.cut = 0
    bad = server.put("bad.bin", CONTENT, "cut", "lies")
    good = server.put("good.bin", CONTENT)
    source = of(bad, mirrors=(good,))
    left_by_another_call(source, CONTENT[:3000])
    assert fetch(source).read_bytes() == CONTENT
    assert server.asked[-1] == ("good.bin", "bytes=3000-", None)


def test_a_length_that_is_a_lie_is_told(server):
    source = of(server.put("v.bin", CONTENT, "lies", "no range"))
    with pytest.raises(DownloadError, match=r"it ended after 10,240 of 10,740 bytes"):
        fetch(source)
    assert len(server.asked) < 10
    source = of(server.put("w.bin", CONTENT, "lies"))  # and then says that it is whole
    assert fetch(source).read_bytes() == CONTENT


def test_other_bytes_than_asked_for_are_not_joined_and_the_next_attempt_begins_anew(server):
    source = of(server.put("v.bin", CONTENT, "cut", "other range"))
    assert fetch(source).read_bytes() == CONTENT
    assert [asked[1] for asked in server.asked] == [None, "bytes=1000-", None]


def test_a_part_that_is_the_whole_is_not_fetched_again(server):
    """Whose length nobody noted: the server says it, beside that there is nothing behind it."""
    source = of(server.put("v.bin", CONTENT))
    left_by_another_call(source, CONTENT)
    assert fetch(source).read_bytes() == CONTENT
    assert [asked[1] for asked in server.asked] == ["bytes=10240-"]


@pytest.mark.parametrize("name", ["v.gz", "v.vec"])
def test_what_is_packed_on_the_way_is_kept_as_it_came(server, name):
    """Many servers call a `.gz` so; the library that unpacked it would do it twice."""
    packed = gzip.compress(b"2 2\ngood 1 0\nfilm 0 1\n")
    server.headers[name] = {"Content-Encoding": "gzip"}
    source = of(server.put(name, packed), packed)
    assert fetch(source).read_bytes() == packed
    assert inlay.load(source).tokens.tolist() == ["good", "film"]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("loop", r"HTTP 302 .*infinite loop\.?( |;|\.)"),
        ("http://[::1", "Invalid IPv6 URL|not a valid"),
        ("http://127.0.0.1:x/v", "nonnumeric port"),
        ("//", "."),
    ],
)
def test_a_redirect_that_leads_nowhere_is_told_in_a_line(server, location, reason):
    server.locations["loop"] = server.url("loop") if location == "loop" else location
    with pytest.raises(DownloadError, match=reason) as caught:
        fetch(of(server.url("loop"), file="v.bin"))
    assert "\n" not in str(caught.value)
    assert len(server.asked) < 50


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "9" * 5000},
        {"Content-Length": "-5"},
        {"Content-Length": "many"},
        {"Transfer-Encoding": "chunked"},
    ],
)
def test_what_a_header_claims_is_no_error_of_pythons(server, headers, monkeypatch):
    monkeypatch.setattr("inlay.sources.download.TRIES", 1)
    server.headers["v.bin"] = headers
    source = of(server.put("v.bin", CONTENT, "no length"))
    with contextlib.suppress(DownloadError):
        assert fetch(source).read_bytes() == CONTENT
    assert server.asked


def test_a_range_of_absurd_numbers(server, monkeypatch):
    source = of(server.put("v.bin", CONTENT, "no range"))
    left_by_another_call(source, CONTENT[:500])
    answer = SimpleNamespace(
        status=206, headers={"Content-Range": f"bytes 500-{'9' * 5000}/{'9' * 5000}"}
    )
    with pytest.raises(transfer.CutError, match="other bytes"):
        transfer._extent(answer, 500)


def test_mirrors_are_asked_in_turn_and_each_reason_is_said(server):
    page = server.put("page.zip", b"<!DOCTYPE html><title>Sorry</title>" + b" " * 3000)
    busy = server.put("busy.zip", CONTENT, "unavailable")
    wrong = server.put("wrong.bin", CONTENT[:-1])
    urls = (server.url("gone.zip"), page, busy, wrong)
    source = Source(name="mine", url=urls[0], mirrors=urls[1:], sha256=DIGEST, file="v.zip")
    with pytest.raises(DownloadError) as caught:
        fetch(source)
    for reason in ("HTTP 404", "a web page instead of the file", "HTTP 503", "no .zip file"):
        assert reason in caught.value.got, reason
    assert caught.value.where == "mine"
    good = server.put("good.bin", CONTENT)
    other = server.put("other.bin", CONTENT[::-1])  # as long, and not to be gone on with
    mirrors = (busy, other, good)
    source = Source(name="m", url=urls[0], mirrors=mirrors, sha256=DIGEST, file="v.bin")
    assert fetch(source).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("v.zip", b"<html><body>404</body></html>", "a web page"),
        ("v.vec", b"\n <!doctype html>" + b"x" * 2000, "a web page"),
        ("v.vec.gz", b"word 1 2 3\n", r"no \.gz file"),
        ("v.zip", b"PK\x03\x04" + b"x" * 600, "a zip archive that is not whole"),
        ("w.hdf5", b"no weights", r"no \.hdf5 file"),
        ("o.json", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "a web page"),
    ],
)
def test_what_cannot_be_the_file_is_not_kept(server, name, content, reason):
    source = Source(name="mine", url=server.put(name, content))
    with pytest.raises(DownloadError, match=reason):
        fetch(source)
    assert not place(source).exists()


def test_a_first_download_is_noted_and_another_later_is_an_error(server):
    source = Source(name="mine", url=server.put("v.bin", CONTENT))
    with pytest.warns(InlayWarning, match=f"mine: nobody publishes .*v.bin {DIGEST}"):
        path = fetch(source)
    remove("mine")
    assert not path.exists()
    assert fetch(source).read_bytes() == CONTENT  # the same again: no warning
    remove("mine")
    server.put("v.bin", CONTENT + b"changed")
    with pytest.raises(DownloadError, match=r"not the one of the download on 20.*--forget"):
        fetch(source)
    remove("mine", forget=True)
    with pytest.warns(InlayWarning, match="nobody publishes"):
        assert fetch(source).read_bytes() == CONTENT + b"changed"


def test_verify_reads_what_is_there(server):
    source = of(server.put("v.bin", CONTENT))
    path = fetch(source)
    path.write_bytes(CONTENT[:-1] + b"!")
    assert fetch(source) == path
    with pytest.raises(DownloadError, match=f"SHA-256 {DIGEST}, as noted on 20"):
        fetch(source, verify=True)


def test_a_file_that_was_cut_since_is_fetched_again(server):
    source = of(server.put("v.bin", CONTENT))
    fetch(source).write_bytes(CONTENT[:77])
    assert fetch(source).read_bytes() == CONTENT


def test_a_file_from_before_the_digest_was_known_is_compared(server):
    url = server.put("v.bin", CONTENT)
    with pytest.warns(InlayWarning):
        fetch(Source(name="mine", url=url))
    with pytest.raises(DownloadError, match="expected SHA-256 0000"):
        fetch(Source(name="mine", url=url, sha256="0" * 64))


def test_redirects_are_followed_but_never_to_what_is_less_safe(server):
    server.locations["old"] = server.put("new.bin", CONTENT)
    source = of(server.url("old"), file="v.bin")
    assert fetch(source).read_bytes() == CONTENT
    handler = transfer.SafeRedirects()
    for new in ("http://example.org/v", "ftp://example.org/v", "file:///etc/passwd"):
        old = urllib.request.Request("https://example.org/v.zip")
        with pytest.raises(transfer.RefusedError, match="not as safe"):
            handler.redirect_request(old, None, 302, "Found", {}, new)
    old = urllib.request.Request("https://example.org/v.zip", headers={"Range": "bytes=5-"})
    new = handler.redirect_request(old, None, 302, "Found", {}, "https://cdn.example.org/v")
    assert (new.full_url, new.get_header("Range")) == ("https://cdn.example.org/v", "bytes=5-")
    opened = [h for h in transfer.opener().handlers if isinstance(h, type(handler))]
    assert len(opened) == 1
    server.locations["away"] = "file:///etc/passwd"
    with pytest.raises(DownloadError, match=r"not as safe|not allowed"):
        fetch(of(server.url("away"), file="v.bin"))


def test_slow_drips_end(server, monkeypatch):
    monkeypatch.setattr(transfer, "WINDOW", 0.1)
    source = of(server.put("v.bin", CONTENT[:400], "drips"), CONTENT[:400])
    monkeypatch.setattr("inlay.sources.download.TRIES", 1)
    with pytest.raises(DownloadError, match=r"came too slowly: .* bytes in 0 s"):
        fetch(source)


def test_silence_ends(server, monkeypatch):
    monkeypatch.setattr(transfer, "SILENCE", 0.2)
    monkeypatch.setattr("inlay.sources.download.TRIES", 1)
    server.cut = 0
    with pytest.raises(DownloadError, match="no answer for"):
        fetch(of(server.put("v.bin", CONTENT, "waits")))


def test_offline_asks_nobody(server, monkeypatch):
    source = of(server.put("v.bin", CONTENT))
    monkeypatch.setenv("INLAY_OFFLINE", "1")
    with pytest.raises(DownloadError, match=r"as INLAY_OFFLINE is set, got nothing at .*v\.bin"):
        fetch(source)
    assert server.asked == []
    monkeypatch.setenv("INLAY_OFFLINE", "0")
    path = fetch(source)
    monkeypatch.setenv("INLAY_OFFLINE", "1")
    assert fetch(source) == path


def test_a_full_disk_is_told_before_and_in_the_middle(server, monkeypatch):
    source = of(server.put("v.bin", CONTENT))
    full = transfer.shutil.disk_usage("/")._replace(free=100)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: full)
    with pytest.raises(DownloadError, match=r"expected 10,240 bytes of free disk, got 100.*CACHE"):
        fetch(source)
    with pytest.raises(DownloadError, match="expected 5,000,000 bytes of free disk"):
        fetch(of(server.url("v.bin"), size=5_000_000))
    monkeypatch.undo()


def test_what_never_says_how_much_it_is_does_not_fill_the_disk(server, monkeypatch):
    monkeypatch.setattr(transfer, "RESERVE", 4096)
    monkeypatch.setattr(transfer, "BLOCK", 1024)
    source = of(server.put("v.bin", CONTENT, "no length"))
    part = place(source).with_name(place(source).name + ".part")
    usage = transfer.shutil.disk_usage("/")

    def left(_):
        return usage._replace(free=9000 - part.stat().st_size if part.exists() else 9000)

    monkeypatch.setattr(transfer.shutil, "disk_usage", left)
    with pytest.raises(DownloadError, match="expected 4,096 bytes of free disk"):
        fetch(source)
    assert part.stat().st_size < len(CONTENT)


def test_a_disk_that_fills_up_keeps_what_came(server, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    source = of(server.put("v.bin", CONTENT))
    monkeypatch.setattr(transfer, "_copy", full)
    with pytest.raises(DownloadError, match=r"a disk with room .*No space left.*v\.bin\.part"):
        fetch(source)
    assert len(server.asked) == 1  # no other attempt, and no mirror, has more room


def test_files_of_this_machine_need_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_OFFLINE", "1")
    mirror = tmp_path / "disk" / "v w.bin"
    mirror.parent.mkdir()
    mirror.write_bytes(CONTENT)
    source = of(mirror.as_uri())
    assert fetch(source).name == "v w.bin"
    assert fetch(source).read_bytes() == CONTENT
    away = of("https://example.org/away.bin", mirrors=(mirror.as_uri(),))
    assert fetch(away).name == "away.bin"
    missing = of((tmp_path / "none.bin").as_uri())
    with pytest.raises(DownloadError, match=r"none\.bin"):
        fetch(missing)


def test_several_files_are_a_folder(server):
    weights = server.put("w.bin", CONTENT)
    options = Download(server.put("o.json", b"{}"))
    with pytest.warns(InlayWarning, match="o.json"):
        folder = fetch(of(weights, others=(options,)))
    assert (folder / "w.bin").read_bytes() == CONTENT
    assert (folder / "o.json").read_bytes() == b"{}"


FETCH = """
import sys
from inlay.sources import Source, fetch
print(fetch(Source(name="mine", url=sys.argv[1], sha256=sys.argv[2]), progress=True))
"""


def test_two_processes_download_once(server, cache):
    url = server.put("v.bin", CONTENT, "waits")
    args = ("-c", FETCH, url, DIGEST)
    with started(*args) as one:
        assert server.reached.wait(60)
        with started(*args) as two:
            said = two.stderr.readline() + two.stderr.readline()
            assert b"Another process is downloading v.bin; waiting." in said
            server.go_on.set()
            answers = [ended(one), ended(two)]
    assert [code for code, _, _ in answers] == [0, 0], answers
    assert answers[0][1] == answers[1][1]
    assert len(server.asked) == 1


@posix
def test_a_killed_download_blocks_nobody_and_is_gone_on_with(server, cache):
    url = server.put("v.bin", CONTENT, "waits")
    source = of(url)
    part = place(source).with_name("v.bin.part")
    with started("-c", FETCH, url, DIGEST) as running:
        wait_until(lambda: part.exists(), running)
        running.kill()
        running.wait()
    server.ways["v.bin"].clear()
    part.write_bytes(CONTENT[:1000])
    assert fetch(source).read_bytes() == CONTENT
    assert server.asked[-1] == ("v.bin", "bytes=1000-", server.etags["v.bin"])


@posix
def test_ctrl_c_keeps_what_came(server, cache):
    import signal

    server.cut = 4096
    url = server.put("v.bin", CONTENT, "waits")
    source = of(url)
    part = place(source).with_name("v.bin.part")
    with started("-c", FETCH, url, DIGEST) as running:
        assert server.reached.wait(60)
        wait_until(lambda: part.exists(), running)
        running.send_signal(signal.SIGINT)
        _, _, err = ended(running)
    assert f"Stopped; what was done is kept in {part}" in err
    assert part.read_bytes() == CONTENT[: part.stat().st_size]
    server.ways["v.bin"].clear()
    assert fetch(source).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.org/v.bin"},
        {"url": "v.bin"},
        {"url": "https://example.org/"},
        {"url": "https://example.org/.."},
        {"url": "https://example.org/a%5cb"},
        {"url": "https://example.org/v", "file": "..\\v"},
        {"url": "https://example.org/v", "sha256": "abc"},
        {"url": "https://example.org/v", "name": "../mine"},
        {"url": "https://example.org/v", "kind": "model"},
        {"url": "https://example.org/v", "others": (Download("https://example.com/V"),)},
    ],
)
def test_sources_that_cannot_be(wrong):
    with pytest.raises(ArgumentError):
        Source(**{"name": "mine"} | wrong)


def test_what_was_noted_is_said_also_if_the_second_file_does_not_come(server):
    weights, missing = server.put("w.bin", CONTENT), Download(server.url("o.json"))
    with (
        pytest.raises(DownloadError, match="HTTP 404"),
        pytest.warns(InlayWarning, match=r"w\.bin"),
    ):
        fetch(Source(name="mine", url=weights, others=(missing,)))
