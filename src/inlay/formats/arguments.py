"""What people write to `load`, `save` and the formats, and what stands for it here."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

from inlay.calls import Elsewhere
from inlay.checks import described
from inlay.core import HashingVocabulary, Table, Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.formats.protocol import Format, ReadOptions

# Other libraries' words, and ours.
_KEEP = "keep=, for the rows of these tokens alone; tokens= says what a bare matrix's rows are"
FOREIGN = {
    "binary": "format='word2vec-binary', which the content says by itself",
    "fvocab": "limit= or keep=; counts come with a native file",
    "max_size": "limit=, which takes the first rows",
    "max_vectors": "limit=, which takes the first rows",
    "no_header": "format='glove'",
    "nrows": "limit=, which takes the first rows",
    "overwrite": "leave it out: what stands at path is replaced",
    "top": "limit=, which takes the first rows",
    "topn": "limit=, which takes the first rows",
    "unicode_errors": "format=Glove(errors='replace')",
    "vocab": _KEEP,
    "vocabulary": _KEEP,
}
# Of each argument that only some formats obey: the file that was expected, what to do, and what
# the others lack.
NO_EFFECT = {
    "name": ("a file of several named arrays", "leave name= out"),
    "tokens": ("a matrix without tokens", "leave tokens= out; keep= takes only some of them"),
    "verify": (
        "a file with digests, as the native format has",
        "leave verify= out, or save the table as .safetensors",
    ),
}
NOT_HAVING = {
    "name": "holds one table",
    "tokens": "holds its tokens itself",
    "verify": "has none",
}
# Suffixes that say what others write, and how to write it.
WRITTEN_ELSEWHERE = {
    ".csv": "pandas.DataFrame(table.matrix, table.tokens.tolist()).to_csv(path)",
    ".ftz": "format='fasttext' and a path in .bin, without quantising",
    ".h5": "h5py, with table.matrix and table.tokens.tolist()",
    ".json": "json.dump, of {token: table[token].tolist() for token in table}",
    ".pkl": "pickle.dump(table, file)",
    ".pt": "torch.save(torch.from_numpy(table.matrix), path), and the tokens beside it",
}


def options_of(formats: Sequence[Format]) -> Elsewhere:
    """What to write for an option of a format where the format itself belongs."""
    names = {name for format in formats for name in _options(format)}
    return {name: partial(_as_option, formats, name) for name in names}


def known_format(format: str | Format, formats: Sequence[Format]) -> Format:
    """What the argument `format` stands for.

    Raises:
        ArgumentError: No format of this name.
        ArgumentTypeError: Neither a name nor a format.
    """
    if isinstance(format, str):
        for known in formats:
            if known.name == format:
                return known
        listed = ", ".join(known.name for known in formats)
        near = [f"format={known.name!r}" for known in _meant(format.lower(), formats)]
        raise ArgumentError(
            "format",
            expected=f"one of {listed}, or a Format",
            got=repr(format),
            hint=" or ".join(near),
        )
    if isinstance(format, type) or not isinstance(format, Format):
        raise ArgumentTypeError(
            "format",
            expected="a name, or an object with name, suffixes, sniff, read and write",
            got=described(format),
            hint=f"{format.__name__}()" if isinstance(format, type) else "",
        )
    return format


def format_by_suffix(path: Path, formats: Sequence[Format]) -> Format:
    """The format that a file's name says.

    Raises:
        ArgumentError: None, or more than one.
    """
    suffix = path.suffix.lower()
    fitting = [format for format in formats if suffix in format.suffixes]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        hint = " or ".join(f"format={format.name!r}" for format in fitting)
    elif suffix in WRITTEN_ELSEWHERE:
        hint = f"{path.stem[:100]}.safetensors, which holds everything; otherwise "
        hint += WRITTEN_ELSEWHERE[suffix]
    else:
        hint = f"{path.stem[:100] or 'vectors'}.safetensors, or format='word2vec' for text"
    raise ArgumentError(
        "path",
        expected="a suffix that says the format (.safetensors, .npz, .bin, .vec)",
        got=f"{suffix[:100] or repr(path.name[:100])}"
        + (", which may be several" if fitting else ""),
        hint=hint,
    )


def check_effect(where: str, format: Any, options: ReadOptions) -> None:
    """Refuse what was asked of a format that has no use for it.

    Args:
        where: The file.
        format: One of ours, which says in `takes` what it obeys.
        options: What `load` was given.

    Raises:
        ArgumentError: It would have no effect.
    """
    asked = {"name": options.name, "tokens": options.tokens, "verify": options.verify or None}
    for name, value in asked.items():
        if value is not None and name not in format.takes:
            expected, hint = NO_EFFECT[name]
            got = f"one of the format {format.name!r}, which {NOT_HAVING[name]}"
            raise ArgumentError(name, expected=expected, got=f"{where}, {got}", hint=hint)


def check_table(table: Any) -> None:
    """Raise `ArgumentTypeError` for what is to be saved and is no table."""
    if isinstance(table, Table):
        return
    hint = "Table(tokens, matrix)" if hasattr(table, "shape") else ""
    if isinstance(table, Mapping):
        hint = "Table(list(d), np.array(list(d.values())))"
    elif isinstance(table, Vocabulary | HashingVocabulary):
        hint = "vocabulary.save(path)"
    elif isinstance(table, str | Path):
        hint = "the table first: save(table, path)"
    raise ArgumentTypeError("table", expected="a Table", got=described(table), hint=hint)


def _options(format: Any) -> set[str]:
    return {option.name for option in fields(format)} if is_dataclass(format) else set()


def _as_option(formats: Sequence[Format], name: str, value: Any) -> str:
    having = [format for format in formats if name in _options(format)]
    ways = [f"format={type(f).__name__}({name}={_short(value)})" for f in having]
    return " or ".join(dict.fromkeys((ways[-1], ways[0])))


def _meant(name: str, formats: Sequence[Format]) -> list[Format]:
    """The formats that may be meant by a name that is none: by suffix, or by a part of theirs."""
    from difflib import get_close_matches

    name = name.removeprefix(".")
    found = [known for known in formats if f".{name}" in known.suffixes]
    found = found or [known for known in formats if name and name in known.name]
    close = get_close_matches(name, [known.name for known in formats], 2, 0.5)
    return found or [known for known in formats if known.name in close]


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else "..."
