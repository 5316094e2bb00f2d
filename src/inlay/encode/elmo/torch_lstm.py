"""ELMo's LSTM in PyTorch: projected and clipped, over texts of different lengths."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from inlay.encode.elmo.weights import FORGET_BIAS
from inlay.hosts.torch import arrays, kernel_serves


class Run(NamedTuple):
    """How a layer goes over a batch.

    Attributes:
        counts: How many texts have a first word, a second, ...: never rising.
        cell_clip: Cells are kept within this of 0; None: not at all.
        proj_clip: Projected states likewise.
        fresh: bool `(words,)`: words that follow on nothing, as a new text in a stream of them:
            both states before them are zero. None: there are none.
    """

    counts: tuple[int, ...]
    cell_clip: float | None
    proj_clip: float | None
    fresh: Tensor | None = None

    def kept(self) -> list[Tensor | None]:
        """For each step `(texts, 1)`: 0 where states end, 1 elsewhere; None where none ends."""
        if self.fresh is None:
            return [None] * len(self.counts)
        return [~fresh[:, None] if fresh.any() else None for fresh in self.fresh.split(self.counts)]


class ProjectedLSTM(Function):  # type: ignore[misc]  # torch is optional, so untyped here
    """One layer in one direction, with its gradient written out.

    Rows are words, ordered by step and, in each step, from the longest text to the shortest: the
    texts that still go on are the first ones, and nothing is computed beyond an end.

        i, j, f, o = split(x_t kernel[:P] + h_t-1 kernel[P:] + bias)
        c_t = clip(sigmoid(f + 1) c_t-1 + sigmoid(i) tanh(j))
        h_t = clip((sigmoid(o) tanh(c_t)) projection), or without projection and clip

    What need not wait for the step before is one product over all words: the inputs' part of the
    gates, and the gradient of each weight. On a processor in float32 a kernel of ours does a
    step's cells in one pass; anything else goes by PyTorch's own operations.

    Source: Sak et al. 2014, equations 1-7, without peepholes.
    """

    @staticmethod
    def forward(
        ctx: Any,
        run: Run,
        x: Tensor,
        kernel: Tensor,
        bias: Tensor,
        projection: Tensor | None,
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
            projection: `(C, P)`; None: states are not projected, and P is C.
            c0: `(texts, C)`: where each text starts.
            h0: `(texts, P)`.

        Returns:
            Projected states `(words, P)`, and cells `(words, C)`, which have no gradient.
            Allocates `words * (6C + 2P)` numbers, and `words * (4C + 2P)` on the way back.
        """
        width, dim = x.shape[1], c0.shape[1]
        bias = bias.clone()
        bias[2 * dim : 3 * dim] += FORGET_BIAS
        gates, recurrent = torch.addmm(bias, x, kernel[:width]), kernel[width:]
        cells, states = x.new_empty(len(x), dim), x.new_empty(x.shape)
        inner, heads = torch.empty_like(cells), torch.empty_like(states)
        c, h = c0.contiguous(), h0
        parts = (array.split(run.counts) for array in (gates, cells, inner, states, heads))
        for keep, z, c_now, out, h_now, head in zip(run.kept(), *parts, strict=True):
            c, h = c[: len(z)], h[: len(z)]
            if keep is not None:
                c, h = c * keep, h * keep
            z.addmm_(head.copy_(h), recurrent)
            _step(z, c, c_now, out, run.cell_clip)
            if projection is None:
                h_now.copy_(out)
            else:
                torch.mm(out, projection, out=h_now)
            if run.proj_clip is not None:
                h_now.clamp_(-run.proj_clip, run.proj_clip)
            c, h = c_now, h_now
        ctx.run = run
        ctx.save_for_backward(x, heads, kernel, projection, c0, gates, cells, inner, states)
        ctx.mark_non_differentiable(cells)
        return states, cells

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, d_states: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Go back from the last step to the first."""
        run: Run = ctx.run
        x, heads, kernel, projection, c0, gates, cells, inner, states = ctx.saved_tensors
        width = x.shape[1]
        d_states, d_gates = d_states.contiguous().clone(), torch.empty_like(gates)
        d_c, d_h = torch.zeros_like(c0), torch.zeros_like(heads[: len(c0)])
        split = [array.split(run.counts) for array in (d_states, d_gates, gates, cells)]
        before, kept = [c0.contiguous(), *split[3][:-1]], run.kept()
        if run.proj_clip is not None:  # what reached a clip passes no gradient on
            outside = (states.abs() >= run.proj_clip).split(run.counts)
        for t in reversed(range(len(run.counts))):
            dh, dz, z, c = (parts[t] for parts in split)
            n, keep = len(z), kept[t]
            c_before, dc = before[t][:n], d_c[:n]
            dh.add_(d_h[:n])
            if run.proj_clip is not None:
                dh.masked_fill_(outside[t], 0)
            if keep is not None:
                c_before = c_before * keep
            d_out = dh if projection is None else dh @ projection.T  # it is written to
            _step_back(z, c_before, c, d_out, dz, dc, run.cell_clip)
            torch.mm(dz, kernel[width:].T, out=d_h[:n])
            if keep is not None:
                dc.mul_(keep)
                d_h[:n].mul_(keep)
        return (
            None,
            d_gates @ kernel[:width].T,
            torch.cat([x.T @ d_gates, heads.T @ d_gates]),
            d_gates.sum(0),
            None if projection is None else inner.T @ d_states,
            d_c,
            d_h,
        )


def _step(z: Tensor, before: Tensor, cells: Tensor, out: Tensor, clip: float | None) -> None:
    """What `inlay.kernels.lstm_training.step` says, on any device."""
    if kernel_serves(z):
        from inlay.kernels.lstm_training import step

        step(*arrays(z, before, cells, out), _float32(clip))
        return
    i, j, f, o = z.chunk(4, 1)
    i.sigmoid_()
    j.tanh_()
    z[:, z.shape[1] // 2 :].sigmoid_()
    torch.mul(f, before, out=cells).addcmul_(i, j)
    if clip is not None:
        cells.clamp_(-clip, clip)
    torch.tanh(cells, out=out).mul_(o)


def _step_back(
    z: Tensor,
    before: Tensor,
    cells: Tensor,
    d_out: Tensor,
    d_z: Tensor,
    d_cells: Tensor,
    clip: float | None,
) -> None:
    """What `inlay.kernels.lstm_training.step_back` says, on any device."""
    if kernel_serves(z):
        from inlay.kernels.lstm_training import step_back

        step_back(*arrays(z, before, cells, d_out, d_z, d_cells), _float32(clip))
        return
    dim = z.shape[1] // 4
    i, j, f, o = z.chunk(4, 1)
    d_i, d_j, d_f, d_o = d_z.chunk(4, 1)
    squashed = cells.tanh()
    torch.mul(d_out, squashed, out=d_o)
    d_cells.addcmul_(d_out.mul_(o), 1 - squashed.square())
    if clip is not None:
        d_cells.masked_fill_(cells.abs() >= clip, 0)
    torch.mul(d_cells, j, out=d_i)
    torch.mul(d_cells, i, out=d_j)
    torch.mul(d_cells, before, out=d_f)
    slopes = z * (1 - z)  # of the logistic function
    slopes[:, dim : 2 * dim] = 1 - j.square()
    d_z.mul_(slopes)
    d_cells.mul_(f)


def _float32(clip: float | None) -> np.float32:
    """A clip as cells that reached it have it."""
    return np.float32(np.inf if clip is None else clip)
