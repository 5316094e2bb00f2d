"""A transformer as a PyTorch module that trains: strings, or ids of pieces, in; vectors out."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from inlay.encode.mix import Mix
from inlay.encode.transformer.head import activation_of
from inlay.encode.transformer.pooling import JOINED
from inlay.encode.transformer.torch_network import read_model
from inlay.errors import ArgumentTypeError

Ids = Callable[[Sequence[Any]], Any]


class TransformerModule(nn.Module):  # type: ignore[misc]  # optional, so untyped here
    """The vectors of `Transformer.encode`, by the model of the `transformers` library.

    What `piece_ids` cuts is not read: there are no windows here. A trained model is written by
    `encoder.save(folder)` and then `module.model.save_pretrained(folder)`, and read from there by
    `inlay.load_encoder`.

    Attributes:
        model: The library's own model.
        steps: What follows the pooling: modules of PyTorch.
        dim: Numbers in a vector.
    """

    def __init__(self, model: Any, steps: nn.Sequential, piece_ids: Ids, **how: Any) -> None:
        super().__init__()
        self.model, self.steps, self._piece_ids, self._how = model, steps, piece_ids, how
        self.dim: int = how["dim"]
        layer = how["layer"]
        if isinstance(layer, Mix):
            self.scalars = nn.Parameter(torch.tensor(layer.scalars))
            self.gamma = nn.Parameter(torch.tensor(layer.gamma))

    @classmethod
    def of(cls, encoder: Any, *, trainable: bool) -> Self:
        """Make the module of an encoder. Allocates the weights once more.

        Args:
            encoder: A `Transformer`.
            trainable: Whether anything learns; a frozen one also drops nothing out.
        """
        files, head = encoder._files, encoder._head
        model = read_model(files.folder, str(files.config.get("model_type")))
        modules = () if encoder._settings.pool is not None else files.modules or ()
        steps = nn.Sequential(*(STEPS[m.type](m) for m in modules if m.type in STEPS))
        module = cls(
            model,
            steps,
            encoder.piece_ids,
            dim=encoder.dim,
            layer=encoder.layer,
            pool=encoder.pools[0],
            before=len(encoder._pieces.before),
            after=len(encoder._pieces.after),
            special=head.special,
            skipped=encoder._skipped,
            trainable=trainable,
        )
        module.requires_grad_(trainable)
        return module

    def train(self, mode: bool = True) -> Self:
        """As of any module; a frozen one stays as it is when it encodes."""
        trained: Self = super().train(mode and self._how["trainable"])
        return trained

    def forward(self, texts: Any, attention_mask: Tensor | None = None) -> Tensor:
        """Vectors of texts.

        Args:
            texts: Strings or lists of words; or whole numbers `(batch, pieces)` of
                `encoder.piece_ids`, or of the library's own tokenizer with its `attention_mask`.
            attention_mask: 1 where there is a piece. None: where an id is not negative.

        Returns:
            float `(batch, dim)`.

        Raises:
            ArgumentTypeError: No texts, and no ids of two dimensions.
        """
        if not isinstance(texts, Tensor):
            texts = torch.from_numpy(self._piece_ids(texts)).to(self.model.device)
        if texts.ndim != 2 or texts.is_floating_point():
            got = f"{texts.dtype} of shape {tuple(texts.shape)}"
            raise ArgumentTypeError("texts", expected="ids (batch, pieces)", got=got)
        real = texts >= 0 if attention_mask is None else attention_mask > 0
        found = self.model(
            input_ids=texts.clamp(min=0).long(),
            attention_mask=real.long(),
            output_hidden_states=True,
        ).hidden_states
        pooled = self._pooled(self._layer(found), real)
        vectors: Tensor = self.steps(pooled)
        return vectors

    def _layer(self, layers: Any) -> Tensor:
        """The layer or the mix that is asked for, `(batch, pieces, dim)`."""
        layer = self._how["layer"]
        if isinstance(layer, Mix):
            shares = self.gamma * self.scalars.softmax(0)
            return torch.einsum("k,kbpd->bpd", shares, torch.stack(list(layers)))
        chosen: Tensor = layers[layer] if isinstance(layer, int) else torch.cat(layers[-4:], -1)
        return chosen

    def _pooled(self, x: Tensor, real: Tensor) -> Tensor:
        how, at = self._how, torch.arange(x.shape[1], device=x.device)
        n = real.sum(1, keepdim=True)
        counted = real
        if not how["special"]:
            counted = counted & (at >= how["before"]) & (at < n - how["after"])
        first = torch.where(n > how["skipped"], how["skipped"], 0)
        counted = counted & (at >= first)
        weights = counted[..., None].to(x.dtype)
        count = weights.sum(1)
        some, rows = (count > 0).to(x.dtype), torch.arange(len(x), device=x.device)
        last = torch.where(counted, at, 0).amax(1)
        modes: dict[str, Callable[[], Tensor]] = {
            "mean": lambda: (x * weights).sum(1) / count.clamp(min=1),
            "mean_sqrt_len": lambda: (x * weights).sum(1) / count.clamp(min=1).sqrt(),
            "max": lambda: (
                x.masked_fill(~counted[..., None], -torch.inf).amax(1).nan_to_num(0, 0, 0)
            ),
            "cls": lambda: x[rows, first[:, 0]],
            "lasttoken": lambda: x[rows, last] * some,
            "weightedmean": lambda: _weighted(x, weights),
        }
        return torch.cat([modes[mode]() for mode in how["pool"].split(JOINED)], -1)

    def extra_repr(self) -> str:
        """How texts become vectors."""
        return f"pool={self._how['pool']!r}, layer={self._how['layer']!r}, dim={self.dim}"


def _weighted(x: Tensor, weights: Tensor) -> Tensor:
    places = torch.arange(1, x.shape[1] + 1, device=x.device, dtype=x.dtype)[:, None]
    weights = weights * places
    return (x * weights).sum(1) / weights.sum(1).clamp(min=1)


class _Unit(nn.Module):  # type: ignore[misc]
    """Vectors of length 1."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(x, dim=-1)


def _taken(layer: nn.Module, arrays: Any, prefix: str) -> nn.Module:
    numbers = {
        name: torch.from_numpy(np.array(arrays[f"{prefix}.{name}"][...], np.float32))
        for name, _ in layer.named_parameters()
    }
    layer.load_state_dict(numbers)
    return layer


def _dense(module: Any) -> nn.Module:
    arrays = module.arrays()
    out, width = arrays["linear.weight"].shape
    linear = _taken(nn.Linear(width, out, "linear.bias" in arrays), arrays, "linear")
    return nn.Sequential(linear, getattr(nn, activation_of(module))())


def _layer_norm(module: Any) -> nn.Module:
    arrays = module.arrays()
    return _taken(nn.LayerNorm(arrays["norm.weight"].shape[0]), arrays, "norm")


STEPS: dict[str, Callable[[Any], nn.Module]] = {
    "Dense": _dense,
    "LayerNorm": _layer_norm,
    "Normalize": lambda module: _Unit(),
}
