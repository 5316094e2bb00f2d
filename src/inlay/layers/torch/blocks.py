"""Pooling, convolution and LSTM that leave padding out, in PyTorch.

Each is called with `(vectors, mask)`: vectors `(texts, tokens, dim)`, and bool `(texts, tokens)`,
True for a word, as `mask_of` makes it. The `key_padding_mask` of PyTorch's attention is the
opposite.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from inlay.checks import choice, described, flag, whole
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts import torch as host
from inlay.layers.masks import check_shapes, no_mask

HINT = "inlay.layers.torch.blocks.mask_of(layer, ids), which is ids != layer.padding_idx"
LOWEST = -1e30  # below every score, and a number, so that a text without words has no NaN


def mask_of(layer: Any, ids: Tensor) -> Tensor:
    """Where ids are words and not padding.

    Args:
        layer: The embedding layer, whose `padding_idx` it is; or the id of padding itself.
        ids: `(texts, tokens)`.

    Returns:
        bool, like `ids`.

    Raises:
        ArgumentError: The layer has no `padding_idx`.
        ArgumentTypeError: Neither a layer nor an id.

    Examples:
        >>> mask_of(0, torch.tensor([[4, 2, 0], [3, 0, 0]]))
        tensor([[ True,  True, False],
                [ True, False, False]])
    """
    pad_id = getattr(layer, "padding_idx", layer)
    if pad_id is None:
        raise ArgumentError(
            "layer",
            expected="one with an id of padding",
            got="padding_idx=None",
            hint="mask_of(pad_id, ids)",
        )
    return ids != whole("layer", pad_id, least=0)


class MeanPooling(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """The mean of each text's vectors, padding left out. A text without words is all zeros.

    Raises:
        ArgumentError: From a call, if no mask comes, or one of another shape.
        ArgumentTypeError: From a call, if the mask is not bool.

    Examples:
        >>> vectors = torch.tensor([[[1.0, 5.0], [3.0, 1.0], [0.0, 0.0]]])
        >>> MeanPooling()(vectors, torch.tensor([[True, True, False]]))
        tensor([[2., 3.]])
    """

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Pool texts: `(texts, dim)`."""
        words = _words(self, vectors, mask)
        count = mask.sum(1, keepdim=True).clamp(min=1)
        return (words.sum(1, dtype=_wide(words)) / count).to(words.dtype)


class MaxPooling(nn.Module):  # type: ignore[misc]
    """The largest of each number over a text's vectors, padding left out.

    So it is never that of a padding vector, not even where all words have less than zero. A text
    without words is all zeros. Errors are those of `MeanPooling`.

    Examples:
        >>> vectors = torch.tensor([[[-1.0, -5.0], [-3.0, -1.0], [0.0, 0.0]]])
        >>> MaxPooling()(vectors, torch.tensor([[True, True, False]]))
        tensor([[-1., -1.]])
    """

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Pool texts: `(texts, dim)`."""
        words = _words(self, vectors, mask)
        if not words.shape[1]:
            return words.sum(1)
        best = words.masked_fill(~mask[..., None], -torch.inf).amax(1)
        return best.masked_fill(~mask.any(1, keepdim=True), 0)


class AttentionPooling(nn.Module):  # type: ignore[misc]
    """A mean of each text's vectors that has learned what each counts, padding left out.

    The weights are the softmax, over the words of a text, of `query(tanh(hidden(vector)))`. A text
    without words is all zeros. Errors of a call are those of `MeanPooling`.

    Args:
        dim: Numbers in a vector.
        units: Numbers in the query; as many as in a vector if not given.

    Examples:
        >>> pool, vectors = AttentionPooling(4), torch.ones(1, 3, 4)
        >>> pool.attention(vectors, torch.tensor([[True, True, False]])).tolist()
        [[0.5, 0.5, 0.0]]

    Source: Yang et al. 2016, Hierarchical attention networks for document classification,
    equations 5 to 7; Bahdanau, Cho and Bengio 2015.
    """

    def __init__(self, dim: int, units: int | None = None) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim, dim if units is None else units)
        self.query = nn.Linear(self.hidden.out_features, 1, bias=False)

    def attention(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """What each place counts, `(texts, tokens)`: the sum of a text is 1, or 0 without words."""
        return self._weights(_words(self, vectors, mask), mask)

    def _weights(self, words: Tensor, mask: Tensor) -> Tensor:
        scores = self.query(torch.tanh(self.hidden(words)))[..., 0]
        scores = scores.to(_wide(scores)).masked_fill(~mask, LOWEST)
        return scores.softmax(-1).masked_fill(~mask, 0)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Pool texts: `(texts, dim)`."""
        words = _words(self, vectors, mask)
        weights = self._weights(words, mask)
        return (weights[..., None] * words).sum(1).to(words.dtype)


class MaskedConv1d(nn.Conv1d):  # type: ignore[misc]
    """A convolution over texts that gives a padded one the numbers that it has alone.

    Padding is zero on the way in and on the way out, and a mask comes with the result: with
    `"valid"` it is True for windows of words alone. A text shorter than a window has none of those,
    and is as one without words. Errors of a call are those of `MeanPooling`.

    Args:
        in_channels: Numbers in a vector that comes in.
        out_channels: Numbers in a vector that comes out.
        kernel_size: Words in a window.
        padding: `"valid"` or `"same"`.
        dilation: The distance between the words of a window.
        groups: Into how many parts a vector is cut that do not see each other.
        bias: Whether to add one.

    Raises:
        ArgumentError: Another padding.

    Examples:
        >>> vectors, mask = torch.ones(2, 3, 4), torch.tensor([[1, 1, 0], [1, 1, 1]]).bool()
        >>> found, left = MaskedConv1d(4, 5, 2)(vectors, mask)
        >>> found.shape, left.tolist()
        (torch.Size([2, 2, 5]), [[True, False], [True, True]])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        padding: str = "valid",
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        choice("padding", padding, ("valid", "same"))
        settings = {"padding": padding, "dilation": dilation, "groups": groups, "bias": bias}
        super().__init__(in_channels, out_channels, kernel_size, **settings)

    def forward(self, vectors: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve texts.

        Args:
            vectors: `(texts, tokens, in_channels)`.
            mask: True for a word, `(texts, tokens)`.

        Returns:
            `(texts, tokens, out_channels)`, zero where there is padding, and the mask of it; with
            `"valid"` fewer tokens by the length of a window less 1, but at least one.
        """
        words = _words(self, vectors, mask).transpose(1, 2)
        (step,) = self.dilation
        reach = (self.kernel_size[0] - 1) * step if self.padding == "valid" else 0
        any_length = bool(reach) and torch.jit.is_tracing()  # as if each text were too short
        short = reach + 1 if any_length else max(reach + 1 - words.shape[2], 0)
        words, mask = functional.pad(words, (0, short)), functional.pad(mask, (0, short))
        left, n = mask, mask.shape[1] - reach
        if reach:
            left = torch.stack([mask[:, i : i + n] for i in range(0, reach + 1, step)]).all(0)
        found = super().forward(words).transpose(1, 2)
        if any_length:
            kept = slice(1, -reach - 1)
            found = torch.cat([found[:, :1], found[:, kept]], 1)
            left = torch.cat([left[:, :1], left[:, kept]], 1)
        return found.masked_fill(~left[..., None], 0), left


class MaskedLSTM(nn.LSTM):  # type: ignore[misc]
    """An LSTM that reads the words of each text and no padding, in both directions.

    The states at the end are those after the last word, and of the other direction after the first.
    Masked places are passed over wherever they are. A text without words keeps the states it
    started with. Errors of a call are those of `MeanPooling`.

    `torch.compile` runs it outside of its graphs, as it does `nn.LSTM`; `torch.jit` and
    `torch.export` refuse it.

    Args:
        input_size: Numbers in a vector.
        hidden_size: Numbers in a state.
        **kwargs: Of `nn.LSTM`, such as `bidirectional`, `num_layers` and `dropout`; but texts
            always come first.

    Examples:
        >>> lstm, vectors = MaskedLSTM(4, 5), torch.ones(1, 3, 4)
        >>> outputs, (state, cell) = lstm(vectors, torch.tensor([[True, True, False]]))
        >>> bool((outputs[0, 1] == state[-1, 0]).all()), outputs[0, 2].tolist()
        (True, [0.0, 0.0, 0.0, 0.0, 0.0])
    """

    def __init__(self, input_size: int, hidden_size: int, **kwargs: Any) -> None:
        if not flag("batch_first", kwargs.pop("batch_first", True)):
            expected = "True: vectors are (texts, tokens, dim)"
            raise ArgumentError("batch_first", expected=expected, got="False")
        super().__init__(input_size, hidden_size, batch_first=True, **kwargs)

    def forward(
        self, vectors: Tensor, mask: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read texts.

        Args:
            vectors: `(texts, tokens, input_size)`.
            mask: True for a word, `(texts, tokens)`.
            hx: The states to start with, as of `nn.LSTM`; zeros if not given.

        Returns:
            What `nn.LSTM` returns: outputs `(texts, tokens, hidden_size)`, with two directions
            twice as wide, zero where there is padding; and the last states of each layer and
            direction.
        """
        if host.is_taken_down():
            hint = "MaskedConv1d, or nn.LSTM for texts that are all of one length"
            raise host.no_graph("MaskedLSTM, which takes as many steps as a text has words", hint)
        words, n_tokens = _words(self, vectors, mask), mask.shape[1]
        if not n_tokens:  # which cannot be packed
            words, mask = functional.pad(words, (0, 0, 0, 1)), functional.pad(mask, (0, 1))
        lengths, order = mask.sum(1).cpu(), None
        if bool((mask[:, 1:] & ~mask[:, :-1]).any()):  # padding is not only behind the words
            order = (~mask).int().argsort(dim=1, stable=True)
            words = words.gather(1, order[..., None].expand_as(words))
        # Nothing of length 0 can be packed: a text without words is read as one that is zero.
        packed = pack_padded_sequence(words, lengths.clamp(min=1), True, enforce_sorted=False)
        result, states = super().forward(packed, hx)
        outputs, _ = pad_packed_sequence(result, True, total_length=mask.shape[1])
        if order is not None:
            back = order.argsort(1)[..., None]
            outputs = outputs.gather(1, back.expand(-1, -1, outputs.shape[2]))
        outputs = outputs.masked_fill(~mask[..., None], 0)[:, :n_tokens]
        empty = (lengths == 0).to(mask.device)[:, None]
        start = (None, None) if hx is None else hx
        h, c = (
            state.masked_fill(empty, 0) if first is None else torch.where(empty, first, state)
            for state, first in zip(states, start, strict=True)
        )
        return outputs, (h, c)


def _words(block: nn.Module, vectors: Tensor, mask: Any) -> Tensor:
    """Vectors with zeros for padding, whatever it was: NaN too, and no gradient."""
    where = type(block).__name__
    if mask is None:
        raise no_mask(where, HINT)
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        got = f"a tensor of {mask.dtype}" if isinstance(mask, Tensor) else described(mask)
        hint = "mask.bool(), if 1 stands for a word"
        expected = "a mask, a tensor of bool that is True for a word"
        raise ArgumentTypeError(where, expected=expected, got=got, hint=hint)
    check_shapes(where, vectors.shape, mask.shape)
    return vectors.masked_fill(~mask[..., None], 0)


def _wide(tensor: Tensor) -> torch.dtype:
    """The dtype in which many of its numbers can be summed: float32 for one of 16 bits."""
    return torch.promote_types(tensor.dtype, torch.float32)
