"""What a training of a biLM was asked for, checked."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import index, le
from typing import Any

from inlay.encode.elmo.options import WORD_LENGTH, Options
from inlay.errors import ArgumentError


@dataclass(frozen=True)
class Settings:
    """The arguments of `inlay.train.bilm`; see there."""

    dim: int
    projection_dim: int
    n_layers: int
    char_dim: int
    filters: tuple[tuple[int, int], ...]
    n_highway: int
    vocab_size: int
    min_count: int
    softmax: str
    n_samples: int
    unroll_steps: int
    batch_size: int
    epochs: float
    learning_rate: float
    dropout: float
    clip_norm: float
    held_out: float
    seed: int

    def __post_init__(self) -> None:
        whole = {"dim": 1, "projection_dim": 1, "n_layers": 1, "char_dim": 1, "n_highway": 0}
        whole |= {"vocab_size": 4, "min_count": 1, "n_samples": 1, "unroll_steps": 1}
        whole |= {"batch_size": 1, "seed": 0}
        for name, least in whole.items():
            self._check(name, f"a whole number from {least}", index, partial(le, least))
        for name in ("epochs", "learning_rate", "clip_norm"):
            self._check(name, "a number above 0", float, lambda x: 0 < x < float("inf"))
        self._check("dropout", "0 to below 1", float, lambda x: 0 <= x < 1)
        self._check("held_out", "0 (nothing) to 0.5", float, lambda x: 0 <= x <= 0.5)
        self._check("softmax", '"sampled" or "full"', str, lambda x: x in ("sampled", "full"))
        self._check(
            "filters",
            f"pairs of a width, 1 to {WORD_LENGTH}, and a number of maps",
            lambda x: tuple((index(width), index(maps)) for width, maps in x),
            lambda x: x and all(1 <= width <= WORD_LENGTH and maps >= 1 for width, maps in x),
        )

    def _check(
        self, name: str, expected: str, kind: Callable[[Any], Any], good: Callable[[Any], bool]
    ) -> None:
        """Make a setting of a kind that JSON knows; it came as numpy's, perhaps."""
        given = getattr(self, name)
        try:
            value = kind(given)
            fine = not isinstance(given, str) or kind is str
        except (TypeError, ValueError):
            fine = False
        if not (fine and good(value)):
            raise ArgumentError(name, expected=expected, got=repr(given))
        object.__setattr__(self, name, value)

    @property
    def options(self) -> Options:
        """The network; clips and skip connections as in the published models."""
        return Options(
            dim=self.dim,
            projection_dim=self.projection_dim,
            n_layers=self.n_layers,
            cell_clip=3.0,
            proj_clip=3.0,
            use_skip_connections=True,
            char_dim=self.char_dim,
            filters=self.filters,
            n_highway=self.n_highway,
            activation="relu",
        )
