"""What every format that is read whole has to do, in one call."""

import gzip

import numpy as np
import pytest

from inlay import load, save
from inlay.errors import ArgumentError, FormatError
from inlay.formats import FORMATS, format_of


def check_reader(path, tokens, matrix, name, *, mapped=False, packed=True):
    """The contract of a format that is only read.

    Args:
        path: A file of five words or more, each once.
        tokens: What it holds.
        matrix: The same.
        name: What the format is called.
        mapped: Whether the table shares the file's bytes.
        packed: Whether the format is one file, which may be packed.
    """
    table = load(path)
    assert table.tokens.tolist() == tokens
    assert table.matrix.dtype == matrix.dtype
    assert np.array_equal(table.matrix, matrix)
    assert table.provenance["format"] == format_of(path).name == name
    assert table.provenance["rows"] == len(tokens)
    assert table.provenance["duplicates"] == 0
    assert (base(table.storage) is not None) == mapped
    assert base(load(path, mmap=False).storage) is None
    for limit in (0, 2, 1000):
        assert np.array_equal(load(path, limit=limit).matrix, matrix[:limit])
    kept = load(path, keep=[tokens[3], tokens[1], "not there"])
    assert kept.tokens.tolist() == [tokens[1], tokens[3]]
    assert np.array_equal(kept.matrix, matrix[[1, 3]])
    assert load(path, keep=[tokens[3]], limit=2).tokens.tolist() == []
    with pytest.raises(ArgumentError, match=f"one of the format {name!r}"):
        load(path, verify=True)
    if packed:
        zipped = path.with_name(path.name + ".gz")
        zipped.write_bytes(gzip.compress(path.read_bytes()))
        assert np.array_equal(load(zipped).matrix, matrix)
    with pytest.raises(FormatError, match=f"a format that inlay writes, got {name}"):
        save(table, path.with_name("other"), format=name)
    assert name in [format.name for format in FORMATS]
    before = path.read_bytes()
    table.storage[:] = 0  # frameworks may write: never into the file
    assert path.read_bytes() == before


def base(array):
    """The map that an array shares, or None."""
    while array is not None:
        if isinstance(array, np.memmap):
            return array
        array = getattr(array, "base", None)
    return None
