"""The journal by itself; what features add to it is in tests/encode/test_features.py."""

import os
import stat

import numpy as np
import pytest

from inlay.errors import ArgumentError
from inlay.jobs.journal import Job, open_journal, work_paths
from tests.processes import posix


@pytest.fixture
def target(tmp_path):
    return tmp_path / "shard"


def write(target, keys, *, about=None, stop_at=None, overwrite=False):
    """Write a block of three numbers for each key; gives the keys that were worked on."""
    worked = []
    job = Job(target, about or {"seed": 0}, 4, "sentences", overwrite)
    with open_journal(job) as journal:
        for key in keys:
            if not journal.is_done(key):
                if key == stop_at:
                    raise KeyboardInterrupt
                worked.append(key)
                journal.append(key, [np.array([int(key)] * 3, np.int8), np.zeros(1, np.int8)])
        total = sum(sum(block.counts) for block in journal.blocks())
        journal.finish([b"end"], lambda: total.to_bytes(4, "little"))
    return worked


EXPECTED = b"\x0c\0\0\0" + b"\1\1\1\0\2\2\2\0\3\3\3\0" + b"end"


def test_the_file_is_header_rows_and_tail(target):
    assert write(target, "123") == ["1", "2", "3"]
    assert target.read_bytes() == EXPECTED
    assert [child.name for child in target.parent.iterdir()] == ["shard"]


def test_stopped_work_says_where_it_is_and_is_gone_on_with(target):
    with pytest.raises(KeyboardInterrupt) as stopped:
        write(target, "123", stop_at="3")
    rows, journal = work_paths(target)
    assert stopped.value.__notes__ == [
        f"Stopped; what was done is kept in {rows}, and the same again goes on from there."
    ]
    assert rows.exists()
    assert journal.exists()
    assert write(target, "123") == ["3"]
    assert target.read_bytes() == EXPECTED


def test_stopped_before_anything_was_done_leaves_nothing_and_says_so(target):
    with pytest.raises(KeyboardInterrupt) as stopped:
        write(target, "123", stop_at="1")
    assert stopped.value.__notes__ == ["Stopped; nothing is done yet."]
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("keys", "about", "said"),
    [
        ("143", None, "another: sentences that differ from block 2 on"),
        ("1", None, "another: fewer sentences, 1 blocks of 2"),
        ("123", {"seed": 1}, r"another: seed 0 \(not 1\)"),
    ],
)
def test_work_of_another_job_is_refused_or_overwritten(target, keys, about, said):
    with pytest.raises(KeyboardInterrupt):
        write(target, "123", stop_at="3")
    with pytest.raises(ArgumentError, match=f"{said}.* Try: .*overwrite=True"):
        write(target, keys, about=about)
    write(target, keys, about=about, overwrite=True)
    assert len(target.read_bytes()) == 4 + 4 * len(keys) + 3


@posix
@pytest.mark.parametrize("old", [None, 0o640, 0o400])
def test_the_file_keeps_the_mode_of_what_it_replaces_and_the_work_shows_no_more(target, old):
    if old is not None:
        target.write_bytes(b"old")
        target.chmod(old)
    before = os.umask(0o022)
    try:
        with pytest.raises(KeyboardInterrupt):
            write(target, "123", stop_at="3", overwrite=True)
        work = stat.S_IMODE(work_paths(target)[0].stat().st_mode)
        write(target, "123", overwrite=True)
    finally:
        os.umask(before)
    assert work == (0o644 if old is None else old | 0o600)
    assert stat.S_IMODE(target.stat().st_mode) == (0o644 if old is None else old)
    assert target.read_bytes() == EXPECTED
