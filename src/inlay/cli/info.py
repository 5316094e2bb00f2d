"""`inlay info`: what is in a file of vectors, or in an encoder."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.encoders import encoder_facts, encoder_lines
from inlay.cli.failures import Command
from inlay.cli.inputs import check_there, named, reading_arguments, table_file
from inlay.cli.options import json_option, reading_options
from inlay.cli.outputs import print_json, print_pairs, say, size
from inlay.errors import FormatError, InlayError

if TYPE_CHECKING:
    from inlay.core import Table
    from inlay.formats import FoundArray
    from inlay.formats.names import Named

SHOWN = 8  # tokens from the top of the table

HELP = """Show what is in a file of word vectors: how many there are, their size and their origin.

Of an encoder, which may be named instead of a file, show its kind, the size of its vectors, how
many numbers it has learned, and what is said of its languages and its licence.

Of the checkpoint of a model, show the arrays in it; a star marks those that may be an embedding,
any of which --name takes. If the file or its folder says which one it is and which tokens its
rows belong to, as the folder of a Hugging Face model does, show that table first.

\b
Example:
  inlay info glove.6B.100d.txt.gz
  inlay info model.safetensors
  inlay info folder-of-a-model
  inlay info use-multilingual
  inlay info model.safetensors --name embedding.weight --tokens vocab.txt"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("file", type=click.Path())
@reading_options()
@json_option
def info(file: str, as_json: bool, **reading: Any) -> None:
    # Whoever says how vectors are to be read asks for vectors.
    encoder = None if any(reading.values()) else encoder_facts(file)
    facts: dict[str, Any] = {}
    if encoder is None or Path(file).exists():
        try:
            facts = _facts_of(file, reading)
        except InlayError:
            if encoder is None or "unread" in encoder:
                raise
            facts = {"file": file, "file_bytes": _bytes_of(file)}
    if as_json:
        print_json(facts if encoder is None else {**facts, "encoder": encoder})
        return
    if encoder is not None:
        print_pairs(encoder_lines(encoder))
    if "format" in facts:
        if encoder is not None:
            say()
        (_print_arrays if "arrays" in facts else _print)(facts)


def _facts_of(file: str, reading: dict[str, Any]) -> dict[str, Any]:
    """What is known of a file of vectors, or of arrays."""
    check_there(file, "a file of vectors", kind="vectors")
    from inlay.formats import CheckpointFormat, find_table, list_arrays, load

    given, file = file, table_file(file)
    arguments = reading_arguments(file, reading)
    format = arguments["format"]
    # Of a file of arrays those are shown, until one of them is asked for.
    if isinstance(format, CheckpointFormat) and reading["name"] is reading["tokens"] is None:
        of_file = {"format": format, "member": reading["member"]}
        arrays = list_arrays(file, **of_file)
        if arrays:
            try:
                found = find_table(file, **of_file)
            except FormatError:  # there are several, or no tokens
                found = None
            return {
                "file": file,
                "file_bytes": _bytes_of(file),
                "format": format.name,
                "table": None if found is None else _found_facts(*found),
                "arrays": [{**array._asdict(), "shape": list(array.shape)} for array in arrays],
            }
    return _facts(file, format.name, load(named(given, file), **arguments))


def _facts(file: str, format: str, table: "Table") -> dict[str, Any]:
    return {
        "file": file,
        "file_bytes": _bytes_of(file),
        "format": format,
        "vocab_size": len(table),
        "dim": table.dim,
        "dtype": table.stored_dtype,
        "matrix_bytes": table.stored_bytes,
        "can_compose": table.can_compose,
        "pad_id": table.pad_id,
        "unk_id": table.unk_id,
        "counts": table.counts is not None,
        "parts": list(table.parts),
        "first_tokens": [table.tokens[i] for i in range(min(SHOWN, len(table)))],
        "provenance": table.provenance,
    }


def _bytes_of(file: str) -> int:
    """The size of a file, or of all files of a model that is several."""
    from inlay.formats.places import entry_file

    if Path(file).is_dir():
        return sum(part.stat().st_size for part in Path(file).rglob("*") if part.is_file())
    return Path(entry_file(file)).stat().st_size


def _found_facts(array: "FoundArray", named: "Named") -> dict[str, Any]:
    """What `inlay.load` would give."""
    return {
        "name": array.name,
        "vocab_size": len(named.tokens),
        "dim": array.shape[1],
        "dtype": array.dtype,
        "tokens_from": named.origin,
        "rows_without_token": named.without,
        "pad_token": named.pad,
        "unk_token": named.unk,
        "first_tokens": [named.tokens[i] for i in range(min(SHOWN, len(named.tokens)))],
    }


def _print_arrays(facts: dict[str, Any]) -> None:
    """The table in a checkpoint, if it is clear, and its arrays: those that may be one first."""
    lines: dict[str, Any] = {
        "file": f"{facts['file']} ({size(facts['file_bytes'])})",
        "format": facts["format"],
    }
    table = facts["table"]
    if table is not None:
        without = table["rows_without_token"]
        lines |= {
            "vectors": f"{table['vocab_size']:,} x {table['dim']} {table['dtype']}",
            "name": table["name"],
            "rows without a token": f"{without:,}" if without else None,
            "tokens from": table["tokens_from"],
            "pad token": table["pad_token"],
            "unk token": table["unk_token"],
            "tokens": _shown(table),
        }
    lines["arrays"] = len(facts["arrays"])
    print_pairs({name: value for name, value in lines.items() if value is not None})
    say()
    for array in facts["arrays"]:
        shape = " x ".join(map(str, array["shape"])) or "one number"
        say(f"{'*' if array['may_be'] else ' '} {array['name']}  {shape} {array['dtype']}")


def _shown(facts: dict[str, Any]) -> str:
    """The first tokens of a table."""
    return " ".join(facts["first_tokens"] + ["..."] * (facts["vocab_size"] > SHOWN))


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
        "parts": ", ".join(facts["parts"]) or None,
        "tokens": _shown(facts),
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
