"""What a training of a biLM was asked for, checked."""

from dataclasses import dataclass
from typing import Any

from inlay.checks import choice, described, number, whole
from inlay.encode.elmo.options import WORD_LENGTH, Options
from inlay.errors import ArgumentError, ArgumentTypeError

# The least of each whole number.
WHOLE = {"dim": 1, "projection_dim": 1, "n_layers": 1, "char_dim": 1, "n_highway": 0}
WHOLE |= {"max_size": 4, "min_count": 1, "n_samples": 1, "unroll_steps": 1}
WHOLE |= {"batch_size": 1, "seed": 0}


@dataclass(frozen=True)
class BilmSettings:
    """The arguments of `inlay.train.bilm` on which its result depends; see there."""

    dim: int
    projection_dim: int
    n_layers: int
    char_dim: int
    filters: tuple[tuple[int, int], ...]
    n_highway: int
    max_size: int
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
        # As Python's own numbers, which JSON knows; they came as numpy's, perhaps.
        kept: dict[str, Any] = {
            name: whole(name, getattr(self, name), least=least) for name, least in WHOLE.items()
        }
        for name in ("epochs", "learning_rate", "clip_norm"):
            kept[name] = number(name, getattr(self, name), above=0)
        kept["dropout"] = number("dropout", self.dropout, least=0, below=1)
        kept["held_out"] = number("held_out", self.held_out, least=0, most=0.5)
        kept["softmax"] = choice("softmax", self.softmax, ("sampled", "full"))
        kept["filters"] = _filters(self.filters)
        for name, value in kept.items():
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


def _filters(value: Any) -> tuple[tuple[int, int], ...]:
    """Pairs of a width and a number of maps, at least one."""
    expected = f"pairs of a width, 1 to {WORD_LENGTH}, and a number of maps"
    try:
        pairs = [(width, maps) for width, maps in value]
    except (TypeError, ValueError):
        raise ArgumentTypeError("filters", expected=expected, got=described(value)) from None
    if not pairs:
        raise ArgumentError("filters", expected=expected, got="none")
    return tuple(
        (
            whole(f"filters[{i}], width", width, most=WORD_LENGTH),
            whole(f"filters[{i}], maps", maps),
        )
        for i, (width, maps) in enumerate(pairs)
    )
