"""Kim's CNN on the IMDB reviews, 25,000 to learn from and 25,000 to judge by, on each backend.

    python benchmarks/imdb.py --data DATA/imdb/aclImdb_labelled.tar.xz \
        --corpus DATA/imdb/imdb_unsup.txt.xz

Each backend is a process of its own. Vectors are trained on the unlabelled reviews, of which
266 are in the test part and 354 in the training part too, so they have seen a little of the
test text (never a label). `<br />` becomes a space; reviews are cut at `--max-length` tokens.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version

from _measure import DATA

import inlay


def tokens(text: str) -> list[str]:
    return inlay.tokenizers.words(text.replace("<br />", " ").lower())


def run_one(args: argparse.Namespace) -> None:
    """One backend: fit, judge, print a line of JSON."""
    train, test = (inlay.read_labelled(args.data, split=name) for name in ("train", "test"))
    texts, labels = train.texts, train.labels
    if args.n_train:
        step = len(texts) // args.n_train  # of both classes alike, for they are sorted
        texts, labels = texts[::step], labels[::step]
    classifier = inlay.TextClassifier(
        args.vectors,
        variant=args.variant,
        tokenizer=tokens,
        max_length=args.max_length,
        max_size=args.max_size,
        epochs=args.epochs,
        batch_size=args.batch_size,
        patience=2,
        seed=args.seed,
        progress=None,
    )
    start, cpu = time.perf_counter(), time.process_time()
    classifier.fit(texts, labels)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    n_epochs = len(classifier.history_["loss"])
    start = time.perf_counter()
    every = len(test) // args.n_test if args.n_test else 1
    accuracy = classifier.score(test.texts[::every], test.labels[::every])
    backend = os.environ["KERAS_BACKEND"]
    result = {
        "backend": f"{backend} {importlib.import_module(backend).__version__}",
        "keras": version("keras"),
        "variant": args.variant,
        "n_train": len(texts),
        "n_test": len(test.texts[::every]),
        "accuracy": round(100 * accuracy, 2),
        "epochs": n_epochs,
        "seconds_per_epoch": round(seconds / n_epochs, 1),
        "cpu_seconds_per_epoch": round(cpu / n_epochs, 1),
        "fit_seconds": round(seconds, 1),
        "score_seconds": round(time.perf_counter() - start, 1),
        "trainable": classifier.n_trainable_,
        "val_accuracy": [round(100 * a, 2) for a in classifier.history_["val_accuracy"]],
    }
    print(json.dumps(result), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=str(DATA / "imdb" / "aclImdb_labelled.tar.xz"))
    parser.add_argument("--vectors", help="vectors to start from")
    parser.add_argument(
        "--corpus", default=str(DATA / "imdb" / "imdb_unsup.txt.xz"), help="or a text"
    )
    parser.add_argument("--dim", type=int, default=300, help="of vectors trained on the corpus")
    parser.add_argument("--variant", default="non-static")
    parser.add_argument("--backends", nargs="+", default=["jax", "tensorflow", "torch"])
    parser.add_argument("--n-train", type=int, help="learn from about so many reviews only")
    parser.add_argument("--n-test", type=int, help="judge by about so many only")
    parser.add_argument("--max-length", type=int, default=400)
    parser.add_argument("--max-size", type=int, default=30_000)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        run_one(args)
        return
    with tempfile.TemporaryDirectory() as folder:
        arguments = sys.argv[1:]
        if args.variant != "rand" and not args.vectors:
            start = time.perf_counter()
            table = inlay.train.word2vec(args.corpus, vector_size=args.dim, tokenizer=tokens)
            print(f"vectors: {table} in {time.perf_counter() - start:.0f} s", flush=True)
            table.save(f"{folder}/vectors.safetensors")
            arguments += ["--vectors", f"{folder}/vectors.safetensors"]
        for backend in args.backends:
            environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
            command = [sys.executable, __file__, *arguments, "--one"]
            subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
