import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from inlay.bytes import writing
from inlay.bytes.writing import atomic_folder, atomic_path, restore_folder
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


posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request):
    old = os.umask(request.param)
    yield request.param
    os.umask(old)


def private(path, content="new"):
    """Write as safetensors' `save_file` does: another file, which only its owner can read."""
    path.unlink(missing_ok=True)
    path.write_text(content)
    path.chmod(0o600)


@posix
def test_a_new_file_has_the_mode_of_any_new_file(tmp_path, umask):
    with atomic_path(tmp_path / "ours") as part:
        private(part)
    with atomic_folder(tmp_path / "folder") as part:
        (part / "sub").mkdir()
        private(part / "sub" / "ours")
    assert mode(tmp_path / "ours") == 0o666 & ~umask
    assert mode(tmp_path / "folder") == 0o777 & ~umask
    assert mode(tmp_path / "folder" / "sub" / "ours") == 0o666 & ~umask


@posix
@pytest.mark.parametrize("kept", [0o600, 0o640, 0o444, 0o755])
def test_what_is_replaced_hands_on_its_mode(tmp_path, kept):
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("old")
    file.chmod(kept)
    folder.mkdir(mode=0o750)
    (folder / "inner").write_text("old")
    (folder / "inner").chmod(kept)
    with atomic_path(file) as part:
        assert mode(part) == kept | 0o600  # as private while it is written
        private(part)
    folder.chmod(0o550)
    with atomic_folder(folder) as part:
        assert mode(part) == 0o750
        private(part / "inner")
        private(part / "another")
    assert (mode(file), file.read_text()) == (kept, "new")
    assert (mode(folder), mode(folder / "inner")) == (0o550, kept)
    (tmp_path / "any").touch()
    assert mode(folder / "another") == mode(tmp_path / "any")


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
from inlay.bytes import writing
from inlay.bytes.writing import atomic_folder, atomic_path, restore_folder
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


@pytest.mark.parametrize("error", [OSError("no"), KeyboardInterrupt()])
def test_a_failed_swap_puts_the_old_folder_back(tmp_path, monkeypatch, error):
    target = tmp_path / "model"
    target.mkdir()
    (target / "a").write_text("old")
    replace = Path.replace

    def failing(self, other):
        if self.suffix == ".part":
            raise error
        return replace(self, other)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(type(error)), atomic_folder(target) as part:
        (part / "a").write_text("new")
    assert (target / "a").read_text() == "old"
    assert names(tmp_path) == ["model"]


KILLED = """
import os, sys
from pathlib import Path
from inlay.bytes.writing import atomic_folder
replace = Path.replace
def killed(self, other):
    if self.suffix == sys.argv[2]:
        os._exit(9)
    return replace(self, other)
Path.replace = killed
with atomic_folder(sys.argv[1]) as part:
    (part / "a").write_text("new")
    if sys.argv[2] == "half":
        os._exit(9)
"""


def kill(target, at):
    assert subprocess.run([sys.executable, "-c", KILLED, target, at]).returncode == 9


@posix
@pytest.mark.parametrize("way", ["a reader", "the next writer", "a writer that fails"])
def test_a_kill_between_the_two_renames_costs_nothing(tmp_path, way):
    target = tmp_path / "model"
    target.mkdir()
    (target / "a").write_text("old")
    kill(target, ".part")
    assert not target.exists()
    if way == "a reader":
        restore_folder(target)
    elif way == "the next writer":
        with atomic_folder(target) as part:
            assert (target / "a").read_text() == "old"
            (part / "a").write_text("newer")
    else:
        with pytest.raises(ValueError, match="stop"), atomic_folder(target):
            raise ValueError("stop")
    assert (target / "a").read_text() == ("newer" if way == "the next writer" else "old")
    assert names(target) == ["a"]


@posix
def test_the_next_run_clears_what_a_killed_one_left(tmp_path):
    target = tmp_path / "model"
    kill(target, "half")
    assert len(names(tmp_path)) == 1
    keep = [".model.part", ".model.12345678_1_.part", ".models.1234.part", ".other.0_0_0.part"]
    for name in keep:
        (tmp_path / name).touch()
    with atomic_folder(target) as part:
        (part / "a").write_text("new")
    assert names(tmp_path) == sorted([*keep, "model"])
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = writing._part_of(target / "a").name.replace(f"_{os.getpid()}_", f"_{dead.pid}_")
    (target / left).touch()
    with atomic_path(target / "a") as part:
        part.write_text("newer")
    assert names(target) == ["a"]


@posix
def test_what_may_be_in_work_is_left_alone_until_it_is_old(tmp_path):
    """Work of a living process, and of another machine, whose processes cannot be seen."""
    target = tmp_path / "a"
    living = writing._part_of(target)
    elsewhere = tmp_path / f".a.00000000_{2**22 - 1}_0123456789ab.part"
    folder = tmp_path / f".a.00000000_{2**22 - 1}_0123456789ab.old"
    for part in (living, elsewhere, folder / "inner"):
        part.parent.mkdir(exist_ok=True)
        part.touch()
    with atomic_path(target) as part:
        part.write_text("new")
    assert len(names(tmp_path)) == 4
    for old in (living, elsewhere, folder):
        os.utime(old, (0, 0))
    with atomic_path(target) as part:
        part.write_text("new")
    assert names(tmp_path) == [folder.name, "a"]  # something in the folder is new
    os.utime(folder / "inner", (0, 0))
    with atomic_path(target) as part:
        part.write_text("new")
    assert names(tmp_path) == ["a"]


def test_two_saves_in_one_second_do_not_meet(tmp_path, monkeypatch):
    """Also where the older folder could not be removed, as on Windows while a file is open."""
    monkeypatch.setattr("time.time", lambda: 1e9)
    monkeypatch.setattr("shutil.rmtree", lambda *args, **kwargs: None)
    target = tmp_path / "model"
    for content in ("first", "second", "third"):
        with atomic_folder(target) as part:
            (part / "a").write_text(content)
        assert (target / "a").read_text() == content
    assert sorted(path.read_text() for path in tmp_path.glob(".model.*.old/a")) == [
        "first",
        "second",
    ]


@posix
def test_a_link_to_itself_and_a_name_with_a_nul(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for write in (atomic_path, atomic_folder):
        with pytest.raises(ArgumentError, match="leads back to itself"), write(loop):
            pass
        with pytest.raises(ArgumentError, match="without a NUL"), write(f"{tmp_path}/a\0b"):
            pass


def test_a_folder_that_cannot_be_looked_into_can_be_written_to(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.listdir", refuse)
    with atomic_path(tmp_path / "a") as part:
        part.write_text("new")
    assert (tmp_path / "a").read_text() == "new"


def test_nothing_is_put_back_where_nothing_was(tmp_path):
    restore_folder(tmp_path / "no" / "where")
    restore_folder(tmp_path / "model")
    assert names(tmp_path) == []


@posix
def test_the_last_of_several_old_folders_is_put_back(tmp_path):
    """Several processes at one path may have been killed together."""
    target = tmp_path / "model"
    target.mkdir()
    (target / "a").write_text("first")
    kill(target, ".part")
    first = next(tmp_path.glob(".model.*.old"))
    second = first.with_name(f"{first.name[:-16]}{'0' * 12}.old")
    second.mkdir()
    (second / "a").write_text("second")
    os.utime(first, (1e9, 1e9))
    with pytest.raises(ValueError, match="stop"), atomic_folder(target):
        raise ValueError("stop")
    assert (target / "a").read_text() == "second"
    assert names(tmp_path) == ["model"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says what is flushed")
def test_all_is_on_the_disk_before_it_has_its_name_and_then_the_name_is(tmp_path, monkeypatch):
    done = []
    flush, rename = os.fsync, Path.replace

    def fsync(handle):
        done.append(os.readlink(f"/proc/self/fd/{handle}"))
        flush(handle)

    def replace(path, target):
        done.append("renamed")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    with atomic_path(tmp_path / "file") as file:
        file.write_text("x")
    assert done == [str(file), "renamed", str(tmp_path)]
    done.clear()
    with atomic_folder(tmp_path / "folder") as folder:
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("x")
    assert done[-2:] == ["renamed", str(tmp_path)]
    assert done[:3] == [str(folder / "a" / "b"), str(folder / "a"), str(folder)]
