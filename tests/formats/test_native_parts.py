import copy
import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from inlay import Table, load
from inlay.containers.safetensors import Safetensors
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.formats.protocol import ReadOptions
from inlay.formats.selection import select


def table_with_parts():
    tokens = Table(["a", "é", "b c"], np.ones((3, 1), np.float32)).tokens
    context = Table(tokens, np.arange(15, dtype=np.float32).reshape(3, 5), provenance={"n": 1})
    documents = Table(["d1", "d2"], np.eye(2), counts=[3, 4])
    matrix = np.arange(9, dtype=np.float32).reshape(3, 3)
    return Table(tokens, matrix, counts=[9, 5, 1], parts={"context": context, "docs": documents})


def assert_same_parts(found, table):
    assert list(found.parts) == list(table.parts) == ["context", "docs"]
    for name, part in table.parts.items():
        again = found.parts[name]
        assert again.tokens == part.tokens
        assert again.vectors.dtype == part.vectors.dtype
        np.testing.assert_array_equal(again.vectors, part.vectors)
        assert again.provenance == part.provenance
        assert (again.counts is None) == (part.counts is None)
    assert found.parts["docs"].counts.tolist() == [3, 4]


@pytest.fixture
def path(tmp_path):
    table_with_parts().save(tmp_path / "t.safetensors")
    return tmp_path / "t.safetensors"


@pytest.mark.parametrize("verify", [False, True])
def test_parts_are_saved_with_the_table(path, verify):
    found = load(path, verify=verify)
    assert_same_parts(found, table_with_parts())
    assert found.parts["context"].tokens is found.tokens  # which are not stored twice
    assert "context/tokens" not in load_file(path)
    assert Table(["a"], np.eye(1)).parts == {}


def test_parts_are_copied_and_pickled(path):
    for table in (table_with_parts(), load(path)):
        assert copy.deepcopy(table) is table
        assert_same_parts(pickle.loads(pickle.dumps(table)), table)
    path.unlink()
    assert_same_parts(pickle.loads(pickle.dumps(table)), table)  # of no file any more


def test_parts_stay_with_other_numbers_and_go_where_rows_are_aligned(path):
    table = load(path)
    assert_same_parts(table.astype("float16"), table)
    assert table.align(["a", "b c"]).parts == {}


@pytest.mark.parametrize(
    "asked", [{"limit": 2}, {"keep": {"b c", "é"}}, {"limit": 2, "keep": {"a"}}]
)
def test_a_part_of_the_same_words_has_the_rows_that_the_table_has(path, tmp_path, asked):
    table, found = load(path), load(path, **asked)
    rows = [table.find(token) for token in found.tokens]
    assert 0 < len(rows) < len(table)
    context = found.parts["context"]
    assert context.tokens is found.tokens
    assert context.vectors.tolist() == table.parts["context"].vectors[rows].tolist()
    assert context.provenance == table.parts["context"].provenance
    documents = found.parts["docs"]  # of other tokens, none of which was asked about
    assert documents.tokens.tolist() == table.parts["docs"].tokens.tolist()
    again = pickle.loads(pickle.dumps(found))
    assert again.parts["context"].vectors.tolist() == context.vectors.tolist()
    found.save(tmp_path / "again.safetensors")
    assert load(tmp_path / "again.safetensors").parts["context"].tokens[0] == found.tokens[0]


def test_the_first_rows_of_a_part_are_no_copy(path):
    table = load(path)
    found = select(table, ReadOptions(limit=2)).parts["context"]
    assert np.shares_memory(found.matrix, table.parts["context"].matrix)


def test_parts_never_change():
    table = table_with_parts()
    with pytest.raises(TypeError):
        table.parts["context"] = table


@pytest.mark.parametrize("parts", [[], {"a b": None}, {"x": np.eye(2)}, {3: None}], ids=str)
def test_what_cannot_be_parts(parts):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=r"^parts: expected"):
        Table(["a"], np.eye(1), parts=parts)


@pytest.mark.parametrize("kind", ["int8", "nested"])
def test_a_part_that_cannot_be_stored_is_refused(tmp_path, kind):
    inner = table_with_parts() if kind == "nested" else Table(["a"], np.eye(1)).astype("int8")
    table = Table(["a"], np.eye(1), parts={"context": inner})
    with pytest.raises(ArgumentError, match=r"parts\['context'\]: expected a table of floating"):
        table.save(tmp_path / "t.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, made: arrays.pop("context/matrix"), "a tensor 'context/matrix'"),
        (lambda arrays, made: arrays.pop("docs/tokens"), "part 'docs' with 3 rows"),
        (lambda arrays, made: arrays.update({"docs/counts": np.zeros(3, np.int64)}), "2 rows"),
        (lambda arrays, made: arrays.update({"docs/matrix": np.zeros((2, 0))}), "2 rows"),
        (lambda arrays, made: arrays.update({"docs/matrix": np.zeros(2)}), "2 dimensions"),
        (lambda arrays, made: arrays.update({"docs/offsets": np.arange(9)}), "offsets"),
        (lambda arrays, made: made.update(context=3), "parts with names"),
        (lambda arrays, made: made.update({"/": {}}), "a tensor '//matrix'"),
    ],
)
def test_parts_that_contradict_each_other(path, change, message):
    arrays = load_file(path)
    metadata = dict(Safetensors.open(path).metadata)
    made = json.loads(metadata["parts"])
    change(arrays, made)
    save_file(arrays, path, metadata | {"parts": json.dumps(made)})
    with pytest.raises(FormatError, match=message):
        load(path)
