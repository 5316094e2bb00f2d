import io
import os
import zipfile

import pytest

from inlay.bytes.stretch import Place, Stretch, stored_at

CONTENT = bytes(range(100))


@pytest.fixture
def path(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    return tmp_path / "x"


def test_a_stretch_is_a_file_that_ends_where_it_does(path):
    with Stretch(path, Place(10, 20)) as file:
        assert (file.read(3), file.tell(), file.read()) == (CONTENT[10:13], 3, CONTENT[13:30])
        assert (file.read(), file.seek(-2, os.SEEK_END), file.read()) == (b"", 18, CONTENT[28:30])
        assert (file.seek(5), file.seek(2, os.SEEK_CUR), file.read(1)) == (5, 7, CONTENT[17:18])
        assert (file.seek(50), file.read(), file.seek(-9), file.tell()) == (50, b"", 0, 0)
        room = bytearray(30)
        assert file.readinto(room) == 20
        assert bytes(room) == CONTENT[10:30] + bytes(10)
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.read()


def archive(method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as out:
        out.writestr("first", b"abc")
        out.writestr("höher/x", CONTENT)
    with zipfile.ZipFile(file) as stored:
        return file, stored.getinfo("höher/x")


def test_where_a_member_of_a_zip_is():
    file, info = archive()
    place = stored_at(file, info)
    assert file.getvalue()[place.start :][: place.size] == CONTENT
    info.flag_bits |= 1
    assert stored_at(file, info) is None
    assert stored_at(*archive(zipfile.ZIP_DEFLATED)) is None


@pytest.mark.parametrize("change", [{"file_size": 1 << 40}, {"header_offset": -1}])
def test_a_member_that_is_not_there(change):
    file, info = archive()
    for name, value in change.items():
        setattr(info, name, value)
    with pytest.raises(EOFError, match="claims bytes that are not there"):
        stored_at(file, info)
