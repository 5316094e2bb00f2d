"""Adam for PyTorch models with a large table: a step costs what its batch looks up.

`nn.Embedding(sparse=True)` gives its gradient as the rows that were looked up. PyTorch's Adam and
AdamW refuse such a gradient, and its SparseAdam refuses every other, so that a model needs two
optimisers and two schedulers. These take both. PyTorch's own Adagrad and SGD do so too.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from inlay.calls import refuses_unknown
from inlay.checks import flag, number, two
from inlay.hosts import torch as host

_ELSEWHERE = {
    "amsgrad": "leave it out: torch.optim.Adam has it, for dense gradients",
    "learning_rate": "lr=",
    "fused": "leave it out: the dense parameters take PyTorch's own loop",
}


class _Rows:
    """Updates the rows that have a gradient, and leaves dense gradients to PyTorch's optimiser."""

    param_groups: list[dict[str, Any]]
    state: dict[Tensor, dict[str, Any]]
    decoupled: bool  # whether decay shrinks the rows, as in AdamW, or joins the gradient
    host: type[torch.optim.Optimizer]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step.

        Args:
            closure: Computes the loss and the gradients anew, where that is wanted.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        by_rows = [
            (parameter, parameter.grad, group)
            for group in self.param_groups
            for parameter in group["params"]
            if parameter.grad is not None and parameter.grad.is_sparse
        ]
        try:
            for parameter, gradient, group in by_rows:
                self._update(parameter, gradient.coalesce(), group)
                parameter.grad = None  # so that the host passes it by
            # Unwrapped, for the wrappers run the user's hooks, and those of this step run already.
            inspect.unwrap(self.host.step)(self)
        finally:
            for parameter, gradient, _ in by_rows:
                parameter.grad = gradient
        return loss

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:  # by the host's names, so that either reads the other's state_dict
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = host.zeros_like(parameter)
            state["exp_avg_sq"] = host.zeros_like(parameter)
        state["step"] += 1
        step, lr, (beta1, beta2) = float(state["step"]), float(group["lr"]), group["betas"]
        ids, g = gradient.indices()[0], gradient.values()
        rows, first, second = (
            matrix.index_select(0, ids)  # which takes half the time of `matrix[ids]`
            for matrix in (parameter, state["exp_avg"], state["exp_avg_sq"])
        )
        if group["maximize"]:
            g = -g
        if self.decoupled:
            rows.mul_(1 - lr * group["weight_decay"])
        elif group["weight_decay"]:
            g = g.add(rows, alpha=group["weight_decay"])
        first.lerp_(g, 1 - beta1)
        second.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        size = (second.sqrt() / (1 - beta2**step) ** 0.5).add_(group["eps"])
        parameter.index_copy_(0, ids, rows.addcdiv_(first, size, value=-lr / (1 - beta1**step)))
        state["exp_avg"].index_copy_(0, ids, first)
        state["exp_avg_sq"].index_copy_(0, ids, second)


class LazyAdam(_Rows, torch.optim.Adam):  # type: ignore[misc]  # torch is optional, so untyped
    """Adam in which a row of a table changes only in the steps that look it up.

    A parameter with a dense gradient gets the step of `torch.optim.Adam`, to the last bit. One with
    a sparse gradient, the weight of an `nn.Embedding(..., sparse=True)`, gets the same step in the
    rows that were looked up. The others, and their averages, stay as they are, whereas Adam goes on
    moving every row that it has ever moved. So a row that is looked up in every step comes out
    as with Adam, and others do not. The count of steps, in the corrections for the averages' start
    at zero, is one for the parameter, as in `torch.optim.SparseAdam` and TensorFlow Addons'
    `LazyAdam`, and not one for each row. `eps` stands where Adam has it; SparseAdam divides it by
    the root of the second correction.

    The state has Adam's names and shapes, so a checkpoint of either goes on with the other.
    Schedulers, groups of parameters, hooks, closures and `GradScaler` work as ever. PyTorch's
    clipping takes no sparse gradient; `clip_grad_norm_` below does.

    Args:
        params: Parameters or groups of parameters, as for every optimiser of PyTorch.
        lr: The size of a step.
        betas: How much the averages of the gradient and of its square keep in a step.
        eps: Added to the square root of the second average.
        weight_decay: How much of a parameter joins its gradient; of a table only the rows that
            were looked up.
        maximize: Whether to climb instead of descending.
        foreach: What `torch.optim.Adam` does with it, for dense gradients.

    Raises:
        ArgumentError: A number out of its bounds.
        ArgumentTypeError: No number, or an argument of another name, such as `amsgrad`.

    Examples:
        >>> import torch
        >>> words = torch.nn.Embedding(1000, 4, sparse=True)
        >>> model = torch.nn.Sequential(words, torch.nn.Linear(4, 1))
        >>> optimizer = LazyAdam(model.parameters(), lr=0.01)
        >>> before = words.weight.detach().clone()
        >>> model(torch.tensor([3, 7, 7])).sum().backward()
        >>> optimizer.step()
        >>> (words.weight != before).any(1).nonzero().ravel().tolist()
        [3, 7]

    Source: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
    """

    decoupled, host = False, torch.optim.Adam

    @refuses_unknown(_ELSEWHERE)
    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
    ) -> None:
        settings = _checked(lr, betas, eps, weight_decay)
        super().__init__(params, **settings, maximize=flag("maximize", maximize), foreach=foreach)


class LazyAdamW(_Rows, torch.optim.AdamW):  # type: ignore[misc]
    """AdamW in which a row of a table changes only in the steps that look it up.

    As `LazyAdam`, but the decay shrinks the parameter itself. Of a table it shrinks only the rows
    that were looked up, each by `lr * weight_decay` in every such step; AdamW shrinks all rows in
    every step.

    Args:
        params: Parameters or groups of parameters, as for every optimiser of PyTorch.
        lr: The size of a step.
        betas: How much the averages of the gradient and of its square keep in a step.
        eps: Added to the square root of the second average.
        weight_decay: Which share of a parameter, times `lr`, a step takes away.
        maximize: Whether to climb instead of descending.
        foreach: What `torch.optim.AdamW` does with it, for dense gradients.

    Raises:
        ArgumentError: A number out of its bounds.
        ArgumentTypeError: No number, or an argument of another name, such as `amsgrad`.

    Source: Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
    """

    decoupled, host = True, torch.optim.AdamW

    @refuses_unknown(_ELSEWHERE)
    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
    ) -> None:
        settings = _checked(lr, betas, eps, weight_decay)
        super().__init__(params, **settings, maximize=flag("maximize", maximize), foreach=foreach)


@torch.no_grad()  # type: ignore[untyped-decorator]
def clip_grad_norm_(parameters: Iterable[Tensor], max_norm: float) -> Tensor:
    """Do what `torch.nn.utils.clip_grad_norm_` does, which refuses sparse gradients.

    Args:
        parameters: Whose gradients are scaled down together, the sparse ones among them.
        max_norm: The length that all gradients together may have.

    Returns:
        The length that they had.

    Raises:
        ArgumentError: `max_norm` is below 0.
    """
    dense = []
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is not None and gradient.is_sparse:
            parameter.grad = gradient.coalesce()  # a row that was looked up twice counts once
            gradient = parameter.grad.values()
        if gradient is not None:
            stand_in = gradient.detach()
            stand_in.grad = gradient
            dense.append(stand_in)
    return torch.nn.utils.clip_grad_norm_(dense, number("max_norm", max_norm, least=0))


def _checked(lr: Any, betas: Any, eps: Any, weight_decay: Any) -> dict[str, Any]:
    beta1, beta2 = two("betas", betas)
    return {
        "lr": number("lr", lr, least=0),
        "betas": (
            number("betas[0]", beta1, least=0, below=1),
            number("betas[1]", beta2, least=0, below=1),
        ),
        "eps": number("eps", eps, least=0),
        "weight_decay": number("weight_decay", weight_decay, least=0),
    }
