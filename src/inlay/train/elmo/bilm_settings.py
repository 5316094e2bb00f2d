"""What a training of a biLM was asked for, checked."""

from dataclasses import dataclass
from typing import Any

from inlay.checks import choice, described, number, whole, whole_or_none
from inlay.encode.elmo.options import (
    LARGEST_SIZE,
    MOST_FILTERS,
    MOST_LAYERS,
    WORD_LENGTH,
    Options,
)
from inlay.errors import ArgumentError, ArgumentTypeError

# The least of each whole number.
WHOLE = {"dim": 1, "projection_dim": 1, "n_layers": 1, "char_dim": 1, "n_highway": 0}
WHOLE |= {"min_count": 1, "unroll_steps": 1, "batch_size": 1, "seed": 0}
# What a network can be that is read again.
MOST = dict.fromkeys(("dim", "projection_dim", "char_dim"), LARGEST_SIZE)
MOST |= {"n_layers": MOST_LAYERS, "n_highway": MOST_LAYERS}
MOST_NUMBERS = 1 << 31  # 8 GiB, three times over; the largest ELMo published has a twentieth
N_SAMPLES = 1024


@dataclass(frozen=True)
class BilmSettings:
    """The arguments of `inlay.train.bilm` on which its result depends; see there."""

    dim: int
    projection_dim: int
    n_layers: int
    char_dim: int
    filters: tuple[tuple[int, int], ...]
    n_highway: int
    max_size: int | None
    min_count: int
    softmax: str
    n_samples: int | None
    unroll_steps: int
    batch_size: int
    epochs: float
    learning_rate: float
    dropout: float
    clip_norm: float
    held_out: float
    seed: int

    def __post_init__(self) -> None:
        # As Python's own numbers, which JSON knows; they came as numpy's, perhaps.
        kept: dict[str, Any] = {
            name: whole(name, getattr(self, name), least=least, most=MOST.get(name))
            for name, least in WHOLE.items()
        }
        for name in ("epochs", "learning_rate", "clip_norm"):
            kept[name] = number(name, getattr(self, name), above=0)
        kept["dropout"] = number("dropout", self.dropout, least=0, below=1)
        kept["held_out"] = number("held_out", self.held_out, least=0, most=0.5)
        kept["softmax"] = choice("softmax", self.softmax, ("sampled", "full"))
        kept["filters"] = _filters(self.filters)
        kept["max_size"] = whole_or_none("max_size", self.max_size, least=4)
        kept["n_samples"] = _samples(self.n_samples, kept["softmax"])
        for name, value in kept.items():
            object.__setattr__(self, name, value)
        self._check_size()

    def _check_size(self) -> None:
        """Refuse a network that is too large for any memory, before a part of it is made."""
        size, words = self.projection_dim, self.options.n_filters
        numbers = {
            "filters": 2 * self.n_highway * words**2 + words * size,
            "dim": 2 * self.n_layers * 9 * self.dim * size,  # four gates of 2 P, and the projection
        }
        numbers["filters"] += sum(width * maps for width, maps in self.filters) * self.char_dim
        if (total := sum(numbers.values())) > MOST_NUMBERS:
            raise ArgumentError(
                max(numbers, key=lambda name: numbers[name]),
                expected=f"a network of up to {MOST_NUMBERS:,} numbers",
                got=f"one of {total:,}",
                hint="smaller sizes; the largest published model has 93.6 million",
            )

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


def _samples(value: Any, softmax: str) -> int | None:
    if softmax == "sampled":
        return N_SAMPLES if value is None else whole("n_samples", value)
    if value is not None:
        raise ArgumentError(
            "n_samples",
            expected="nothing with softmax='full', which draws no sample",
            got=described(value),
            hint="softmax='sampled'",
        )
    return None


def _filters(value: Any) -> tuple[tuple[int, int], ...]:
    """Pairs of a width and a number of maps, at least one."""
    expected = f"1 to {MOST_FILTERS} pairs of a width, 1 to {WORD_LENGTH}, and a number of maps"
    try:
        pairs = [(width, maps) for width, maps in value]
    except (TypeError, ValueError):
        raise ArgumentTypeError("filters", expected=expected, got=described(value)) from None
    if not 1 <= len(pairs) <= MOST_FILTERS:
        raise ArgumentError("filters", expected=expected, got=f"{len(pairs) or 'none'}")
    return tuple(
        (
            whole(f"filters[{i}], width", width, most=WORD_LENGTH),
            whole(f"filters[{i}], maps", maps, most=LARGEST_SIZE),
        )
        for i, (width, maps) in enumerate(pairs)
    )
