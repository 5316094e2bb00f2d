"""Counting and numbering a corpus, and finding its phrases, beside gensim.

`INLAY_TEST_DATA` names the folder with `corpus-enwiki/enwiki_sample.txt.xz` and
`corpus-kowiki/kowiki_sample.txt.xz`, which are unpacked first: 50 MB and 41 MB. gensim's
`build_vocab` counts words and numbers none. MB are of text, and seconds those of the CPU; each run
has a process of its own, which has compiled all kernels before. Of several runs the median stands.
"""

import argparse
import json
import lzma
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

DATA = Path(os.environ.get("INLAY_TEST_DATA", "shared/data"))
TEXTS = {
    "English": "corpus-enwiki/enwiki_sample.txt.xz",
    "Korean": "corpus-kowiki/kowiki_sample.txt.xz",
}
LINES = 30_000  # in which phrases are looked for


def numbered(path: Path, tokenizer: str, workers: int) -> None:
    """Count and number the words of a file."""
    from inlay.text import encode_corpus

    encode_corpus(path, tokenizer=tokenizer, workers=workers, progress=False)


def phrased(path: Path, tokenizer: str, workers: int) -> None:
    """Find the phrases of a file."""
    from inlay.train import phrases

    phrases(path, tokenizer=tokenizer, workers=workers, progress=False)


def gensim_numbered(path: Path, tokenizer: str, workers: int) -> None:
    """gensim counts words between white space."""
    from gensim.models import Word2Vec

    Word2Vec(vector_size=1, min_count=5).build_vocab(corpus_file=str(path))


def gensim_phrased(path: Path, tokenizer: str, workers: int) -> None:
    """gensim finds phrases of words between white space."""
    from gensim.models.phrases import Phrases
    from gensim.models.word2vec import LineSentence

    Phrases(LineSentence(str(path))).freeze()


def main() -> None:
    """One run: `PYTHON _train_corpus.py FUNCTION FILE TOKENIZER WORKERS`."""
    work, path, tokenizer, workers = sys.argv[1:]
    function, file = globals()[work], Path(path)
    small = file.with_name("small.txt")
    small.write_text("a b é\n" * 60_000, "utf-8")  # more than one chunk, for every kernel
    function(small, tokenizer, int(workers))
    before, clock = time.process_time(), time.perf_counter()
    function(file, tokenizer, int(workers))
    cpu, wall = time.process_time() - before, time.perf_counter() - clock
    print(json.dumps([cpu, wall, _peak()]))


def _peak() -> float:
    """The memory of this process at its highest, MB, maps of files among it."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A row for each text, tokenizer and number of workers, and one for gensim."""
    with tempfile.TemporaryDirectory() as passing:
        for language, name in TEXTS.items():
            path = Path(passing, f"{language}.txt")
            with lzma.open(DATA / name) as packed, path.open("wb") as file:
                shutil.copyfileobj(packed, file)
            runs = [("inlay", "numbered", t, w) for t in ("split", "words") for w in args.workers]
            if not args.skip_peers:
                runs.append(("gensim", "gensim_numbered", "split", 1))
            yield from _measured(args, f"counting, {language}", path, runs)
        head = Path(passing, "head.txt")
        with Path(passing, "English.txt").open("rb") as text:
            head.write_bytes(b"".join(line for line, _ in zip(text, range(LINES), strict=False)))
        runs = [("inlay", "phrased", "split", 1)]
        if not args.skip_peers:
            runs.append(("gensim", "gensim_phrased", "split", 1))
        yield from _measured(args, "phrases, English", head, runs)


def _measured(
    args: argparse.Namespace, job: str, path: Path, runs: list[tuple[str, str, str, int]]
) -> Iterator[dict[str, object]]:
    """A row for each of some runs, which take turns."""
    turns: list[list[list[float]]] = [[] for _ in runs]
    for _ in range(args.seeds):
        for found, (_, work, tokenizer, workers) in zip(turns, runs, strict=True):
            given = [work, str(path), tokenizer, str(workers)]
            done = subprocess.run(
                [sys.executable, __file__, *given], stdout=subprocess.PIPE, check=True
            )
            found.append(json.loads(done.stdout))
    size = path.stat().st_size / 1e6
    for found, (who, _, tokenizer, workers) in zip(turns, runs, strict=True):
        cpu, wall, peak = (statistics.median(each) for each in zip(*found, strict=True))
        yield {
            "job": job,
            "who": who,
            "tokenizer": tokenizer,
            "workers": workers,
            "MB per CPU second": size / cpu,
            "MB per second": size / wall,
            "peak MB": peak,
        }


if __name__ == "__main__":
    main()
