"""What a layer looks up, of which a file has a frozen matrix, and apart from it what trained.

Our layers keep what trains apart from a matrix that never does, and so do others. The matrix alone
is what the layer was before it was trained. So one array stands for all parts of a layer, under the
name of its matrix; each part can still be had by its whole name.

    rows, slots    some rows, and for each id its row among them or -1; perhaps `row_ids`
    delta          what is added to the matrix
    a, b           the same, as a product
    codes, scales  the matrix as int8
    bits           the matrix as whole numbers, bit for bit
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import Container, LazyArray, rows_of
from inlay.errors import FormatError
from inlay.formats.arrays import ENDS

MATRICES = ("weight", "embeddings", "codes", "bits", "reference")
APART = ("rows", "slots", "row_ids", "delta", "a", "b", "scales")
LORA = "lora_embeddings_a"  # of Keras, whose factor no file of that layout has
WHOLE = {"vars": "0"}  # where Keras has a layer's matrix, in the group of its variables
MERGED = "layer.merged(vocab).save(path) in the program that made it"
Parts = Mapping[str, LazyArray]
Reader = Callable[[Array], Array]


class _Assembled(Container):
    def __init__(self, arrays: Container, entries: Mapping[str, LazyArray]) -> None:
        super().__init__(arrays.where, entries, arrays.metadata)
        self._stored = arrays

    def __getitem__(self, name: str) -> LazyArray:
        return self._entries[name] if name in self._entries else self._stored[name]


def assembled(arrays: Container) -> Container:
    """The arrays, of which the parts of a layer are listed as one.

    Args:
        arrays: As they were saved.
    """
    layers: dict[str, dict[str, str]] = defaultdict(dict)
    for name in arrays:
        head, part = _split(ENDS.sub("", name))
        if part in MATRICES or part in APART or part == LORA:
            layers[head][part] = name
    place: dict[str, tuple[str, LazyArray]] = {}
    for head, names in layers.items():
        parts = {part: arrays[name] for part, name in names.items()}
        whole = _whole(parts, f"{arrays.where}, {head}".rstrip("./, "))
        if whole is not None:
            called = _called(head, names)
            place |= dict.fromkeys(names.values(), (called, whole))
    if not place:
        return arrays
    entries = dict(place[name] if name in place else (name, arrays[name]) for name in arrays)
    return _Assembled(arrays, entries)


def _split(name: str) -> tuple[str, str]:
    at = max(name.rfind("."), name.rfind("/")) + 1
    return name[:at], name[at:]


def _called(head: str, names: Mapping[str, str]) -> str:
    """The name of the matrix, or what it would be."""
    own = next((names[part] for part in MATRICES[:2] if part in names), None)
    group = head.rstrip("/").rpartition("/")[2]
    if group in WHOLE:
        return head + WHOLE[group]
    return own or head + ("embeddings" if head.endswith("/") else "weight")


def _whole(parts: Parts, where: str) -> LazyArray | None:
    """What a layer looks up; None if these are no parts of one."""
    if LORA in parts and "embeddings" in parts:
        got = "a matrix, and LoRA beside it with a factor that the file has not"
        return _refused(parts["embeddings"].shape, where, got, 'model.save("model.keras")')
    if not {"weight", "embeddings"} & parts.keys() and (note := _of(parts, "reference", "u", 1)):
        return _elsewhere(note, where, parts.keys() & {"rows", "delta", "a"})
    base = _base(parts)
    if base is None:
        rows, slots = _of(parts, "rows", "f", 2), _of(parts, "slots", "iu", 1)
        if rows and slots and _of(parts, "row_ids", "iu", 1):
            got = f"the {rows.shape[0]} that trained, without those that did not"
            return _refused((slots.shape[0], rows.shape[1]), where, got, MERGED)
        return None
    shape, read = base
    if read is None and parts.keys() & {"rows", "delta", "a"}:
        got = "a matrix of 16 bits, which may be float16 or bfloat16"
        return _refused(shape, where, got, MERGED)
    added = _added(parts, shape, read) if read else None
    return LazyArray(shape, np.dtype(np.float32), added) if added else None


def _base(parts: Parts) -> tuple[tuple[int, ...], Reader | None] | None:
    """The shape of the frozen matrix, and what reads some of its rows as float32."""
    matrix = _of(parts, "weight", "f", 2) or _of(parts, "embeddings", "f", 2)
    codes, scales = _of(parts, "codes", "i", 2), _of(parts, "scales", "f", 1)
    bits = _of(parts, "bits", "i", 2)
    if matrix:
        return matrix.shape, lambda rows: np.array(matrix[rows], np.float32)
    if codes and scales:
        return codes.shape, lambda rows: np.multiply(
            codes[rows], np.array(scales[rows], np.float32)[:, None], dtype=np.float32
        )
    if bits:
        is_whole = bits.dtype.itemsize == 4  # half a number may be of two types
        read = lambda rows: np.array(bits[rows], np.int32).view(np.float32)  # noqa: E731
        return bits.shape, read if is_whole else None
    return None


def _added(parts: Parts, shape: tuple[int, ...], base: Reader) -> Callable[[Any], Array] | None:
    """What reads rows with all in them that trained; None if nothing did."""
    rows, slots = _of(parts, "rows", "f", 2), _of(parts, "slots", "iu", 1)
    delta = _of(parts, "delta", "f", 2)
    a, b = _of(parts, "a", "f", 2), _of(parts, "b", "f", 2)
    if "bits" in parts and not slots:
        delta = rows  # of a pytree
    if rows and slots and (slots.shape[0], rows.shape[1]) == shape:

        def put_in(index: Any) -> Array:
            at = _ids(index, shape[0])
            found, slot = base(at), slots[at]
            found[slot >= 0] = rows[...][slot[slot >= 0]]
            return found

        return put_in
    if delta and delta.shape == shape:
        return lambda index: base(at := _ids(index, shape[0])) + delta[at]
    if a and b and (a.shape[0], b.shape[1]) == shape and a.shape[1] == b.shape[0]:
        return lambda index: base(at := _ids(index, shape[0])) + a[at] @ b[...]
    return None


def _ids(index: Any, size: int) -> Array:
    found = rows_of(slice(None) if index is ... else index, size)
    assert found is not None, "formats read by rows"
    return found


def _of(parts: Parts, name: str, kinds: str, ndim: int) -> LazyArray | None:
    entry = parts.get(name)
    fits = entry is not None and entry.dtype.kind in kinds and entry.ndim == ndim
    return entry if fits else None


def _elsewhere(reference: LazyArray, where: str, trained: Iterable[str]) -> LazyArray:
    """The array of a layer that was saved by reference."""

    def read(index: Any) -> Array:
        try:
            path = str(json.loads(reference[...].tobytes())["path"])
        except (ValueError, KeyError, TypeError):
            path = "another file"
        got, hint = f"a note that they are in {path}", f"{path}, read by itself"
        if trained:
            got, hint = f"what trained, and a note that all else is in {path}", MERGED
        raise FormatError(where, expected="numbers", got=got, hint=hint)

    return LazyArray((0, 0), np.dtype(np.void), read)


def _refused(shape: tuple[int, ...], where: str, got: str, hint: str) -> LazyArray:
    def read(index: Any) -> Array:
        raise FormatError(where, expected="all rows that a layer looks up", got=got, hint=hint)

    return LazyArray(shape, np.dtype(np.void), read)
