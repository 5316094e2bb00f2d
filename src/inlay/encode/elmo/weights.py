"""The numbers of an ELMo: names, shapes, and the official `weights.hdf5`."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.writing import atomic_path
from inlay.encode.elmo.options import N_CHARACTERS, Options
from inlay.errors import FormatError, InlayError, MissingFileError
from inlay.optional import require

DIRECTIONS = ("forward", "backward")
FORGET_BIAS = 1.0  # TensorFlow adds it when it runs, so files do not have it
ONE_MODEL = "options and weights of one model"


@dataclass(frozen=True)
class Highway:
    """`g = sigmoid(x carry + carry_bias); y = g relu(x transform + transform_bias) + (1 - g) x`.

    Attributes:
        carry: `(F, F)`.
        carry_bias: `(F,)`.
        transform: `(F, F)`.
        transform_bias: `(F,)`.
    """

    carry: Array
    carry_bias: Array
    transform: Array
    transform_bias: Array


@dataclass(frozen=True)
class Cell:
    """One LSTM layer in one direction; gates in the order i, j (candidate), f, o.

    Attributes:
        kernel: `(2P, 4C)`: rows for the input, then rows for the state before.
        bias: `(4C,)`, as in the file: without the 1 that is added to f.
        projection: `(C, P)`.
    """

    kernel: Array
    bias: Array
    projection: Array

    @property
    def full_bias(self) -> Array:
        """The bias with 1 added to the part of f: a copy."""
        bias: Array = self.bias.copy()
        dim = bias.size // 4
        bias[2 * dim : 3 * dim] += FORGET_BIAS
        return bias


@dataclass(frozen=True)
class Weights:
    """All numbers of an ELMo but the scalar mix: float32, multiplied from the right (`x @ W`).

    Attributes:
        char_embed: `(262, D)`; row 0, for "no token", is zero or reaches no result.
        filters: For each width `(width, D, maps)` and `(maps,)`.
        highways: From the convolutions upwards.
        projection: `(F, P)` and `(P,)`, or None.
        cells: `cells[direction][layer]`, forward first.
    """

    char_embed: Array
    filters: tuple[tuple[Array, Array], ...]
    highways: tuple[Highway, ...]
    projection: tuple[Array, Array] | None
    cells: tuple[tuple[Cell, ...], ...]

    @classmethod
    def build(cls, options: Options, get: Callable[[str, tuple[int, ...]], Array]) -> Self:
        """Ask for each array by its official name and shape; see `names_and_shapes`."""
        arrays = {name: get(name, shape) for name, shape in names_and_shapes(options)}
        char_embed = arrays["char_embed"]
        if len(char_embed) == N_CHARACTERS - 1:
            char_embed = np.concatenate([np.zeros_like(char_embed[:1]), char_embed])
        return cls(
            char_embed,
            tuple(
                (arrays[f"CNN/W_cnn_{i}"][0], arrays[f"CNN/b_cnn_{i}"])
                for i in range(len(options.filters))
            ),
            tuple(
                Highway(
                    *(
                        arrays[f"CNN_high_{i}/{part}"]
                        for part in ("W_carry", "b_carry", "W_transform", "b_transform")
                    )
                )
                for i in range(options.n_highway)
            ),
            (arrays["CNN_proj/W_proj"], arrays["CNN_proj/b_proj"])
            if options.has_projection
            else None,
            tuple(
                tuple(
                    Cell(*(arrays[f"{cell_name(d, k)}/{part}"] for part in ("W_0", "B", "W_P_0")))
                    for k in range(options.n_layers)
                )
                for d in range(2)
            ),
        )

    @classmethod
    def load(cls, path: str | Path, options: Options) -> Self:
        """Map an official `weights.hdf5`: what is stored as float32 in one piece is not copied.

        Raises:
            MissingFileError: There is no such file.
            FormatError: No HDF5, an array that is not there, that no option speaks of, or of
                another shape than the options say, or numbers that are not finite.
            MissingPackageError: h5py is not installed.
        """
        h5py = require("h5py", extra="elmo", need="reading the weights of an ELMo")
        path, found = Path(path), {}
        if not path.is_file():
            raise MissingFileError(
                str(path), expected="the weights of an ELMo (weights.hdf5)", got="no such file"
            )

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = item

        try:
            with h5py.File(path, "r") as file:
                file.visititems(note)
                return cls.take(found, options, str(path))
        except (InlayError, MemoryError):
            raise
        except Exception as error:  # broken bytes make h5py raise anything
            raise FormatError(
                str(path),
                expected="an HDF5 file",
                got=str(error),
                hint="download it again; a cut-off file looks like this",
            ) from error

    @classmethod
    def take(cls, arrays: Mapping[str, Any], options: Options, where: str) -> Self:
        """Take arrays, or data sets of a file, by their official names.

        Raises:
            FormatError: As for `load`.
        """

        def get(name: str, shape: tuple[int, ...]) -> Array:
            if name not in arrays:
                raise FormatError(
                    where,
                    expected=f"an array {name!r}, as the options say",
                    got=f"{', '.join(arrays) or 'none':.300}",
                    hint=ONE_MODEL,
                )
            return checked(arrays[name], name, shape, where)

        expected = {name for name, _ in names_and_shapes(options)}
        # What only training needs has other names; a layer too many is another model's.
        unused = [name for name in arrays if name not in expected and name[:3] in ("CNN", "RNN")]
        if unused:
            raise FormatError(
                where,
                expected="the arrays that the options speak of",
                got=f"also {', '.join(unused):.300}",
                hint=ONE_MODEL,
            )
        return cls.build(options, get)

    @classmethod
    def random(cls, options: Options, seed: int = 0) -> Self:
        """Random numbers of the sizes that a trained model has, roughly: to start or to measure."""
        rng = np.random.default_rng(seed)

        def draw(name: str, shape: tuple[int, ...]) -> Array:
            if len(shape) == 1:
                # As in bilm-tf: highways that carry at first.
                start = -2.0 if name.endswith("b_carry") else 0.0
                return np.full(shape, start, np.float32)
            if name == "char_embed":
                return rng.uniform(-1, 1, shape).astype(np.float32)
            bound = np.sqrt(3 / np.prod(shape[:-1]))
            return rng.uniform(-bound, bound, shape).astype(np.float32)

        return cls.build(options, draw)

    def named(self) -> dict[str, Array]:
        """The arrays under their official names, as a file has them: no row 0 in `char_embed`."""
        arrays = {"char_embed": self.char_embed[1:]}
        for i, (kernel, bias) in enumerate(self.filters):
            arrays |= {f"CNN/W_cnn_{i}": kernel[None], f"CNN/b_cnn_{i}": bias}
        for i, highway in enumerate(self.highways):
            arrays |= {
                f"CNN_high_{i}/W_carry": highway.carry,
                f"CNN_high_{i}/b_carry": highway.carry_bias,
                f"CNN_high_{i}/W_transform": highway.transform,
                f"CNN_high_{i}/b_transform": highway.transform_bias,
            }
        if self.projection is not None:
            arrays |= {"CNN_proj/W_proj": self.projection[0], "CNN_proj/b_proj": self.projection[1]}
        for d, cells in enumerate(self.cells):
            for k, cell in enumerate(cells):
                parts = {"W_0": cell.kernel, "B": cell.bias, "W_P_0": cell.projection}
                arrays |= {f"{cell_name(d, k)}/{part}": array for part, array in parts.items()}
        return arrays

    def save(self, path: str | Path) -> None:
        """Write an official `weights.hdf5`, whole or not at all.

        Raises:
            MissingPackageError: h5py is not installed.
        """
        h5py = require("h5py", extra="elmo", need="writing the weights of an ELMo")
        with atomic_path(path) as part, h5py.File(part, "w") as file:
            for name, array in self.named().items():
                file.create_dataset(name, data=np.asarray(array, np.float32))

    def hash(self, options: Options) -> str:
        """SHA-256 over the options and all numbers: the same for the same model, in any file."""
        digest = hashlib.sha256(repr(options).encode())
        for name, array in sorted(self.named().items()):
            digest.update(f"{name} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array, "<f4").data)
        return digest.hexdigest()


def names_and_shapes(options: Options) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every array of an official file, in the order of the network."""
    width, states, cells = options.n_filters, options.projection_dim, options.dim
    yield "char_embed", (N_CHARACTERS - 1, options.char_dim)
    for i, (size, maps) in enumerate(options.filters):
        yield f"CNN/W_cnn_{i}", (1, size, options.char_dim, maps)
        yield f"CNN/b_cnn_{i}", (maps,)
    for i in range(options.n_highway):
        for part in ("carry", "transform"):
            yield f"CNN_high_{i}/W_{part}", (width, width)
            yield f"CNN_high_{i}/b_{part}", (width,)
    if options.has_projection:
        yield "CNN_proj/W_proj", (width, states)
        yield "CNN_proj/b_proj", (states,)
    for d in range(2):
        for k in range(options.n_layers):
            yield f"{cell_name(d, k)}/W_0", (2 * states, 4 * cells)
            yield f"{cell_name(d, k)}/B", (4 * cells,)
            yield f"{cell_name(d, k)}/W_P_0", (cells, states)


def checked(array: Any, name: str, shape: tuple[int, ...], where: str) -> Array:
    """An array, or a data set that is not read yet, as float32, C-contiguous.

    Raises:
        FormatError: It has another shape, or holds something else than finite numbers.
    """
    # Files that were trained with the row of "no token" in place have one more.
    whole = (N_CHARACTERS, *shape[1:]) if name == "char_embed" else shape
    if array.shape not in (shape, whole) or array.dtype.kind not in "fiu":
        raise FormatError(
            where,
            expected=f"{name!r} of shape {shape}, as the options say",
            got=f"{array.dtype} of shape {array.shape}",
            hint=ONE_MODEL,
        )
    with np.errstate(over="ignore"):  # infinity is found below
        numbers = np.ascontiguousarray(array[()], np.float32)
    if not np.isfinite(numbers).all():
        raise FormatError(where, expected=f"finite numbers in {name!r}", got="NaN or infinity")
    return numbers


def cell_name(direction: int, layer: int) -> str:
    """Where an official file keeps an LSTM layer."""
    return f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
