"""What it takes to train on top of a table of GloVe 840B's size.

    python benchmarks/big.py [delta] [align] [--rows 2196017] [--dim 300] [--steps 300] [--json]

delta: PyTorch trains what is added to the frozen int8 numbers, `trainable="delta"`: with LazyAdam
over batches of 64 texts of 50 words, as frequent as words are; with SGD until every row has been
trained; and, of rank 8, with LazyAdam until every row has been trained. Milliseconds of CPU for a
step, and memory: the peak of the whole process with the pages of the table's file in it, what is
private at the end, and what of the file is resident then (Linux).

align: the float32 table is opened, aligned to 400,000 of its tokens, and made a layer that trains,
by the rows of the batches, in PyTorch and in Keras on each backend: seconds and milliseconds of
CPU, and the peak of the whole process with the pages of the table's file in it.

Each figure is of a process of its own, on one core. The table is made of random numbers, some rows
at a time, and written once; `--folder` needs five bytes for each number.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from _measure import run_measured, versions

ONE_CORE = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
"""
# The float32 numbers are a file of their own, which the table reads block by block.
MAKE = """
import numpy as np
from inlay import Table
V, D = {rows}, {dim}
numbers = np.lib.format.open_memmap({folder!r} + "/numbers.npy", "w+", np.float32, (V, D))
rng = np.random.default_rng(0)
for start in range(0, V, 16384):
    rows = numbers[start : start + 16384]
    rows[...] = rng.normal(0, 0.4, rows.shape)
numbers.flush()
numbers = np.load({folder!r} + "/numbers.npy", mmap_mode="c")
"""
WRITE = """
Table([str(i) for i in range(V)], numbers).astype("int8").save({path!r})
"""
TRAIN = """
import numpy as np
import torch
import inlay
from inlay.layers.torch.optimizers import LazyAdam
torch.manual_seed(0)
table = inlay.load({path!r})
V, D = table.shape
rng = np.random.default_rng(0)
words = inlay.to_torch(table, trainable="delta", rank={rank}, sparse=True)
head = torch.nn.Linear(D, 1)
optimizer = {optimizer}([*words.parameters(), *head.parameters()], lr=1e-2)
if {every}:  # each id once, in texts of 50
    ids = rng.permutation(V)[: V // 3200 * 3200].reshape(-1, 50)
else:  # 1 / rank, the frequent ones first, as in GloVe's files
    weights = np.cumsum(1 / np.arange(1, V + 1))
    ids = np.searchsorted(weights, rng.random((64 * {steps}, 50)) * weights[-1])
    del weights
ids = torch.from_numpy(ids.astype("int64"))
def train(ids):
    for some in ids.split(64):
        optimizer.zero_grad()
        loss = (head(words(some).mean(1)) - 1).square().mean()
        loss.backward()
        optimizer.step()
    return loss.item()
def resident():
    try:
        parts = open("/proc/self/smaps").read().split({path!r})[1:]
    except OSError:
        return 0
    return round(sum(int(part.split("Rss:")[1].split()[0]) for part in parts) / 1024)
train(ids[:64])
"""
ALIGN = """
import time
import numpy as np
{imports}
import inlay
inlay.to_{host}(inlay.Table(["a"], np.zeros((1, {dim}), "float32")))  # what is loaded once
begin = time.process_time()
table = inlay.load({path!r})
opened = time.process_time()
wanted = np.random.default_rng(0).permutation(len(table))[:{wanted}]
aligned = table.align(inlay.Vocabulary([table.tokens[int(i)] for i in wanted]))
ready = time.process_time()
del table
V, D = aligned.shape
rng = np.random.default_rng(0)
weights = np.cumsum(1 / np.arange(1, V + 1))
ids = np.searchsorted(weights, rng.random((64 * {steps}, 50)) * weights[-1])
ids = np.maximum(ids, 1).astype("int64")
targets = np.ones((len(ids), 1), "float32")
"""
ALIGN_TORCH = """
from inlay.layers.torch.optimizers import LazyAdam
words = inlay.to_torch(aligned, trainable=True, sparse=True)
head = torch.nn.Linear(D, 1)
optimizer = LazyAdam([*words.parameters(), *head.parameters()], lr=1e-2)
def train(ids):
    for some in torch.from_numpy(ids).split(64):
        optimizer.zero_grad()
        loss = (head(words(some).mean(1)) - 1).square().mean()
        loss.backward()
        optimizer.step()
    return loss.item()
"""
ALIGN_KERAS = """
from inlay.layers.keras.optimizers import LazyAdam
from inlay.layers.keras.rows import train_rows
inputs = keras.Input((50,), dtype="int32")
words = inlay.to_keras(aligned, trainable=True, mask=False)(inputs)
model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(words)))
train_rows(model)
model.compile(LazyAdam(1e-2), loss="mse")
def train(ids):
    fitted = model.fit(ids.astype("int32"), targets[: len(ids)], batch_size=64, verbose=0)
    return fitted.history["loss"][0]
"""
AFTER = """
train(ids[:64])
started = time.process_time()
loss = train(ids)
took = [opened - begin, ready - opened, time.process_time() - started]
"""
HOSTS = {
    "torch": None,
    "Keras on TensorFlow": "tensorflow",
    "Keras on JAX": "jax",
    "Keras on torch": "torch",
}
CASES = {
    "full rank, LazyAdam, words of texts": ("LazyAdam", None, False),
    "full rank, SGD, every row": ("torch.optim.SGD", None, True),
    "rank 8, LazyAdam, every row": ("LazyAdam", 8, True),
}


def delta(args: argparse.Namespace, folder: str) -> Iterator[dict[str, object]]:
    path = f"{folder}/table.safetensors"
    if not Path(path).exists():
        made = {"folder": folder, "path": path}
        setup = MAKE.format(rows=args.rows, dim=args.dim, **made)
        got = run_measured(WRITE.format(**made), setup=setup)
        Path(f"{folder}/numbers.npy").unlink()
        yield {"case": "writing the table", "ms": 1000 * got["cpu_s"], "steps": 1} | memory(got, 0)
    for case, (optimizer, rank, every) in CASES.items():
        given = {"optimizer": optimizer, "rank": rank, "every": every, "steps": args.steps}
        setup = ONE_CORE + TRAIN.format(path=path, **given)
        result = "[ids.shape[0] // 64, int((ids.unique().numel())), resident()]"
        got = run_measured("loss = train(ids)", setup=setup, result=result)
        steps, distinct, resident = got["result"]
        figures = {"ms": 1000 * got["cpu_s"] / steps, "steps": steps, "distinct": distinct}
        yield {"case": case} | figures | memory(got, resident)


def align(args: argparse.Namespace, folder: str) -> Iterator[dict[str, object]]:
    path = f"{folder}/whole.safetensors"
    if not Path(path).exists():
        made = {"folder": folder, "path": path}
        setup = MAKE.format(rows=args.rows, dim=args.dim, **made)
        run_measured(WRITE.format(**made).replace('.astype("int8")', ""), setup=setup)
        Path(f"{folder}/numbers.npy").unlink()
    for host, backend in HOSTS.items():
        kind = "torch" if backend is None else "keras"
        given = {"path": path, "dim": args.dim, "steps": args.steps, "wanted": args.wanted}
        body = ALIGN.format(imports=f"import {kind}", host=kind, **given)
        body += (ALIGN_TORCH if backend is None else ALIGN_KERAS) + AFTER
        env = {"KERAS_BACKEND": backend or "jax", "TF_CPP_MIN_LOG_LEVEL": "3"}
        got = run_measured(body, setup=ONE_CORE, result="[*took, loss]", env=env)
        opened, aligned, step, loss = got["result"]
        figures = {"open_ms": 1000 * opened, "align_s": aligned, "ms": 1000 * step / args.steps}
        yield {"host": host, "loss": loss} | figures | {"peak_mb": got["peak_rss_mb"]}


def memory(got: dict[str, float], of_file: float) -> dict[str, object]:
    return {"peak_mb": got["peak_rss_mb"], "private_mb": got["private_mb"], "file_mb": of_file}


PRINTED = {
    "align": "{host:20s} open {open_ms:.0f} ms, align {align_s:.1f} s, {ms:.1f} ms a step, loss "
    "{loss:.3f}; at most {peak_mb:.0f} MB in all",
    "delta": "{case:36s} {ms:9.1f} ms for each of {steps} steps; at most {peak_mb:.0f} MB in all; "
    "at the end {private_mb:.0f} MB private, {file_mb:.0f} MB of the table's file",
}
ALL = {"delta": delta, "align": align}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", help=f"of {', '.join(ALL)}; default: all")
    parser.add_argument("--rows", type=int, default=2_196_017)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--wanted", type=int, default=400_000, help="tokens to align to")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--folder", help="where the table is kept; default: a temporary folder")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found: dict[str, list[dict[str, object]]] = {}
    if not args.json:
        print(versions("inlay", "numpy", "torch", "keras", "tensorflow", "jax"))
    with tempfile.TemporaryDirectory() as temporary:
        for what in args.what or ALL:
            found[what] = []
            for row in ALL[what](args, args.folder or temporary):
                found[what].append(row)
                if not args.json:
                    print(PRINTED[what].format(**row), flush=True)
    if args.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
