"""ELMo as a PyTorch module."""

from collections.abc import Sequence
from typing import Any, NoReturn, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from inlay.core import Vocabulary
from inlay.encode.elmo.characters import BOS, EOS, character_ids, check_tokens
from inlay.encode.elmo.layer_settings import LayerSettings, words_to_cache
from inlay.encode.elmo.options import N_CHARACTERS, Options
from inlay.encode.elmo.torch_bilm import BiLM, States, to_weights
from inlay.encode.elmo.torch_words import CharCNN
from inlay.encode.elmo.weights import Weights
from inlay.encode.mix import Mix
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts import torch as host

Cached = Sequence[str] | Vocabulary
UNSAID = LayerSettings()
EPSILON = 1e-13  # as AllenNLP has it
NO_GRAPH = ("an ELMo, whose steps depend on the texts", "torch.compile, which runs it as it is")


class ElmoModule(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """ELMo, made by `from_weights`; the arguments and the results of AllenNLP's module, and more.

    It reads whole numbers `(batch, tokens, 50)` of `batch_to_ids`, 0 where there is no token;
    or, made with `vocab_to_cache`, word ids `(batch, tokens)`. Tokens may lie anywhere in a row:
    padding on either side changes nothing. More than one dimension may stand before the tokens,
    as in `(batch, sentences, tokens, 50)`; they stand before all results too.

    Without `stateful` a text has the same vectors whatever stands beside or before it. (AllenNLP's
    module and the hub's carry states from batch to batch; `stateful=True` does as they do.)

    What is computed depends on the lengths of the texts. So `torch.compile` of a model compiles
    what stands around this module and runs it as it is, `torch.compile(..., fullgraph=True)` says
    so, and `torch.jit` and `torch.export` are refused.

    Attributes:
        options: Sizes.
        settings: What was asked for.
        char_cnn: Makes vectors of words.
        bilm: The LSTMs above.
        mixes: One `ScalarMix` for each representation.
        cached: Vectors of `vocab_to_cache`, never trained, or None.

    Examples:
        >>> options = Options(8, 4, 2, 3.0, 3.0, True, 4, ((1, 4), (2, 4)), 1, "relu")
        >>> weights, settings = Weights.random(options), LayerSettings(dropout=0)
        >>> elmo = ElmoModule.from_weights(options, weights, settings)
        >>> from inlay.encode.elmo.characters import batch_to_ids
        >>> out = elmo(torch.from_numpy(batch_to_ids([["a", "good", "film"], ["no"]])))
        >>> out["elmo"].shape, out["default"].shape
        (torch.Size([2, 3, 8]), torch.Size([2, 8]))

    Source: Peters et al. 2018, Deep contextualized word representations.
    """

    def __init__(
        self, char_cnn: CharCNN, bilm: BiLM, settings: LayerSettings, words: Cached | None = None
    ) -> None:
        super().__init__()
        self.options, self.settings = bilm.options, settings
        self.char_cnn, self.bilm = char_cnn, bilm
        n_layers, fixed = self.options.n_layers + 1, settings.scalar_mix_parameters
        self.mixes = nn.ModuleList(
            ScalarMix(n_layers, fixed) for _ in range(settings.num_output_representations)
        )
        marks = torch.from_numpy(character_ids([BOS, EOS], self.options.word_length))
        self.register_buffer("_marks", marks, persistent=False)
        self._states: States | None = None
        self.cached = None if words is None else self._word_table(words)
        self._pad_id = words.pad_id if isinstance(words, Vocabulary) else 0
        self._unk_id = words.unk_id if isinstance(words, Vocabulary) else None
        for network in (char_cnn, bilm):
            network.requires_grad_(settings.trainable == "all")
        if settings.trainable is False:
            self.mixes.requires_grad_(False)

    @classmethod
    def from_weights(
        cls,
        options: Options,
        weights: Weights,
        settings: LayerSettings = UNSAID,
        *,
        mix: Mix | None = None,
        vocab_to_cache: Cached | None = None,
    ) -> Self:
        """Make the module of an ELMo. Allocates the weights once more.

        Args:
            options: Its shape.
            weights: Its numbers, which are copied.
            settings: What kind of module it is to be.
            mix: What each mix begins with, unless `scalar_mix_parameters` fix it; None: evenly.
            vocab_to_cache: Words whose vectors are made now and looked up from then on. Ids of a
                list are its positions, and 0 is no token whatever the first word, as in AllenNLP;
                a Vocabulary, a Table and a dict of token to id have their own.

        Raises:
            ArgumentError: A value that cannot be, or `trainable="all"` with `vocab_to_cache`:
                what is cached would no longer be what the network makes.
        """
        settings.check_layers(options.n_layers + 1)
        if vocab_to_cache is not None:
            settings.check_cached()
        char_cnn, bilm = (network.from_weights(options, weights) for network in (CharCNN, BiLM))
        module = cls(char_cnn, bilm, settings, words_to_cache(vocab_to_cache))
        if mix is not None and settings.scalar_mix_parameters is None:
            for part in module.mixes:
                part.scalars.data = torch.tensor(mix.scalars)
                part.gamma.data = torch.tensor(mix.gamma)
        return module

    def to_weights(self) -> Weights:
        """The numbers of both networks as they are now, to be saved in the official format."""
        return to_weights(self.char_cnn, self.bilm)

    @property
    def dim(self) -> int:
        """Numbers in a token's vector, 2P."""
        return 2 * self.options.projection_dim

    def get_output_dim(self) -> int:
        """`dim`, by AllenNLP's name."""
        return self.dim

    def reset_states(self) -> None:
        """Start every text from zero again."""
        self._states = None

    def __prepare_scriptable__(self) -> NoReturn:
        raise host.no_graph(*NO_GRAPH)

    @host.eager
    def forward(self, inputs: Tensor | None, word_inputs: Tensor | None = None) -> dict[str, Any]:
        """Run texts.

        Args:
            inputs: Character ids `(batch, ..., tokens, 50)`, or word ids `(batch, tokens)` of
                `vocab_to_cache`.
            word_inputs: Word ids `(batch, ..., tokens)`, also beside character ids, as AllenNLP has
                them. Words that are not cached, or are the Vocabulary's unknown one, are read by
                their characters.

        Returns:
            "elmo_representations": for each mix `(batch, tokens, 2P)`, with dropout in training;
            "elmo": the first of them; "default": `(batch, 2P)`, its mean over a text's tokens,
            0 without any; "mask": bool `(batch, tokens)`; "word_emb": `(batch, tokens, P)`, the
            vectors that words have alone; "lstm_outputs1" and so on: `(batch, tokens, 2P)`.
            All are 0 where there is no token. With `keep_sentence_boundaries` they are
            `tokens + 2` wide: `<S>`, words and `</S>` from the left; "default" is of words alone.

        Raises:
            IdError: An id that is out of range or no whole number.
            ArgumentTypeError: Not the shapes above.
        """
        if host.is_taken_down():  # lengths of texts decide what is computed
            raise host.no_graph(*NO_GRAPH)
        for name, ids in (("inputs", inputs), ("word_inputs", word_inputs)):
            if ids is not None:
                host.check_tensor(name, ids)
        before = self._dimensions_before(inputs, word_inputs)
        if len(before) < 2:
            return self._run_rows(inputs, word_inputs)
        given = (inputs, word_inputs)
        rows = (ids if ids is None else ids.flatten(0, len(before) - 1) for ids in given)
        found = self._run_rows(*rows)
        return {
            name: [each.unflatten(0, before) for each in value]
            if isinstance(value, list)
            else value.unflatten(0, before)
            for name, value in found.items()
        }

    def _dimensions_before(self, inputs: Tensor | None, words: Tensor | None) -> tuple[int, ...]:
        """What stands before the tokens, if it is more than the batch."""
        if words is None:
            return () if inputs is None or inputs.ndim < 4 else tuple(inputs.shape[:-2])
        if words.ndim > 2 and inputs is not None and inputs.shape[:-1] != words.shape:
            length = self.options.word_length
            raise _wrong_shape("inputs", f"{(*words.shape, length)}, as word_inputs", inputs)
        return tuple(words.shape[:-1])

    def _run_rows(self, inputs: Tensor | None, word_inputs: Tensor | None) -> dict[str, Any]:
        """`forward` of texts in rows."""
        x, real = self._look_up(inputs, word_inputs)
        (batch, width), n = real.shape, real.sum(1)
        # Here texts stand closed up between their marks; a token's place follows from the mask.
        at = torch.arange(x.shape[1], device=x.device)
        mask, inner = at < n[:, None] + 2, (at > 0) & (at <= n[:, None])
        layers = [torch.cat([x, x], 2), *self._run(x, n + 2)]
        dropout = self.settings.dropout
        normed = _normalised(layers, mask) if self.settings.do_layer_norm else layers
        mixed = [functional.dropout(mix(normed), dropout, self.training) for mix in self.mixes]
        default = (mixed[0] * inner[..., None]).sum(1) / n.clamp(min=1)[:, None]

        def spread(array: Tensor) -> Tensor:
            if self.settings.keep_sentence_boundaries:
                array = array * mask[..., None]
                return functional.pad(array, (0, 0, 0, width + 2 - array.shape[1]))
            rows = torch.arange(batch, device=x.device)[:, None]
            return array[rows, real.cumsum(1)] * real[..., None]

        representations = [spread(array) for array in mixed]
        return {
            "elmo_representations": representations,
            "mask": spread(mask[..., None])[..., 0],
            "word_emb": spread(x),
            **{f"lstm_outputs{k}": spread(layer) for k, layer in enumerate(layers) if k},
            "elmo": representations[0],
            "default": default,
        }

    def extra_repr(self) -> str:
        """What was asked for."""
        return str(self.settings)

    def _look_up(self, inputs: Tensor | None, words: Tensor | None) -> tuple[Tensor, Tensor]:
        """Vectors `(batch, n + 2, P)` of texts closed up between marks; which tokens are real."""
        if self.cached is not None and words is None and inputs is not None and inputs.ndim == 2:
            inputs, words = None, inputs
        if words is not None and (self.cached is not None or inputs is None):
            return self._look_up_words(words, inputs)
        chars = self._checked_characters(inputs)
        real = (chars > 0).any(2)
        return self.char_cnn(_close_up(chars, real, self._marks)), real

    def _look_up_words(self, ids: Tensor, inputs: Tensor | None) -> tuple[Tensor, Tensor]:
        if self.cached is None:
            raise ArgumentError(
                "word_inputs", expected="a module made with vocab_to_cache", got="one without"
            )
        if ids.ndim != 2:
            raise _wrong_shape("word_inputs", "(batch, tokens)", ids)
        n = self.cached.num_embeddings - 2
        host.check_dtype("word_inputs", ids)
        known = n if inputs is None else None
        host.check_range("word_inputs", ids, known, hint="the vocabulary that was cached")
        ids = ids.long()
        real = torch.ones_like(ids) > 0 if self._pad_id is None else ids != self._pad_id
        marks = torch.tensor([n, n + 1], device=ids.device)
        if inputs is None:
            return self.cached(_close_up(ids, real, marks)), real
        chars = self._checked_characters(inputs)
        if chars.shape[:2] != ids.shape:
            raise _wrong_shape("inputs", f"{(*ids.shape, chars.shape[2])}, as word_inputs", chars)
        new = ids >= n if self._unk_id is None else (ids >= n) | (ids == self._unk_id)
        rows = _close_up(ids.masked_fill(new & real, -1), real, marks)
        x, new = self.cached(rows.clamp(min=0)), rows < 0
        x[new] = self.char_cnn(_close_up(chars, real, self._marks)[new]).to(x.dtype)
        return x, real

    def _checked_characters(self, ids: Tensor | None) -> Tensor:
        length = self.options.word_length
        if ids is None or ids.ndim != 3 or ids.shape[2] != length:
            raise _wrong_shape("inputs", f"(batch, tokens, {length}) of batch_to_ids", ids)
        host.check_dtype("inputs", ids)
        host.check_range("inputs", ids, N_CHARACTERS, hint="batch_to_ids")
        return ids

    def _word_table(self, words: Cached) -> nn.Embedding:
        """The vectors of words, then those of both marks."""
        names = words.tokens if isinstance(words, Vocabulary) else check_tokens(words)
        ids = torch.from_numpy(character_ids([*names, BOS, EOS], self.options.word_length))
        with torch.no_grad():
            return nn.Embedding.from_pretrained(self.char_cnn(ids))

    def _run(self, x: Tensor, lengths: Tensor) -> list[Tensor]:
        """The LSTM layers, from zero or from where the last batch ended."""
        if not self.settings.stateful:
            layers, _ = self.bilm(x, lengths)
            return list(layers)
        batch, before = len(x), self._states or self.bilm(x[:0], lengths[:0])[1]
        grown = [
            functional.pad(state, (0, 0, 0, max(0, batch - state.shape[2])))
            for state in (state.to(self.bilm.forward_cells[0].kernel) for state in before)
        ]
        layers, ends = self.bilm(x, lengths, [state[:, :, :batch] for state in grown])
        # Rows that this batch does not have stay where they were.
        c, h = (
            torch.cat([end, state[:, :, batch:]], 2) for end, state in zip(ends, grown, strict=True)
        )
        self._states = c, h
        return list(layers)


class ScalarMix(nn.Module):  # type: ignore[misc]
    """Layers weighted by a softmax, times gamma.

    Args:
        n_layers: How many.
        fixed: Weights before the softmax that are not trained; None: trained, from 0.

    Source: Peters et al. 2018, equation 1.
    """

    def __init__(self, n_layers: int, fixed: Sequence[float] | None = None) -> None:
        super().__init__()
        scalars = torch.zeros(n_layers) if fixed is None else torch.tensor(fixed)
        self.scalars = nn.Parameter(scalars, requires_grad=fixed is None)
        self.gamma = nn.Parameter(torch.ones(()))

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        """Mix tensors of one shape."""
        shares = self.gamma * self.scalars.softmax(0)
        mixed = shares[0] * layers[0]
        for share, layer in zip(shares[1:], layers[1:], strict=True):
            mixed = mixed + share * layer
        return mixed


def _normalised(layers: Sequence[Tensor], mask: Tensor) -> list[Tensor]:
    """Each layer less its mean and over its deviation: one of each over all that is real."""
    mask = mask[..., None]
    results = []
    for layer in layers:
        exact = layer.float() if layer.dtype.itemsize < 4 else layer  # sums are beyond half's
        n = (mask.sum() * layer.shape[2]).clamp(min=1)
        centred = (exact - (exact * mask).sum() / n) * mask
        results.append((centred / (centred.square().sum() / n + EPSILON).sqrt()).to(layer))
    return results


def _close_up(tokens: Tensor, real: Tensor, marks: Tensor) -> Tensor:
    """Real tokens in order between two marks: `(batch, tokens, ...)` -> `(batch, n + 2, ...)`."""
    batch, lengths = len(tokens), real.sum(1)
    width, rows = int(lengths.max()) if batch else 0, torch.arange(batch, device=tokens.device)
    order = real.long().argsort(dim=1, descending=True, stable=True)[:, :width]
    closed = tokens.new_zeros(batch, width + 2, *tokens.shape[2:])
    closed[:, 0] = marks[0]
    closed[:, 1:-1] = tokens[rows[:, None], order]
    closed[rows, lengths + 1] = marks[1].to(tokens.dtype)
    return closed


def _wrong_shape(where: str, expected: str, found: Tensor | None) -> ArgumentTypeError:
    got = "none" if found is None else f"shape {tuple(found.shape)}"
    return ArgumentTypeError(where, expected=f"ids {expected}", got=got)
