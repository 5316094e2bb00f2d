"""What the tests of word2vec's kernels share: a small model, and one piece of a corpus."""

from collections.abc import Callable
from typing import Any

import numpy as np

from inlay.kernels import sampling
from inlay.kernels.rows import row_lanes, row_width

ALL = 2**32 - 1


def make_model(vocab_size, dim, seed=0, scale=0.5):
    """Random vectors, `(vocab_size, row)` with zero padding."""
    rng, row = np.random.default_rng(seed), row_width(dim)
    both = np.zeros((2, vocab_size, row), np.float32)
    both[:, :, :dim] = rng.normal(scale=scale, size=(2, vocab_size, dim))
    return both[0], both[1]


class Trial:
    """A kernel over a small model: its own `train`, and the vectors before and after it."""

    def __init__(self, module: Any, run: Callable, *, vocab_size: int, dim: int, **settings: Any):
        defaults = {"window": 5, "n_noise": 8, "negative": 5, "shrink": True, "mean": True}
        self.settings = defaults | {"limit": 1e9, "alpha": 0.05, "seed": 3} | settings
        self.inputs, self.outputs = make_model(vocab_size, dim)
        self.module, self.run, self.dim = module, run, dim
        self.noise = sampling.make_noise(np.arange(vocab_size, 0, -1.0))
        self.keep = np.full(vocab_size, ALL, np.uint32)
        self.share = self.settings["negative"] / max(self.settings["n_noise"], 1)

    def train(self, ids, table=None, own=None):
        """Run the kernel once; `table` in place of the noise words', `own` of the scratch's."""
        s = self.settings
        scratch = self.module.make_scratch(max(len(ids), 1), s["window"], s["n_noise"], self.dim)
        if own is not None:
            scratch.own[:] = own
        step = sampling.Step(
            alpha=np.float32(s["alpha"]),
            window=s["window"],
            shrink=s["shrink"],
            mean=s["mean"],
            share=np.float32(self.share),
            limit=np.float32(s["limit"]),
            seed=np.uint64(s["seed"]),
        )
        model = sampling.Model(self.inputs.reshape(-1), self.outputs.reshape(-1))
        ids, table = np.array(ids, np.int32), self.noise if table is None else table
        return self.run(ids, self.keep, model, table, scratch, step, row_lanes(self.dim))

    def copies(self):
        """The vectors in float64."""
        return self.inputs.astype(np.float64), self.outputs.astype(np.float64)

    def check(self, inputs, outputs):
        """Compare with what the vectors should be; their padding is zero."""
        np.testing.assert_allclose(self.inputs, inputs, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(self.outputs, outputs, rtol=1e-4, atol=2e-5)
        assert not self.inputs[:, self.dim :].any()
        assert not self.outputs[:, self.dim :].any()
