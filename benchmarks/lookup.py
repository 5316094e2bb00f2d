"""What a lookup costs as the vocabulary grows, beside the one-hot product that it stands for.

    python benchmarks/lookup.py [--rows 100 1000 10000 100000] [--dim 100] [--markdown] [--json]

Milliseconds of CPU on one core for TEXTS texts of 50 words: forward, and forward together with the
gradient of the matrix. "lookup" is the host's own, "one-hot" makes the one-hot vectors and
multiplies, and "dense" is the host's own dense layer without bias (in JAX, which has none, the
product) on one-hot vectors that are there already. The best of several calls; each host is a
process of its own. Before anything is timed, all three are compared: "differs" is the largest
difference of their vectors and gradients from those of the lookup, in float32.
"""

import argparse
import json

from _measure import run_measured, versions

ONE_CORE = """
import os, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
import numpy as np
D, TEXTS = {dim}, {texts}
rng = np.random.default_rng(0)
def best(run, seconds=0.3):
    run()
    taken, end = [], time.perf_counter() + seconds
    while len(taken) < 5 or time.perf_counter() < end:
        begin = time.process_time()
        run()
        taken.append(time.process_time() - begin)
    return 1000 * min(taken)
def measure(V):
    matrix = rng.normal(size=(V, D)).astype("float32")
    ids = rng.integers(V, size=(TEXTS, 50))
    out = rng.normal(size=(TEXTS, 50, D)).astype("float32")   # the gradient that arrives
    found, expected = {{}}, None
    for way, (forward, both, value) in ways(matrix, ids, out).items():
        got = value()
        expected = got if expected is None else expected
        differs = max(float(abs(a - b).max()) for a, b in zip(got, expected))
        found[way] = best(forward), best(both), differs
    return found
"""
TORCH = """
import torch
from torch.nn import functional as F
torch.set_num_threads(1)
def ways(matrix, ids, out):
    V = len(matrix)
    ids, out = torch.from_numpy(ids), torch.from_numpy(out)
    words = torch.nn.Embedding.from_pretrained(torch.from_numpy(matrix), freeze=False)
    product = torch.nn.Parameter(torch.from_numpy(matrix))
    dense = torch.nn.Linear(V, D, bias=False)
    dense.weight = torch.nn.Parameter(torch.from_numpy(matrix).T)
    made = F.one_hot(ids, V).float()
    def way(call, parameter, transposed=False):
        def both():
            parameter.grad = None
            vectors = call()
            vectors.backward(out)
            return vectors
        def value():
            vectors = both().detach().numpy()
            return vectors, (parameter.grad.T if transposed else parameter.grad).numpy()
        def forward():
            with torch.no_grad():
                call()
        return forward, both, value
    return {
        "lookup": way(lambda: words(ids), words.weight),
        "one-hot": way(lambda: F.one_hot(ids, V).float() @ product, product),
        "dense": way(lambda: dense(made), dense.weight, True),
    }
"""
TENSORFLOW = """
import tensorflow as tf, keras
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
def ways(matrix, ids, out):
    V = len(matrix)
    ids, out, made = tf.constant(ids), tf.constant(out), tf.one_hot(ids, V)
    words, product = tf.Variable(matrix), tf.Variable(matrix)
    dense = keras.layers.Dense(D, use_bias=False)
    dense.build((None, V))
    dense.kernel.assign(matrix)
    def way(call, variable):
        forward = tf.function(call)
        @tf.function
        def both():
            with tf.GradientTape() as tape:
                vectors = call()
            return vectors, tape.gradient(vectors, variable, output_gradients=out)
        def value():
            return [tf.convert_to_tensor(tensor).numpy() for tensor in both()]
        return lambda: forward().numpy(), lambda: both()[0].numpy(), value
    return {
        "lookup": way(lambda: tf.nn.embedding_lookup(words, ids), words),
        "one-hot": way(lambda: tf.one_hot(ids, V) @ product, product),
        "dense": way(lambda: dense(made), dense.kernel.value),
    }
"""
JAX = """
import jax
def ways(matrix, ids, out):
    V = len(matrix)
    matrix, ids, out = jax.numpy.asarray(matrix), jax.numpy.asarray(ids), jax.numpy.asarray(out)
    made = jax.nn.one_hot(ids, V)
    def way(call, x):
        forward = jax.jit(call)
        @jax.jit
        def both(matrix, x, out):
            vectors, back = jax.vjp(lambda matrix: call(matrix, x), matrix)
            return vectors, back(out)[0]
        return (
            lambda: forward(matrix, x).block_until_ready(),
            lambda: jax.block_until_ready(both(matrix, x, out)),
            lambda: [np.asarray(array) for array in both(matrix, x, out)],
        )
    return {
        "lookup": way(lambda matrix, ids: matrix[ids], ids),
        "one-hot": way(lambda matrix, ids: jax.nn.one_hot(ids, V) @ matrix, ids),
        "dense": way(lambda matrix, made: made @ matrix, made),
    }
"""
HOSTS = {"PyTorch": TORCH, "TensorFlow": TENSORFLOW, "JAX": JAX}
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


WHICH = {"forward": 0, "with the gradient": 1}
Found = dict[str, dict[str, dict[str, list[float]]]]


def line(host: str, rows: str, way: str, forward: float, both: float, differs: float) -> str:
    return (
        f"{host:10s} {int(rows):7,} rows, {way:8s} forward {forward:9.3f} ms, "
        f"with the gradient {both:9.3f} ms, differs {differs:.1e}"
    )


def short(ms: float) -> str:
    return f"{float(f'{ms:.2g}'):g}"


def markdown(found: Found, which: int) -> str:
    """A table as the page has it, of which its plot is drawn."""
    sizes = list(next(iter(found.values())))
    lines = [f"| | {' | '.join(f'{int(rows):,}' for rows in sizes)} |"]
    lines.append("|---|" + "---|" * len(sizes))
    for host, by_size in found.items():
        for way in by_size[sizes[0]]:
            numbers = [by_size[rows][way][which] for rows in sizes]
            lines.append(f"| {host}, {way} | {' | '.join(map(short, numbers))} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--texts", type=int, default=8)
    parser.add_argument("--markdown", action="store_true", help="the tables of the page, too")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found: Found = {}
    for host, source in HOSTS.items():
        setup = ONE_CORE.format(dim=args.dim, texts=args.texts) + source
        body = f"found = {{V: measure(V) for V in {args.rows}}}"
        found[host] = run_measured(body, setup=setup, result="found", env=ENVIRONMENT)["result"]
    if args.json:
        print(json.dumps(found))
        return
    print(versions("inlay", "numpy", "torch", "keras", "tensorflow", "jax"))
    for host, sizes in found.items():
        for rows, ways in sizes.items():
            for way, figures in ways.items():
                print(line(host, rows, way, *figures))
    if args.markdown:
        for title, which in WHICH.items():
            print(f"\n{title}, ms\n\n{markdown(found, which)}")


if __name__ == "__main__":
    main()
