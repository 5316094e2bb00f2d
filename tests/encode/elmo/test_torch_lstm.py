import pytest
import torch

from inlay.encode.elmo import torch_lstm
from inlay.encode.elmo.torch_lstm import ProjectedLSTM, Run

COUNTS, STATES, CELLS = (4, 3, 3, 2, 2, 1), 4, 21  # cells: whole registers and a rest
# Of the greatest number of an array, for each is a sum of terms as large. float32 is our kernel,
# whose functions are within 2e-7; six steps make 5e-6 of it, and 3e-6 of torch's own rounding.
DTYPES = {torch.float32: 1e-5, torch.float64: 1e-12}


def plain(run, x, kernel, bias, projection, c, h):
    """The same step by step, with torch's own gradients."""
    fresh = torch.zeros(len(x), dtype=torch.bool) if run.fresh is None else run.fresh
    cells, states = [], []
    parts = (array.split(run.counts) for array in (x, fresh))
    for now, anew in zip(*parts, strict=True):
        h, c = (torch.where(anew[:, None], 0.0, state[: len(now)]) for state in (h, c))
        i, j, f, o = (torch.cat([now, h], 1) @ kernel + bias).chunk(4, 1)
        c = (f + 1).sigmoid() * c + i.sigmoid() * j.tanh()
        c = c if run.cell_clip is None else c.clamp(-run.cell_clip, run.cell_clip)
        h = o.sigmoid() * c.tanh()
        h = h if projection is None else h @ projection
        h = h if run.proj_clip is None else h.clamp(-run.proj_clip, run.proj_clip)
        cells.append(c)
        states.append(h)
    return torch.cat(states), torch.cat(cells)


def random(dtype):
    torch.manual_seed(0)
    shapes = [(sum(COUNTS), STATES), (2 * STATES, 4 * CELLS), (4 * CELLS,), (CELLS, STATES)]
    shapes += [(COUNTS[0], CELLS), (COUNTS[0], STATES)]
    return [torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("clips", [(None, None), (0.4, 0.3), (0.7, 0.9)])
@pytest.mark.parametrize("anew", [None, [1, 8, 9, 14]])
def test_it_is_the_lstm_and_so_is_its_gradient(dtype, clips, anew):
    fresh = None if anew is None else torch.isin(torch.arange(sum(COUNTS)), torch.tensor(anew))
    run, given = Run(COUNTS, *clips, fresh), random(dtype)
    weight = torch.randn(sum(COUNTS), STATES, dtype=dtype)
    exact = [array.detach().double().requires_grad_() for array in given]
    results = []
    for layer, arrays in ((plain, exact), (ProjectedLSTM.apply, given)):
        states, cells = layer(run, *arrays)
        gradients = torch.autograd.grad(states, arrays, weight.to(states.dtype))
        results.append([states, cells, *gradients])
    if clips[0] is not None:  # the clips are at work, the last two as less than they are
        assert (results[0][0].abs() == clips[1]).any()
        assert (results[0][1].abs() == clips[0]).any()
    for expected, found in zip(*results, strict=True):
        off = (found.double() - expected).abs().max()
        assert off <= DTYPES[dtype] * expected.abs().max()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_without_projection_too(dtype):
    torch.manual_seed(0)
    shapes = [(sum(COUNTS), CELLS), (2 * CELLS, 4 * CELLS), (4 * CELLS,)]
    shapes += [(COUNTS[0], CELLS), (COUNTS[0], CELLS)]
    given = [torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes]
    given[1].data *= 0.3
    exact = [array.detach().double().requires_grad_() for array in given]
    weight, results = torch.randn(sum(COUNTS), CELLS, dtype=dtype), []
    for layer, arrays in ((plain, exact), (ProjectedLSTM.apply, given)):
        states, cells = layer(Run(COUNTS, 0.7, None), *arrays[:3], None, *arrays[3:])
        gradients = torch.autograd.grad(states, arrays, weight.to(states.dtype))
        results.append([states, cells, *gradients])
    for expected, found in zip(*results, strict=True):
        off = (found.double() - expected).abs().max()
        assert off <= DTYPES[dtype] * expected.abs().max()


@pytest.mark.parametrize("kernel", [True, False])
def test_the_way_back_can_be_gone_twice(monkeypatch, kernel):
    monkeypatch.setattr(torch_lstm, "kernel_serves", lambda z: kernel)
    given = random(torch.float32)
    states, _ = ProjectedLSTM.apply(Run(COUNTS, 0.4, 0.3), *given)
    first, second = (torch.autograd.grad(states.sum(), given, retain_graph=True) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(one, other, atol=0, rtol=0)


@pytest.mark.parametrize("kernel", [True, False])
def test_nan_is_not_hidden(monkeypatch, kernel):
    monkeypatch.setattr(torch_lstm, "kernel_serves", lambda z: kernel)
    given = [array.detach() for array in random(torch.float32)]
    given[1][0] = float("nan")
    states, cells = ProjectedLSTM.apply(Run(COUNTS, 3.0, 3.0), *given)
    assert states.isnan().all()
    assert cells.isnan().all()
