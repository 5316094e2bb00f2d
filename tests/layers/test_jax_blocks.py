"""Pooling in JAX: a text in a batch is what it is alone."""

import numpy as np
import pytest

from inlay.errors import ArgumentError

jax = pytest.importorskip("jax")
jnp = jax.numpy

from inlay.layers.jax_blocks import attention_pool, max_pool, mean_pool  # noqa: E402


def attention(vectors, mask):
    return attention_pool(vectors, mask, vectors.sum(-1))


def softmax_mean(text):
    weights = np.exp(text.sum(1))
    return weights @ text / weights.sum()


POOLS = {
    mean_pool: lambda text: text.mean(0),
    max_pool: lambda text: text.max(0),
    attention: softmax_mean,
}
rng = np.random.default_rng(0)
TEXTS = [-rng.random((n, 4), "float32") - 0.1 for n in (3, 1, 0, 2)]  # all less than zero


FRONTS = (
    0,
    0,
    0,
    0,
    2,
    3,
    1,
    3,
)  # places of padding before each text, of which each is there twice


@pytest.mark.parametrize("pool", POOLS)
def test_a_pooled_text_is_what_it_is_alone(pool):
    vectors = np.full((8, 6, 4), np.nan, "float32")
    for row, front, text in zip(vectors, FRONTS, TEXTS * 2, strict=True):
        row[front : front + len(text)] = text
    mask = ~np.isnan(vectors[..., 0])

    def total(vectors):
        found = pool(vectors, mask)
        return jnp.square(found).sum(), found

    gradient, found = jax.jit(jax.grad(total, has_aux=True))(vectors)
    wanted = [POOLS[pool](text) if len(text) else np.zeros(4) for text in TEXTS] * 2
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert np.isfinite(gradient).all()
    assert gradient[mask].any(1).all() or pool is max_pool
    assert not gradient[~mask].any()


@pytest.mark.parametrize("pool", POOLS)
def test_16_bits_and_no_places(pool):
    many = jnp.full((1, 3000, 2), 60, jnp.float16)
    found = np.asarray(jax.jit(pool)(many, np.ones((1, 3000), bool)))
    assert found.dtype == np.float16
    assert abs(found - 60).max() < 0.1
    nothing = jax.jit(pool)(np.ones((1, 0, 2), "float16"), np.ones((1, 0), bool))
    assert nothing.tolist() == [[0, 0]]


def test_other_shapes_are_refused():
    with pytest.raises(ArgumentError, match=r"max_pool: expected a mask of shape \(1, 2\)"):
        max_pool(jnp.ones((1, 2, 3)), jnp.ones((1, 2, 1)))
