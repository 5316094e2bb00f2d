"""What an ELMo's `options.json` says about its network."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from inlay.bytes.writing import atomic_path
from inlay.errors import FormatError, MissingFileError
from inlay.paths import path_to_read

N_CHARACTERS = 262  # 256 bytes, four marks and the padding of words, and 0 for "no token"
WORD_LENGTH = 50  # characters of a word, the two marks around it included
# Beyond what any network has: a file that asks for more is damaged, or means harm.
LARGEST_FILE = 1 << 20  # bytes of options
LONGEST_WORD, MOST_LAYERS, MOST_FILTERS, LARGEST_SIZE = 1000, 1000, 1000, 1 << 20


@dataclass(frozen=True)
class Options:
    """The shape of an ELMo.

    Attributes:
        dim: Cells of each LSTM, C.
        projection_dim: Numbers in a projected state, P; a token's layers have 2P.
        n_layers: LSTM layers in each direction.
        cell_clip: Cells are kept within this of 0; None: not at all.
        proj_clip: Projected states likewise.
        use_skip_connections: Whether layers above the first add their input to their output.
        char_dim: Numbers in a character's vector, D.
        filters: `(width, maps)` of each convolution over characters; F is the sum of maps.
        n_highway: Highway layers above the convolutions.
        activation: "relu" or "tanh", after the convolutions.
        word_length: Characters that are read of a word, the marks around it included.
        projects: Whether what an LSTM puts out is projected to P. AllenNLP's LSTMs always project;
            bilm-tf's do not where `dim == projection_dim`, and then have no `proj_clip` either.
            Official options do not say which: the weights do.
    """

    dim: int
    projection_dim: int
    n_layers: int
    cell_clip: float | None
    proj_clip: float | None
    use_skip_connections: bool
    char_dim: int
    filters: tuple[tuple[int, int], ...]
    n_highway: int
    activation: str
    word_length: int = WORD_LENGTH
    projects: bool = True

    @property
    def state_clip(self) -> float | None:
        """`proj_clip`, where states are projected: TensorFlow clips no others."""
        return self.proj_clip if self.projects else None

    @property
    def n_filters(self) -> int:
        """Numbers that the convolutions make of a word, F."""
        return sum(maps for _, maps in self.filters)

    @property
    def has_projection(self) -> bool:
        """Whether a word's F numbers are projected to P; files in which they agree do not."""
        return self.n_filters != self.projection_dim

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an official `options.json`.

        Raises:
            MissingFileError: There is no such file.
            FormatError: No JSON, or not the options of an ELMo.
        """
        path = path_to_read("path", path)
        if not path.is_file():
            raise MissingFileError(
                str(path), expected="the options of an ELMo (options.json)", got="no such file"
            )
        if path.stat().st_size > LARGEST_FILE:
            got = f"{path.stat().st_size} bytes"
            raise FormatError(str(path), expected=f"options of at most {LARGEST_FILE}", got=got)
        try:
            values = json.loads(path.read_text(encoding="utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise FormatError(str(path), expected="JSON", got=str(error)) from error
        return cls.from_dict(values, where=str(path))

    @classmethod
    def from_dict(cls, values: Any, *, where: str = "options") -> Self:
        """Take what `options.json` holds. What only training needs is ignored.

        Raises:
            FormatError: Not the options of an ELMo with character input.
        """
        lstm, cnn = _part(values, "lstm", where), _part(values, "char_cnn", where)
        _check_one(cnn.get("activation"), ("relu", "tanh"), f"{where}, char_cnn.activation")
        n_characters = cnn.get("n_characters", N_CHARACTERS)
        _check_one(
            n_characters, (N_CHARACTERS - 1, N_CHARACTERS), f"{where}, char_cnn.n_characters"
        )
        skip = lstm.get("use_skip_connections", False)
        _check_one(skip, (True, False), f"{where}, lstm.use_skip_connections")
        projects = lstm.get("projects", True)
        same = lstm.get("dim") == lstm.get("projection_dim")
        _check_one(projects, (True, False) if same else (True,), f"{where}, lstm.projects")
        word_length = _whole(
            cnn,
            "max_characters_per_token",
            f"{where}, char_cnn",
            default=WORD_LENGTH,
            least=3,
            most=LONGEST_WORD,
        )
        return cls(
            dim=_whole(lstm, "dim", f"{where}, lstm"),
            projection_dim=_whole(lstm, "projection_dim", f"{where}, lstm"),
            n_layers=_whole(lstm, "n_layers", f"{where}, lstm", default=1, most=MOST_LAYERS),
            cell_clip=_clip(lstm, "cell_clip", f"{where}, lstm"),
            proj_clip=_clip(lstm, "proj_clip", f"{where}, lstm"),
            use_skip_connections=bool(skip),
            char_dim=_whole(_part(cnn, "embedding", where), "dim", f"{where}, char_cnn.embedding"),
            filters=_filters(cnn.get("filters"), word_length, f"{where}, char_cnn.filters"),
            n_highway=0
            if cnn.get("n_highway") is None  # as bilm-tf reads it
            else _whole(cnn, "n_highway", f"{where}, char_cnn", least=0, most=MOST_LAYERS),
            activation=cnn["activation"],
            word_length=word_length,
            projects=bool(projects),
        )

    def save(self, path: str | Path) -> None:
        """Write an official `options.json`, whole or not at all."""
        with atomic_path(path) as part:
            part.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")

    def to_dict(self) -> dict[str, Any]:
        """What an official `options.json` holds."""
        clips = {"cell_clip": self.cell_clip, "proj_clip": self.proj_clip}
        return {
            "lstm": {
                "use_skip_connections": self.use_skip_connections,
                "projection_dim": self.projection_dim,
                "dim": self.dim,
                "n_layers": self.n_layers,
                **{name: clip for name, clip in clips.items() if clip is not None},
                **({} if self.projects else {"projects": False}),
            },
            "char_cnn": {
                "activation": self.activation,
                "filters": [list(pair) for pair in self.filters],
                "n_highway": self.n_highway,
                "embedding": {"dim": self.char_dim},
                "n_characters": N_CHARACTERS,
                "max_characters_per_token": self.word_length,
            },
        }


def _part(values: Any, name: str, where: str) -> dict[str, Any]:
    part = values.get(name) if isinstance(values, dict) else None
    if not isinstance(part, dict):
        raise FormatError(
            where,
            expected=f"an object with {name!r}, as in the options of an ELMo",
            got=f"{', '.join(values):.100}" if isinstance(values, dict) else f"{values!r:.100}",
            hint="models without character input are not ELMo",
        )
    return part


def _whole(
    values: dict[str, Any],
    name: str,
    where: str,
    *,
    default: int | None = None,
    least: int = 1,
    most: int = LARGEST_SIZE,
) -> int:
    value = values.get(name, default)
    if type(value) is not int or not least <= value <= most:
        expected = f"a whole number from {least} to {most}"
        raise FormatError(f"{where}.{name}", expected=expected, got=f"{value!r:.60}")
    return value


def _clip(values: dict[str, Any], name: str, where: str) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise FormatError(f"{where}.{name}", expected="a number above 0, or none", got=repr(value))
    return float(value)


def _filters(value: Any, word_length: int, where: str) -> tuple[tuple[int, int], ...]:
    try:
        filters = tuple((width, maps) for width, maps in value)
    except (TypeError, ValueError):
        filters = ()
    whole = all(
        type(number) is int and 0 < number <= LARGEST_SIZE for pair in filters for number in pair
    )
    few = 0 < len(filters) <= MOST_FILTERS
    if not (few and whole and max(filters)[0] <= word_length):
        raise FormatError(
            where,
            expected=f"pairs [width, maps], no wider than a word's {word_length} characters",
            got=f"{value!r:.100}",
        )
    return filters


def _check_one(value: Any, allowed: tuple[Any, ...], where: str) -> None:
    # 0 would pass for False, and 262.0 for 262.
    if not any(type(value) is type(known) and value == known for known in allowed):
        raise FormatError(where, expected=" or ".join(map(repr, allowed)), got=f"{value!r:.100}")
