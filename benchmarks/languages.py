"""Which tokenizer for which language: accuracy, unknown words and speed, beside TF-IDF.

    KERAS_BACKEND=jax python benchmarks/languages.py
    KERAS_BACKEND=jax python benchmarks/languages.py --quick
    KERAS_BACKEND=jax python benchmarks/languages.py --languages Korean --tokenizers words kiwi

English: Pang and Lee's sentences on films (`mr`), a tenth held out. Korean: reviews of films
(`nsmc-derived`), its own test part. Chinese: reviews of hotels (`zh-reviews`, ChnSentiCorp), a
tenth held out. For each tokenizer, on the same tokens: Kim's CNN with random vectors, and the
peer, scikit-learn's TF-IDF with logistic regression. "unknown" is the share of the running
tokens of the test texts that no training text has. Tokens a second include opening nothing: a
library and its dictionary are opened before.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from _measure import DATA

import inlay
from inlay import read_labelled
from inlay.errors import MissingPackageError
from inlay.text import LabelledTexts
from inlay.tokenizers import batched, get_tokenizer

PACKAGES = "inlay numpy numba keras jax scikit-learn jieba kiwipiepy icu4py fugashi".split()
Part = tuple[list[str], list[str]]


def english() -> tuple[Part, Part]:
    return cut(read_labelled(DATA / "mr"))


def korean() -> tuple[Part, Part]:
    train, test = (
        tuple(read_labelled(DATA / "nsmc-derived" / f"{part}.tsv", text="document").shuffled())
        for part in ("train", "test")
    )
    return train, test


def chinese() -> tuple[Part, Part]:
    file = DATA / "zh-reviews" / "ChnSentiCorp_htl_all" / "ChnSentiCorp_htl_all.csv"
    return cut(read_labelled(file, text="review"))


def cut(data: LabelledTexts) -> tuple[Part, Part]:
    texts, labels = data.shuffled(seed=0)
    at = len(texts) // 10
    return (texts[at:], labels[at:]), (texts[:at], labels[:at])


LANGUAGES: dict[str, tuple[Callable[[], tuple[Part, Part]], list[str]]] = {
    "English": (english, ["words", "lower", "split", "characters", "ngrams:3", "icu"]),
    "Korean": (korean, ["words", "split", "characters", "ngrams:2", "kiwi", "icu"]),
    "Chinese": (chinese, ["words", "characters", "ngrams:2", "jieba", "icu"]),
}


def measure(name: str, train: Part, test: Part, args: argparse.Namespace) -> dict[str, float]:
    tokenizer = get_tokenizer(name)
    tokenizer(train[0][0])  # opens what has to be opened
    start = time.perf_counter()
    tokens = [list(batched(tokenizer, texts)) for texts, _ in (train, test)]
    seconds = time.perf_counter() - start
    known = {token for text in tokens[0] for token in text}
    running = [token for text in tokens[1] for token in text]
    peer = tfidf(tokens, train[1], test[1])
    start = time.perf_counter()
    classifier = inlay.TextClassifier(
        dim=args.dim, max_length=args.max_length, epochs=args.epochs, seed=args.seed, tokenizer=name
    )
    accuracy = classifier.fit(tokens[0], train[1]).score(tokens[1], test[1])
    return {
        "accuracy": accuracy,
        "tfidf": peer,
        "unknown": sum(token not in known for token in running) / len(running),
        "vocabulary": len(known),
        "tokens_a_text": len(running) / len(test[0]),
        "tokens_a_second": sum(len(text) for part in tokens for text in part) / seconds,
        "fit_s": time.perf_counter() - start,
    }


def tfidf(tokens: list[list[list[str]]], labels: list[str], wanted: list[str]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectors = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    peer = make_pipeline(vectors, LogisticRegression(C=10, max_iter=1000))
    return float(np.mean(peer.fit(tokens[0], labels).predict(tokens[1]) == np.asarray(wanted)))


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=list(LANGUAGES))
    parser.add_argument("--tokenizers", nargs="+", help="instead of those for the language")
    parser.add_argument("--texts", type=int, help="train on so many at most")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--max-length", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few texts and one epoch")
    args = parser.parse_args()
    if args.quick:
        args.texts, args.epochs, args.dim = 1000, 1, 20
    print(json.dumps({"versions": versions(), "settings": vars(args)}), flush=True)
    print("| language | tokenizer | CNN | TF-IDF | unknown | tokens a text | tokens/s |")
    print("|---|---|---|---|---|---|---|")
    for language in args.languages:
        parts, names = LANGUAGES[language]
        train, test = ((texts[: args.texts], labels[: args.texts]) for texts, labels in parts())
        for name in args.tokenizers or names:
            try:
                row = measure(name, train, test, args)
            except MissingPackageError as error:
                print(f"| {language} | {name} | left out: {error.hint} |", flush=True)
                continue
            print(
                f"| {language} | `{name}` | {row['accuracy']:.1%} | {row['tfidf']:.1%} "
                f"| {row['unknown']:.1%} | {row['tokens_a_text']:.0f} "
                f"| {row['tokens_a_second']:,.0f} |",
                flush=True,
            )
            print(f"<!-- {json.dumps(row)} -->", flush=True)


if __name__ == "__main__":
    main()
