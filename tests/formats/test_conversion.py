import gzip
import hashlib
import os
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from fuzz.fasttext import model

from inlay import Table, load, save
from inlay.errors import ArgumentError, FormatError
from inlay.formats import Word2VecText, convert
from inlay.formats.spool import AT_ONCE, Spool


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "g.txt"
    path.write_text("good 1 0.5\nfilm 0.25 1e-3\ngood 7 7\n영화 3 4\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["o.safetensors", "o.npz", "o.bin", "o.vec", "o.vec.gz"])
@pytest.mark.parametrize("given", ["g.txt", "g.txt.gz", "g.bin", "g.safetensors", "g.npz"])
def test_every_pair_of_formats_gives_what_load_and_save_do(text, tmp_path, given, name):
    source = tmp_path / given
    if given == "g.txt.gz":
        source.write_bytes(gzip.compress(text.read_bytes()))
    elif given != "g.txt":
        save(load(text), source)
    convert(source, tmp_path / name)
    expected, found = load(source), load(tmp_path / name)
    assert found.tokens == expected.tokens
    assert np.array_equal(found.vectors, expected.vectors)


def test_the_origin_is_kept_through_every_conversion(text, tmp_path):
    first, second = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    convert(text, first, format="glove", limit=4)
    made = load(first).provenance
    assert (made["source"], made["format"], made["duplicates"]) == ("g.txt", "glove", 1)
    assert made["sha256"] == hashlib.sha256(text.read_bytes()).hexdigest()
    assert made["options"] == {"limit": 4}
    convert(first, second, dtype="int8", keep=["film"])
    again = load(second).provenance
    assert again["converted_from"] == made
    assert again["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert again["options"] == {"dtype": "int8", "keep": "1 tokens"}
    assert (again["source"], again["format"]) == ("1.safetensors", "native")


def test_a_licence_is_kept(tmp_path):
    table = Table(["a"], np.ones((1, 2), np.float32), provenance={"licence": "PDDL"})
    save(table, tmp_path / "1.safetensors")
    convert(tmp_path / "1.safetensors", tmp_path / "2.safetensors")
    assert load(tmp_path / "2.safetensors").provenance["converted_from"] == {"licence": "PDDL"}


def test_what_a_format_was_told_is_noted(tmp_path):
    (tmp_path / "w.txt").write_text("9 2\na 1 2\n")
    told = Word2VecText(header="ignore")
    convert(tmp_path / "w.txt", tmp_path / "o.safetensors", format=told)
    assert load(tmp_path / "o.safetensors").provenance["options"] == {"header": "ignore"}


@pytest.mark.parametrize("keep", [None, [f"w{i}" for i in range(0, 30_000, 3)]])
@pytest.mark.parametrize("limit", [None, 20_000])
def test_rows_that_wait_on_the_disk_are_the_same(tmp_path, keep, limit):
    """More than a window's blocks, with duplicates that are dropped far from each other."""
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((30_000, 3)).astype(np.float32)
    lines = [f"w{i % 29_000} {a:.5g} {b:.5g} {c:.5g}\n" for i, (a, b, c) in enumerate(numbers)]
    lines.insert(5, lines[3])
    path = tmp_path / "g.txt"
    path.write_text("".join(lines))
    convert(path, tmp_path / "o.safetensors", keep=keep, limit=limit)
    expected = load(path, keep=keep, limit=limit)
    found = load(tmp_path / "o.safetensors", verify=True)
    assert found.tokens == expected.tokens
    assert np.array_equal(found.matrix, expected.matrix)
    assert found.provenance["duplicates"] == expected.provenance["duplicates"] > 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g.txt", "o.safetensors"]


def test_a_spool_is_indexed_as_a_matrix_is(tmp_path):
    rows = np.arange(6 * AT_ONCE, dtype=np.float32).reshape(-1, 3)
    spool = Spool(tmp_path, (0, 3))
    assert spool[0:5].shape == (0, 3)
    spool.append(rows[:10])
    spool.append(rows[10:])
    for index in (3, slice(5, 900), [7, 1, 7], ...):
        assert np.array_equal(spool[index], rows[index])
    kept = np.flatnonzero(np.arange(len(rows)) % 7 != 2)
    spool.keep(kept)
    assert (spool.shape, spool.nbytes) == (rows[kept].shape, rows[kept].nbytes)
    assert np.array_equal(spool[...], rows[kept])


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16", "int8"])
def test_another_type_is_what_load_gives_and_never_in_memory_as_a_whole(
    tmp_path, monkeypatch, dtype
):
    """20,000 x 64 in rows of 256: the least of these types has 1.3 MB."""
    for name in ("core.storage.BLOCK", "formats.native.MADE_AT_ONCE", "formats.conversion.AT_ONCE"):
        monkeypatch.setattr(f"inlay.{name}", 256)
    matrix = np.random.default_rng(0).standard_normal((20_000, 64)).astype(np.float32)
    path, target = tmp_path / "t.safetensors", tmp_path / "o.safetensors"
    save(Table([f"w{row}" for row in range(20_000)], matrix), path)
    tracemalloc.start()
    made = convert(path, target, dtype=dtype)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2e6
    expected = load(path).astype(dtype)
    assert (made.stored_dtype, made.dtype) == (expected.stored_dtype, expected.dtype)
    assert load(target, verify=True).provenance["stored_dtype"] == "float32"
    for table in (made, load(target), pickle.loads(pickle.dumps(made))):
        assert table.vectors.dtype == np.float32
        assert np.array_equal(table.vectors, expected.vectors)
    assert made.stored_bytes == expected.stored_bytes
    assert np.array_equal(made.storage, expected.storage)
    assert np.array_equal(made["w7"], expected["w7"])


@pytest.mark.parametrize("name", ["o.npz", "o.bin", "o.vec"])
def test_no_format_is_written_from_memory_as_a_whole(tmp_path, monkeypatch, name):
    for constant in (
        "core.storage.BLOCK",
        "formats.conversion.AT_ONCE",
        "formats.numpy_files.WRITTEN_AT_ONCE",
        "formats.word2vec_binary.WRITTEN_AT_ONCE",
        "formats.text_writer.NUMBERS_AT_ONCE",
    ):
        monkeypatch.setattr(f"inlay.{constant}", 256)
    matrix = np.random.default_rng(0).integers(-9, 9, (8_000, 64)).astype(np.float32)
    table = Table([f"w{row}" for row in range(8_000)], matrix)
    save(table, tmp_path / "t.safetensors")
    save(load(tmp_path / "t.safetensors", limit=1), tmp_path / name)  # what is compiled
    tracemalloc.start()
    convert(tmp_path / "t.safetensors", tmp_path / name, dtype="float16")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.9e6  # the numbers have 1 MB
    assert np.array_equal(load(tmp_path / name).vectors, matrix)


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_rows_of_text_in_another_type(text, tmp_path, dtype):
    convert(text, tmp_path / "o.safetensors", dtype=dtype)
    found, expected = load(tmp_path / "o.safetensors"), load(text, dtype=dtype)
    assert (found.tokens, found.stored_dtype) == (expected.tokens, dtype)
    assert np.array_equal(found.vectors, expected.vectors)


def test_a_number_that_the_type_cannot_hold_is_named_and_nothing_stays(text, tmp_path):
    text.write_text("a 1 2\nbig 3 1e30\n")
    with pytest.raises(ArgumentError, match="in the vector of 'big', got float16"):
        convert(text, tmp_path / "o.safetensors", dtype="float16")
    assert [p.name for p in tmp_path.iterdir()] == ["g.txt"]


def test_what_comes_back_is_the_table(text, tmp_path):
    table, expected = convert(text, tmp_path / "o.vec"), load(text)
    assert (table.tokens, table.stored_dtype) == (expected.tokens, "float32")
    assert np.array_equal(pickle.loads(pickle.dumps(table)).matrix, expected.matrix)
    assert table.most_similar("film") == expected.most_similar("film")
    assert np.array_equal(table.matrix, expected.matrix)
    assert np.array_equal(table.storage, expected.matrix)


def test_a_file_may_be_converted_onto_itself(text):
    convert(text, text, target_format="word2vec")
    assert text.read_text(encoding="utf-8").startswith("3 2\ngood 1 0.5\n")


def test_what_fails_leaves_nothing(text, tmp_path):
    text.write_text("a 1 2\nb 1\n")
    with pytest.raises(FormatError):
        convert(text, tmp_path / "o.safetensors")
    text.write_text("a 1 2\n")
    with pytest.raises(ArgumentError, match="a suffix that says the format"):
        convert(text, tmp_path / "o.xyz")
    assert [p.name for p in tmp_path.iterdir()] == ["g.txt"]


def test_a_model_of_fasttext_still_composes(tmp_path):
    (tmp_path / "m.bin").write_bytes(model().dump())
    convert(tmp_path / "m.bin", tmp_path / "m.safetensors")
    expected, found = load(tmp_path / "m.bin"), load(tmp_path / "m.safetensors")
    assert np.array_equal(found["unseen"], expected["unseen"])


SCRIPT = """
import sys, numpy as np
from pathlib import Path
from inlay.formats import convert, load
tiny, big, out = map(Path, sys.argv[1:])
convert(tiny, out)  # what is imported and compiled
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
before = peak()
convert(big, out)
print(peak() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux says what a process had")
def test_memory_does_not_grow_with_the_file(tmp_path):
    """150,000 x 200: 120 MB of numbers, of which a few windows are in memory at a time."""
    line = " ".join(["0.12345", "-1.5"] * 100)
    big, tiny = tmp_path / "big.txt", tmp_path / "tiny.txt"
    with big.open("w") as file:
        file.writelines(f"word{i} {line}\n" for i in range(150_000))
    with tiny.open("w") as file:
        file.writelines(f"word{i} {line}\n" for i in range(15_000))
    command = [sys.executable, "-c", SCRIPT, tiny, big, tmp_path / "o.safetensors"]
    added = int(subprocess.run(command, capture_output=True, check=True).stdout)
    assert added < 60
