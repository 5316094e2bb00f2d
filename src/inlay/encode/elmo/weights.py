"""The numbers of an ELMo: names, shapes, and the official `weights.hdf5`.

`CHARACTERS`, `CONVOLUTION`, `HIGHWAY`, `PROJECTION` and `CELL` are the one table of official names:
of each kind of part its arrays, in the order of the part's fields. Who needs a name takes it from
here, by `numbered`, and spells none: readers of checkpoints do, and hosts should.
"""

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from inlay.aliases import Array
from inlay.containers import hdf5
from inlay.containers import open as open_container
from inlay.encode.elmo.options import N_CHARACTERS, Options
from inlay.errors import FormatError

CHARACTERS = ("char_embed",)
CONVOLUTION = ("CNN/W_cnn_{}", "CNN/b_cnn_{}")
HIGHWAY = (
    "CNN_high_{}/W_carry",
    "CNN_high_{}/b_carry",
    "CNN_high_{}/W_transform",
    "CNN_high_{}/b_transform",
)
PROJECTION = ("CNN_proj/W_proj", "CNN_proj/b_proj")
_CELL_AT = "RNN_{}/RNN/MultiRNNCell/Cell{}/LSTMCell"  # direction, layer
CELL = (f"{_CELL_AT}/W_0", f"{_CELL_AT}/B", f"{_CELL_AT}/W_P_0")

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
        projection: `(C, P)`; None where states are not projected.
    """

    kernel: Array
    bias: Array
    projection: Array | None = None

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

    Those of an encoder that was loaded are read-only. A copy of them is the object itself, and a
    pickle holds the name and the digest of their file. `dataclasses.replace(weights)` is pickled
    with its numbers.
    """

    char_embed: Array
    filters: tuple[tuple[Array, Array], ...]
    highways: tuple[Highway, ...]
    projection: tuple[Array, Array] | None
    cells: tuple[tuple[Cell, ...], ...]

    _origin: ClassVar[Any] = None  # where they were read: set for one object, see `travel.py`

    def read_from(self, origin: Any) -> Self:
        """Remember where they were read; from then on they never change."""
        for array in self._arrays():
            array.flags.writeable = False
        self.__dict__["_origin"] = origin
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if self._origin is not None:
            return self
        return type(self)(*(deepcopy(getattr(self, part.name), memo) for part in fields(self)))

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._origin is not None and self._origin.is_there():
            self.__dict__["_origin"] = self._origin.signed(self)
            return self._origin, ()
        return type(self), tuple(getattr(self, part.name) for part in fields(self))

    def _arrays(self) -> Iterator[Array]:
        yield self.char_embed
        for pair in (*self.filters, self.projection or ()):
            yield from pair
        for part in (*self.highways, *self.cells[0], *self.cells[1]):
            yield from (array for array in vars(part).values() if array is not None)

    @property
    def projects(self) -> bool:
        """Whether states are projected: see `Options.projects`."""
        return all(cell.projection is not None for side in self.cells for cell in side)

    @classmethod
    def build(cls, options: Options, get: Callable[[str, tuple[int, ...]], Array]) -> Self:
        """Ask for each array by its official name and shape; see `names_and_shapes`."""
        arrays = {name: get(name, shape) for name, shape in names_and_shapes(options)}

        def part(kind: tuple[str, ...], *at: int) -> list[Array]:
            return [arrays[name] for name in numbered(kind, *at)]

        (char_embed,) = part(CHARACTERS)
        if len(char_embed) == N_CHARACTERS - 1:
            char_embed = np.concatenate([np.zeros_like(char_embed[:1]), char_embed])
        filters = (part(CONVOLUTION, i) for i in range(len(options.filters)))
        return cls(
            char_embed,
            tuple((kernel[0], bias) for kernel, bias in filters),
            tuple(Highway(*part(HIGHWAY, i)) for i in range(options.n_highway)),
            (arrays[PROJECTION[0]], arrays[PROJECTION[1]]) if options.has_projection else None,
            tuple(
                tuple(Cell(*part(cell_parts(options), d, k)) for k in range(options.n_layers))
                for d in range(2)
            ),
        )

    @classmethod
    def load(cls, path: str | Path, options: Options) -> Self:
        """Read an official `weights.hdf5`.

        Raises:
            MissingFileError: There is no such file.
            FormatError: No HDF5, an array that is not there, that no option speaks of, or of
                another shape than the options say, or numbers that are not finite.
            MissingPackageError: h5py is not installed.
        """
        with open_container(path, kind="hdf5") as file:
            return cls.take(file, options, str(path))

    @classmethod
    def take(cls, arrays: Mapping[str, Any], options: Options, where: str) -> Self:
        """Take arrays, or those of an open container, by their official names.

        Raises:
            FormatError: As for `load`.
        """
        options, expected = fitted(options, arrays), set()
        # One by one, up to the first that is not there: options may claim any number of them.
        for name, _ in names_and_shapes(options):
            if name not in arrays:
                raise FormatError(
                    where,
                    expected=f"an array {name!r}, as the options say",
                    got=f"{', '.join(arrays) or 'none':.300}",
                    hint=ONE_MODEL,
                )
            expected.add(name)
        # What only training needs has other names; a layer too many is another model's.
        unused = [name for name in arrays if name not in expected and name[:3] in ("CNN", "RNN")]
        if unused:
            raise FormatError(
                where,
                expected="the arrays that the options speak of",
                got=f"also {', '.join(unused):.300}",
                hint=ONE_MODEL,
            )
        return cls.build(options, lambda name, shape: checked(arrays[name], name, shape, where))

    @classmethod
    def random(cls, options: Options, seed: int = 0) -> Self:
        """Random numbers of the sizes that a trained model has, roughly: to start or to measure."""
        rng = np.random.default_rng(seed)
        carries = {numbered(HIGHWAY, i)[1] for i in range(options.n_highway)}

        def draw(name: str, shape: tuple[int, ...]) -> Array:
            if len(shape) == 1:
                # As in bilm-tf: highways that carry at first.
                start = -2.0 if name in carries else 0.0
                return np.full(shape, start, np.float32)
            if name in CHARACTERS:
                return rng.uniform(-1, 1, shape).astype(np.float32)
            bound = np.sqrt(3 / np.prod(shape[:-1]))
            return rng.uniform(-bound, bound, shape).astype(np.float32)

        return cls.build(options, draw)

    def named(self) -> dict[str, Array]:
        """The arrays under their official names, as a file has them: no row 0 in `char_embed`."""
        arrays: dict[str, Array] = {}

        def put(kind: tuple[str, ...], part: Iterable[Array], *at: int) -> None:
            arrays.update(zip(numbered(kind, *at), part, strict=True))

        put(CHARACTERS, [self.char_embed[1:]])
        for i, (kernel, bias) in enumerate(self.filters):
            put(CONVOLUTION, (kernel[None], bias), i)
        for i, highway in enumerate(self.highways):
            put(HIGHWAY, vars(highway).values(), i)
        if self.projection is not None:
            put(PROJECTION, self.projection)
        for d, cells in enumerate(self.cells):
            for k, cell in enumerate(cells):
                there = [array for array in vars(cell).values() if array is not None]
                put(CELL[: len(there)], there, d, k)
        return arrays

    def save(self, path: str | Path, note: Mapping[str, str] | None = None) -> None:
        """Write an official `weights.hdf5`, whole or not at all.

        Args:
            path: The file.
            note: Texts to keep in it, as attributes, which other programs overlook.

        Raises:
            MissingPackageError: h5py is not installed.
        """
        arrays = {name: np.asarray(array, np.float32) for name, array in self.named().items()}
        hdf5.write(path, arrays, note)

    def hash(self, options: Options) -> str:
        """SHA-256 over the options and all numbers: the same for the same model, in any file."""
        digest = hashlib.sha256(json.dumps(options.to_dict(), sort_keys=True).encode())
        for name, array in sorted(self.named().items()):
            digest.update(f"{name} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array, "<f4").data)
        return digest.hexdigest()


def names_and_shapes(options: Options) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every array of an official file, in the order of the network."""
    width, states, cells = options.n_filters, options.projection_dim, options.dim
    yield CHARACTERS[0], (N_CHARACTERS - 1, options.char_dim)
    for i, (size, maps) in enumerate(options.filters):
        shapes: list[tuple[int, ...]] = [(1, size, options.char_dim, maps), (maps,)]
        yield from zip(numbered(CONVOLUTION, i), shapes, strict=True)
    for i in range(options.n_highway):
        yield from zip(numbered(HIGHWAY, i), [(width, width), (width,)] * 2, strict=True)
    if options.has_projection:
        yield from zip(PROJECTION, [(width, states), (states,)], strict=True)
    for d in range(2):
        for k in range(options.n_layers):
            shapes = [(2 * states, 4 * cells), (4 * cells,), (cells, states)]
            kind = cell_parts(options)
            yield from zip(numbered(kind, d, k), shapes[: len(kind)], strict=True)


def cell_parts(options: Options) -> tuple[str, ...]:
    """Of `CELL` what there is: the last is the projection."""
    return CELL if options.projects else CELL[:2]


def fitted(options: Options, arrays: Container[str]) -> Options:
    """Options of which `projects` says what is among the arrays, by their official names."""
    if options.dim != options.projection_dim:
        return options
    every = (numbered(CELL, d, k)[2] for d in range(2) for k in range(options.n_layers))
    return replace(options, projects=any(name in arrays for name in every))


def numbered(kind: tuple[str, ...], *at: int) -> tuple[str, ...]:
    """The official names of one part's arrays.

    Args:
        kind: One of the table: `CONVOLUTION`, `HIGHWAY`, `CELL`, or what has no number.
        *at: Its number; of a cell, its direction and its layer.

    Examples:
        >>> numbered(CONVOLUTION, 2)
        ('CNN/W_cnn_2', 'CNN/b_cnn_2')
    """
    return tuple(name.format(*at) for name in kind)


def checked(array: Any, name: str, shape: tuple[int, ...], where: str) -> Array:
    """An array, or one that is not read yet, as float32, C-contiguous.

    Raises:
        FormatError: It has another shape, or holds something else than finite numbers.
    """
    # Files that were trained with the row of "no token" in place have one more.
    whole = (N_CHARACTERS, *shape[1:]) if name in CHARACTERS else shape
    if array.shape not in (shape, whole) or array.dtype.kind not in "fiu":
        raise FormatError(
            where,
            expected=f"{name!r} of shape {shape}, as the options say",
            got=f"{array.dtype} of shape {array.shape}",
            hint=ONE_MODEL,
        )
    with np.errstate(over="ignore"):  # infinity is found below
        numbers = np.ascontiguousarray(array[...], np.float32)
    if not np.isfinite(numbers).all():
        raise FormatError(where, expected=f"finite numbers in {name!r}", got="NaN or infinity")
    return numbers
