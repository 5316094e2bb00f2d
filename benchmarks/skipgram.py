"""Skip-gram beside gensim: words a CPU second, and whether the vectors are as good.

    python benchmarks/skipgram.py [CORPUS] [--epochs 5] [--words N] [--rounds 1] [--skip-gensim]

CORPUS is a text file, a document on each line, packed or not: by default the unlabelled IMDB
reviews. It is lower-cased and tokenised once, and both read the same file. Every run is a
process of its own, in turn. A word is a word of the file, thinned out or not, once an epoch;
CPU seconds are those of training, and in brackets of counting the words as well. Our kernels
are compiled before the clock starts (a first run ever takes 10 s for that, later ones 0.3).
"""

import argparse
import lzma
import re
import statistics
import tempfile
from pathlib import Path

from _measure import DATA, run_measured, versions

CORPUS = DATA / "imdb" / "imdb_unsup.txt.xz"
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

GENSIM_COUNT = """
model = Word2Vec(sg=1, hs=0, vector_size=100, window=5, negative=5, sample=1e-4, min_count=5,
                 alpha=0.025, min_alpha=1e-4, workers=1, seed={seed}, epochs={epochs})
model.build_vocab(corpus_file={path!r})
counted = clock()
model.train(corpus_file={path!r}, total_words=model.corpus_total_words,
            total_examples=model.corpus_count, epochs={epochs})
tokens, vectors = model.wv.index_to_key, model.wv.vectors
"""
INLAY = """
corpus = encode_corpus({path!r})
counted = clock()
table = word2vec(corpus, vector_size=100, window=5, negative=5, sample=1e-4, min_count=5,
                 alpha=0.025, min_alpha=1e-4, workers={workers}, seed={seed}, epochs={epochs})
tokens, vectors = table.index_to_key, table.vectors
"""
CLOCK = """
import time
from wordsim import agreement
def clock():
    return time.process_time(), time.perf_counter()
"""
SETUP = {
    "gensim": CLOCK + "from gensim.models import Word2Vec\nbegun = clock()",
    "inlay": CLOCK + "from inlay.text import encode_corpus\nfrom inlay.train import word2vec\n"
    "import tempfile, os\n"
    "with tempfile.NamedTemporaryFile('w', delete=False) as file: file.write('a b c\\n')\n"
    "word2vec(encode_corpus(file.name, min_count=1), vector_size=100, workers=1)\n"
    "os.unlink(file.name)\nbegun = clock()",
}
RESULT = "agreement(tokens, vectors) | dict(zip(['count_s', '_', 'train_s', 'wall_s'], \
[*(b - a for a, b in zip(begun, counted)), *(b - a for a, b in zip(counted, done))]))"


def tokenised(source: Path, target: Path, limit: int | None) -> int:
    """Write the corpus in lower case, a space between words; returns how many words."""
    total = 0
    opener = lzma.open if source.suffix == ".xz" else open
    with opener(source, "rt", encoding="utf-8") as lines, target.open("w", encoding="utf-8") as out:
        for line in lines:
            words = WORD.findall(line.lower().replace("<br />", " "))
            out.write(" ".join(words) + "\n")
            total += len(words)
            if limit is not None and total >= limit:
                break
    return total


def run(kind: str, **values: object) -> dict[str, float]:
    body = (GENSIM_COUNT if kind == "gensim" else INLAY).format(**values)
    answer = run_measured(body + "done = clock()", setup=SETUP[kind], result=RESULT)
    figures = answer["result"]
    figures["peak_rss_mb"] = answer["peak_rss_mb"]
    return figures


def show(name: str, runs: list[dict[str, float]], words: int) -> dict[str, float]:
    middle = {key: statistics.median(r[key] for r in runs) for key in runs[0]}
    speed, total = words / middle["train_s"], words / (middle["train_s"] + middle["count_s"])
    print(
        f"{name:18s} {speed:11,.0f} words/CPU s ({total:11,.0f})   "
        f"counting {middle['count_s']:5.2f} s CPU, "
        f"training {middle['train_s']:7.2f} s CPU, {middle['wall_s']:7.2f} s wall   "
        + "  ".join(f"{key} {middle[key]:.4f}" for key in ("WS-353", "MEN", "SimLex", "mean"))
        + f"   peak {middle['peak_rss_mb']:.0f} MB"
    )
    return middle | {"speed": speed, "total": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--words", type=int, help="only about so many words of the corpus")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--skip-gensim", action="store_true")
    arguments = parser.parse_args()
    print(versions("numpy", "numba", "gensim", "scipy"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.txt")
        words = tokenised(arguments.corpus, path, arguments.words)
        print(f"{words:,} words, {arguments.epochs} epochs, {arguments.rounds} rounds (medians)")
        runs: dict[str, list[dict[str, float]]] = {}
        for seed in range(1, arguments.rounds + 1):
            common = {"path": str(path), "epochs": arguments.epochs, "seed": seed}
            if not arguments.skip_gensim:
                runs.setdefault("gensim, 1 worker", []).append(run("gensim", **common))
            for workers in (1, 2):
                name = f"inlay, {workers} worker{'s'[: workers - 1]}"
                runs.setdefault(name, []).append(run("inlay", workers=workers, **common))
    shown = {name: show(name, each, words * arguments.epochs) for name, each in runs.items()}
    one, two = shown["inlay, 1 worker"], shown["inlay, 2 workers"]
    print(f"two workers: {one['wall_s'] / two['wall_s']:.2f} times one (wall)")
    if "gensim, 1 worker" in shown:
        peer = shown["gensim, 1 worker"]
        print(
            f"inlay / gensim: {one['speed'] / peer['speed']:.1f} times the words a CPU second "
            f"({one['total'] / peer['total']:.1f} with counting), "
            f"mean rho {one['mean'] - peer['mean']:+.4f}"
        )


if __name__ == "__main__":
    main()
