"""An LSTM layer for training on a processor: products by torch, the cells by a kernel of ours."""

from typing import Any

import torch
from torch import Tensor

from inlay.encode.elmo.weights import FORGET_BIAS


class Recurrence(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    """One LSTM layer in one direction; `inlay.encode.elmo.torch_lstm` says the same step by step.

    All input products are one, and so are those of the weights' gradients; what the cells need
    on the way back is kept, `10 * 4 * steps * n * C` bytes with the work space.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        kernel: Tensor,
        bias: Tensor,
        projection: Tensor,
        start: tuple[Tensor, Tensor],
        fresh: Tensor,
        clips: tuple[float, float],
    ) -> tuple[Tensor, Tensor]:
        """Run the layer.

        Args:
            ctx: torch's.
            x: `(steps, n, P)`.
            kernel: `(2P, 4C)`, and the others as in `inlay.encode.elmo.weights.Cell`.
            bias: `(4C,)`.
            projection: `(C, P)`.
            start: The state before: `(n, P)` and `(n, C)`. It has no gradient.
            fresh: bool `(steps, n)`: where the state is zero instead of that of the step before.
            clips: Of cells and of projected states; infinity for none.

        Returns:
            The projected states, float32 `(steps, n, P)`, and the last cells `(n, C)`.
        """
        from inlay.kernels.lstm_training import step

        steps, n, width = x.shape
        size = projection.shape[0]
        given = x.new_empty(steps, n, 2 * width)
        given[..., :width] = x
        full = bias.clone()
        full[2 * size : 3 * size] += FORGET_BIAS
        z = torch.addmm(full, x.reshape(-1, width), kernel[:width]).view(steps, n, 4 * size)
        cells, inner = x.new_empty(steps, n, size), x.new_empty(steps, n, size)
        out = torch.empty_like(x)
        state, before = start
        anew = fresh.any(1).tolist()
        for t in range(steps):
            if anew[t]:
                keep = ~fresh[t, :, None]
                state, before = state * keep, before * keep
            given[t, :, width:] = state
            z[t].addmm_(state, kernel[width:])
            step(*_arrays(z[t], before, cells[t], inner[t]), clips[0])
            state, before = out[t], cells[t]
            torch.mm(inner[t], projection, out=state)
            state.clamp_(-clips[1], clips[1])
        ctx.save_for_backward(given, kernel, projection, start[1], fresh, z, cells, inner, out)
        ctx.clips, ctx.anew = clips, anew
        ctx.mark_non_differentiable(before)
        return out, before

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, _: Any) -> tuple[Tensor | None, ...]:
        """The gradients of all but the state; can be called once."""
        from inlay.kernels.lstm_training import step_back

        given, kernel, projection, start, fresh, z, cells, inner, out = ctx.saved_tensors
        steps, n, width = out.shape
        size = cells.shape[2]
        d_states = torch.where(out.abs() < ctx.clips[1], 1.0, 0.0)
        d_inner, d_cells = out.new_empty(n, size), out.new_zeros(n, size)
        d_state = out.new_zeros(n, width)
        for t in reversed(range(steps)):
            d_states[t] *= d_state.add_(d_out[t])
            torch.mm(d_states[t], projection.T, out=d_inner)
            before = cells[t - 1] if t else start
            if ctx.anew[t]:
                keep = ~fresh[t, :, None]
                before = before * keep
            step_back(*_arrays(z[t], before, cells[t], d_inner, d_cells), ctx.clips[0])
            torch.mm(z[t], kernel[width:].T, out=d_state)
            if ctx.anew[t]:
                d_state *= keep
                d_cells *= keep
        dz = z.view(-1, 4 * size)
        d_x = torch.mm(dz, kernel[:width].T).view(steps, n, width)
        d_kernel = torch.mm(given.view(-1, 2 * width).T, dz)
        d_projection = torch.mm(inner.view(-1, size).T, d_states.view(-1, width))
        return d_x, d_kernel, dz.sum(0), d_projection, None, None, None


def _arrays(*tensors: Tensor) -> Any:
    return (tensor.numpy() for tensor in tensors)
