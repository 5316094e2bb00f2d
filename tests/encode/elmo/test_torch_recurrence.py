import pytest
import torch

from inlay.encode.elmo.torch_recurrence import Recurrence

STEPS, ROWS, STATES, CELLS = 6, 3, 4, 5


def plain(x, kernel, bias, projection, start, fresh, clips):
    """The same step by step, with torch's own gradients."""
    h, c = start
    out = []
    for now, anew in zip(x, fresh, strict=True):
        h, c = (torch.where(anew[:, None], 0.0, state) for state in (h, c))
        i, j, f, o = (torch.cat([now, h], 1) @ kernel + bias).chunk(4, 1)
        c = (f + 1).sigmoid() * c + i.sigmoid() * j.tanh()
        c = c.clamp(-clips[0], clips[0])
        h = ((o.sigmoid() * c.tanh()) @ projection).clamp(-clips[1], clips[1])
        out.append(h)
    return torch.stack(out), c


@pytest.mark.parametrize("clips", [(float("inf"), float("inf")), (0.4, 0.3)])
@pytest.mark.parametrize("resets", [False, True])
def test_it_is_the_lstm_and_so_is_its_gradient(clips, resets):
    torch.manual_seed(0)
    shapes = [(STEPS, ROWS, STATES), (2 * STATES, 4 * CELLS), (4 * CELLS,), (CELLS, STATES)]
    given = [torch.randn(shape).requires_grad_() for shape in shapes]
    start = (torch.randn(ROWS, STATES), torch.randn(ROWS, CELLS))
    fresh = torch.zeros(STEPS, ROWS, dtype=torch.bool)
    if resets:
        fresh[0, 1] = fresh[3, :2] = fresh[5, 2] = True
    weight = torch.randn(STEPS, ROWS, STATES)
    results = []
    for run in (plain, Recurrence.apply):
        out, last = run(*given, start, fresh, clips)
        results.append([out, last, *torch.autograd.grad(out, given, weight)])
    if clips[0] < 1:  # the clips are at work
        assert (results[0][0].abs() == clips[1]).any()
        assert (results[0][1].abs() == clips[0]).any()
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, atol=3e-6, rtol=1e-5)
