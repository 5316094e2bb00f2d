import numpy as np
import pytest

from inlay.encode.engines import PRECISIONS, packer
from inlay.errors import ArgumentError

EVERY = [(engine, precision) for engine, some in PRECISIONS.items() for precision in some]
# Of the sizes of the results.
ERRORS = {"float32": 2e-6, "bfloat16": 0.01, "int8": 0.03}


@pytest.mark.parametrize(("engine", "precision"), EVERY)
@pytest.mark.parametrize("shape", [(1, 1), (7, 21), (130, 48), (700, 16)])
def test_products_are_added(engine, precision, shape):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=shape).astype(np.float32)
    product = packer(engine, precision)(matrix)
    for n in (1, 5, 32, 101):
        left = rng.normal(size=(n, shape[0])).astype(np.float32)
        start = rng.normal(size=(n, shape[1])).astype(np.float32)
        out = start.copy()
        product(left, out)
        right = left.astype(float) @ matrix
        error = np.linalg.norm(out - start - right) / np.linalg.norm(right)
        assert error < ERRORS[precision]


@pytest.mark.parametrize(("engine", "precision"), EVERY)
def test_rows_do_not_know_each_other(engine, precision):
    rng = np.random.default_rng(1)
    matrix, left = rng.normal(size=(48, 80)), rng.normal(size=(40, 48)).astype(np.float32)
    left[3] *= 100  # a scale of the whole would ruin the others
    product = packer(engine, precision)(matrix.astype(np.float32))
    together, alone = np.zeros((2, 40, 80), np.float32)
    product(left, together)
    for i in range(len(left)):
        product(left[i : i + 1], alone[i : i + 1])
    if engine == "numba":
        np.testing.assert_array_equal(together, alone)
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("engine", "precision"), EVERY)
def test_zeros_are_zeros(engine, precision):
    product = packer(engine, precision)(np.zeros((8, 8), np.float32))
    out = np.zeros((3, 8), np.float32)
    product(np.zeros((3, 8), np.float32), out)
    assert not out.any()


def test_what_an_engine_lacks():
    with pytest.raises(ArgumentError, match="numba or torch or onnxruntime"):
        packer("cuda")
    with pytest.raises(ArgumentError, match="engine='torch' or engine='onnxruntime'"):
        packer("numba", "int8")
