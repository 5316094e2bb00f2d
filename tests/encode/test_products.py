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
        bias = rng.normal(size=(1, shape[1])).astype(np.float32)
        expected = out - start + bias
        product(left, out, bias)
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-4)


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
    with pytest.raises(
        ArgumentError, match=r"float32 or int8 with engine='numba'.* engine='torch'"
    ):
        packer("numba", "bfloat16")


class _Lacking:
    """Stands for the operations of a PyTorch that has some of ours, with other arguments."""

    def __init__(self, *names):
        self.names = names

    def __getattr__(self, name):
        if name not in self.names:
            raise AttributeError(name)
        return lambda *arguments: arguments[0]  # packs

    def _linear_pointwise(self, *arguments):
        raise RuntimeError("expected at most 5 arguments")

    def qlinear_pointwise(self, *arguments):
        raise TypeError("incompatible function arguments")


@pytest.mark.parametrize("names", [(), ("_reorder_linear_weight", "qlinear_prepack")])
def test_without_the_private_operations_of_torch(monkeypatch, names):
    torch = pytest.importorskip("torch")
    for room in ("mkldnn", "onednn"):
        monkeypatch.setattr(torch.ops, room, _Lacking(*names))
    for precision in ("float32", "bfloat16"):
        out = np.ones((2, 3), np.float32)
        packer("torch", precision)(np.eye(3, dtype=np.float32))(np.full((2, 3), 2, "f4"), out)
        np.testing.assert_array_equal(out, 3)
    with pytest.raises(ArgumentError, match=r"precision: expected a torch with oneDNN for int8"):
        packer("torch", "int8")(np.eye(3, dtype=np.float32))
