"""What sentence-transformers does behind a transformer: pooling, and steps on the pooled vector."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import described
from inlay.encode.products import PanelProduct
from inlay.encode.transformer.files import Files, Module
from inlay.encode.transformer.pooling import JOINED, MODES, said_pool
from inlay.errors import FormatError

Step = Callable[[Array], Array]
KNOWN = "Pooling, Dense, LayerNorm, Normalize and Dropout"
# By the last part of the name of torch's class.
ACTIVATIONS: dict[str, Step] = {
    "Identity": lambda x: x,
    "Tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    "GELU": lambda x: _gelu(x),
}


@dataclass(frozen=True)
class Head:
    """How the vectors of pieces become one of the text.

    Attributes:
        pools: What `pool=` may be, the default first.
        special: Whether the special pieces count in a mean.
        prompt: Whether the pieces of a prompt count.
        steps: What happens to the pooled vectors `(n, width)`, one step after the other. Each gives
            a row the same numbers whatever rows stand beside it.
        dim: Numbers of the vector in the end.
    """

    pools: tuple[str, ...]
    special: bool
    prompt: bool
    dim: int
    steps: tuple[Step, ...] = field(default=(), repr=False)

    def __call__(self, vectors: Array) -> Array:
        """All steps, on pooled vectors."""
        for step in self.steps:
            vectors = step(vectors)
        return vectors


def plain(pool: str, dim: int, *, special: bool) -> Head:
    """Pooling alone.

    Args:
        pool: Its modes, joined.
        dim: Numbers of a piece's vector.
        special: Whether special pieces count.
    """
    return Head(choices(pool), special, prompt=True, dim=dim * (1 + pool.count(JOINED)))


def choices(pool: str) -> tuple[str, ...]:
    """The poolings that give as many numbers as this one."""
    return (pool,) if JOINED in pool else tuple(dict.fromkeys((pool, *MODES)))


def of_modules(files: Files, dim: int, *, special: bool | None = None) -> Head:
    """What a folder of sentence-transformers says.

    Args:
        files: Of which there are modules.
        dim: Numbers of a piece's vector.
        special: Whether special pieces count; None: they do, as in that library.

    Raises:
        FormatError: A module that is not known, or one that does not fit those before it.
    """
    pool, width, prompt = "", dim, True
    steps: list[Step] = []
    for module in files.modules or ():
        where = str(module.folder)
        if module.type == "Pooling" and not pool:
            pool = said_pool(module.config, where)
            width, prompt = (
                dim * (1 + pool.count(JOINED)),
                bool(module.config.get("include_prompt", True)),
            )
        elif module.type in STEPS and pool:
            step, width = STEPS[module.type](module, width, where)
            steps.append(step)
        elif module.type != "Dropout":
            raise FormatError(
                where,
                expected=f"{KNOWN}, behind one Pooling",
                got=module.type,
                hint="inlay.encode.transformer.Transformer.load(folder, pool='mean'), which reads "
                "the transformer alone",
            )
    if not pool:
        raise FormatError(str(files.root), expected="a Pooling module", got="none")
    return Head(choices(pool), special is not False, prompt=prompt, dim=width, steps=tuple(steps))


def _normalize(module: Module, width: int, where: str) -> tuple[Step, int]:
    _check_input(module, where)

    def step(x: Array) -> Array:
        length = np.sqrt((x * x).sum(1, keepdims=True))
        unit: Array = x / np.maximum(length, np.float32(1e-12))
        return unit

    return step, width


def activation_of(module: Module) -> str:
    """The name of the function behind a Dense, as torch has it.

    Raises:
        FormatError: Another one, or one that is not torch's.
    """
    said = str(module.config.get("activation_function", "torch.nn.modules.activation.Tanh"))
    name = said.rpartition(".")[2]
    if said.partition(".")[0] != "torch" or name not in ACTIVATIONS:
        expected = f"an activation of {', '.join(ACTIVATIONS)}"
        raise FormatError(str(module.folder), expected=expected, got=described(said))
    return name


def _dense(module: Module, width: int, where: str) -> tuple[Step, int]:
    _check_input(module, where)
    config, arrays, activation = module.config, module.arrays(), activation_of(module)
    if config.get("use_residual"):
        raise FormatError(where, expected="a Dense without use_residual", got="one with it")
    matrix = _array(arrays, "linear.weight", where)
    if matrix.ndim != 2 or matrix.shape[1] != width:
        got = f"a matrix of shape {matrix.shape}"
        raise FormatError(where, expected=f"a Dense of {width} numbers", got=got)
    out = len(matrix)
    bias = np.zeros(out, np.float32)
    if "linear.bias" in arrays:
        bias = _array(arrays, "linear.bias", where, out)
    # Always ours, whose rows do not depend on each other to the last bit.
    product, function = PanelProduct(matrix.T), ACTIVATIONS[activation]

    def step(x: Array) -> Array:
        y = np.repeat(bias[None], len(x), 0)
        product(np.ascontiguousarray(x), y)
        return function(y)

    return step, out


def _layer_norm(module: Module, width: int, where: str) -> tuple[Step, int]:
    arrays = module.arrays()
    gain, bias = (_array(arrays, f"norm.{name}", where, width) for name in ("weight", "bias"))

    def step(x: Array) -> Array:
        from inlay.kernels.transformer import normalise

        y = np.array(x, np.float32, order="C")
        normalise(y, gain, bias, np.float32(1e-5))
        return y

    return step, width


STEPS: dict[str, Callable[[Module, int, str], tuple[Step, int]]] = {
    "Normalize": _normalize,
    "Dense": _dense,
    "LayerNorm": _layer_norm,
}


def _check_input(module: Module, where: str) -> None:
    """Whether a step works on the pooled vector, as it does unless its settings say otherwise."""
    for key in ("module_input_name", "module_output_name"):
        name = module.config.get(key)
        if name not in (None, "sentence_embedding"):
            raise FormatError(where, expected="a step on the pooled vector", got=described(name))


def _array(arrays: Any, name: str, where: str, *shape: int) -> Array:
    if name not in arrays:
        raise FormatError(where, expected=f"an array {name!r}", got="none of this name")
    found = np.asarray(arrays[name][...], np.float32)
    if shape and found.shape != shape:
        raise FormatError(where, expected=f"{name!r} of shape {shape}", got=f"{found.shape}")
    return found


def _gelu(x: Array) -> Array:
    from inlay.kernels.transformer import gelu

    y = np.array(x, np.float32)
    gelu(y)
    return y
