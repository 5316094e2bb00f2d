"""What a module of `to_tensorflow(table, by_reference=True)` promises; see test_embedding.py."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import inlay
from inlay import to_tensorflow
from inlay.errors import ArgumentError, FormatError, MissingFileError
from tests.layers.conftest import make_table
from tests.layers.keras.reference_contract import changed

IDS = np.array([[0, 1, 2], [5, 2, 2]], "int32")
MODES = {"frozen": {}, "rows": {"trainable": "rows", "rows": ["t1", "t5"]}}


@pytest.fixture
def path(tmp_path):
    make_table(n=5000).save(tmp_path / "words.safetensors")
    return tmp_path / "words.safetensors"


def module_of(table, mode="frozen", **given):
    return to_tensorflow(table, kind="module", **MODES[mode], **given)


def saved(module, folder):
    """The checkpoint of a module, and how many bytes it has."""
    path = tf.train.Checkpoint(words=module).save(folder / "model")
    return path, sum(Path(name).stat().st_size for name in folder.glob("model*"))


def restore(module, path):
    tf.train.Checkpoint(words=module).restore(path).assert_existing_objects_matched()


@pytest.mark.parametrize("mode", MODES)
def test_a_checkpoint_has_no_matrix_and_brings_it_back(path, tmp_path, mode):
    module = module_of(path, mode, by_reference=True)
    if mode == "rows":
        module.rows.assign_add(tf.ones_like(module.rows))
    checkpoint, size = saved(module, tmp_path)
    assert size < 10_000 + (4 * 5000 if mode == "rows" else 0) < 4 * 4 * 5000
    blank = make_table(n=5000)
    blank.storage[...] = 0
    other = module_of(blank, mode)
    look_up = tf.function(other)
    look_up(IDS)  # compiled with the matrix before
    restore(other, checkpoint)
    np.testing.assert_array_equal(look_up(IDS), module(IDS))
    assert other.by_reference
    assert not blank.storage.any()
    changed(path, 3)
    assert (look_up(np.array([3], "int32")).numpy() == 7).all()  # it is the file's map


def test_by_default_a_checkpoint_is_whole(path, tmp_path):
    module = module_of(path)
    checkpoint, size = saved(module, tmp_path)
    assert size > 4 * 4 * 5000
    assert not module.by_reference
    expected = module(IDS).numpy()
    other = module_of(make_table(n=5000).astype("bfloat16"))
    path.unlink()
    restore(other, checkpoint)
    np.testing.assert_array_equal(other(IDS), expected)
    with pytest.raises(ArgumentError, match="a layer whose numbers are in no file"):
        other.by_reference = True


def test_the_numbers_can_be_put_back_in(path, tmp_path):
    module = module_of(path, by_reference=True)
    checkpoint, _ = saved(module, tmp_path)
    again = module_of(path)
    restore(again, checkpoint)
    again.by_reference = False
    whole, size = saved(again, tmp_path / "whole")
    assert size > 4 * 4 * 5000
    with pytest.raises(FormatError, match=r"a matrix that was saved whole.*by_reference = False"):
        restore(module, whole)
    module.by_reference = False
    restore(module, whole)


def test_a_missing_changed_or_other_file_is_told(path, tmp_path):
    module = module_of(path, by_reference=True)
    checkpoint, _ = saved(module, tmp_path)
    with pytest.raises(FormatError, match="a matrix of 6 x 4, as the layer has"):
        restore(module_of(make_table()), checkpoint)
    with pytest.raises(FormatError, match="a module with a frozen matrix"):
        restore(to_tensorflow(make_table(n=5000), kind="module", trainable=True), checkpoint)
    changed(path, 4999)
    with pytest.raises(FormatError, match=r"words\.safetensors: expected tensor 'matrix'"):
        restore(module_of(make_table(n=5000)), checkpoint)
    path.unlink()
    with pytest.raises(MissingFileError, match=r"words\.safetensors.*tables_in"):
        restore(module_of(make_table(n=5000)), checkpoint)


def test_numbers_that_are_not_the_files_are_not_lost(path, tmp_path):
    module = module_of(path, by_reference=True)
    module.base.assign_add(tf.ones_like(module.base))
    with pytest.raises(ArgumentError, match=r"others, in rows 0 to 4999.*by_reference = False"):
        saved(module, tmp_path)
    assert inlay.load(path).vectors[0].tobytes() == make_table(n=5000).vectors[0].tobytes()


@pytest.mark.parametrize("kind", ["constant", "variable"])
def test_only_a_module_is_saved_by_reference(path, kind):
    with pytest.raises(ArgumentError, match=r"by_reference.*kind='module'"):
        to_tensorflow(path, kind=kind, by_reference=True)


@pytest.mark.parametrize("form", ["int8", "float32"])
@pytest.mark.parametrize("by_reference", [False, True])
def test_a_difference_goes_to_a_module_of_the_same_table_alone(tmp_path, form, by_reference):
    (tmp_path / "model").mkdir()
    path, table = tmp_path / "stored.safetensors", make_table(n=50)
    table = table if form == "float32" else table.astype(form)
    table.save(path)
    module = to_tensorflow(path, trainable="delta", by_reference=by_reference)
    module.delta.assign_add(tf.ones_like(module.delta))
    checkpoint, _ = saved(module, tmp_path / "model")
    same = to_tensorflow(table, trainable="delta")  # the numbers of the file, and not the file
    restore(same, checkpoint)
    np.testing.assert_array_equal(same(np.arange(50)), module(np.arange(50)))
    matrix = np.array(table.vectors)
    matrix[49] = matrix[48]
    changed = inlay.Table(table.tokens, matrix)
    other = to_tensorflow(changed if form == "float32" else changed.astype(form), trainable="delta")
    words = "that of another table" + (f", {path}. Try" if by_reference else ". Try: a module made")
    with pytest.raises(FormatError, match=re.escape(words)):
        restore(other, checkpoint)
    same.by_reference = False
    with pytest.raises(ArgumentError, match="a layer whose numbers are in no file"):
        same.by_reference = True


def test_a_difference_of_numbers_that_are_not_the_files_is_not_saved(path, tmp_path):
    module = to_tensorflow(path, trainable="delta", by_reference=True)
    module.base = module.base + 1
    with pytest.raises(ArgumentError, match="others, in rows 0 to 4999"):
        saved(module, tmp_path)


def test_what_says_whose_a_difference_is_may_be_damaged(path):
    record = to_tensorflow(path, trainable="delta").reference
    record.deserialize(record.serialize().encode())
    for wrong in (b"", b"{", b"[]", b"3", b'{"digest": ""}'):
        with pytest.raises(FormatError, match="'reference': expected the digest of a table"):
            record.deserialize(wrong)
