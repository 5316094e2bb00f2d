"""fastText's classifier with bigrams on IMDB and AG News, beside the official program.

`INLAY_TEST_DATA` names the folder with `imdb/aclImdb_labelled.tar.xz` and
`agnews/text_normalization_ag_news_test.csv` (of AG News the 7,600 test texts, a fifth of which are
judged). `INLAY_FASTTEXT` names the official program, built by its Makefile; without it, inlay
is measured alone. Both read the same lower-case words, in the same order. CPU seconds are those of
the whole process for the program, which also writes its model, and those of `fit` for inlay, which
also tokenises. Each run has a process of its own, which has compiled all kernels before.
"""

import argparse
import csv
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

DATA = Path(os.environ.get("INLAY_TEST_DATA", "shared/data"))
PROGRAM = os.environ.get("INLAY_FASTTEXT", "")
RATE, DIMS, GRAMS = 0.5, (10, 100), 2
EPOCHS = {"imdb": 5, "agnews": 25}
WORD = re.compile(r"\w+|[^\w\s]")


def main() -> None:
    """One run of inlay: `PYTHON _train_supervised.py FOLDER NAME DIM EPOCHS SEED WORKERS`."""
    from inlay import TextClassifier

    folder, name = Path(sys.argv[1]), sys.argv[2]
    dim, epochs, seed, workers = map(int, sys.argv[3:])
    settings = {"dim": dim, "epochs": epochs, "seed": seed, "workers": workers}
    settings |= {"word_ngrams": GRAMS, "learning_rate": RATE, "tokenizer": "split"}
    settings |= {"validation": None, "max_length": None, "max_size": None, "progress": False}
    train, test = (_read(folder / f"{name}.{part}") for part in ("train", "test"))
    TextClassifier(model="fasttext", **settings | {"epochs": 1}).fit(train[0][:50], train[1][:50])
    before, clock = time.process_time(), time.perf_counter()
    model = TextClassifier(model="fasttext", **settings).fit(*train)
    cpu, wall = time.process_time() - before, time.perf_counter() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([cpu, wall, peak, model.score(*test)]))


def rows(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A row for each data set, dim and number of workers, and one for the official program."""
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing)
        names = [name for name in EPOCHS if _prepared(folder, name)]
        for name in names:
            epochs = args.epochs or EPOCHS[name]
            for dim in DIMS:
                job = f"{name}, {dim} dimensions, {epochs} epochs"
                turns: dict[str, list[list[float]]] = {}
                for seed in range(args.seeds):  # in turns: the machine may be busy
                    for workers in args.workers:
                        said = _inlay(folder, name, dim, epochs, seed, workers)
                        turns.setdefault(f"inlay, {workers} workers", []).append(said)
                    if PROGRAM and not args.skip_peers:
                        said = _official(folder, name, dim, epochs, seed)
                        turns.setdefault("fasttext, 1 thread", []).append(said)
                for who, found in turns.items():
                    cpu, wall, peak, right = map(statistics.median, zip(*found, strict=True))
                    spread = max(run[3] for run in found) - min(run[3] for run in found)
                    yield {
                        "job": job,
                        "who": who,
                        "cpu_s": cpu,
                        "wall_s": wall,
                        "peak_MiB": peak,
                        "accuracy": right,
                        "spread": spread,
                    }


def _prepared(folder: Path, name: str) -> bool:
    """Write the texts as the official program reads them, if they are there."""
    parts = _imdb() if name == "imdb" else _agnews()
    for part, items in parts.items():
        lines = [f"__label__{y} {' '.join(WORD.findall(x.lower()))}\n" for x, y in items]
        random.Random(1).shuffle(lines)
        (folder / f"{name}.{part}").write_text("".join(lines), encoding="utf-8")
    return bool(parts)


def _imdb() -> dict[str, list[tuple[str, str]]]:
    from inlay import read_labelled

    path = DATA / "imdb" / "aclImdb_labelled.tar.xz"
    if not path.exists():
        return {}
    read = {part: read_labelled(path, split=part) for part in ("train", "test")}
    return {
        part: [(x.replace("<br />", " "), y) for x, y in zip(d.texts, d.labels, strict=True)]
        for part, d in read.items()
    }


def _agnews() -> dict[str, list[tuple[str, str]]]:
    path = DATA / "agnews" / "text_normalization_ag_news_test.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        found = [(f"{row[1]} {row[2]}", row[0]) for row in csv.reader(file)]
    random.Random(0).shuffle(found)
    cut = len(found) * 4 // 5
    return {"train": found[:cut], "test": found[cut:]}


def _read(path: Path) -> tuple[list[str], list[str]]:
    pairs = [line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    return [text for _, text in pairs], [label for label, _ in pairs]


def _inlay(folder: Path, *settings: object) -> list[float]:
    command = [sys.executable, __file__, str(folder), *map(str, settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def _official(folder: Path, name: str, dim: int, epochs: int, seed: int) -> list[float]:
    model = folder / "model"
    command = [
        PROGRAM,
        "supervised",
        "-input",
        str(folder / f"{name}.train"),
        "-output",
        str(model),
    ]
    command += ["-dim", str(dim), "-wordNgrams", str(GRAMS), "-lr", str(RATE), "-thread", "1"]
    command += ["-epoch", str(epochs), "-seed", str(seed), "-verbose", "0"]
    before, clock = os.times(), time.perf_counter()
    process = subprocess.Popen(command)
    _, _, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - clock
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    command = [PROGRAM, "test", f"{model}.bin", str(folder / f"{name}.test")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    right = float(said[said.index("P@1") + 1])
    return [cpu, wall, used.ru_maxrss / 1024, right]


if __name__ == "__main__":
    main()
