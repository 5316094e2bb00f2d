"""What the first matrix of a classifier is worth: random, an autoencoder's, word2vec's, GloVe's.

    KERAS_BACKEND=jax python benchmarks/starts.py imdb
    KERAS_BACKEND=jax python benchmarks/starts.py imdb --model cnn --glove glove.6B.50d.txt
    KERAS_BACKEND=jax python benchmarks/starts.py nsmc hotels --labels 500 --seeds 0 1 2 3 4

The same classifier (by default the mean of the words' vectors and a dense layer) starts from each
matrix of `--dim` numbers, which is then frozen or fine-tuned. It learns from `--labels` texts, as
many of each class, drawn anew for each seed, in `--epochs` epochs; or, where 0 means all, until
three epochs have not been better on a tenth that is held out.

imdb: film reviews; the autoencoder and word2vec see the 50,000 unlabelled reviews, of which 266
are in the test part too. nsmc (Korean, films) and hotels (Chinese, ChnSentiCorp) have no such
part: there both see the texts to learn from, without labels. The autoencoder is linear and takes
bags of words, so its best matrix is known: the first right singular vectors (Baldi and Hornik
1989). GloVe is a file of 7,849 of its 400,000 words, unless `--glove` names another.

An autoencoder's matrix has no scale of its own, so these three are centred, and scaled to one root
mean square. The two random ones are as Keras and PyTorch draw them.
"""

import argparse
import itertools
import time
from collections.abc import Iterator

import numpy as np
from _measure import DATA, versions

import inlay
from inlay.bytes.lines import read_lines
from inlay.text.corpus import Corpus, encode_corpus
from inlay.tokenizers import get_tokenizer

RMS = 0.5
GLOVE = DATA / "glove-6B" / "derived" / "glove.6B.50d.7849.txt"
HOTELS = DATA / "zh-reviews" / "ChnSentiCorp_htl_all" / "ChnSentiCorp_htl_all.csv"
Part = tuple[list[str], np.ndarray]


def imdb() -> tuple[Iterator[str], Part, Part]:
    whole = DATA / "imdb" / "aclImdb_labelled.tar.xz"
    train, test = (part(inlay.read_labelled(whole, split=name)) for name in ("train", "test"))
    return map(plain, read_lines(DATA / "imdb" / "imdb_unsup.txt.xz")), train, test


def nsmc() -> tuple[list[str], Part, Part]:
    folder = DATA / "nsmc-derived"
    train, test = (
        part(inlay.read_labelled(folder / f"{name}.tsv", text="document"))
        for name in ("train", "test")
    )
    return train[0], train, test


def hotels() -> tuple[list[str], Part, Part]:
    texts, labels = part(inlay.read_labelled(HOTELS, text="review"))
    at = len(texts) // 10
    train = texts[at:], labels[at:]
    return train[0], train, (texts[:at], labels[:at])


def part(data: inlay.text.LabelledTexts) -> Part:
    texts, labels = data.shuffled(seed=0)
    return list(map(plain, texts)), np.asarray(labels)


def plain(text: str) -> str:
    return text.replace("<br />", " ")


# How to read each, its tokenizer, and how often word2vec goes through it: less text, more often.
TASKS = {
    "imdb": (imdb, "lower", 5),
    "nsmc": (nsmc, "ngrams:2", 30),
    "hotels": (hotels, "ngrams:2", 30),
}


def autoencoder(corpus: Corpus, dim: int) -> inlay.Table:
    """The matrix W for which `x @ W @ W.T` comes nearest to `x`, over all bags of words `x`."""
    from scipy.sparse import csr_matrix
    from sklearn.utils.extmath import randomized_svd

    ends = corpus.ids < 0
    text, word = np.cumsum(ends)[~ends], corpus.ids[~ends]
    bags = csr_matrix((np.ones(len(word), np.float32), (text, word)))  # sums up what is repeated
    bags.data = 1 + np.log(bags.data)
    idf = np.log(bags.shape[0] / np.bincount(bags.indices, minlength=bags.shape[1]))
    _, _, directions = randomized_svd(bags.multiply(idf).tocsr(), dim, random_state=0)
    return inlay.Table(corpus.tokens, np.ascontiguousarray(directions.T, np.float32))


def levelled(table: inlay.Table, corpus: Corpus) -> inlay.Table:
    """Centred on the mean of the running words, and with one root mean square for all tables.

    What a mean and a dense layer can learn is the same without it, but takes far more steps.
    """
    rows = table.tokens.find_many(corpus.tokens)
    known = rows >= 0
    middle = np.average(table.vectors[rows[known]], axis=0, weights=corpus.counts[known])
    vectors = table.vectors - middle.astype("float32")
    return inlay.Table(table.tokens, vectors * np.float32(RMS / rms(vectors)))


def rms(vectors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(vectors))))


def learned(corpus: Corpus, epochs: int, args: argparse.Namespace) -> dict[str, inlay.Table]:
    """The tables that do not depend on the labelled texts, with what they took."""
    found, begin = {}, time.process_time()
    found["autoencoder"] = autoencoder(corpus, args.dim)
    note(f"autoencoder: {time.process_time() - begin:.0f} CPU s")
    begin = time.process_time()
    found["word2vec"] = inlay.train.word2vec(
        corpus, vector_size=args.dim, epochs=epochs, deterministic=True
    )
    note(f"word2vec: {time.process_time() - begin:.0f} CPU s")
    if corpus.tokenizer == "lower":
        found["GloVe"] = inlay.load(args.glove)
        known = found["GloVe"].tokens.find_many(corpus.tokens) >= 0
        running = corpus.counts[known].sum() / corpus.counts.sum()
        note(f"GloVe has {known.mean():.1%} of the words, {running:.1%} of the running words")
    for name, table in found.items():
        note(f"{name}: mean length {np.linalg.norm(table.vectors, axis=1).mean():.2f}")
    return {name: levelled(table, corpus) for name, table in found.items()}


def note(text: str) -> None:
    print(f"# {text}", flush=True)


def drawn(labels: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Which texts to learn from: `n` in all, as many of each class; all if 0."""
    if n == 0:
        return rng.permutation(len(labels))
    classes = np.unique(labels)
    each = [
        rng.permutation(np.flatnonzero(labels == label))[: n // len(classes)] for label in classes
    ]
    return rng.permutation(np.concatenate(each))


def accuracies(tables: dict, train: Part, test: Part, n: int, seed: int, args) -> dict[str, float]:
    """The accuracy from each start, in one draw of labelled texts."""
    rng = np.random.default_rng(seed)
    chosen = drawn(train[1], n, rng)
    texts = [train[0][i] for i in chosen]
    words = inlay.Vocabulary.from_texts(texts, max_size=args.max_size).tokens.tolist()[2:]
    shape = len(words), args.dim
    random = {
        "random, Keras": rng.uniform(-0.05, 0.05, shape),
        "random, PyTorch": rng.normal(size=shape),
    }
    starts = {name: inlay.Table(words, m.astype("float32")) for name, m in random.items()} | tables
    found = {}
    for name in args.starts or starts:
        table = starts[name]
        for how in ("frozen", "fine-tuned"):
            classifier = inlay.TextClassifier(
                table,
                args.model,
                trainable=how == "fine-tuned",
                max_size=args.max_size,
                max_length=args.max_length,
                epochs=args.epochs,
                validation=0.1 if n == 0 else None,
                learning_rate=args.learning_rate,
                seed=seed,
                progress=False,
            )
            begin = time.process_time()
            classifier.fit(texts, train[1][chosen])
            found[f"{name}, {how}"] = classifier.score(*test)
            note(
                f"{n or 'all'} labels, seed {seed}, {name}, {how}: {found[f'{name}, {how}']:.1%}, "
                f"{len(classifier.history_['loss'])} epochs, {time.process_time() - begin:.0f} s"
            )
    return found


def spread(each: list[float]) -> str:
    """The mean over the seeds, and the standard deviation if there are several."""
    deviation = f" ± {np.std(each, ddof=1):.1f}" if len(each) > 1 else ""
    return f"{np.mean(each):.1f}{deviation}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", help=f"of {', '.join(TASKS)}; default: imdb")
    parser.add_argument("--labels", nargs="+", type=int, default=[500, 0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--starts", nargs="+", help='such as "word2vec"; default: all')
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--glove", default=GLOVE)
    parser.add_argument("--model", default="mean")
    parser.add_argument("--max-size", type=int, default=20_000)
    parser.add_argument("--max-length", type=int, default=200)
    parser.add_argument("--n-test", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    args = parser.parse_args()
    note(versions("inlay", "numpy", "keras", "jax", "scikit-learn", "scipy"))
    note(str(vars(args)))
    for task in args.tasks or ["imdb"]:
        read, tokenizer, epochs = TASKS[task]
        unlabelled, *parts = read()
        corpus = encode_corpus(unlabelled, max_size=args.max_size, tokenizer=tokenizer)
        note(f"{task}: {corpus.words:,} words without labels")
        tables = learned(corpus, epochs, args)
        split = get_tokenizer(tokenizer)
        train, test = (
            ([split(text)[: args.max_length] for text in texts], labels) for texts, labels in parts
        )
        test = test[0][: args.n_test], test[1][: args.n_test]
        found: dict[str, dict[int, list[float]]] = {}
        for seed, n in itertools.product(args.seeds, args.labels):
            for name, accuracy in accuracies(tables, train, test, n, seed, args).items():
                found.setdefault(name, {}).setdefault(n, []).append(100 * accuracy)
        sizes = [f"{n or len(train[0]):,} texts" for n in args.labels]
        print(f"\n| {task} | {' | '.join(sizes)} |\n|---|{'---|' * len(sizes)}")
        for name, by_size in found.items():
            print(f"| {name} | {' | '.join(map(spread, by_size.values()))} |", flush=True)


if __name__ == "__main__":
    main()
