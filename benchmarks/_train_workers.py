"""Two workers beside one: seconds of each trainer's whole call on a numbered corpus, in turns.

These are wall-clock seconds: the machine must have two cores to itself. Each run is a process of
its own, whose kernels are compiled before the clock starts; `cpu` is how many CPU seconds two
workers take for one of one worker.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _measure import run_measured, versions
from _train_memory import grown

CALLS = {
    "skip-gram, ns": "word2vec(corpus, {how})",
    "skip-gram, hs": 'word2vec(corpus, loss="hs", {how})',
    "skip-gram, deterministic": "word2vec(corpus, deterministic=True, {how})",
    "CBOW, ns": 'word2vec(corpus, architecture="cbow", {how})',
    "fastText": "fasttext(corpus, {how})",
    "GloVe": "glove(corpus, {how})",
    "PV-DBOW": "doc2vec(corpus, {how})",
    "PV-DM": 'doc2vec(corpus, architecture="dm", {how})',
}
SETUP = """
from inlay.text import encode_corpus
from inlay.train import doc2vec, fasttext, glove, word2vec
corpus = encode_corpus([["a", "b", "c", "d"]] * 9, min_count=1, every_text=True)
{warm}
corpus = encode_corpus({path!r}, every_text=True)
"""


def rows(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each trainer: seconds of one worker and of two, and how many times as fast."""
    print(versions("numpy", "numba"), flush=True)
    with tempfile.TemporaryDirectory() as place:
        path = grown(Path(place, "corpus.txt"), args.times[0])
        for name, call in CALLS.items():
            if args.jobs and not any(text in name for text in args.jobs):
                continue
            runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
            for seed in range(args.seeds):
                for workers, found in runs.items():
                    how = f"epochs={args.epochs or 5}, seed={seed}, workers={workers}"
                    warm = call.format(how=f"epochs=1, workers={workers}")
                    setup = SETUP.format(path=str(path), warm=warm)
                    body = call.format(how=how)
                    found.append(run_measured(body, setup=setup, result="None"))
            one, two = (
                {key: statistics.median(run[key] for run in found) for key in ("wall_s", "cpu_s")}
                for found in runs.values()
            )
            yield {
                "job": name,
                "who": "inlay",
                "one_s": one["wall_s"],
                "two_s": two["wall_s"],
                "times": one["wall_s"] / two["wall_s"],
                "cpu": two["cpu_s"] / one["cpu_s"],
            }
