"""Of a layer whose matrix stands apart from what trained, a file gives what the layer looks up."""

import json

import numpy as np
import pytest

from inlay import load
from inlay.errors import FormatError, UnknownArrayError
from inlay.formats import list_arrays

TOKENS = list("abcdef")
RANDOM = np.random.default_rng(0)
BASE, DELTA = RANDOM.normal(size=(2, 6, 3)).astype(np.float32)
A, B = RANDOM.normal(size=(6, 2)).astype(np.float32), RANDOM.normal(size=(2, 3)).astype(np.float32)
CODES, SCALES = RANDOM.integers(-127, 127, (6, 3)).astype(np.int8), np.arange(1, 7, dtype="f4")
ROWS, SLOTS = DELTA[:2], np.array([-1, 1, -1, -1, 0, -1], np.int32)
IDS = {"row_ids": np.array([4, 1], np.int32)}
PUT_IN = BASE.copy()
PUT_IN[[4, 1]] = ROWS
BITS = BASE.view(np.int32)
WHOLE = {
    "rows": ({"weight": BASE, "rows": ROWS, "slots": SLOTS}, PUT_IN),
    "rows of half": (
        {"weight": BASE.astype("f2"), "rows": ROWS, "slots": SLOTS},
        np.where((SLOTS >= 0)[:, None], PUT_IN, BASE.astype("f2")),
    ),
    "rows of bits": ({"bits": BITS, "rows": ROWS, "slots": SLOTS} | IDS, PUT_IN),
    "delta": ({"weight": BASE, "delta": DELTA}, BASE + DELTA),
    "delta of bits": ({"bits": BITS, "rows": DELTA}, BASE + DELTA),
    "rank": ({"weight": BASE, "a": A, "b": B}, BASE + A @ B),
    "codes": (
        {"codes": CODES, "scales": SCALES, "delta": DELTA},
        CODES * SCALES[:, None] + DELTA,
    ),
}


def saved(tmp_path, parts, head="words."):
    others = {"dense.weight": np.ones((3, 2), np.float32), "dense.bias": np.ones(2, np.float32)}
    np.savez(tmp_path / "x.npz", **{f"{head}{part}": a for part, a in parts.items()}, **others)
    return tmp_path / "x.npz"


@pytest.mark.parametrize("kind", WHOLE)
def test_all_parts_of_a_layer_are_one_array(tmp_path, kind):
    parts, expected = WHOLE[kind]
    path = saved(tmp_path, parts)
    for name in ("words", "words.weight"):
        table = load(path, name=name, tokens=TOKENS)
        assert table.matrix.dtype == np.float32
        np.testing.assert_allclose(table.matrix, expected, rtol=1e-6)
    some = load(path, name="words", tokens=TOKENS, keep=["e", "b", "a"])
    assert np.array_equal(some.matrix, table.matrix[[0, 1, 4]])
    assert np.array_equal(load(path, name="words", tokens=TOKENS, limit=2).matrix, table.matrix[:2])
    names = [array.name for array in list_arrays(path)]
    assert names == ["words.weight", "dense.weight", "dense.bias"]
    with pytest.raises(UnknownArrayError, match=r"only words\.weight"):
        load(path, name="words.gamma", tokens=TOKENS)


def test_a_part_can_be_had_by_its_whole_name(tmp_path):
    path = saved(tmp_path, WHOLE["rows"][0])
    assert np.array_equal(load(path, name="words.rows", tokens=["e", "b"]).matrix, ROWS)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"rows": ROWS, "slots": SLOTS} | IDS, "the 2 that trained.*merged"),
        ({"bits": BITS.astype(np.int16), "delta": DELTA}, "16 bits.*merged"),
        ({"embeddings": BASE, "lora_embeddings_a": A, "lora_embeddings_b": B}, "LoRA.*keras"),
    ],
)
def test_what_a_file_does_not_hold_whole_is_refused(tmp_path, parts, words):
    path = saved(tmp_path, parts, "words/")
    for name in ("words/embeddings", "embeddings"):
        with pytest.raises(FormatError, match=words):
            load(path, name=name, tokens=TOKENS)


def test_a_layer_by_reference_names_its_file(tmp_path):
    note = np.frombuffer(json.dumps({"path": "glove.safetensors"}).encode(), np.uint8)
    path = saved(tmp_path, {"reference": note})
    told = r"in glove.safetensors. Try: glove.safetensors, read by itself"
    with pytest.raises(FormatError, match=told):
        load(path, name="words", tokens=TOKENS)
    for trained in ({"delta": BASE}, {"a": BASE, "b": np.eye(4, dtype="f4")}):
        path = saved(tmp_path, {"reference": note} | trained)
        with pytest.raises(FormatError, match=r"got what trained, and .* all else is in .*merged"):
            load(path, name="words", tokens=TOKENS)
    path = saved(tmp_path, {"reference": note[:-3]})
    with pytest.raises(FormatError, match="in another file"):
        load(path, name="words", tokens=TOKENS)
    path = saved(tmp_path, {"reference": note, "weight": BASE})
    assert np.array_equal(load(path, name="words", tokens=TOKENS).matrix, BASE)


@pytest.mark.parametrize(
    "parts",
    [
        {"weight": BASE, "rows": ROWS, "slots": SLOTS[:-1]},
        {"weight": BASE, "rows": ROWS[:, :2], "slots": SLOTS},
        {"weight": BASE, "rows": ROWS, "slots": SLOTS.astype("f4")},
        {"weight": BASE, "delta": DELTA[:-1]},
        {"weight": BASE, "a": A[:, :1], "b": B},
        {"weight": BASE, "scales": SCALES},
        {"weight": BASE, "bits": BITS},
    ],
)
def test_what_only_looks_like_parts_is_left_alone(tmp_path, parts):
    path = saved(tmp_path, parts)
    assert np.array_equal(load(path, name="words", tokens=TOKENS).matrix, BASE)
    assert {array.name for array in list_arrays(path)} > {f"words.{part}" for part in parts}
