"""What a layer over a native table costs in memory, beside each framework's own route.

    python benchmarks/layers.py [--rows 400000] [--dim 300] [--folder FOLDER] [--json]

Each row is a process of its own that opens the table, builds the layer and looks up 64 ids.
Private memory (Linux; clean pages of the mapped file do not count) above the state after
importing everything and building one small layer, in multiples of the matrix: at its peak, and
kept while the layer lives.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from _measure import run_measured, versions

SETUP = """
import numpy as np, inlay
from inlay.layers import to_jax, to_keras, to_tensorflow, to_torch
small = inlay.Table(["a", "b"], np.eye(2, dtype="float32"))
ids = np.arange(64, dtype="int64").reshape(4, 16)
"""
TORCH = (
    SETUP
    + """
import torch
ids = torch.from_numpy(ids)
to_torch(small)(ids[:1, :2])
"""
)
KERAS = (
    SETUP
    + """
import keras
ids = ids.astype("int32")
to_keras(small)(ids[:1, :2])
to_keras(small, trainable=True)(ids[:1, :2])
"""
)
TENSORFLOW = (
    SETUP
    + """
import tensorflow as tf
ids = ids.astype("int32")
look_up = tf.function(lambda matrix, ids: tf.nn.embedding_lookup(matrix, ids))
look_up(to_tensorflow(small), ids[:1, :2])
to_tensorflow(small, kind="variable")
to_tensorflow(small, trainable="rows", rows=["b"])(ids[:1, :2])
"""
)
JAX = (
    SETUP
    + """
import jax
look_up = jax.jit(lambda layer, ids: layer(ids))
for trainable, rows in ((False, None), (True, None), ("rows", ["b"])):
    look_up(to_jax(small, trainable=trainable, rows=rows), ids[:1, :2])
jax.numpy.asarray(np.eye(2, dtype="float32"))[ids[:1, :2]]
"""
)
OPEN = "table = inlay.load({path!r})\n"
LOOK_UP = """
out = layer(ids)
"""
RESULT = 'float((out.detach() if hasattr(out, "detach") else out)[0, 1, 0])'

CASES = {
    "torch": {
        "inlay, frozen": "layer = to_torch(table)",
        "inlay, trainable": "layer = to_torch(table, trainable=True)",
        "inlay, some rows": 'layer = to_torch(table, trainable="rows", rows=range(1, 1001))',
        "from_pretrained(from_numpy(np.array(m)))": (
            "layer = torch.nn.Embedding.from_pretrained(torch.from_numpy(np.array(table.vectors)))"
        ),
    },
    "keras": {
        "inlay, frozen": "layer = to_keras(table)",
        "inlay, trainable": "layer = to_keras(table, trainable=True)",
        "inlay, some rows": 'layer = to_keras(table, trainable="rows", rows=range(1, 1001))',
        "Embedding(weights=[m])": (
            "layer = keras.layers.Embedding(len(table), table.dim, weights=[table.vectors])"
        ),
    },
    "tensorflow": {
        "inlay, frozen": "matrix = to_tensorflow(table)\nlayer = lambda ids: look_up(matrix, ids)",
        "inlay, trainable": (
            "matrix = to_tensorflow(table, trainable=True)\n"
            "layer = lambda ids: tf.nn.embedding_lookup(matrix, ids)"
        ),
        "inlay, some rows": 'layer = to_tensorflow(table, trainable="rows", rows=range(1, 1001))',
        "tf.constant(m)": (
            "matrix = tf.constant(table.vectors)\nlayer = lambda ids: look_up(matrix, ids)"
        ),
        "tf.constant(m) inside a function": (
            "layer = tf.function(\n"
            "    lambda ids: tf.nn.embedding_lookup(tf.constant(table.vectors), ids))"
        ),
        "tf.Variable(m)": (
            "matrix = tf.Variable(table.vectors)\n"
            "layer = lambda ids: tf.nn.embedding_lookup(matrix, ids)"
        ),
    },
    "jax": {
        "inlay, frozen": "pytree = to_jax(table)\nlayer = lambda ids: look_up(pytree, ids)",
        "inlay, trainable": (
            "pytree = to_jax(table, trainable=True)\nlayer = lambda ids: look_up(pytree, ids)"
        ),
        "inlay, some rows": (
            'pytree = to_jax(table, trainable="rows", rows=range(1, 1001))\n'
            "layer = lambda ids: look_up(pytree, ids)"
        ),
        "asarray(m), as an argument": (
            "matrix = jax.numpy.asarray(table.vectors)\n"
            "layer = lambda ids: jax.jit(lambda matrix, ids: matrix[ids])(matrix, ids)"
        ),
        "asarray(m), found by a function": (
            "matrix = jax.numpy.asarray(table.vectors)\nlayer = jax.jit(lambda ids: matrix[ids])"
        ),
    },
}
HOSTS = {
    "torch": ("torch", TORCH, None),
    "TensorFlow": ("tensorflow", TENSORFLOW, None),
    "JAX": ("jax", JAX, None),
    "Keras on TensorFlow": ("keras", KERAS, "tensorflow"),
    "Keras on JAX": ("keras", KERAS, "jax"),
    "Keras on torch": ("keras", KERAS, "torch"),
}


def make_table(path: Path, rows: int, dim: int) -> None:
    import inlay

    matrix = np.random.default_rng(0).standard_normal((rows, dim), np.float32)
    matrix[0] = 0
    tokens = [f"token{i}" for i in range(rows)]
    inlay.save(inlay.Table(tokens, matrix, pad_id=0), path)


def rows_of(path: Path, matrix_mb: float) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for host, (kind, setup, backend) in HOSTS.items():
        env = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend or "jax"}
        answers = set()
        for route, build in CASES[kind].items():
            body = OPEN.format(path=str(path)) + build + LOOK_UP
            got = run_measured(body, setup=setup, result=RESULT, env=env)
            answers.add(got["result"])
            kept = got["private_added_mb"] / matrix_mb
            peak = max(got["private_peak_added_mb"] / matrix_mb, kept)
            found.append({"host": host, "route": route, "peak": peak, "kept": kept})
        if len(answers) != 1:
            raise RuntimeError(f"{host}: the routes give different numbers: {answers}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--folder", help="where the table is written; default: a temporary one")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder) / "table.safetensors"
        make_table(path, args.rows, args.dim)
        found = rows_of(path, 4 * args.rows * args.dim / 2**20)
    if args.json:
        print(json.dumps(found))
        return
    print(versions("inlay", "numpy", "torch", "keras", "tensorflow", "jax"))
    size = 4 * args.rows * args.dim / 1e6
    print(f"table {args.rows} x {args.dim}, matrix {size:.0f} MB; multiples of it, private memory")
    for row in found:
        print(
            f"{row['host']:20s} {row['route']:42s} peak {row['peak']:5.2f} kept {row['kept']:5.2f}"
        )


if __name__ == "__main__":
    main()
