"""`inlay info`: what is in a file of vectors."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, named, reading_arguments, table_file
from inlay.cli.options import json_option, reading_options
from inlay.cli.outputs import print_json, print_pairs, say, size

if TYPE_CHECKING:
    from inlay.core import Table
    from inlay.formats import FoundArray

SHOWN = 8  # tokens from the top of the table

HELP = """Show what is in a file of word vectors: how many there are, their size and their origin.

Of the checkpoint of a model, show the arrays in it; a star marks those that may be an embedding,
any of which --name takes.

\b
Example:
  inlay info glove.6B.100d.txt.gz
  inlay info model.safetensors
  inlay info model.safetensors --name embedding.weight --vocabulary vocab.txt"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("file", type=click.Path())
@reading_options()
@json_option
def info(file: str, as_json: bool, **reading: Any) -> None:
    check_there(file, "a file of vectors", kind="vectors")
    from inlay.formats import CheckpointFormat, list_arrays, load

    given, file = file, table_file(file)
    arguments = reading_arguments(file, reading)
    format = arguments["format"]
    # Of a file of arrays those are shown, until one of them is asked for.
    if isinstance(format, CheckpointFormat) and reading["name"] is reading["tokens"] is None:
        arrays = list_arrays(file, format=format, member=reading["member"])
        if arrays:
            _print_arrays(file, format.name, arrays, as_json=as_json)
            return
    facts = _facts(file, format.name, load(named(given, file), **arguments))
    if as_json:
        print_json(facts)
    else:
        _print(facts)


def _facts(file: str, format: str, table: "Table") -> dict[str, Any]:
    return {
        "file": file,
        "file_bytes": Path(file).stat().st_size,
        "format": format,
        "vocab_size": len(table),
        "dim": table.dim,
        "dtype": table.stored_dtype,
        "matrix_bytes": table.stored_bytes,
        "can_compose": table.can_compose,
        "pad_id": table.pad_id,
        "unk_id": table.unk_id,
        "counts": table.counts is not None,
        "first_tokens": [table.tokens[i] for i in range(min(SHOWN, len(table)))],
        "provenance": table.provenance,
    }


def _print_arrays(file: str, format: str, arrays: "list[FoundArray]", *, as_json: bool) -> None:
    """The arrays of a checkpoint: those that may be an embedding first."""
    if as_json:
        listed = [{**array._asdict(), "shape": list(array.shape)} for array in arrays]
        print_json({"file": file, "format": format, "arrays": listed})
        return
    print_pairs({"file": file, "format": format, "arrays": len(arrays)})
    say()
    for array in arrays:
        shape = " x ".join(map(str, array.shape)) or "one number"
        say(f"{'*' if array.may_be else ' '} {array.name}  {shape} {array.dtype}")


def _print(facts: dict[str, Any]) -> None:
    vectors = f"{facts['vocab_size']:,} x {facts['dim']} {facts['dtype']}"
    lines = {
        "file": f"{facts['file']} ({size(facts['file_bytes'])})",
        "format": facts["format"],
        "vectors": f"{vectors} ({size(facts['matrix_bytes'])})",
        "pad id": facts["pad_id"],
        "unk id": facts["unk_id"],
        "counts": "yes" if facts["counts"] else "no",
        "others": "composed of subwords" if facts["can_compose"] else None,
        "tokens": " ".join(facts["first_tokens"] + ["..."] * (facts["vocab_size"] > SHOWN)),
    }
    print_pairs({name: value for name, value in lines.items() if value is not None})
    # Where it came from may be nested: a table aligned from a table that was read from a file.
    origin = {name: value for name, value in _flat(facts["provenance"]) if value not in (None, "")}
    if origin:
        say()
        say("provenance")
        print_pairs(origin, indent=2)


def _flat(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in tree.items():
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{name}.")
        else:
            shown = " ".join(map(str, value)) if isinstance(value, list) else value
            pairs.append((prefix + name, shown))
    return pairs
