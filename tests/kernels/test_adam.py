import numpy as np
import pytest
import torch

from inlay.kernels.adam import adam


@pytest.mark.parametrize("run", [adam, adam.py_func], ids=["compiled", "plain"])
def test_it_is_torchs_and_leaves_other_rows_alone(run):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 3)).astype(np.float32)
    rows = np.array([3, 1])
    peer = torch.from_numpy(values[rows]).requires_grad_()
    optimiser = torch.optim.Adam([peer], lr=0.1)
    first, second, before = np.zeros_like(values), np.zeros_like(values), values.copy()
    for number in range(1, 4):
        gradient = rng.normal(size=(2, 3)).astype(np.float32)
        peer.grad = torch.from_numpy(gradient) * 0.5
        optimiser.step()
        rate = 0.1 * np.sqrt(1 - 0.999**number) / (1 - 0.9**number)
        numbers = map(np.float32, (rate, 0.9, 0.999, 0.5, 1e-8))
        run(values, rows, gradient, first, second, *numbers)
    np.testing.assert_allclose(values[rows], peer.detach().numpy(), rtol=1e-4)
    rest = [0, 2, 4]
    np.testing.assert_array_equal(values[rest], before[rest])
    assert not first[rest].any()
    assert not second[rest].any()
