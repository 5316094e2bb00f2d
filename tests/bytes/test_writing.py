import os
import stat
import subprocess
import sys

import pytest

from inlay.bytes.writing import atomic_folder, atomic_path
from inlay.errors import ArgumentError, MissingFileError


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


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "a.txt", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with atomic_path(link) as part:
        assert part.parent == target.parent.resolve()
        part.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    folder = tmp_path / "models"
    folder.symlink_to(tmp_path / "there")
    with atomic_folder(folder) as part:
        (part / "b").touch()
    assert folder.is_symlink()
    assert names(tmp_path / "there") == ["b"]


def test_a_folder_where_a_file_belongs_and_the_other_way_round(tmp_path):
    with pytest.raises(ArgumentError, match="got a folder"), atomic_path(tmp_path):
        pass
    (tmp_path / "a").write_text("old")
    with pytest.raises(ArgumentError, match="got a file"), atomic_folder(tmp_path / "a"):
        pass
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX devices")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as cat:
        with atomic_path(pipe) as part:
            part.write_text("new")
        assert cat.communicate(timeout=10)[0] == b"new"
    assert pipe.is_fifo()


WRITER = """
import sys
from inlay.bytes.writing import atomic_folder, atomic_path
for i in range(25):
    with atomic_folder(sys.argv[1] + "/folder") as part:
        for name in "ab":
            (part / name).write_text(sys.argv[2] * 1000)
    with atomic_path(sys.argv[1] + "/file") as part:
        part.write_text(sys.argv[2] * 1000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use is not renamed there")
def test_two_processes_at_one_path_leave_the_whole_work_of_one(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, mark], stderr=subprocess.PIPE)
        for mark in "xy"
    ]
    for writer in writers:
        assert writer.communicate(timeout=60)[1] == b""
    assert names(tmp_path) == ["file", "folder"]
    found = {(tmp_path / "folder" / name).read_text() for name in "ab"}
    assert found in ({"x" * 1000}, {"y" * 1000})
    assert (tmp_path / "file").read_text() in ("x" * 1000, "y" * 1000)
