"""A training that was stopped goes on: its state in one file, written whole or not at all."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from inlay.aliases import Array
from inlay.bytes.writing import atomic_path
from inlay.errors import ArgumentError, FormatError

NAME = "checkpoint.safetensors"


@dataclass
class Position:
    """How far a training has come.

    Attributes:
        step: The next one.
        words: Predicted so far in each direction.
        seconds: Spent so far.
        loss: Sum of the steps' losses since the last entry of `history`.
        losses: How many these are.
        history: For each stretch of steps: words so far, and the perplexity in the stretch.
    """

    step: int = 0
    words: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    losses: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def add(self, loss: float, words: int, stretch: int) -> None:
        """Count a step, and close a stretch of so many."""
        if self.losses == stretch:
            self.loss, self.losses = 0.0, 0
        self.step, self.words = self.step + 1, self.words + words
        self.loss, self.losses = self.loss + loss, self.losses + 1
        if self.losses == stretch:
            perplexity = round(math.exp(self.loss / stretch), 2)
            self.history.append({"words": self.words, "perplexity": perplexity})


def save(
    folder: Path, position: Position, arrays: Mapping[str, Array], about: dict[str, Any]
) -> None:
    """Write the state of a training.

    Args:
        folder: Of the model.
        position: Where it is.
        arrays: All that steps change.
        about: What it depends on: settings and corpus, JSON.
    """
    text = {"position": json.dumps(vars(position)), "about": json.dumps(about)}
    with atomic_path(folder / NAME) as part:
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, part, text)


def load(folder: Path, about: dict[str, Any]) -> tuple[Position, dict[str, Array]] | None:
    """Read the state of a training, if there is one.

    Raises:
        FormatError: The file is damaged.
        ArgumentError: It was begun with other settings, or on another corpus.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        with safe_open(path, "numpy") as file:
            text = file.metadata()
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        begun, position = json.loads(text["about"]), Position(**json.loads(text["position"]))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise damaged(path, str(error)) from error
    check_same(path, begun, about)
    return position, arrays


def damaged(path: Path, got: str) -> FormatError:
    """The error for a checkpoint that cannot be used."""
    return FormatError(
        str(path),
        expected="a training that was stopped",
        got=got,
        hint="resume=False, which starts anew",
    )


def check_same(path: Path, begun: dict[str, Any], about: dict[str, Any]) -> None:
    """Refuse to take one training for another.

    Raises:
        ArgumentError: What they depend on differs.
    """
    about = json.loads(json.dumps(about))
    different = [name for name in about | begun if about.get(name) != begun.get(name)]
    if different:
        raise ArgumentError(
            str(path),
            expected=f"what it was begun with: {_listed(begun, different, 'the same corpus')}",
            got=_listed(about, different, "another corpus"),
            hint="another folder, or resume=False, which starts anew",
        )


def _listed(values: dict[str, Any], names: list[str], corpus: str) -> str:
    return ", ".join(corpus if name == "text" else f"{name}={values.get(name)}" for name in names)
