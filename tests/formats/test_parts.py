"""Variables of TensorFlow that were saved part by part are one array."""

import tracemalloc
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from fuzz.checkpoints import Brain, write

from inlay import load
from inlay.errors import FormatError, UnknownArrayError
from inlay.formats import list_arrays

ROWS = np.arange(72, dtype=np.float32).reshape(24, 3)
TOKENS = [f"word{i}" for i in range(24)]
# More parts than ten, of two rows each, and as the first has them of none.
PARTS = {f"nnlm/embeddings/part_{i}": ROWS[2 * i : 2 * i + 2] for i in range(12)}
OTHERS = {"nnlm/kernel": np.ones((3, 5), np.float32), "step": np.int64(1)}


def saved(tmp_path, arrays):
    tmp_path = Path(mkdtemp(dir=tmp_path))  # an open file stays as it is
    return write(tmp_path / "model.ckpt", {name: arrays[name] for name in sorted(arrays)})


@pytest.mark.parametrize(
    "name", ["nnlm/embeddings", "embeddings", "nnlm/embeddings/.ATTRIBUTES/VARIABLE_VALUE"]
)
@pytest.mark.parametrize("end", ["", ":0", "/.ATTRIBUTES/VARIABLE_VALUE"])
def test_parts_are_one_array_in_the_order_of_their_numbers(tmp_path, name, end):
    path = saved(tmp_path, {f"{part}{end}": rows for part, rows in PARTS.items()} | OTHERS)
    table = load(path, name=name, tokens=TOKENS)
    assert np.array_equal(table.matrix, ROWS)
    assert table.provenance["name"] == f"nnlm/embeddings{end}"
    chosen = load(path, name=name, tokens=TOKENS, keep=["word21", "word2", "word3"])
    assert np.array_equal(chosen.matrix, ROWS[[2, 3, 21]])
    assert np.array_equal(load(path, name=name, tokens=TOKENS, limit=19).matrix, ROWS[:19])


def test_they_are_listed_once(tmp_path):
    path = saved(tmp_path, PARTS | OTHERS)
    found = [(array.name, array.shape) for array in list_arrays(path)]
    assert found == [("nnlm/embeddings", (24, 3)), ("nnlm/kernel", (3, 5)), ("step", ())]
    for some in (PARTS, PARTS | OTHERS):  # by what it is called, without a name
        assert np.array_equal(load(saved(tmp_path, some), tokens=TOKENS).matrix, ROWS)


def test_a_part_can_be_had_by_its_whole_name(tmp_path):
    path = saved(tmp_path, PARTS)
    table = load(path, name="nnlm/embeddings/part_10", tokens=["a", "b"])
    assert np.array_equal(table.matrix, ROWS[20:22])
    with pytest.raises(UnknownArrayError, match="only nnlm/embeddings"):
        load(path, name="nnlm/embeddings/part_12")


@pytest.mark.parametrize(("missing", "last"), [(0, 11), (7, 11)])
def test_a_part_that_is_missing_is_named(tmp_path, missing, last):
    parts = {key: rows for key, rows in PARTS.items() if not key.endswith(f"_{missing}")}
    path = saved(tmp_path, parts | OTHERS)
    with pytest.raises(FormatError, match=f"from part_0 to part_{last}, got no part_{missing}"):
        load(path, name="embeddings", tokens=TOKENS)
    with pytest.raises(FormatError, match=r"got nnlm/kernel float32 .*, nnlm/embeddings"):
        load(path)
    with pytest.raises(FormatError, match=f"got no part_{missing}"):
        load(saved(tmp_path, parts))
    assert load(path, name="kernel", tokens=["a", "b", "c"]).dim == 5


@pytest.mark.parametrize(
    ("arrays", "names"),
    [
        ({"a/part_0": ROWS, "a/part_1": ROWS[:, :2]}, ["a/part_0", "a/part_1"]),
        ({"a/part_0": ROWS, "a/part_1": ROWS.astype("f8")}, ["a/part_0", "a/part_1"]),
        ({"a": ROWS, "a/part_0": ROWS, "a/part_1": ROWS}, ["a", "a/part_0", "a/part_1"]),
        ({"a/part_00": ROWS, "a/part_x": ROWS}, ["a/part_00", "a/part_x"]),
        ({"part_0": ROWS, "part_1": ROWS}, ["part_0", "part_1"]),
    ],
)
def test_what_is_no_part_of_one_matrix_stays(tmp_path, arrays, names):
    assert sorted(array.name for array in list_arrays(saved(tmp_path, arrays))) == names


def test_parts_of_bfloat16_take_one_matrix_and_one_part(tmp_path):
    rows = np.zeros((4000, 400), np.float32)
    path = saved(tmp_path, {f"a/part_{i}": Brain(rows[i::5]) for i in range(5)})
    tokens = [f"w{i}" for i in range(len(rows))]
    load(path, tokens=tokens, limit=1)
    tracemalloc.start()
    table = load(path, tokens=tokens)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    few = load(path, tokens=tokens, limit=10)
    least = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert (table.matrix.shape, few.shape) == (rows.shape, (10, 400))
    assert peak < 1.6 * rows.nbytes
    assert least < 0.2 * rows.nbytes
