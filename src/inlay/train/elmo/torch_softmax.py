"""How likely the next word is among all words, or among a sample of them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array
from inlay.hosts.torch import arrays, kernel_serves

ROWS = 128  # positions at once: their scores stay in the cache


@dataclass(frozen=True)
class Sample:
    """Classes that stand for all in a batch.

    Attributes:
        classes: int64 `(m,)`, rising.
        weights: `(m, P)`: their rows of the softmax.
        bias: `(m,)`: their biases, less the logarithm of the chance to be in the sample.
        places: int64 `(V,)`: where each class stands in the sample; -1: it does not.
    """

    classes: Tensor
    weights: Tensor
    bias: Tensor
    places: Tensor

    @classmethod
    def of(cls, weights: Tensor, bias: Tensor, classes: Array, chances: Array | None) -> "Sample":
        """Take some classes; `chances` None: each was certain."""
        chosen = torch.from_numpy(classes).to(weights.device)
        places = torch.full((len(weights),), -1, device=weights.device)
        places[chosen] = torch.arange(len(chosen), device=weights.device)
        own = bias[chosen]
        if chances is not None:
            own -= torch.from_numpy(np.log(chances[classes]).astype(np.float32)).to(own)
        return cls(chosen, weights[chosen], own, places)


def chances(n_classes: int, size: int) -> Array:
    """How likely each class is to be in a sample of about `size`: float64 `(n_classes,)`.

    Classes stand by falling count, so that a log-uniform law, `p(k) = log((k + 2) / (k + 1)) /
    log(n + 1)`, is near their frequencies. The chance is that of being among `tries` draws, as
    many as give `size` different ones on average. Each class is then in or out by itself:
    no draw is repeated, and what is expected is exact.
    """
    rank = np.arange(n_classes)
    p = np.log((rank + 2) / (rank + 1)) / np.log(n_classes + 1)
    miss = np.log1p(-np.minimum(p, 1 - 1e-9))
    low, high = 0.0, 1.0
    while -np.expm1(high * miss).sum() < size:
        high *= 2
    for _ in range(60):
        tries = (low + high) / 2
        low, high = (tries, high) if -np.expm1(tries * miss).sum() < size else (low, tries)
    chance: Array = -np.expm1(high * miss)
    return chance


@dataclass(frozen=True)
class Likelihood:
    """Losses of positions, and the gradient of their sum.

    Attributes:
        targets: int64 `(n,)`: the classes.
        states: `(n, P)`: what they were predicted from.
        losses: float32 `(n,)`, in nats.
        d_states: `(n, P)`.
        d_weights: `(m, P)`: of the sample's rows.
        d_bias: `(m,)`: of the sample's biases.
        d_own: float32 `(n,)`: of each target's own score.
    """

    targets: Tensor
    states: Tensor
    losses: Tensor
    d_states: Tensor
    d_weights: Tensor
    d_bias: Tensor
    d_own: Tensor


def likelihood(
    states: Tensor, targets: Tensor, weights: Tensor, bias: Tensor, sample: Sample
) -> Likelihood:
    """`-log p(target)`, the sum over all classes estimated from those of a sample.

    The target's own term is exact and it is left out of the sample; the other terms are divided by
    their chances. So the sum is right on average, and with a sample of all classes exactly.

    Args:
        states: `(n, P)`, without gradient, as the others.
        targets: int64 `(n,)`.
        weights: `(V, P)`.
        bias: `(V,)`.
        sample: Of the classes.

    Source: Jean et al. 2015, "On Using Very Large Target Vocabulary for Neural Machine
    Translation", section 3.
    """
    rows = weights[targets]
    own = (states * rows).sum(1) + bias[targets]
    places = sample.places[targets]
    losses, d_states = torch.empty_like(own), torch.empty_like(states)
    d_weights, d_bias = torch.zeros_like(sample.weights), torch.zeros_like(sample.bias)
    for at in range(0, len(states), ROWS):
        some = slice(at, at + ROWS)
        scores = torch.addmm(sample.bias, states[some], sample.weights.T)
        _likelihoods(scores, own[some], places[some], losses[some])
        torch.mm(scores, sample.weights, out=d_states[some])
        d_weights.addmm_(scores.T, states[some])
        d_bias += scores.sum(0)
    d_states.addcmul_(own[:, None], rows)
    return Likelihood(targets, states, losses, d_states, d_weights, d_bias, own)


def _likelihoods(scores: Tensor, own: Tensor, places: Tensor, losses: Tensor) -> None:
    """What `inlay.kernels.softmax.likelihoods` says, on any device."""
    if kernel_serves(scores):
        from inlay.kernels.softmax import likelihoods

        likelihoods(*arrays(scores, own, places, losses))
        return
    among = torch.arange(scores.shape[1], device=scores.device) == places[:, None]
    scores.masked_fill_(among, -torch.inf)
    total = torch.logaddexp(scores.logsumexp(1), own)
    torch.sub(total, own, out=losses)
    scores.sub_(total[:, None]).exp_()
    own.sub_(total).expm1_()


def gather(parts: list[Likelihood], sample: Sample) -> tuple[Tensor, Tensor, Tensor]:
    """One gradient of the softmax from those of several groups of positions.

    Returns:
        The classes that have one, int64 `(k,)`, rising; the gradients of their weights `(k, P)`
        and of their biases `(k,)`.
    """
    targets = torch.cat([part.targets for part in parts])
    classes = torch.cat([sample.classes, targets]).unique()
    d_weights = sample.weights.new_zeros(len(classes), sample.weights.shape[1])
    d_bias = sample.bias.new_zeros(len(classes))
    at = torch.searchsorted(classes, sample.classes)
    for part in parts:
        d_weights[at] += part.d_weights
        d_bias[at] += part.d_bias
    at = torch.searchsorted(classes, targets)
    own = torch.cat([part.d_own for part in parts])
    d_weights.index_add_(0, at, torch.cat([part.states for part in parts]) * own[:, None])
    d_bias.index_add_(0, at, own)
    return classes, d_weights, d_bias
