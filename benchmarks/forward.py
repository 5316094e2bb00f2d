"""What a look-up costs, beside the host framework's own layer: CPU time, as compiled code runs it.

    python benchmarks/forward.py [--rows 400000] [--dim 100] [--rounds 300] [--json]

64 texts of 50 words are looked up in a table of ROWS x DIM by the host's layer and by ours, in
turns, in one process on one core. A round is 20 look-ups; printed are the medians, and the median
of the ratios of rounds that follow each other: host / inlay, so 0.98 is 2 % slower.
"""

import argparse
import json
from collections.abc import Iterator

from _measure import run_measured, versions
from sparse import BATCHES, ONE_CORE, environment

CASES = {
    "torch": """
import torch
def own():
    return torch.nn.Embedding.from_pretrained(torch.from_numpy(W), freeze={frozen})
def inlaid(**given):
    return to_torch(table, **given)
def runs(layer, ids):
    ids = torch.from_numpy(ids)
    return lambda: layer(ids)
""",
    "keras": """
import keras
def own():
    layer = keras.layers.Embedding(len(W), D, trainable=not {frozen})
    layer.build()
    layer.set_weights([W])
    return layer
def inlaid(**given):
    return to_keras(table, mask=False, **given)
def runs(layer, ids):
    ids = keras.ops.convert_to_tensor(ids.astype("int32"))
    if keras.backend.backend() == "jax":
        import jax
        call = jax.jit(lambda t, n, x: layer.stateless_call(t, n, x)[0])
        held = [[v.value for v in vs] for vs in (
            layer.trainable_variables, layer.non_trainable_variables)]
        return lambda: call(*held, ids).block_until_ready()
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf
        call = tf.function(lambda x: layer(x))
        return lambda: call(ids)
    return lambda: layer(ids)
""",
    "TensorFlow": """
import tensorflow as tf
def own():
    matrix = tf.Variable(W, trainable=not {frozen})
    return lambda ids: tf.nn.embedding_lookup(matrix, ids)
def inlaid(**given):
    return to_tensorflow(table, kind="module", **given)
def runs(layer, ids):
    ids, call = tf.constant(ids.astype("int32")), tf.function(lambda x: layer(x))
    return lambda: call(ids)
""",
    "JAX": """
import jax
def own():
    return jax.numpy.asarray(W)
def inlaid(**given):
    return to_jax(table, **given)
def runs(layer, ids):
    ids = jax.numpy.asarray(ids.astype("int32"))
    call = jax.jit(lambda layer, ids: layer(ids) if callable(layer) else layer[ids])
    return lambda: call(layer, ids).block_until_ready()
""",
}
SETUP = """
import time
from inlay import Table, to_jax, to_keras, to_tensorflow, to_torch
W = rng.normal(size=(V, D)).astype("float32")
table = Table([str(i) for i in range(V)], W)
"""
MEASURED = """
def timed(run):
    begin = time.process_time()
    for _ in range(20):
        run()
    return (time.process_time() - begin) / 20
pair = [runs(layer, ids[:64]) for layer in (own(), inlaid(trainable=not {frozen}))]
for run in pair * 5:
    run()
both = np.array([[timed(run) for run in pair] for _ in range({rounds})])
"""
HOSTS = {
    "torch": ("torch", None),
    "TensorFlow": ("TensorFlow", None),
    "JAX": ("JAX", None),
    "Keras on TensorFlow": ("keras", "tensorflow"),
    "Keras on JAX": ("keras", "jax"),
    "Keras on torch": ("keras", "torch"),
}


def found(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    for host, (kind, backend) in HOSTS.items():
        for frozen in (True, False):
            begin = BATCHES.format(rows=args.rows, dim=args.dim, steps=1)
            case = CASES[kind].format(frozen=frozen)
            body = MEASURED.format(frozen=frozen, rounds=args.rounds)
            got = run_measured(
                body,
                setup=ONE_CORE + begin + SETUP + case,
                result="[*np.median(both, 0), np.median(both[:, 0] / both[:, 1])]",
                env=environment(backend),
            )
            own, ours, ratio = got["result"]
            mode = "frozen" if frozen else "trainable"
            yield {"host": host, "mode": mode, "own": own, "inlay": ours, "ratio": ratio}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.json:
        print(json.dumps(list(found(args))))
        return
    print(versions("inlay", "numpy", "torch", "keras", "tensorflow", "jax"))
    for row in found(args):
        print(
            f"{row['host']:20s} {row['mode']:9s} host {1e6 * row['own']:7.0f} us, "
            f"inlay {1e6 * row['inlay']:7.0f} us, host / inlay {row['ratio']:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
