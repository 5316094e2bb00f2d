"""What an ELMo answers about texts: tokens, layers, their means and their mix."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import every_text, many_tokens, one_text
from inlay.core import Table
from inlay.encode.base import SORTED, TextEncoder
from inlay.encode.batching import blocks
from inlay.encode.elmo.characters import batch_to_ids
from inlay.encode.elmo.lexicon import Lexicon, check_origin
from inlay.encode.elmo.network import Network, States
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.running import Runner
from inlay.encode.elmo.weights import Weights
from inlay.encode.elsewhere import OF_TEXTS
from inlay.encode.engines import Engine, Precision, packer
from inlay.encode.mix import Mix
from inlay.errors import ArgumentError
from inlay.tokenizers import Tokenizer, TokenizerLike, get_tokenizer

T = TypeVar("T", str | list[str], list[str])
BLOCK = 32_768  # tokens at once, sorted by length among themselves: their layers take 400 MB


class TextVectors(TextEncoder):
    """The half of `Elmo` that runs: the other half says how, and makes, keeps and sends it.

    Attributes:
        options: The network's shape.
        weights: Its numbers.
        mix: How `elmo` mixes the layers.
        dim: Numbers in a token's vector, 2P.
        n_layers: The LSTM layers and the words' own below them.
        tokenizer: How strings become tokens.
        pad_token: A token that is none.
        max_length: Tokens read of a text; None: all.
        engine: What multiplies.
        precision: The precision of the products.
        workers: Threads.
    """

    MADE = ("_tokenize", "_network", "_lexicon")

    options: Options
    weights: Weights
    mix: Mix
    tokenizer: TokenizerLike
    pad_token: str | None
    engine: Engine
    precision: Precision
    workers: int
    _states: States | None
    _given: Table | Path | list[str] | None

    def _hash(self) -> str:
        """Of the numbers and the shape."""
        return self.weights.hash(self.options)

    def _learned(self) -> Iterable[Array]:
        return self.weights.named().values()

    @cached_property
    def _tokenize(self) -> Tokenizer:
        return get_tokenizer(self.tokenizer)

    @cached_property
    def _network(self) -> Network:
        return Network(self.options, self.weights, packer(self.engine, self.precision))

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon(self._network, self._table())

    def _table(self) -> Table | None:
        given = self._given
        if isinstance(given, Path):
            from inlay.formats import load

            given = load(given)
        if given is None or isinstance(given, Table):
            return None if given is None else check_origin(given, self._origin)
        return self.word_table(given)

    @property
    def _origin(self) -> dict[str, Any]:
        return {"model": "ELMo", "elmo": self.hash, "precision": self.precision}

    def word_table(self, words: Iterable[str]) -> Table:
        """The vectors of words without context, as a static embedding.

        Args:
            words: Any words; repeated ones are left out.

        Returns:
            float32 `(n, P)`, with the weights' hash in its provenance. Saved, it serves as
            `vocab_to_cache`, and as a table like any other.
        """
        words = list(dict.fromkeys(many_tokens("words", words)))
        vectors = Lexicon(self._network).vectors(words)
        return Table(words, vectors, provenance=self._origin)

    def tokenize(self, text: Text) -> list[str]:
        """The tokens of a text, `pad_token` among them, cut at `max_length`."""
        return self._tokens(one_text("text", text))

    def layer_rows(self, texts: Sequence[Text]) -> list[Array]:
        """What the layers take of each text: its characters, int32 `(tokens, 50)`."""
        real = ([t for t in self.tokenize(text) if t != self.pad_token] for text in texts)
        return [batch_to_ids([text], word_length=self.options.word_length)[0] for text in real]

    def _tokens(self, text: str | list[str]) -> list[str]:
        tokens = self._split_text(text) if isinstance(text, str) else text
        return tokens[: self.max_length]

    def _split_text(self, text: str) -> list[str]:
        pad = self.pad_token
        if not pad or pad not in text:
            return self._tokenize(text)
        between = re.split(rf"(?<!\S){re.escape(pad)}(?!\S)", text)
        return [token for part in between for token in (pad, *self._tokenize(part))][1:]

    def _read(
        self, texts: Iterable[str | list[str]], batch_size: int | None
    ) -> Iterator[list[str | list[str]]]:
        """Texts in blocks, as tokens; if `stateful`, all in one."""
        split: Iterator[str | list[str]] = map(self._tokens, self._looked_at(texts))
        if self._states is None:
            return _blocks(split, SORTED * (batch_size or BLOCK))
        if batch_size is not None:
            raise ArgumentError(
                "batch_size",
                expected="None, as each call is one batch of a stateful ELMo",
                got=f"{batch_size}",
            )
        return iter([list(split)])

    def _layers(self, texts: Sequence[str | list[str]]) -> Iterator[Array]:
        """All layers of each text, in order.

        Yields:
            float32 `(n_layers, n_tokens, dim)`: the words' own vectors twice, side by side, then
            each LSTM layer's, forward and backward; zeros where a token is `pad_token`.
        """
        for tokens, layers in self._run(texts):
            if self.pad_token not in tokens:
                yield layers
                continue
            spread = np.zeros((self.n_layers, len(tokens), self.dim), np.float32)
            spread[:, [token != self.pad_token for token in tokens]] = layers
            yield spread

    def _pooled(self, texts: Sequence[str | list[str]], pool: str) -> Array:
        """The mean of each layer over a text's tokens.

        A mean over tokens and a mix of layers may change places, so that training a mix on
        these is the same as training it on every token.
        """
        means = [
            layers.mean(axis=1) if layers.shape[1] else np.zeros((self.n_layers, self.dim))
            for _, layers in self._run(texts)
        ]
        return np.array(means, np.float32).reshape(-1, self.n_layers, self.dim)

    def _block(self, texts: Sequence[str | list[str]], pool: str) -> Array:
        """The mean of `elmo` over each text's tokens; zeros for a text without tokens."""
        return self.mix(np.moveaxis(self._pooled(texts, pool), 1, 0))

    @refuses_unknown(OF_TEXTS)
    def tokens(self, texts: Iterable[Text]) -> tuple[Array, Array]:
        """A vector for each token.

        Returns:
            `(elmo, mask)`: float32 `(n_texts, n_tokens, dim)`, zeros where a text has ended,
            and bool `(n_texts, n_tokens)`.
        """
        found = self.outputs(texts)
        return found["elmo"], found["mask"]

    @refuses_unknown(OF_TEXTS)
    def outputs(self, texts: Iterable[Text]) -> dict[str, Array]:
        """Everything, under the names of TF Hub's module.

        Returns:
            `word_emb` `(n_texts, n_tokens, P)`; `lstm_outputs1`, `lstm_outputs2`, ... and `elmo`,
            the mix, `(n_texts, n_tokens, dim)`; `default` `(n_texts, dim)`, the mean of `elmo`
            over real tokens, as in version 3 of that module; all float32; `mask`, bool
            `(n_texts, n_tokens)`. Allocates `4 * dim * (n_layers + 1.5)` bytes a token.
        """
        every = [self._tokens(text) for text in every_text("texts", texts)]
        shape = len(every), max(map(len, every), default=0)
        mask = np.zeros(shape, bool)
        layers = np.zeros((self.n_layers, *shape, self.dim), np.float32)
        default = np.zeros((len(every), self.dim), np.float32)
        for i, (tokens, found) in enumerate(self._run(every)):
            mask[i, : len(tokens)] = [token != self.pad_token for token in tokens]
            layers[:, i, mask[i]] = found
            if found.shape[1]:
                default[i] = self.mix(found.mean(axis=1))
        named = {f"lstm_outputs{k}": layers[k] for k in range(1, self.n_layers)}
        words = layers[0, :, :, : self.options.projection_dim]
        return {
            "word_emb": words,
            **named,
            "elmo": self.mix(layers),
            "default": default,
            "mask": mask,
        }

    def reset_states(self) -> None:
        """Forget where texts ended, if `stateful`."""
        if self._states is not None:
            self._states = States()

    def _run(self, texts: Sequence[str | list[str]]) -> Iterator[tuple[list[str], Array]]:
        """Each text's tokens and the layers `(n_layers, n, dim)` of its n real ones."""
        run = Runner(self._network, self._lexicon, self.pad_token, self.workers)
        tokens = [self._tokens(text) for text in texts]
        if self._states is not None:
            return run.as_one(tokens, self._states)
        return (found for block in _blocks(tokens) for found in run.in_threads(block))


def _blocks(texts: Iterable[T], most: int = BLOCK) -> Iterator[list[T]]:
    """Tokens of texts, about `BLOCK` at a time."""
    return blocks(texts, most=most, size=lambda text: len(text) + 2, total=BLOCK)
