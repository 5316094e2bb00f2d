"""What a step costs where a table is large, what a mapped table keeps in memory, and bags.

    python benchmarks/sparse.py [steps] [mapped] [bags] [--rows 400000] [--dim 100] [--json]

steps: milliseconds of CPU for a step of training, with the host's own Adam and with rows, and the
loss of each third of the steps: a table of ROWS x DIM, 64 texts of 50 words, a mean and a linear
layer.
mapped: training every row of a table of ROWS x DIM in files, and the memory that it takes (Linux).
bags: milliseconds of CPU for one vector of each of 256 texts of 100 words, 60 of them no padding,
DIM numbers, against a look-up and a reduction.

Each figure is of a process of its own, on one core.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator

from _measure import run_measured, versions

ONE_CORE = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
"""
BATCHES = """
import numpy as np
V, D, STEPS = {rows}, {dim}, {steps}
rng = np.random.default_rng(0)
# Words of a text, about as frequent as words are: 1 / rank, shuffled.
weights = 1 / np.arange(1, V + 1)
ids = rng.permutation(V)[rng.choice(V, size=(64 * STEPS, 50), p=weights / weights.sum())]
ids = ids.astype("int64")
# What a text is worth is the mean of what its words are worth.
targets = rng.normal(size=V)[ids].mean(1, keepdims=True)
targets = (targets / targets.std()).astype("float32")
"""
TORCH = """
import torch
from inlay.layers.torch.optimizers import LazyAdam
torch.manual_seed(0)
words, top = torch.nn.Embedding(V, D, sparse={sparse}), torch.nn.Linear(D, 1)
model = torch.nn.Sequential(words, top)
optimizer = {optimizer}
def train():
    losses = []
    for start in range(0, len(ids), 64):
        optimizer.zero_grad()
        out = top(words(torch.from_numpy(ids[start : start + 64])).mean(1))
        loss = (out - torch.from_numpy(targets[start : start + 64])).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [float(np.mean(third)) for third in np.array_split(losses, 3)]
train()
"""
KERAS = """
import keras
from inlay.layers.keras.optimizers import LazyAdam
from inlay.layers.keras.rows import train_rows
keras.utils.set_random_seed(0)
inputs = keras.Input((50,), dtype="int32")
mean = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(V, D)(inputs))
model = keras.Model(inputs, keras.layers.Dense(1)(mean))
{prepare}
model.compile({optimizer}, loss="mse")
ids = ids.astype("int32")
def train():
    losses = []
    for some in np.array_split(np.arange(STEPS), 3):
        part = slice(64 * some[0], 64 * (some[-1] + 1))
        fitted = model.fit(ids[part], targets[part], batch_size=64, shuffle=False, verbose=0)
        losses.append(fitted.history["loss"][0])
    return losses
train()
"""
HOSTS = {
    "torch": None,
    "Keras on TensorFlow": "tensorflow",
    "Keras on JAX": "jax",
    "Keras on torch": "torch",
}
MAPPED = """
import gc
import numpy as np
from inlay import Table
from inlay.layers.mapped_rows import MappedRows
V, D = {rows}, {dim}
table = Table([str(i) for i in range(V)], np.lib.format.open_memmap(
    {folder!r} + "/m.npy", "w+", np.float32, (V, D)))
rows = MappedRows.create(table, {folder!r} + "/rows", optimizer={optimizer!r}, resident={resident})
order = np.random.default_rng(0).permutation(V)
rows.push(np.ones_like(rows.pull(order[:1])[0]))
del table  # whose pages would count
gc.collect()
if os.path.exists("/proc/self/clear_refs"):
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins here
"""
EACH_ROW = """
for start in range(0, V, 1000):
    pulled, _ = rows.pull(order[start : start + 1000])
    rows.push(0.1 * (pulled - 1))
rows.checkpoint()
"""
BAGS = """
import numpy as np
D = {dim}
rng = np.random.default_rng(0)
W = rng.normal(size=(100_000, D)).astype("float32")
weights = 1 / np.arange(1, len(W) + 1)
ids = rng.permutation(len(W))[rng.choice(len(W), size=(256, 100), p=weights / weights.sum())]
ids[:, 60:] = 0
W[0] = 0
from inlay import Table, to_keras, to_torch
table = Table([str(i) for i in range(len(W))], W, pad_id=0)
{setup}
for _ in range(3):
    run()
"""
NUMPY_BAGS = """
from inlay.layers.bags import embedding_bag
def bag():
    return embedding_bag(table, ids, mode={mode!r})
def plain():
    vectors, kept = W[ids], (ids != 0)[..., None]
    if {mode!r} == "max":
        return np.where(kept, vectors, -np.inf).max(1)
    return vectors.sum(1) / (kept.sum(1) if {mode!r} == "mean" else 1)
run = {which}
"""
TORCH_BAGS = """
import torch
from inlay.layers.torch.bags import EmbeddingBag
layer = to_torch(table)
ids = torch.from_numpy(ids)
bag_of = EmbeddingBag(layer, {mode!r})
def bag():
    return bag_of(ids)
def plain():
    vectors, kept = layer(ids), (ids != 0)[..., None]
    if {mode!r} == "max":
        return torch.where(kept, vectors, -np.inf).max(1)[0]
    return vectors.sum(1) / (kept.sum(1) if {mode!r} == "mean" else 1)
run = {which}
"""
KERAS_BAGS = """
import keras
from keras import ops
from inlay.layers.keras.bags import EmbeddingBag
layer = to_keras(table)
inputs = keras.Input((100,), dtype="int32")
class Plain(keras.layers.Layer):
    def call(self, ids):
        vectors, kept = layer(ids), ops.not_equal(ids, 0)[..., None]
        if {mode!r} == "max":
            return ops.max(ops.where(kept, vectors, -np.inf), 1)
        by = ops.sum(ops.cast(kept, "float32"), 1) if {mode!r} == "mean" else 1
        return ops.sum(vectors, 1) / by
pooled = EmbeddingBag(layer, {mode!r}) if {which!r} == "bag" else Plain()
model = keras.Model(inputs, pooled(inputs))
ids = ops.convert_to_tensor(ids.astype("int32"))
if keras.backend.backend() == "jax":
    import jax
    call = jax.jit(lambda v, x: model.stateless_call([], v, x)[0])
    held = [v.value for v in model.non_trainable_variables]
    run = lambda: call(held, ids).block_until_ready()
elif keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    call = tf.function(lambda x: model(x))
    run = lambda: call(ids).numpy()
else:
    run = lambda: model(ids)
"""


def environment(backend: str | None) -> dict[str, str]:
    return {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend or "jax"}


def steps(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    for host, backend in HOSTS.items():
        for how in ("dense", "rows"):
            begin = BATCHES.format(rows=args.rows, dim=args.dim, steps=args.steps)
            if backend is None:
                optimizer = "LazyAdam" if how == "rows" else "torch.optim.Adam"
                setup = TORCH.format(
                    sparse=how == "rows", optimizer=f"{optimizer}(model.parameters(), lr=0.01)"
                )
            else:
                optimizer = "LazyAdam(0.01)" if how == "rows" else "keras.optimizers.Adam(0.01)"
                prepare = "train_rows(model)" if how == "rows" else ""
                setup = KERAS.format(prepare=prepare, optimizer=optimizer)
            distinct = "[len(np.unique(ids[:64])), losses]"
            got = run_measured(
                "losses = train()",
                setup=ONE_CORE + begin + setup,
                result=distinct,
                env=environment(backend),
            )
            ms = 1000 * got["cpu_s"] / args.steps
            distinct, losses = got["result"]
            yield {
                "host": host,
                "how": how,
                "ms": ms,
                "ids": distinct,
                "losses": [round(loss, 4) for loss in losses],
            }


def mapped(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    for optimizer in ("adagrad", "adam"):
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            setup = MAPPED.format(
                rows=args.rows,
                dim=args.dim,
                folder=folder,
                optimizer=optimizer,
                resident=args.resident << 20,
            )
            got = run_measured(EACH_ROW, setup=ONE_CORE + setup)
        ms = 1000 * got["cpu_s"] / (args.rows / 1000)
        yield {"optimizer": optimizer, "ms": ms, "mb": got["peak_rss_mb"]}


def bags(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    for host, backend in {"numpy": None, **HOSTS}.items():
        source = {"numpy": NUMPY_BAGS, "torch": TORCH_BAGS}.get(host, KERAS_BAGS)
        for mode in ("mean", "sum", "max"):
            ms = {}
            for which in ("plain", "bag"):
                setup = ONE_CORE + BAGS.format(
                    dim=args.dim, setup=source.format(mode=mode, which=which)
                )
                body = "for _ in range(20):\n    run()"
                got = run_measured(body, setup=setup, env=environment(backend))
                ms[which] = 1000 * got["cpu_s"] / 20
            yield {"host": host, "mode": mode, **ms}


PRINTED = {
    "steps": "{host:20s} {how:6s} {ms:8.1f} ms a step, {ids} distinct ids, losses {losses}",
    "mapped": "{optimizer:8s} {ms:6.1f} ms for 1,000 rows; resident, the files' pages and all "
    "else: at most {mb:.0f} MB",
    "bags": "{host:20s} {mode:5s} look up and reduce {plain:7.2f} ms, bag {bag:7.2f} ms",
}
ALL = {"steps": steps, "mapped": mapped, "bags": bags}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", help=f"of {', '.join(ALL)}; default: all")
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--resident", type=int, default=1024, help="MB of mapped files")
    parser.add_argument("--folder", help="where the files are mapped; default: a temporary one")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found: dict[str, list[dict[str, object]]] = {}
    if not args.json:
        print(versions("inlay", "numpy", "torch", "keras", "tensorflow", "jax"))
    for what in args.what or ALL:
        found[what] = []
        for row in ALL[what](args):
            found[what].append(row)
            if not args.json:
                print(PRINTED[what].format(**row), flush=True)
    if args.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
