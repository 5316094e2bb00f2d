import gzip
import io
import tarfile
import zipfile

import pytest

from inlay import load, read_labelled
from inlay.bytes.archives import tar_members
from inlay.bytes.content import HEAD, open_content
from inlay.errors import FormatError
from tests.bytes.packing import claiming, tarred, zipped
from tests.processes import soon

TEXT = b"a 1 2\nb 3 4\n"
READERS = {"vectors": load, "labelled": read_labelled}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["tar", "tar.gz"])
@pytest.mark.parametrize("size", [2**60, 2**33, 20_000])
def test_a_member_that_claims_more_than_there_is(make, read, pack, size):
    """tarfile passes over what a header claims, a block at a time: 2^60 bytes take years."""
    path = make(pack(claiming(size, TEXT)))
    with (
        soon(20),
        pytest.raises(FormatError, match=r"vectors\.txt: .*(a whole|of up to)") as caught,
    ):
        read(path)
    if pack is bytes:
        assert f"claims {size:,} bytes" in str(caught.value)


def test_a_member_with_holes_may_claim_any_size(make):
    """The old GNU header: the member has no bytes of its own and is a terabyte long."""
    info = tarfile.TarInfo("a")
    info.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[386:398] = b"%011o\0" % 0  # where the only piece begins
    head[398:410] = b"%011o\0" % 0  # how long it is
    head[483:495] = b"\x80" + (2**40).to_bytes(11, "big")  # the real size
    head[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(head))[0]
    path = make(bytes(head) + bytes(9728))
    with tarfile.open(path) as archive:
        assert archive.getmember("a").size == 2**40
    with soon(20), pytest.raises(FormatError, match=r"a: expected a file with all its bytes"):
        load(path)


def test_a_damaged_header_is_no_end_of_the_archive(make):
    """tarfile takes it for the end: the rest of the files would be missing without a word."""
    content = bytearray(tarred(**{"pos/1.txt": b"good", "neg/1.txt": b"bad"}))
    content[1024 + 10] ^= 1
    with pytest.raises(FormatError, match=r"expected a whole tar archive.*bad checksum"):
        read_labelled(make(bytes(content)))


def test_a_packing_that_is_cut_behind_the_last_member(make):
    """tarfile is content, but the checksum of gzip stands at the end."""
    path = make(gzip.compress(tarred(**{"pos/1.txt": b"good" * HEAD}))[:-4])
    with pytest.raises(FormatError, match=r"got a damaged one \(Compressed file ended"):
        read_labelled(path)


def test_only_files_are_members():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, kind in {
            "d": tarfile.DIRTYPE,
            "l": tarfile.SYMTYPE,
            "f": tarfile.REGTYPE,
        }.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    file.seek(0)
    assert [(name, size) for name, size, _ in tar_members(file, "a.tar")] == [("f", 0)]


def test_a_zip_member_without_a_name(make):
    content = bytearray(zipped(x=TEXT))
    for at in (26, content.index(b"PK\x01\x02") + 28):
        content[at : at + 2] = b"\0\0"
    with pytest.raises(FormatError, match=r"vectors\.txt"):
        load(make(bytes(content)))


def test_a_zip_packed_in_a_way_that_this_python_lacks(make):
    content = bytearray(zipped(x=TEXT))
    for at in (8, content.index(b"PK\x01\x02") + 10):
        content[at : at + 2] = (97).to_bytes(2, "little")
    with pytest.raises(FormatError, match=r"a damaged one .*compression"):
        load(make(bytes(content)))


def test_a_zip_that_claims_more_than_there_is(make):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x", TEXT * 1000)
    content = bytearray(file.getvalue())
    at = content.index(b"PK\x01\x02")
    content[at + 20 : at + 28] = b"\xfe\xff\xff\x7f" * 2  # both sizes
    with pytest.raises(FormatError, match="damaged one"):
        open_content(make(bytes(content))).array()


@pytest.mark.parametrize("offset", [0, 10_000, 2**31])
def test_a_zip_member_that_begins_elsewhere(make, offset):
    """A seek to a place before the file is an error of the disk, as it seems."""
    content = bytearray(b"#!run\n" + zipped(x=TEXT))
    at = content.index(b"PK\x01\x02")
    content[at + 42 : at + 46] = offset.to_bytes(4, "little")
    content[content.index(b"PK\x05\x06") + 16] += 60  # the directory, as much further
    with pytest.raises(FormatError, match=r"vectors\.txt: .*a damaged one"):
        load(make(bytes(content[6:])))
