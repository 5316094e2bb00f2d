import os
import stat
import sys

import pytest

from inlay.errors import MissingFileError
from inlay.files import atomic_folder, atomic_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with atomic_path(target) as part:
        part.write_text("new")
        assert target.read_text() == "old"
        assert part.parent == tmp_path
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic_path(tmp_path / "ours") as part:
        part.write_text("")
    modes = [stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in ("plain", "ours")]
    assert modes[0] == modes[1]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as part:
        part.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "model"
    for content in ("first", "second"):
        with atomic_folder(target) as part:
            (part / content).write_text(content)
    assert names(target) == ["second"]
    with pytest.raises(ValueError, match="stop"), atomic_folder(target) as part:
        (part / "third").write_text("half")
        raise ValueError("stop")
    assert names(target) == ["second"]
    assert names(tmp_path) == ["model"]


def test_no_folder_to_write_into(tmp_path):
    with pytest.raises(MissingFileError, match="no folder"), atomic_path(tmp_path / "no" / "a"):
        pass
