"""What a layer of `to_jax(table, by_reference=True)` promises; see test_embedding.py."""

import copy
import pickle
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inlay import to_jax
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.layers.reference import tables_in
from tests.layers.conftest import make_table
from tests.layers.keras.reference_contract import changed

IDS = np.array([[0, 1, 2], [5, 2, 2]], "int32")
MODES = {"frozen": {}, "rows": {"trainable": "rows", "rows": [1, 5]}}


@pytest.fixture
def path(tmp_path):
    make_table(n=5000).save(tmp_path / "words.safetensors")
    return tmp_path / "words.safetensors"


def trained(layer):
    return layer if layer.rows is None else layer.with_rows(layer.rows + 1)


@pytest.mark.parametrize("mode", MODES)
def test_a_pickle_has_no_matrix_and_maps_it_again(path, mode):
    layer = trained(to_jax(path, by_reference=True, **MODES[mode]))
    layer = jax.jit(lambda layer: layer)(layer) if mode == "rows" else layer
    pickled = pickle.dumps(layer)
    assert len(pickled) < 5000 + (4 * 5000 if mode == "rows" else 0) < 4 * 4 * 5000
    twins = [pickle.loads(pickled), copy.deepcopy(layer)]
    for twin in twins:
        assert twin.by_reference
        np.testing.assert_array_equal(twin(IDS), layer(IDS))
        assert jax.tree.structure(twin) == jax.tree.structure(layer)
        assert twin._tokens is not None
    changed(path, 3)
    for twin in twins:
        assert (twin(np.array([3])) == 7).all()  # it is the file's map


@pytest.mark.parametrize("mode", MODES)
def test_arrays_are_saved_without_the_matrix_and_get_it_back(path, tmp_path, mode):
    made = to_jax(path, by_reference=True, **MODES[mode])
    layer = trained(made)
    leaves, structure = jax.tree.flatten(layer.without_base())
    np.savez(tmp_path / "leaves.npz", *leaves)
    assert sum(leaf.nbytes for leaf in leaves) < 200 + (4 * 5000 if mode == "rows" else 0)
    with np.load(tmp_path / "leaves.npz") as saved:
        found = jax.tree.unflatten(structure, [jnp.asarray(a) for a in saved.values()])
    with pytest.raises(ArgumentError, match=r"one without. Try: layer\.with_base\(\)"):
        found(IDS)
    np.testing.assert_array_equal(found.with_base()(IDS), layer(IDS))
    other = path.with_name("other.safetensors")
    make_table(n=4999).save(other)
    structure = jax.tree.structure(to_jax(other, by_reference=True, **MODES[mode]))
    with pytest.raises(FormatError, match=r"a layer of .*other.safetensors, got those of"):
        jax.tree.unflatten(structure, jax.tree.leaves(found)).with_base()


def test_a_missing_or_changed_file_is_told(path, tmp_path):
    layer = to_jax(path, by_reference=True)
    pickled, bare = pickle.dumps(layer), layer.without_base()
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / path.name)
    for load in (lambda: pickle.loads(pickled), bare.with_base):
        with pytest.raises(MissingFileError, match=r"words\.safetensors.*tables_in"):
            load()
        with tables_in(tmp_path / "elsewhere"):
            assert load().reference.path == str(moved)
    with pytest.raises(MissingFileError):
        pickle.dumps(layer)
    moved.rename(path)
    changed(path, 4999)
    for load in (lambda: pickle.loads(pickled), bare.with_base):
        with pytest.raises(FormatError, match=r"words\.safetensors: expected tensor 'matrix'"):
            load()


def test_the_numbers_can_be_put_back_in(path):
    layer = pickle.loads(pickle.dumps(to_jax(path, by_reference=True)))
    whole = layer.whole()
    assert not whole.by_reference
    pickled = pickle.dumps(whole)
    expected = np.asarray(whole(IDS))
    path.unlink()
    np.testing.assert_array_equal(pickle.loads(pickled)(IDS), expected)
    for saved in (whole.without_base, to_jax(make_table(), trainable=True).with_base):
        with pytest.raises(ArgumentError, match=r"one by reference.*by_reference=True"):
            saved()


def test_numbers_that_are_not_the_files_are_not_lost(path):
    layer = jax.tree.map(lambda leaf: leaf + 1, to_jax(path, by_reference=True))
    for save in (layer.without_base, lambda: pickle.dumps(layer)):
        with pytest.raises(ArgumentError, match="others, in rows 0 to 4999"):
            save()
    assert len(pickle.dumps(layer.whole())) > 4 * 4 * 5000


def test_a_gradient_and_half_a_layer_are_pickled_as_they_are(path):
    layer = to_jax(path, by_reference=True, **MODES["rows"])
    half = jax.tree.map(lambda leaf: leaf if leaf.dtype == "float32" else None, layer)
    twin = pickle.loads(pickle.dumps(half))
    assert twin.bits is None
    np.testing.assert_array_equal(twin.rows, layer.rows)


@pytest.mark.parametrize(("form", "rank"), [("int8", 2), ("float32", None)])
def test_a_difference_is_saved_without_what_it_is_added_to(tmp_path, form, rank):
    path, table = tmp_path / "stored.safetensors", make_table(n=5000)
    (table if form == "float32" else table.astype(form)).save(path)
    made = to_jax(path, trainable="delta", rank=rank, by_reference=True)
    layer = made.with_rows(jax.tree.map(lambda part: part + 0.5, made.rows))
    trained = sum(part.nbytes for part in jax.tree.leaves(layer.rows))
    pickled, bare = pickle.dumps(layer), layer.without_base()
    assert len(pickled) < trained + 5000
    leaves = jax.tree.leaves(bare)
    assert sum(leaf.nbytes for leaf in leaves) == trained + 32
    twins = [
        pickle.loads(pickled),
        copy.deepcopy(layer),
        jax.tree.unflatten(jax.tree.structure(made), leaves).with_base(),
    ]
    for twin in twins:
        assert twin.by_reference
        assert jax.tree.structure(twin) == jax.tree.structure(made)
        np.testing.assert_array_equal(twin(np.arange(5000)), layer(np.arange(5000)))
    assert not layer.whole().by_reference
    other = replace(layer, bits=layer.bits.at[4999].set(3))
    with pytest.raises(ArgumentError, match="others, in rows 0 to 4999"):
        pickle.dumps(other)
    other = replace(made, form="float16")
    with pytest.raises(FormatError, match=f"stored as float16, as the .* stored as {form}"):
        other.with_base()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    for load in (lambda: pickle.loads(pickled), bare.with_base):
        with pytest.raises(FormatError, match=r"stored.safetensors: expected tensor"):
            load()
