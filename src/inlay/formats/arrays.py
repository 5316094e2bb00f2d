"""Files of named arrays of which one is the table: checkpoints, weights, NumPy's archives.

Such a file knows numbers and names; which of them is an embedding is said by `load(path,
name=...)`, or clear because only one can be: a matrix of floating-point numbers that is no part
of an optimiser. What stands in the file is never guessed at.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.containers.protocol import LazyArray, listed
from inlay.core import Table, Tokens
from inlay.errors import ArgumentError, FormatError, UnknownArrayError
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.names import Named, find_names
from inlay.formats.protocol import ReadOptions
from inlay.formats.selection import table_of

SHOWN = 5  # arrays in a message

# What optimisers keep beside a weight, as Keras, TensorFlow and PyTorch name it.
SLOTS = re.compile(
    r"(^|[/._])(adam\w*|adagrad|adadelta|ftrl|lion|rmsprop|sgd|momentum(_buffer)?|exp_avg(_sq)?|"
    r"exponentialmovingaverage|optimizer\w*|\.optimizer_slot|optim\w*|"
    r"state\.\d+\.(square_avg|grad_avg|acc_delta|sum|exp_inf|max_exp_avg_sq|ax|prev|step_size))"
    r"([/._]|$)",
    re.IGNORECASE,
)
# What frameworks write behind the name that a user gave.
ENDS = re.compile(r"(/\.ATTRIBUTES/VARIABLE_VALUE|:0|/vars/0)$")
# A layer's own variable in Keras 1, 2 and 3, without the ends that `ENDS` takes off.
OF_KERAS = re.compile(r"(^|/)(_?embeddings|(delta_)?embedding(_\d+)?(_W)?)$")

# What a layer adds to a matrix that the file does not have.
DIFFERENCE = re.compile(r"(^|[/.])delta$")

# The one that an encoder and a decoder share, of which each may have a copy.
SHARED = re.compile(r"(^|\.)shared\.weight$")
Known = re.Pattern[str] | None


class FoundArray(NamedTuple):
    """An array of a file, as `inlay info` lists it.

    Attributes:
        name: What `load(path, name=...)` takes.
        shape: As stored.
        dtype: As it is read; `"unread"`, if it is not.
        may_be: Whether it may be an embedding.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    may_be: bool


@options
class ArraysFormat(NumbersFormat):
    """A format of named arrays.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[tuple[str, ...]] = ("name", "tokens")

    def opened(
        self, source: Content, options: ReadOptions
    ) -> AbstractContextManager[Mapping[str, LazyArray]]:
        """The arrays of a file, for as long as it is open."""
        raise NotImplementedError

    def meant(
        self, source: Content, arrays: Mapping[str, LazyArray], name: str | None
    ) -> tuple[str | None, Known]:
        """The array that a name means, and, without one, how an embedding is called in the file."""
        return name, None

    def stored(
        self, where: str, arrays: Mapping[str, LazyArray], rows: int
    ) -> tuple[Tokens | None, Array | None]:
        """The tokens and the counts in the file itself, if it has them for so many rows."""
        return None, None

    def origin(self, where: str, arrays: Mapping[str, LazyArray]) -> dict[str, Any]:
        """The provenance that the file holds of the table in it."""
        return {}

    def _named(
        self, source: Content, options: ReadOptions, arrays: Mapping[str, LazyArray]
    ) -> tuple[str, Named, Array | None]:
        """The array that is asked for, its tokens and their counts."""
        name = choose(source.name, arrays, *self.meant(source, arrays, options.name))
        entry = arrays[name]
        tokens, counts = self.stored(source.name, arrays, entry.shape[0])
        if tokens is None or options.tokens is not None:
            return name, find_names(source.path, options.tokens, entry), None
        return name, Named(tokens), counts

    def read(self, source: Content, options: ReadOptions) -> Table:
        """Read the rows that are wanted of one array, and of no other."""
        with self.opened(source, options) as arrays:
            name, named, counts = self._named(source, options, arrays)
            entry = arrays[name]
            native = entry.dtype.newbyteorder("=")

            def rows(index: slice | Array) -> Array:
                at = named.row_of(index)
                is_whole = at == slice(entry.shape[0]) if isinstance(at, slice) else False
                matrix = np.ascontiguousarray(entry[... if is_whole else at], native)
                # What it shares is closed, or may change.
                return np.array(matrix) if source.packed or not options.mmap else matrix

            details: dict[str, Any] = {"name": name} if name else {}
            if named.origin:
                details["tokens_from"] = named.origin
            if named.without:
                details["rows_without_token"] = named.without
            if origin := self.origin(source.name, arrays):
                details["converted_from"] = origin
            return table_of(
                source,
                options,
                self,
                named.tokens,
                rows,
                counts=counts,
                special=(named.pad, named.unk),
                **details,
            )

    def find_table(self, source: Content) -> tuple[FoundArray, Named]:
        """The array that `read` would take without a name, and its tokens; no vectors are read.

        Raises:
            InlayError: As `read` does.
        """
        options = ReadOptions()
        with self.opened(source, options) as arrays:
            name, named, _ = self._named(source, options, arrays)
            entry = arrays[name]
            return FoundArray(name, entry.shape, str(entry.dtype), True), named

    def list_arrays(self, source: Content) -> list[FoundArray]:
        """The arrays of a file: those that may be an embedding first, of these the largest."""
        with self.opened(source, ReadOptions()) as arrays:
            able = candidates(arrays)
            names = [*able, *(name for name in arrays if name not in able)]
            return [
                FoundArray(name, arrays[name].shape, _type_of(arrays[name]), name in able)
                for name in names
            ]


def choose(
    where: str, arrays: Mapping[str, LazyArray], name: str | None, known: Known = None
) -> str:
    """The name, as the file has it, of the array that is asked for.

    Args:
        where: The file, for messages.
        arrays: What is in it.
        name: As `load` was given it: whole, or its end (`embedding/W` of `model/embedding/W`),
            without what a framework adds (`:0`, `/.ATTRIBUTES/VARIABLE_VALUE`), or that of a
            module, which has it as its `weight`. None: the only one that can be an embedding.
        known: What the layers of embeddings are called by whoever wrote the file; of several
            matrices the only one that is called so is taken.

    Raises:
        FormatError: None of these, or several; or an array that is no matrix.
        UnknownArrayError: No array of this name.
    """
    if name is not None:
        found = named(where, arrays, name)
        entry = arrays[found]
        if not _is_matrix(entry):
            _say_why(entry)
            raise FormatError(
                f"{where}, {found}",
                expected="a matrix of float16, float32 or float64",
                got=f"{_type_of(entry)} {entry.shape}",
                hint=_saying(candidates(arrays)),
            )
        return found
    able = candidates(arrays)
    called: list[str] = []
    if known is not None:
        called = [key for key in able if known.search(ENDS.sub("", key))]
        able = [key for key in called if SHARED.search(key)] or called or able
    # What cannot be read may be what is wanted: then the only other one is not simply taken.
    unread = [] if called else [key for key, entry in arrays.items() if _is_unread(entry)]
    if len(able) == 1 and not unread:
        return able[0]
    if len(unread) == 1 and not able:
        _say_why(arrays[unread[0]])
    some = [*able, *unread] or list(arrays)
    shown = [f"{key} {_type_of(arrays[key])} {arrays[key].shape}".lstrip() for key in some[:SHOWN]]
    more = f", and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
    got = f"{', '.join(shown)}{more}" if some else "no array"
    raise FormatError(
        where,
        expected="one matrix that may be an embedding"
        if able
        else "a matrix of floating-point numbers",
        got=got,
        hint=_saying(able) or "np.load it and give Table(tokens, matrix) the right one",
    )


def named(where: str, arrays: Mapping[str, LazyArray], name: str) -> str:
    """The one array that a name means.

    Raises:
        UnknownArrayError: None.
        ArgumentError: Several.
    """
    if name in arrays:
        return name
    plain = {key: ENDS.sub("", key) for key in arrays if not SLOTS.search(key)}
    wanted = ENDS.sub("", name)
    same: list[str] = []
    for end in (wanted, f"{wanted}.weight"):
        same = same or [key for key, short in plain.items() if short == end]
        ends = (f"/{end}", f".{end}")
        same = same or [key for key, short in plain.items() if short.endswith(ends)]
    if len(same) == 1:
        return same[0]
    if same:
        expected = "a name that one array has"
        raise ArgumentError(
            "name", expected=expected, got=f"{name!r}, of {listed(dict.fromkeys(same))}"
        )
    if list(arrays) == [""]:
        hint = "leave name= out"
        raise UnknownArrayError(
            where, expected=f"an array {name!r}", got="one without a name", hint=hint
        )
    from difflib import get_close_matches

    near = get_close_matches(name, [*arrays, *plain.values()], 1, 0.5)
    raise UnknownArrayError(
        where,
        expected=f"an array {name!r}",
        got=f"only {listed(arrays)}",
        hint=_saying(near or candidates(arrays)),
    )


def candidates(arrays: Mapping[str, LazyArray]) -> list[str]:
    """The arrays that may be an embedding, the largest vocabulary first."""
    able = [key for key, entry in arrays.items() if _is_matrix(entry) and not SLOTS.search(key)]
    able = [key for key in able if not DIFFERENCE.search(ENDS.sub("", key))]
    return sorted(able, key=lambda key: -arrays[key].shape[0])


def _is_matrix(entry: LazyArray) -> bool:
    floats = entry.dtype.kind == "f" and entry.dtype.itemsize <= 8
    return floats and entry.ndim == 2 and entry.shape[1] > 0


def _is_unread(entry: LazyArray) -> bool:
    """Whether this is a matrix, of numbers that are not read here."""
    return entry.dtype.kind == "V" and entry.ndim == 2


def _type_of(entry: LazyArray) -> str:
    return "unread" if entry.dtype == np.void else str(entry.dtype)


def _say_why(entry: LazyArray) -> None:
    """Let an array that cannot be read raise its reason."""
    if entry.dtype.kind == "V":
        entry[:0]


def _saying(names: list[str]) -> str:
    return " or ".join(f"name={name!r}" for name in names[:3])
