"""What `to_jax(table, trainable="delta")` promises; run by test_embedding.py."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inlay import to_jax
from inlay.errors import ArgumentError, IdError

IDS = np.array([[0, 1, 2], [5, 2, 2]], "int32")
RANKS = pytest.mark.parametrize("rank", [None, 3])
FORMS = {
    "float32": ("float32", jnp.int32),
    "float16": ("float16", jnp.int16),
    "bfloat16": ("bfloat16", jnp.int16),
    "int8": ("int8", jnp.int8),
    "float64": ("float32", jnp.int32),
}


@jax.jit
def gradient(rows, layer, ids):
    return jax.grad(lambda rows: jnp.square(layer.with_rows(rows)(ids) - 1).sum())(rows)


def trained(layer, steps=3):
    for _ in range(steps):
        given = gradient(layer.rows, layer, IDS)
        layer = layer.with_rows(jax.tree.map(lambda rows, g: rows - 0.1 * g, layer.rows, given))
    return layer


@RANKS
@pytest.mark.parametrize("form", FORMS)
def test_it_starts_as_the_table_and_only_the_difference_is_of_floats(make, form, rank):
    table = make(n=40).astype(form)
    layer = to_jax(table, trainable="delta", rank=rank)
    np.testing.assert_array_equal(layer(IDS), table.vectors[IDS])
    np.testing.assert_array_equal(jax.jit(lambda layer, ids: layer(ids))(layer, IDS), layer(IDS))
    np.testing.assert_array_equal(layer.base, table.vectors)
    np.testing.assert_array_equal(layer.merged(table).vectors, table.vectors)
    assert (layer.form, layer.bits.dtype) == FORMS[form]
    floats = [a for a in jax.tree.leaves(layer) if jnp.issubdtype(a.dtype, jnp.inexact)]
    shapes = [(40, 4)] if rank is None else [(40, 3), (3, 4)]
    assert [a.shape for a in floats] == shapes
    assert [(a.shape, a.dtype.name) for a in jax.tree.leaves(layer.rows)] == [
        (shape, "float32") for shape in shapes
    ]


def test_no_program_holds_the_numbers_and_the_table_is_shared(make):
    table = make(n=3000)
    layer = to_jax(table, trainable="delta", rank=3)
    text = jax.jit(lambda layer, ids: layer(ids)).lower(layer, IDS).as_text()
    assert len(text) < 10_000 < table.vectors.nbytes
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(layer)]
    assert paths == [".bits", ".rows[0]", ".rows[1]"]
    table.storage[0] = 7
    assert (layer(IDS)[0, 0] == 7).all()


@RANKS
@pytest.mark.parametrize("form", ["float32", "bfloat16", "int8"])
def test_training_moves_the_rows_that_are_looked_up_and_nothing_frozen(make, form, rank):
    table = make().astype(form)
    before = table.vectors.copy()
    layer = to_jax(table, trainable="delta", rank=rank)
    after = trained(layer)
    made = after.merged(table).vectors
    assert (made != before).any(1).tolist() == [True, True, False, False, False, True]
    assert not made[2].any()
    np.testing.assert_allclose(after(IDS), made[IDS], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(table.vectors, before)
    np.testing.assert_array_equal(after.base, before)
    np.testing.assert_array_equal(layer(IDS), before[IDS])


def test_gradients_of_low_rank_are_those_of_the_product(make):
    table = make(pad_id=None)
    layer = trained(to_jax(table, trainable="delta", rank=3))

    def loss(parts):
        return jnp.square((table.vectors + parts[0] @ parts[1])[IDS] - 1).sum()

    for found, expected in zip(
        gradient(layer.rows, layer, IDS), jax.grad(loss)(layer.rows), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        assert np.abs(expected).max() > 0.01


@RANKS
def test_drift_is_the_squared_size_of_the_difference(padded, rank):
    layer = trained(to_jax(padded, trainable="delta", rank=rank))
    moved = layer.merged(padded).vectors - padded.vectors
    assert float(layer.drift()) == pytest.approx(float((moved**2).sum()), rel=1e-5)

    def whole(rows):
        return jnp.square(rows if rank is None else rows[0] @ rows[1]).sum()

    given = jax.grad(lambda rows: layer.with_rows(rows).drift())(layer.rows)
    expected = jax.grad(whole)(layer.rows)
    for one, other in zip(jax.tree.leaves(given), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["float32", "float16", "bfloat16", "int8"])
def test_wrong_ids_are_named_or_give_nan(make, form):
    layer = to_jax(make().astype(form), trainable="delta", rank=2)
    with pytest.raises(IdError, match=r"ids\[0, 1\]: .* 0 to 5, got 6, after 't1'"):
        layer(np.array([[1, 6]]))
    found = np.asarray(jax.jit(lambda layer, ids: layer(ids))(layer, np.array([1, 6, -1])))
    assert np.isnan(found).all(1).tolist() == [False, True, True]


def test_a_rank_beyond_the_vectors_is_refused(padded):
    with pytest.raises(ArgumentError, match="rank: expected a whole number from 1 to 4, got 5"):
        to_jax(padded, trainable="delta", rank=5)
