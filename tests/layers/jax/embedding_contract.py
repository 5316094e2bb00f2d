"""What `to_jax` promises; run by test_embedding.py, in the process of Keras' contracts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inlay import Vocabulary, to_jax
from inlay.errors import ArgumentError, ArgumentTypeError, IdError

IDS = np.array([[0, 1, 2], [5, 2, 2]], "int32")
OTHERS = [0, 2, 3, 4]
MODES = {"frozen": {}, "trains": {"trainable": True}, "rows": {"trainable": "rows", "rows": [1, 5]}}


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


@jax.jit
def gradient(rows, layer, ids):
    return jax.grad(lambda rows: jnp.square(layer.with_rows(rows)(ids) - 1).sum())(rows)


def test_a_layer_is_a_pytree_whose_numbers_are_arguments(make, mode):
    table = make(n=3000)
    layer = to_jax(table, **mode)
    look_up = jax.jit(lambda layer, ids: layer(ids))
    np.testing.assert_array_equal(look_up(layer, IDS), table.vectors[IDS])
    text = look_up.lower(layer, IDS).as_text()
    assert len(text) < 10_000 < table.vectors.nbytes
    assert layer.shape == (3000, 4)
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(layer)]
    assert set(paths) <= {".bits", ".rows", ".slots", ".row_ids"}


def test_what_is_frozen_is_the_tables_memory_and_no_parameter(padded):
    layer = to_jax(padded)
    assert not [a for a in jax.tree.leaves(layer) if jnp.issubdtype(a.dtype, jnp.inexact)]
    np.testing.assert_array_equal(layer.base, padded.vectors)
    padded.storage[0] = 7
    assert (layer(IDS)[0, 0] == 7).all()


def test_numbers_are_kept_bit_for_bit(make):
    table = make()
    table.storage[0] = np.array([np.nan, -0.0, 1e-42, np.inf])
    for trainable in (False, True):
        found = np.asarray(to_jax(table, trainable=trainable)(np.array([0])))
        assert found.tobytes() == table.vectors[0].tobytes()


def test_what_trains_has_its_own_memory(padded):
    layer = to_jax(padded, trainable=True)
    padded.storage[0] = 7
    assert not (layer(IDS)[0, 0] == 7).any()
    assert [a.dtype for a in jax.tree.leaves(layer)] == [jnp.float32]


def test_the_gradient_is_that_of_the_rows_and_none_of_padding(padded):
    layer = to_jax(padded, trainable=True)
    expected = np.zeros((6, 4), "f4")
    for row in (0, 1, 5):
        expected[row] = 2 * (padded.vectors[row] - 1)
    np.testing.assert_allclose(gradient(layer.rows, layer, IDS), expected, rtol=1e-6)
    some = to_jax(padded, trainable="rows", rows=["t1", "t5"])
    np.testing.assert_allclose(gradient(some.rows, some, IDS), expected[[1, 5]], rtol=1e-6)


def test_what_an_alignment_filled_trains(padded):
    vocab = Vocabulary(["t5", "new"])
    layer = to_jax(padded, vocab, trainable="rows")
    assert layer.row_ids.tolist() == [vocab.unk_id, vocab["new"]]
    assert layer.merged(vocab).unk_id == vocab.unk_id


@pytest.mark.parametrize("name", ["trains", "rows"])
def test_drift_pulls_back(padded, name):
    layer = to_jax(padded, **MODES[name])
    layer = layer.with_rows(layer.rows - 0.1 * gradient(layer.rows, layer, IDS))
    moved = ((layer.merged(padded).vectors - padded.vectors) ** 2).sum()
    drift = jax.jit(lambda rows, layer, start: layer.with_rows(rows).drift(start))
    start = to_jax(padded)
    np.testing.assert_allclose(drift(layer.rows, layer, start), moved, rtol=1e-5)
    back = layer.rows - 0.25 * jax.grad(drift)(layer.rows, layer, start)
    np.testing.assert_allclose(layer.with_rows(back).drift(start), moved / 4, rtol=1e-4)
    with pytest.raises(ArgumentError, match=r"layer\.drift\(inlay\.to_jax\(table\)\)"):
        start.drift()


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes_become_float32(make, dtype):
    table = make(dtype=dtype)
    found = to_jax(table)(IDS)
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found, table.vectors[IDS])


@pytest.mark.parametrize("check", ["debug", "always"])
def test_a_wrong_id_is_named(padded, check):
    layer = to_jax(padded, check=check)
    for wrong in (np.array([[1, 6]]), jnp.array([[1, 6]])):
        with pytest.raises(IdError, match=r"ids\[0, 1\]: .*from 0 to 5, got 6, after 't1'"):
            layer(wrong)
    with pytest.raises(IdError, match=f"got {2**32 + 1}"):
        layer(np.array([2**32 + 1]))
    with pytest.raises(IdError, match="whole-number"):
        layer(np.array([1.0]))
    with pytest.raises(ArgumentTypeError, match="ids in an array"):
        layer([[1]])


def test_a_wrong_id_that_nobody_looks_at_gives_nan(padded, mode):
    layer = to_jax(padded, **mode)
    found = jax.jit(lambda layer, ids: layer(ids))(layer, np.array([-1, 5, 6, 2**31 - 1]))
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True, True]


def test_a_layer_that_always_looks_does_so_in_compiled_code(padded):
    layer = to_jax(padded, check="always")
    with pytest.raises(Exception, match="from 0 to 5, got 6"):
        jax.block_until_ready(jax.jit(lambda layer, ids: layer(ids))(layer, jnp.array([6])))
        jax.effects_barrier()


def test_rows_of_another_shape_are_refused(padded):
    with pytest.raises(ArgumentError, match=r"None for a frozen layer.*trainable=True"):
        to_jax(padded).with_rows(np.zeros((6, 4), "float32"))
    wrong = {"trainable": True}, {"trainable": "rows", "rows": [1, 5]}, {"trainable": "delta"}
    for mode in (*wrong, {"trainable": "delta", "rank": 2}):
        layer = to_jax(padded, **mode)
        for rows in (np.zeros((6, 3), "float32"), 1.0):
            with pytest.raises(ArgumentError, match="rows: expected shape"):
                layer.with_rows(rows)
        apart = layer.with_rows(None)
        found = apart.with_rows(layer.rows)(IDS)
        np.testing.assert_array_equal(found, padded.vectors[IDS])
