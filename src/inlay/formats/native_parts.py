"""The tables that belong to a table, in the native file: more tensors, and `parts` in the metadata.

    NAME/matrix    F16, F32 or F64 [rows, dim]
    NAME/counts    I64 [rows]       optional
    NAME/offsets   I64 [rows + 1]   with `NAME/index` and `NAME/tokens`, as those of the table; or
                                    none of the three, if the tokens are the table's own

`parts` is JSON: for each name the provenance of that table. A part has itself no parts, no special
rows, and composes nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from inlay.containers.protocol import wrong
from inlay.containers.safetensors import Header
from inlay.core import Table, Tokens
from inlay.errors import ArgumentError

KEY = "parts"  # of the metadata
OF_TOKENS = ("offsets", "index", "tokens")


def arrays_of(table: Table) -> tuple[dict[str, Any], str]:
    """The tensors, and the text of the metadata.

    Raises:
        ArgumentError: A part that cannot be written in this way.
    """
    arrays: dict[str, Any] = {}
    for name, part in table.parts.items():
        special = part.pad_id is not None or part.unk_id is not None or part.can_compose
        if part.parts or special or part.stored_dtype in ("bfloat16", "int8"):
            raise ArgumentError(
                f"parts[{name!r}]",
                expected="a table of floating-point numbers without special rows or parts",
                got=repr(part),
                hint="save it as a file of its own",
            )
        arrays[f"{name}/matrix"] = part._rows
        if part.counts is not None:
            arrays[f"{name}/counts"] = part.counts
        tokens = part.tokens
        if tokens is not table.tokens:
            found = (tokens.offsets, tokens.slots, tokens.blob)
            arrays |= {f"{name}/{key}": a for key, a in zip(OF_TOKENS, found, strict=True)}
    return arrays, json.dumps({name: part.provenance for name, part in table.parts.items()})


def tensors_of(header: Header, names: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...], int]]:
    """The name, dtypes and number of dimensions of each tensor of the parts."""
    kinds: dict[str, tuple[tuple[str, ...], int]] = {
        "matrix": (("F16", "F32", "F64"), 2),
        "counts": (("I64",), 1),
        "offsets": (("I64",), 1),
        "index": (("U32",), 1),
        "tokens": (("U8",), 1),
    }
    found = []
    for name in names:
        for key, (dtypes, ndim) in kinds.items():
            if key == "matrix" or f"{name}/{key}" in header.tensors:
                found.append((f"{name}/{key}", dtypes, ndim))
    return found


def parts_of(
    made: Mapping[str, Any], arrays: dict[str, Any], tokens: Tokens, check: Any, where: str
) -> dict[str, Table]:
    """The parts, of the tensors of a file.

    Args:
        made: What the metadata say.
        arrays: All tensors of the file.
        tokens: Those of the table.
        check: Called with the tensors of one table; raises if their shapes do not agree.
        where: The file, for errors.

    Raises:
        FormatError: They do not fit to each other.
    """
    parts = {}
    for name, provenance in made.items():
        mark = f"{name}/"
        own = {k.removeprefix(mark): a for k, a in arrays.items() if k.startswith(mark)}
        if not name.isidentifier() or not isinstance(provenance, dict):
            raise wrong(where, "parts with names and provenances", f"{name!r:.40}")
        store = tokens
        if own.keys() >= set(OF_TOKENS):
            check(own, where)
            store = Tokens(own["tokens"], own["offsets"], own["index"], name=where)
        sizes = {len(store), own["matrix"].shape[0], own.get("counts", own["matrix"]).shape[0]}
        if len(sizes) > 1 or own["matrix"].shape[1] == 0:
            raise wrong(where, f"part {name!r} with {len(store)} rows", f"{sorted(sizes)}")
        parts[name] = Table._unchecked(
            store, own["matrix"], counts=own.get("counts"), provenance=provenance
        )
    return parts
