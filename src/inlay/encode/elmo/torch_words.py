"""ELMo's words from their characters in PyTorch: convolutions, highways, a projection."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from inlay.encode.elmo.characters import PADDING
from inlay.encode.elmo.options import N_CHARACTERS, Options
from inlay.encode.elmo.torch_weights import NamedNetwork
from inlay.encode.elmo.weights import CHARACTERS, CONVOLUTION, HIGHWAY, PROJECTION, numbered
from inlay.hosts.torch import arrays, kernel_serves

WORDS_AT_ONCE = 512  # bounds the memory of the convolutions


class CharCNN(NamedNetwork):
    """Words from their characters: convolutions, highways, a projection.

    Equal words are computed once. Of the filling behind a word only so much is computed as can
    matter: what lies over filling alone is the same everywhere, and only the greatest counts.
    """

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        width = options.n_filters
        # Numbers drawn on the "meta" device would import torch._dynamo, for a second.
        empty = torch.empty(N_CHARACTERS, options.char_dim)
        self.char_embed = nn.Embedding.from_pretrained(empty, freeze=False, padding_idx=0)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(options.char_dim, maps, size) for size, maps in options.filters
        )
        self.highways = nn.ModuleList(_Highway(width) for _ in range(options.n_highway))
        self.projection = (
            nn.Linear(width, options.projection_dim) if options.has_projection else nn.Identity()
        )
        self._filters = np.array(options.filters, np.int64)

    def official_names(self) -> Iterator[tuple[str, str]]:
        """Pairs of a name in the file and a name here."""
        ends = "weight", "bias"
        yield CHARACTERS[0], "char_embed.weight"
        for i in range(len(self.convolutions)):
            names = [f"convolutions.{i}.{end}" for end in ends]
            yield from zip(numbered(CONVOLUTION, i), names, strict=True)
        for i in range(len(self.highways)):
            names = [
                f"highways.{i}.{part}.{end}" for part in ("carry", "transform") for end in ends
            ]
            yield from zip(numbered(HIGHWAY, i), names, strict=True)
        if self.options.has_projection:
            yield from zip(PROJECTION, [f"projection.{end}" for end in ends], strict=True)

    def forward(self, char_ids: Tensor) -> Tensor:
        """Look at words.

        Args:
            char_ids: Whole numbers `(..., 50)`, 0 to 261.

        Returns:
            `(..., P)`.
        """
        shape = (*char_ids.shape[:-1], self.options.projection_dim)
        if not char_ids.numel():
            return self.char_embed.weight.new_zeros(shape)
        words, at = torch.unique(char_ids.flatten(0, -2).int(), dim=0, return_inverse=True)
        places = torch.arange(1, words.shape[1] + 1, device=words.device)
        # Short words first: each part is as wide as its own longest word needs.
        lengths, order = ((words != PADDING) * places).amax(1).sort()
        widest = max(size for size, _ in self.options.filters)
        vectors = [
            self.each(words[part, : int(n[-1]) + widest], n)
            for part, n in zip(
                order.split(WORDS_AT_ONCE), lengths.split(WORDS_AT_ONCE), strict=True
            )
        ]
        return functional.embedding(order.argsort()[at], torch.cat(vectors)).view(shape)

    def each(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Look at words as they come: equal ones are computed again.

        Args:
            words: Whole numbers `(n, characters)`; only filling may have been cut off.
            lengths: `(n,)`: how many characters of each are no filling.

        Returns:
            `(n, P)`.
        """
        maps = self._strongest(words, lengths)
        vectors = maps.tanh() if self.options.activation == "tanh" else maps.relu()
        for highway in self.highways:
            vectors = highway(vectors)
        return self.projection(vectors)

    def _strongest(self, words: Tensor, lengths: Tensor) -> Tensor:
        """The maximum of each convolution over the positions of a word: `(n, F)`."""
        table = self.char_embed.weight
        known = int(words.min()) >= 0 and int(words.max()) < N_CHARACTERS  # else torch refuses them
        if not (known and _kernel_serves(table)):
            x = self.char_embed(words.int()).transpose(1, 2)
            return torch.cat([convolution(x).amax(2) for convolution in self.convolutions], 1)
        with torch.autocast("cpu", enabled=False):
            table = torch.cat([table[:1].detach(), table[1:]])  # "no token" never learns
            filters = [part.weight.permute(1, 2, 0).flatten(1) for part in self.convolutions]
            products = torch.mm(table, torch.cat(filters, 1))
            biases = torch.cat([part.bias for part in self.convolutions])
            found: Tensor = _Strongest.apply(products, words, lengths, self._filters)
            return found + biases


class _Strongest(Function):  # type: ignore[misc]
    """Convolutions by looking up the products of characters; see `inlay.kernels.characters`."""

    @staticmethod
    def forward(ctx: Any, products: Tensor, words: Tensor, lengths: Tensor, filters: Any) -> Tensor:
        """The maximum of each map over positions `(n, F)`."""
        from inlay.kernels.characters import strongest

        ids, ends = arrays(words.short().contiguous(), lengths.short())
        out = np.empty((len(ids), filters[:, 1].sum()), np.float32)
        winners = np.empty(out.shape, np.int16)
        strongest(*arrays(products), ids, ends, filters, out, winners)
        ctx.kept, ctx.shape = (ids, filters, winners), products.shape
        return torch.from_numpy(out)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient of the products."""
        from inlay.kernels.characters import strongest_back

        d_products = np.zeros(ctx.shape, np.float32)
        strongest_back(*arrays(d_out.contiguous()), *ctx.kept, d_products)
        return torch.from_numpy(d_products), None, None, None


class _Highway(nn.Module):  # type: ignore[misc]
    def __init__(self, width: int) -> None:
        super().__init__()
        self.carry, self.transform = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        new = self.transform(x).relu()  # autocast may make it shorter than x
        return torch.lerp(x.to(new.dtype), new, self.carry(x).sigmoid())


def _kernel_serves(table: Tensor) -> bool:
    """Whether products are looked up: by one thread that is faster; torch's own take several."""
    return kernel_serves(table) and torch.get_num_threads() == 1
