"""Kim's CNN on the MR film sentences: accuracy by cross-validation, variant by variant.

    KERAS_BACKEND=jax python benchmarks/mr.py --data DATA/mr
    KERAS_BACKEND=jax python benchmarks/mr.py --data DATA/mr --variants static non-static \
        --corpus DATA/imdb/imdb_unsup.txt.xz

Kim 2014, table 2: CNN-rand 76.1, static 81.0, non-static 81.5, multichannel 81.1 (the last
three with word2vec of 100 billion words of news, which these runs do not have). Preprocessing
is Kim's. Different here: steps by Adam, random vectors from U(-0.05, 0.05), padding is never
pooled, folds are stratified, and words that only the test fold has are zeros, not random.
"""

import argparse
import importlib
import json
import re
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from _measure import DATA

import inlay
from inlay.evaluate import Row

CONTRACTED = re.compile(r"('s|'ve|n't|'re|'d|'ll)")
SYMBOL = re.compile(r"([,!()?])")
OTHER = re.compile(r"[^A-Za-z0-9(),!?'`]")


def clean(text: str) -> list[str]:
    """Tokens as Kim's `clean_str` makes them."""
    text = CONTRACTED.sub(r" \1", OTHER.sub(" ", text))
    return SYMBOL.sub(r" \1 ", text).lower().split()


def folds_of(labels: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """A fold for each text, each with the same share of every class."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), int)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        fold[members] = np.arange(len(members)) % n_folds
    return fold


def vectors_from(args: argparse.Namespace) -> inlay.Table | None:
    if args.vectors:
        return inlay.load(args.vectors)
    if not args.corpus:
        return None
    start = time.perf_counter()
    table = inlay.train.word2vec(args.corpus, vector_size=300, tokenizer=clean, seed=args.seed)
    print(f"vectors: {table} trained in {time.perf_counter() - start:.0f} s", flush=True)
    if args.save_vectors:
        table.save(args.save_vectors)
    return table


def cross_validate(args, data, variant: str, table: inlay.Table | None) -> dict:
    texts, labels = np.array(data.texts, dtype=object), np.array(data.labels)
    fold = folds_of(labels, 10, args.seed)
    accuracies, epochs, start = [], [], time.perf_counter()
    for k in range(args.folds):
        classifier = inlay.TextClassifier(
            None if variant == "rand" else table,
            variant=variant,
            tokenizer=clean,
            max_length=None,
            seed=args.seed + k,
        )
        classifier.fit(texts[fold != k], labels[fold != k])
        accuracies.append(classifier.score(texts[fold == k], labels[fold == k]))
        epochs.append(len(classifier.history_["loss"]))
        print(f"  {variant} {k}: {100 * accuracies[-1]:.2f} in {epochs[-1]} epochs", flush=True)
    seconds = time.perf_counter() - start
    row = Row(variant, tuple(accuracies), seconds / args.folds, classifier.n_trainable_)
    coverage = classifier.coverage_
    result = {
        "variant": variant,
        "accuracy": round(100 * row.mean, 2),
        "sd": round(100 * row.sd, 2),
        "folds": [round(100 * a, 2) for a in accuracies],
        "seconds": round(seconds, 1),
        "seconds_per_epoch": round(seconds / sum(epochs), 2),
        "trainable": row.n_trainable,
        "coverage": coverage and str(coverage).splitlines()[:2],
    }
    print(json.dumps(result), flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=DATA / "mr", help="folder of rt-polarity.pos and .neg")
    parser.add_argument("--variants", nargs="+", default=["rand"])
    parser.add_argument("--folds", type=int, default=10, help="how many of the ten to run")
    parser.add_argument("--vectors", help="vectors for the variants other than rand")
    parser.add_argument("--corpus", help="or a text to train 300-dimensional ones on")
    parser.add_argument("--save-vectors", help="where to keep those")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    data = inlay.read_labelled(args.data)
    import keras

    backend = keras.backend.backend()
    about = {"inlay": inlay.__version__, "keras": version("keras"), "numpy": version("numpy")}
    about["backend"] = f"{backend} {importlib.import_module(backend).__version__}"
    print(data, json.dumps(about), flush=True)
    table = vectors_from(args)
    results = [cross_validate(args, data, variant, table) for variant in args.variants]
    if args.json:
        args.json.write_text(json.dumps({"about": about, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
