"""ELMo's LSTM in PyTorch: projected and clipped, over texts of different lengths."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from inlay.encode.elmo.weights import FORGET_BIAS

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input
_clamp_backward = torch.ops.aten.hardtanh_backward.grad_input  # 0 at the bounds and beyond


class Run(NamedTuple):
    """How a layer goes over a batch.

    Attributes:
        counts: How many texts have a first word, a second, ...: never rising.
        cell_clip: Cells are kept within this of 0; None: not at all.
        proj_clip: Projected states likewise.
    """

    counts: tuple[int, ...]
    cell_clip: float | None
    proj_clip: float | None


class ProjectedLSTM(Function):  # type: ignore[misc]  # torch is optional, so untyped here
    """One layer in one direction, with its gradient written out.

    Rows are words, ordered by step and, in each step, from the longest text to the shortest: the
    texts that still go on are the first ones, and nothing is computed beyond an end.

        i, j, f, o = split(x_t kernel[:P] + h_t-1 kernel[P:] + bias)
        c_t = clip(sigmoid(f + 1) c_t-1 + sigmoid(i) tanh(j))
        h_t = clip((sigmoid(o) tanh(c_t)) projection)

    What need not wait for the step before is one product over all words: the inputs' part of the
    gates, and the gradient of each weight.

    Source: Sak et al. 2014, equations 1-7, without peepholes.
    """

    @staticmethod
    def forward(
        ctx: Any,
        run: Run,
        x: Tensor,
        kernel: Tensor,
        bias: Tensor,
        projection: Tensor,
        c0: Tensor,
        h0: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Go over the texts.

        Args:
            ctx: Of autograd.
            run: The order of the words, and the clips.
            x: `(words, P)`.
            kernel: `(2P, 4C)`.
            bias: `(4C,)`, without the 1 that is added to f.
            projection: `(C, P)`.
            c0: `(texts, C)`: where each text starts.
            h0: `(texts, P)`.

        Returns:
            Projected states `(words, P)`, and cells `(words, C)`, which have no gradient.
            Allocates `words * (6C + P)` numbers.
        """
        width, dim = x.shape[1], c0.shape[1]
        bias = bias.clone()
        bias[2 * dim : 3 * dim] += FORGET_BIAS
        gates, recurrent = torch.addmm(bias, x, kernel[:width]), kernel[width:]
        cells, states = x.new_empty(len(x), dim), torch.empty_like(x)
        squashed = torch.empty_like(cells)
        c, h = c0, h0
        for z, c_now, h_now, s in zip(
            *(array.split(run.counts) for array in (gates, cells, states, squashed)), strict=True
        ):
            n = len(z)
            i, j, f, o = z.addmm_(h[:n], recurrent).split(dim, 1)
            i.sigmoid_()
            j.tanh_()
            z[:, 2 * dim :].sigmoid_()
            torch.mul(f, c[:n], out=c_now).addcmul_(i, j)
            _clip(c_now, run.cell_clip)
            torch.tanh(c_now, out=s)
            torch.mm(o * s, projection, out=h_now)
            _clip(h_now, run.proj_clip)
            c, h = c_now, h_now
        ctx.run = run
        ctx.save_for_backward(x, kernel, projection, c0, h0, gates, cells, squashed, states)
        ctx.mark_non_differentiable(cells)
        return states, cells

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, d_states: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Go back from the last step to the first."""
        run: Run = ctx.run
        x, kernel, projection, c0, h0, gates, cells, squashed, states = ctx.saved_tensors
        width, dim = x.shape[1], c0.shape[1]
        d_states, d_gates = d_states.clone(), torch.empty_like(gates)
        d_c, d_h = torch.zeros_like(c0), torch.zeros_like(h0)
        recurrent = kernel[width:].T.contiguous()
        split = [
            array.split(run.counts) for array in (d_states, d_gates, gates, cells, squashed, states)
        ]
        before = [c0, *split[3][:-1]]
        for t in reversed(range(len(run.counts))):
            dh, dz, z, c, s, h = (parts[t] for parts in split)
            n = len(z)
            i, j, f, o = z.split(dim, 1)
            d_i, d_j, d_f, d_o = dz.split(dim, 1)
            _clip_backward(dh.add_(d_h[:n]), h, run.proj_clip)
            d_out = dh @ projection.T
            torch.mul(d_out, s, out=d_o)
            dc = d_c[:n]
            dc.add_(_tanh_backward(d_out.mul_(o), s, grad_input=d_out))
            _clip_backward(dc, c, run.cell_clip)
            torch.mul(dc, j, out=d_i)
            torch.mul(dc, i, out=d_j)
            torch.mul(dc, before[t][:n], out=d_f)
            _sigmoid_backward(d_i, i, grad_input=d_i)
            _tanh_backward(d_j, j, grad_input=d_j)
            _sigmoid_backward(dz[:, 2 * dim :], z[:, 2 * dim :], grad_input=dz[:, 2 * dim :])
            dc.mul_(f)
            torch.mm(dz, recurrent, out=d_h[:n])
        heads = [h[:n] for h, n in zip([h0, *split[5][:-1]], run.counts, strict=True)]
        return (
            None,
            d_gates @ kernel[:width].T,
            torch.cat([x, torch.cat(heads)], 1).T @ d_gates,
            d_gates.sum(0),
            (gates[:, 3 * dim :] * squashed).T @ d_states,
            d_c,
            d_h,
        )


def _clip(x: Tensor, bound: float | None) -> None:
    if bound is not None:
        x.clamp_(-bound, bound)


def _clip_backward(gradient: Tensor, clipped: Tensor, bound: float | None) -> None:
    if bound is not None:
        _clamp_backward(gradient, clipped, -bound, bound, grad_input=gradient)
