"""Pooling in JAX: a text in a batch is what it is alone."""

import numpy as np
import pytest

from inlay.errors import ArgumentError

jax = pytest.importorskip("jax")
jnp = jax.numpy

from inlay.layers.jax.blocks import (  # noqa: E402
    attention_pool,
    masked_conv,
    masked_lstm,
    max_pool,
    mean_pool,
)


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


def batch():
    """Vectors `(8, 6, 4)` with NaN for padding, before and behind the texts, and their mask."""
    vectors = np.full((8, 6, 4), np.nan, "float32")
    for row, front, text in zip(vectors, FRONTS, TEXTS * 2, strict=True):
        row[front : front + len(text)] = text
    return vectors, ~np.isnan(vectors[..., 0])


def convolved(text, kernel, bias):
    """One text by itself: windows of `len(kernel)`, zeros beyond it."""
    before = (len(kernel) - 1) // 2
    wide = np.pad(text, ((before, len(kernel) - 1 - before), (0, 0)))
    windows = [wide[i : i + len(kernel)] for i in range(len(text))]
    return np.array([np.einsum("wd,wdf->f", window, kernel) + bias for window in windows])


def read(text, kernel, recurrent, bias):
    """One text by itself, a word at a time: its outputs, and the states at its end."""
    state = cell = np.zeros(len(recurrent))
    outputs = []
    for vector in text:
        i, f, g, o = np.split(vector @ kernel + state @ recurrent + bias, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        cell = f * cell + i * np.tanh(g)
        state = o * np.tanh(cell)
        outputs.append(state)
    return np.array(outputs), state, cell


@pytest.mark.parametrize("window", [1, 2, 3])
def test_a_convolved_text_is_what_it_is_alone(window):
    vectors, mask = batch()
    kernel, bias = rng.normal(size=(window, 4, 5)), rng.normal(size=5)

    def total(vectors):
        found = masked_conv(vectors, mask, kernel, bias)
        return jnp.square(found).sum(), found

    gradient, found = jax.jit(jax.grad(total, has_aux=True))(vectors)
    assert found.dtype == np.float32
    assert not found[~mask].any()
    assert np.isfinite(gradient).all()
    assert not gradient[~mask].any()
    for row, seen, text in zip(found, mask, TEXTS * 2, strict=True):
        if len(text):
            np.testing.assert_allclose(row[seen], convolved(text, kernel, bias), atol=1e-5)


@pytest.mark.parametrize("reverse", [False, True])
def test_an_lstm_reads_a_text_as_alone(reverse):
    vectors, mask = batch()
    weights = rng.normal(size=(4, 12)), rng.normal(size=(3, 12)), rng.normal(size=12)

    def total(vectors):
        outputs, states = masked_lstm(vectors, mask, *weights, reverse=reverse)
        return jnp.square(outputs).sum(), (outputs, states)

    gradient, (outputs, states) = jax.jit(jax.grad(total, has_aux=True))(vectors)
    assert not outputs[~mask].any()
    assert np.isfinite(gradient).all()
    assert not gradient[~mask].any()
    way = slice(None, None, -1 if reverse else 1)
    for row, seen, text, *ends in zip(outputs, mask, TEXTS * 2, *states, strict=True):
        wanted, *last = read(text[way], *weights)
        if len(text):
            np.testing.assert_allclose(row[seen], wanted[way], atol=1e-5)
        np.testing.assert_allclose(ends, last, atol=1e-5)


def test_weights_of_other_shapes_are_refused():
    vectors, mask = jnp.ones((1, 2, 4)), jnp.ones((1, 2), bool)
    for call, named in (
        (lambda: masked_conv(vectors, mask, jnp.ones((3, 5, 2))), r"kernel: .*\(any, 4, any\)"),
        (lambda: masked_lstm(vectors, mask, *map(jnp.ones, ((4, 8), (3, 12), 12))), "kernel"),
        (lambda: masked_lstm(vectors, mask, *map(jnp.ones, ((4, 12), (3, 9), 12))), "recurrent"),
        (lambda: masked_lstm(vectors, mask[:, 1:], *map(jnp.ones, ((4, 4), (1, 4), 4))), "mask"),
    ):
        with pytest.raises(ArgumentError, match=named):
            call()
