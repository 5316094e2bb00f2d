"""ELMo on film reviews: tokens per CPU second against a plain torch module, and errors.

    python benchmarks/elmo.py --sizes small original
    python benchmarks/elmo.py --sizes small --batches 40 --engines numba:float32

Weights are random (`Weights.random`) in the official shapes; what they are changes no time.
Batches are 32 reviews of at most 150 tokens, the same for all, encoded end to end: strings in,
three pooled layers out. The plain module is what one writes by the book: the character network
on every token, and one product with `[x, h]` at each step. Every run is a process of its own with
one thread; "two workers" are two threads of the encoder. "Together" gives inlay all reviews at
once, so that it chooses its batches. The share of the core is the arithmetic that the result
needs, by the seconds, by the rate of one large product of numpy in the same process.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
from _measure import DATA, versions

from inlay.bytes.lines import read_lines
from inlay.encode.elmo import Elmo, Options, Weights, batch_to_ids

FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))
OPTIONS = {
    "small": Options(1024, 128, 2, 3.0, 3.0, True, 16, FILTERS, 1, "relu"),
    "original": Options(4096, 512, 2, 3.0, 3.0, True, 16, FILTERS, 2, "relu"),
}
RUNS = ["plain", "numba:float32", "torch:float32", "torch:bfloat16", "torch:int8"]
RUNS += ["onnxruntime:float32", "onnxruntime:int8"]
ROWS, LENGTH = 32, 150


def plain_module(options: Options, weights: Weights):
    """The network by the book, in torch: ids of characters to three layers."""
    import torch
    from torch.nn import functional

    def tensor(array):
        return torch.from_numpy(np.ascontiguousarray(array))

    chars = tensor(weights.char_embed)
    filters = [(tensor(k.transpose(2, 1, 0)), tensor(b)) for k, b in weights.filters]
    highways = [
        [tensor(a) for a in (h.carry, h.carry_bias, h.transform, h.transform_bias)]
        for h in weights.highways
    ]
    projection = [tensor(array) for array in weights.projection]
    cells = [
        [[tensor(a) for a in (c.kernel, c.full_bias, c.projection)] for c in direction]
        for direction in weights.cells
    ]

    def words(ids):
        x = functional.embedding(ids.reshape(-1, ids.shape[-1]), chars).transpose(1, 2)
        maps = [functional.conv1d(x, k, b).amax(-1).relu() for k, b in filters]
        y = torch.cat(maps, dim=-1)
        for carry, carry_bias, transform, transform_bias in highways:
            gate = torch.sigmoid(y @ carry + carry_bias)
            y = gate * torch.relu(y @ transform + transform_bias) + (1 - gate) * y
        y = torch.addmm(projection[1], y, projection[0])
        return y.reshape(*ids.shape[:2], -1)

    def recurrence(x, mask, kernel, bias, project):
        h = x.new_zeros(len(x), project.shape[1])
        c = x.new_zeros(len(x), project.shape[0])
        outputs = []
        for t in range(x.shape[1]):
            i, j, f, o = torch.addmm(bias, torch.cat([x[:, t], h], 1), kernel).chunk(4, 1)
            new = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(j)
            new = new.clamp(-options.cell_clip, options.cell_clip)
            out = (torch.sigmoid(o) * torch.tanh(new)) @ project
            out = out.clamp(-options.proj_clip, options.proj_clip)
            now = mask[:, t : t + 1]
            c, h = torch.where(now, new, c), torch.where(now, out, h)
            outputs.append(out * now)
        return torch.stack(outputs, 1)

    def run(ids):
        ids = torch.from_numpy(ids.astype(np.int64))
        mask, x = (ids > 0).any(-1), words(ids)
        steps = torch.arange(ids.shape[1])
        order = (mask.sum(1, keepdim=True) - 1 - steps) % ids.shape[1]  # its own inverse
        layers = [torch.cat([x, x], -1)]
        sides = [x, x]
        for k in range(options.n_layers):
            for d in range(2):
                turn = order[..., None].expand_as(sides[d])
                inputs = sides[d].gather(1, turn) if d else sides[d]
                y = recurrence(inputs, mask if not d else mask.gather(1, order), *cells[d][k])
                y = y.gather(1, turn) if d else y
                sides[d] = y + sides[d] if k else y
            layers.append(torch.cat(sides, -1))
        real = mask.clone()
        real[:, 0] = False
        real.scatter_(1, mask.sum(1, keepdim=True) - 1, value=False)
        return (torch.stack(layers) * real[..., None]).sum(2) / real.sum(1)[:, None]

    def pooled(texts):
        with torch.inference_mode():
            ids = batch_to_ids([["<S>", *text, "</S>"] for text in texts])
            return run(ids).numpy().transpose(1, 0, 2)

    return pooled


def arithmetic(options: Options, texts) -> float:
    """Operations that the layers of texts need: each distinct word once."""
    tokens = sum(len(text) + 2 for text in texts)
    c, p, f = options.dim, options.projection_dim, options.n_filters
    steps = tokens * 2 * options.n_layers * 2 * (2 * p * 4 * c + c * p)
    words = 0.0
    for word in {word for text in texts for word in text}:
        length = min(len(word.encode()) + 2, options.word_length)
        for width, maps in options.filters:
            windows = min(length + 1, options.word_length - width + 1)
            words += 2 * windows * width * options.char_dim * maps
        words += 2 * (2 * options.n_highway * f * f + f * p)
    return steps + words


def product_rate() -> float:
    """Operations a second of one large float32 product on one core."""
    a = np.random.default_rng(0).normal(size=(1536, 1536)).astype(np.float32)
    best = np.inf
    for _ in range(8):
        start = time.process_time()
        a @ a
        best = min(best, time.process_time() - start)
    return 2 * len(a) ** 3 / best


def run_one(args: argparse.Namespace) -> None:
    """One engine at one size: print a line of JSON."""
    options = OPTIONS[args.size]
    weights = Weights.random(options)
    encoder = Elmo(options, weights, tokenizer="words", max_length=LENGTH, workers=1)
    lines = islice(read_lines(Path(args.corpus)), ROWS * args.batches)
    texts = [encoder.tokenize(line.replace("<br />", " ")) for line in lines]
    batches = [texts[at : at + ROWS] for at in range(0, len(texts), ROWS)]
    result = {"size": args.size, "run": args.run, "tokens": sum(map(len, texts))}
    engine = {}
    if args.run != "plain":
        engine = dict(zip(("engine", "precision"), args.run.split(":"), strict=True))
    if engine.get("engine", "torch") == "torch":
        import torch

        torch.set_num_threads(1)

    def made(workers):
        if not engine:
            return plain_module(options, weights)
        return Elmo(options, weights, max_length=LENGTH, workers=workers, **engine).pooled

    ways = {"batches": (1, batches)}
    if engine:
        ways |= {"together": (1, [texts]), "two": (2, [texts])}
    times = {name: [] for name in ways}
    rate = 0.0
    for _ in range(args.repeats):
        for name, (workers, parts) in ways.items():
            pooled = made(workers)  # a new one: it would remember the words
            pooled([["warm"], ["up", "!"]])
            wall, cpu = time.perf_counter(), time.process_time()
            found = np.concatenate([pooled(part) for part in parts])
            times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
        rate = max(rate, product_rate())
    for name, each in times.items():
        wall, cpu = (round(min(some), 2) for some in zip(*each, strict=True))
        result[name] = {"seconds": wall, "cpu_seconds": cpu}
    spent = result.get("together", result["batches"])["cpu_seconds"]
    result["core_gflops"] = round(rate / 1e9, 1)
    result["share_of_core"] = round(arithmetic(options, texts) / spent / rate, 3)
    exact = encoder.pooled(texts[:ROWS])[:, 1:]
    some = found[: len(exact), 1:]
    result["error"] = float(f"{np.linalg.norm(some - exact) / np.linalg.norm(exact):.2g}")
    norms = np.linalg.norm(some, axis=-1) * np.linalg.norm(exact, axis=-1)
    result["least_cosine"] = round(float(((some * exact).sum(-1) / norms).min()), 5)
    print(json.dumps(result), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default=str(DATA / "imdb" / "imdb_unsup.txt.xz"))
    parser.add_argument("--sizes", nargs="+", default=list(OPTIONS), choices=list(OPTIONS))
    parser.add_argument("--engines", nargs="+", default=RUNS, choices=RUNS)
    parser.add_argument("--batches", type=int, help="of 32 reviews; default: 8 small, 4 original")
    parser.add_argument("--repeats", type=int, default=3, help="of which the least time counts")
    parser.add_argument("--size", help=argparse.SUPPRESS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        run_one(args)
        return
    print(versions("numpy", "numba", "torch", "onnxruntime"), flush=True)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    for size in args.sizes:
        results = []
        for run in args.engines:
            batches = args.batches or {"small": 8, "original": 4}[size]
            command = [sys.executable, __file__, "--corpus", args.corpus, "--size", size]
            command += ["--run", run, "--batches", str(batches), "--repeats", str(args.repeats)]
            answer = subprocess.run(
                command, env=os.environ | threads, check=True, stdout=subprocess.PIPE, text=True
            )
            results.append(json.loads(answer.stdout.splitlines()[-1]))
            report(results[-1], results[0])
            print(json.dumps(results[-1]), flush=True)


def report(result: dict, first: dict) -> None:
    slowest, own = first["batches"]["cpu_seconds"], result["batches"]["cpu_seconds"]
    line = f"{result['size']:9}{result['run']:20}{result['tokens'] / own:8.0f} tokens/CPU s"
    line += f" {slowest / own:5.2f} x {first['run']}, error {result['error']:.1g}"
    if "together" in result:
        together = slowest / result["together"]["cpu_seconds"]
        two = result["together"]["seconds"] / result["two"]["seconds"]
        line += f"; together {together:.2f} x, {100 * result['share_of_core']:.0f} % of the core"
        line += f", two workers {two:.2f}"
    print(line, flush=True)


if __name__ == "__main__":
    main()
