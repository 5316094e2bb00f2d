"""The parts of a transformer's layer, compiled and as Python, against a few lines of numpy."""

import itertools
import math

import numpy as np
import pytest

from inlay.kernels import transformer

OFFSETS = np.array([0, 1, 18, 20, 125])  # a text of one piece, and one longer than QUERIES
KINDS = ["compiled", "python"]


def kernel(name, kind):
    function = getattr(transformer, name)
    return function if kind == "compiled" else function.py_func


def drawn(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def attention(qkv, heads):
    """Of one text, in float64."""
    n, dim = len(qkv), qkv.shape[1] // 3
    q, k, v = qkv.astype(float).reshape(n, 3, heads, -1).transpose(1, 2, 0, 3)
    scores = np.exp(q @ k.transpose(0, 2, 1) / math.sqrt(dim // heads))
    return (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(n, dim)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("heads", "dim"), [(2, 64), (3, 15)])
def test_attention_stays_within_each_text(kind, heads, dim):
    offsets = OFFSETS if kind == "compiled" else OFFSETS[:3]
    qkv, found = drawn(offsets[-1], 3 * dim), np.full((offsets[-1], dim), np.nan, np.float32)
    kernel("attend", kind)(qkv, offsets, heads, found)
    for begin, end in itertools.pairwise(offsets):
        expected = attention(qkv[begin:end], heads)
        np.testing.assert_allclose(found[begin:end], expected, atol=2e-6)


def test_attention_gives_a_text_the_same_bits_alone():
    qkv, found = drawn(125, 96), np.empty((125, 32), np.float32)
    transformer.attend(qkv, OFFSETS, 2, found)
    for begin, end in itertools.pairwise(OFFSETS):
        alone = np.empty((end - begin, 32), np.float32)
        transformer.attend(qkv[begin:end].copy(), np.array([0, end - begin]), 2, alone)
        assert alone.tobytes() == found[begin:end].tobytes()


def test_attention_leaves_nan_in_its_text():
    qkv, found = drawn(49, 24), np.empty((49, 8), np.float32)
    qkv[:32] = np.nan
    transformer.attend(qkv, np.array([0, 32, 49]), 2, found)
    assert np.isnan(found[:32]).all()
    assert np.isfinite(found[32:]).all()


def test_attention_takes_scores_far_apart():
    qkv = drawn(18, 24) * 100
    found = np.empty((18, 8), np.float32)
    transformer.attend(qkv, np.array([0, 18]), 2, found)
    assert np.abs(found).max() <= np.abs(qkv[:, 16:]).max()


@pytest.mark.parametrize("kind", KINDS)
def test_layer_norm(kind):
    x, gain, bias = 5 + drawn(4, 37), drawn(37), drawn(37) ** 2
    found = x.copy()
    kernel("normalise", kind)(found, gain, bias, np.float32(1e-3))
    y = x.astype(float)
    y = (y - y.mean(1, keepdims=True)) / np.sqrt(y.var(1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(found, y * gain + bias, atol=3e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_gelu_is_the_exact_one(kind):
    x = np.concatenate([np.linspace(-10, 10, 4001), [0, -50, 50, 1e-20]]).astype(np.float32)[None]
    found = x.copy()
    kernel("gelu", kind)(found)
    expected = [t * (1 + math.erf(t / math.sqrt(2))) / 2 for t in x[0].astype(float)]
    assert (np.abs(found[0] - expected) <= 2e-7 * np.abs(x) + 1e-30).all()


@pytest.mark.parametrize("kind", KINDS)
def test_embeddings_are_sums_of_two_rows_normalised(kind):
    words, positions, ones = drawn(7, 8), 2 * drawn(5, 8)[::-1].copy(), np.ones(8, np.float32)
    ids, places = np.array([6, 0, 6], np.int32), np.array([0, 1, 4], np.int32)
    found = np.empty((3, 8), np.float32)
    kernel("embed", kind)(ids, places, words, positions, ones, 0 * ones, np.float32(0), found)
    y = (words[ids] + positions[places]).astype(float)
    expected = (y - y.mean(1, keepdims=True)) / y.std(1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("name", ["gelu", "normalise"])
def test_nan_is_not_hidden(name):
    x, ones = np.full((1, 8), np.nan, np.float32), np.ones(8, np.float32)
    getattr(transformer, name)(x, *([ones, ones, np.float32(0)] if name == "normalise" else []))
    assert np.isnan(x).all()
