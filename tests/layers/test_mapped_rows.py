"""Rows in files: the optimisers' formulas, what is put back after a kill, and memory."""

import json
import os
import signal

import numpy as np
import pytest

import inlay
from inlay import Table
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, IdError
from inlay.layers.mapped_rows import MappedRows
from tests.processes import ended, started

EMPTY = Table([], np.zeros((0, 4), "float32"))
BATCHES = [[[1, 3, 3], [5, 1, 2]], [[3, 0, 4], [4, 4, 4]], [[1, 2, 3], [3, 2, 1]]]


def step(rows, ids):
    """One step down the sum of squares of the vectors of `ids`."""
    pulled, positions = rows.pull(ids)
    gradient = np.zeros_like(pulled)
    np.add.at(gradient, positions, 2 * pulled[positions])
    rows.push(gradient)


def numbers(rows):
    return np.array(rows.table.vectors)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")
@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "sgd"])
def test_steps_are_those_of_torch_and_the_table_stays(padded, tmp_path, optimizer):
    torch = pytest.importorskip("torch")
    from inlay.layers.torch.optimizers import LazyAdam

    path = tmp_path / "table.safetensors"
    padded.save(path)
    before = path.read_bytes()
    rows = MappedRows.create(
        inlay.load(path), tmp_path / "rows", optimizer=optimizer, learning_rate=0.1, eps=1e-6
    )
    layer = torch.nn.Embedding.from_pretrained(
        torch.tensor(padded.vectors), freeze=False, sparse=True, padding_idx=2
    )
    make = {"adam": LazyAdam, "adagrad": torch.optim.Adagrad, "sgd": torch.optim.SGD}[optimizer]
    host = make(layer.parameters(), lr=0.1, **({} if optimizer == "sgd" else {"eps": 1e-6}))
    for ids in BATCHES:
        step(rows, ids)
        host.zero_grad()
        layer(torch.tensor(ids)).square().sum().backward()
        host.step()
    np.testing.assert_allclose(numbers(rows), layer.weight.detach().numpy(), atol=2e-6)
    assert (numbers(rows)[2] == 0).all()
    assert path.read_bytes() == before
    assert (len(rows), rows.dim, rows.steps) == (6, 4, 3)


def test_pull_gives_each_row_once_and_as_many_as_wanted(padded, tmp_path):
    rows = MappedRows.create(padded, tmp_path / "rows")
    ids = np.array([[4, 1], [1, 5]], "int32")
    pulled, positions = rows.pull(ids)
    assert pulled.shape == (3, 4)
    np.testing.assert_array_equal(pulled[positions], padded.vectors[ids])
    wide, same = rows.pull(ids, size=7)
    np.testing.assert_array_equal(same, positions)
    np.testing.assert_array_equal(wide[:3], pulled)
    assert wide.shape == (7, 4)
    assert not wide[3:].any()
    rows.push(np.ones((7, 4)))  # of which the last four belong to no row
    moved = (numbers(rows) != padded.vectors).any(1)
    assert moved.tolist() == [False, True, False, False, True, True]
    rows.pull([2, 3])
    rows.push(np.ones((2, 4)))
    assert (numbers(rows)[2] == 0).all()  # padding, whatever its gradient


@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "sgd"])
def test_what_came_after_the_checkpoint_is_put_back(padded, tmp_path, optimizer):
    settings = dict(optimizer=optimizer, learning_rate=0.1)
    whole = MappedRows.create(padded, tmp_path / "whole", **settings)
    for ids in BATCHES:
        step(whole, ids)

    rows = MappedRows.create(padded, tmp_path / "rows", **settings)
    step(rows, BATCHES[0])
    rows.checkpoint()
    saved = numbers(rows)
    for ids in BATCHES[1:]:
        step(rows, ids)
        journal = next((tmp_path / "rows").glob("journal-*"))
        with journal.open("ab") as file:
            file.write(b"half a record")
    del rows  # killed: no word of the last two steps
    rows = MappedRows.open(tmp_path / "rows")
    assert (rows.steps, rows.learning_rate) == (1, 0.1)
    np.testing.assert_array_equal(numbers(rows), saved)
    for ids in BATCHES[1:]:
        step(rows, ids)
    np.testing.assert_array_equal(numbers(rows), numbers(whole))
    rows.checkpoint()
    np.testing.assert_array_equal(numbers(MappedRows.open(tmp_path / "rows")), numbers(whole))
    assert len(list((tmp_path / "rows").glob("journal-*"))) == 0


def test_without_a_checkpoint_it_begins_again(padded, tmp_path):
    rows = MappedRows.create(padded, tmp_path / "rows")
    step(rows, BATCHES[0])
    again = MappedRows.open(tmp_path / "rows")
    assert again.steps == 0
    np.testing.assert_array_equal(numbers(again), padded.vectors)


KILLED = """
import os, signal, sys
from inlay.layers.mapped_rows import MappedRows
from tests.layers.test_mapped_rows import BATCHES, step
rows = MappedRows.open(sys.argv[1])
for number in range(18):
    step(rows, BATCHES[number % 3])
    if number == 10:
        rows.checkpoint()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_process_that_is_killed_goes_on_at_its_checkpoint(padded, tmp_path):
    settings = dict(optimizer="sgd", learning_rate=0.01)  # which needs no compiler
    expected = MappedRows.create(padded, tmp_path / "whole", **settings)
    for number in range(20):
        step(expected, BATCHES[number % 3])
    MappedRows.create(padded, tmp_path / "rows", **settings)
    with started("-c", KILLED, tmp_path / "rows") as running:
        code, _, said = ended(running)
    assert code == -signal.SIGKILL, said
    rows = MappedRows.open(tmp_path / "rows")
    assert rows.steps == 11
    for number in range(11, 20):
        step(rows, BATCHES[number % 3])
    np.testing.assert_array_equal(numbers(rows), numbers(expected))


def test_a_kill_between_two_files_of_a_checkpoint(padded, tmp_path, monkeypatch):
    """The journal of before is still there, and what the state says holds."""
    rows = MappedRows.create(padded, tmp_path / "rows")
    step(rows, BATCHES[0])
    monkeypatch.setattr(rows._files, "begin", lambda journal: None)
    rows.checkpoint()
    saved = numbers(rows)
    again = MappedRows.open(tmp_path / "rows")
    assert again.steps == 1
    np.testing.assert_array_equal(numbers(again), saved)


def test_the_table_has_all_that_it_was_made_of(padded, tmp_path):
    table = Table(padded.tokens, padded.storage, pad_id=2, unk_id=0, provenance={"of": "us"})
    rows = MappedRows.create(table, tmp_path / "rows", optimizer="sgd", learning_rate=1.0)
    step(rows, [1])
    found = rows.table
    assert list(found.tokens) == list(table.tokens)
    assert (found.pad_id, found.unk_id, found.provenance["of"]) == (2, 0, "us")
    assert found.provenance["mapped_rows"] == {"optimizer": "sgd", "steps": 1}
    np.testing.assert_allclose(found["t1"], -table["t1"])
    rows.save(tmp_path / "trained.safetensors")
    step(rows, [1])
    saved = inlay.load(tmp_path / "trained.safetensors", verify=True)
    np.testing.assert_array_equal(saved["t1"], -table["t1"])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8"])
def test_other_dtypes_become_float32(padded, tmp_path, dtype):
    stored = padded.astype(dtype)
    rows = MappedRows.create(stored, tmp_path / "rows")
    np.testing.assert_array_equal(numbers(rows), stored.vectors)


def of_files(folder, release):
    """Memory that mapped files take, in bytes, after touching every row."""
    other = np.memmap(folder / "other", np.uint8, "w+", shape=20 << 20)
    other[:] = 1
    rows = MappedRows.open(folder)
    del other  # what it took is not for the rows to take
    if release:
        rows._files.resident = 1 << 20
    most = 0
    for start in range(0, len(rows), 512):
        step(rows, np.arange(start, start + 512))
        with open("/proc/self/smaps") as file:
            parts = file.read().split(str(folder))[1:]
        most = max(most, sum(1024 * int(part.split("Rss:")[1].split()[0]) for part in parts))
    return most


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="Linux tells")
def test_pages_are_given_back(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(4096, 100)).astype("float32")
    table = Table([f"t{i}" for i in range(4096)], matrix)
    rows = MappedRows.create(table, tmp_path / "rows", optimizer="adam")
    before = os.stat(tmp_path / "rows" / "first").st_blocks
    assert before * 512 < matrix.nbytes / 10  # zeros take no room on the disk
    del rows
    all_of_it = 3 * matrix.nbytes
    assert of_files(tmp_path / "rows", release=False) > 0.9 * all_of_it
    assert of_files(tmp_path / "rows", release=True) < 0.5 * all_of_it


def test_what_is_wrong_is_said(padded, tmp_path):
    rows = MappedRows.create(padded, tmp_path / "rows")
    for call, error, named in [
        (lambda: MappedRows.create(padded, tmp_path / "rows"), ArgumentError, "MappedRows.open"),
        (lambda: MappedRows.create([1], tmp_path / "a"), ArgumentTypeError, "a Table"),
        (lambda: MappedRows.create(padded, tmp_path / "a", optimizer="lion"), ArgumentError, "sgd"),
        (lambda: MappedRows.create(padded, tmp_path / "a", lr=1), ArgumentTypeError, "learning_"),
        (lambda: MappedRows.open(tmp_path), FormatError, "MappedRows.create made"),
        (lambda: rows.push(np.zeros((1, 4))), ArgumentError, "a pull before it"),
        (lambda: rows.pull([1, 6]), IdError, r"ids\[1\].*got 6"),
        (lambda: rows.pull([1.0]), ArgumentTypeError, "whole numbers"),
        (lambda: rows.pull([1, 2], size=1), ArgumentError, "2 or more"),
        (lambda: rows.pull([[1], [1, 2]]), ArgumentTypeError, r"got list .*vocab\.encode"),
        (lambda: MappedRows.create(padded, tmp_path / "a", betas=0.9), ArgumentTypeError, "two va"),
        (lambda: MappedRows.create(EMPTY, tmp_path / "a"), ArgumentError, "with a row, got an emp"),
    ]:
        with pytest.raises(error, match=named):
            call()
    assert not (tmp_path / "a").exists()
    rows.pull([1, 2])
    with pytest.raises(ArgumentError, match=r"\(2, 4\), as the rows were"):
        rows.push(np.zeros((1, 4)))
    with pytest.raises(ArgumentTypeError, match="gradient: expected an array, got str"):
        rows.push("x")
    assert [part.shape for part in rows.pull([])] == [(0, 4), (0,)]


def test_damaged_files_are_refused(padded, tmp_path):
    folder = tmp_path / "rows"
    MappedRows.create(padded, folder)
    state = (folder / "state.json").read_text()
    (folder / "state.json").write_text(state[:-5])
    with pytest.raises(FormatError, match=r"state\.json"):
        MappedRows.open(folder)
    (folder / "state.json").write_text(json.dumps(json.loads(state) | {"rows": 7}))
    with pytest.raises(FormatError, match="112 bytes"):
        MappedRows.open(folder)
    (folder / "state.json").write_text(state)
    (folder / "second").unlink()
    with pytest.raises(FormatError, match="nothing there"):
        MappedRows.open(folder)
