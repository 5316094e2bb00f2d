"""What `inlay demo` does: from text alone to a table of classifiers and a saved one.

Every step is a function that takes the last one's result, so that the whole can be followed,
or repeated from Python, step by step; nothing here prints.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inlay.classify import TextClassifier
from inlay.core import Table
from inlay.demo.packages import PackageTask, package_task
from inlay.demo.stdlib import docstrings, topics
from inlay.encode import ENCODERS
from inlay.encode.names import named
from inlay.errors import ArgumentError, MissingPackageError
from inlay.evaluate import Comparison, compare
from inlay.text import LabelledTexts
from inlay.tokenizers.auto import SAMPLE, suited
from inlay.train import word2vec

# For a corpus a thousand times smaller than those that word2vec's defaults were chosen for.
SMALL_CORPUS: dict[str, Any] = {
    "vector_size": 100,
    "min_count": 2,
    "sample": 1e-3,
    "epochs": 20,
}
WORDS = ("file", "exception", "socket", "string", "thread")
SENTENCE = "Cancel the task and wait until the event loop has stopped."
MAX_TOKENS = 64  # what every classifier reads of a text
N_TEST = 2_000  # texts to judge by in a split, at most
USE = "use-multilingual"
VECTORS, CLASSIFIER = "vectors.safetensors", "classifier"


@dataclass(frozen=True)
class Material:
    """Text to learn vectors from, and labelled texts to compare classifiers on.

    Attributes:
        corpus: Texts, or the path of a file with a text a line.
        texts: Labelled ones.
        labels: A label for each.
        task: How the labelled texts were chosen; None for the user's own.
        tokenizer: How all of them become tokens, in lower case where there is such a thing.
        encoding: That of a file.
    """

    corpus: list[str] | str
    texts: list[str]
    labels: list[str]
    task: PackageTask | None = None
    tokenizer: str = "lower"
    encoding: str = "utf-8"

    @property
    def n_characters(self) -> int:
        """Of the corpus; a file's bytes."""
        if isinstance(self.corpus, str):
            return Path(self.corpus).stat().st_size
        return sum(map(len, self.corpus))


def library_material() -> Material:
    """The docstrings and help topics of the running Python; see `inlay.demo.stdlib`.

    Raises:
        MissingFileError: This Python carries no sources.
    """
    docs = docstrings()
    task = package_task(docs)
    corpus = [doc.text for doc in docs] + list(topics().values())
    return Material(corpus, task.texts, task.labels, task)


def own_material(
    labelled: LabelledTexts, corpus: str | os.PathLike[str] | None, encoding: str = "utf-8"
) -> Material:
    """The user's labelled texts, and a corpus.

    Args:
        labelled: As `read_labelled` gives them.
        corpus: A file with a text on each line. None: the labelled texts, without their labels.
        encoding: That of the file.
    """
    text = labelled.texts if corpus is None else os.fspath(corpus)
    name, _ = suited(labelled.texts[:SAMPLE])
    tokenizer = "lower" if name == "words" else name
    written = "utf-8" if corpus is None else encoding
    return Material(text, labelled.texts, labelled.labels, tokenizer=tokenizer, encoding=written)


def learn_vectors(material: Material, *, seed: int = 0) -> Table:
    """Skip-gram vectors of the corpus, the same in every run; 10 s for 2 MB, compiling included."""
    how = SMALL_CORPUS | {"tokenizer": material.tokenizer, "encoding": material.encoding}
    return word2vec(material.corpus, **how, seed=seed, deterministic=True)


def neighbours(table: Table, n: int = 5) -> dict[str, list[str]]:
    """The nearest words of five that are frequent and have something to say."""
    known = [word for word in WORDS if word in table]
    words = known if len(known) == len(WORDS) else _telling(table, len(WORDS))
    return {word: [near for near, _ in table.most_similar(word, topn=n)] for word in words}


def compare_all(
    material: Material, table: Table, *, train_size: int, folds: int, seed: int = 0
) -> Comparison:
    """Let each classifier learn from `train_size` texts of each class, and judge it on others."""
    return compare(
        material.texts,
        material.labels,
        embeddings=["tfidf", "random", table, *installed()],
        n_train=train_size,
        n_test=N_TEST,
        folds=folds,
        tokenizer=material.tokenizer,
        max_length=MAX_TOKENS,
        seed=seed,
    )


def installed() -> list[str]:
    """The name of the Universal Sentence Encoder, where its extra is installed."""
    try:
        return [USE] if named(USE, ENCODERS) else []
    except MissingPackageError:
        return []


def save_best(comparison: Comparison, table: Table, folder: Path) -> str:
    """Write the vectors and the best classifier that is ours; returns its name.

    It is the one of the last split, which learned from as few texts as the table says.
    """
    best = comparison.best_classifier
    if best is None:
        raise ArgumentError("comparison", expected="a TextClassifier", got="none")
    folder.mkdir(parents=True, exist_ok=True)
    table.save(folder / VECTORS)
    comparison.fitted[best].save(folder / CLASSIFIER)
    return best


def answer(folder: Path, text: str, n: int = 3) -> list[tuple[str, float]]:
    """Load the classifier from its folder and ask it: the most probable labels, best first."""
    classifier = TextClassifier.load(folder / CLASSIFIER)
    probabilities = classifier.predict_proba([text])[0]
    order = probabilities.argsort()[::-1][:n]
    return [(str(classifier.classes_[i]), float(probabilities[i])) for i in order]


def free_folder(name: str = "inlay-demo") -> Path:
    """`name`, or `name-2`, `name-3`, ...: the first that is not there, so nothing is replaced."""
    folder, n = Path(name), 1
    while folder.exists():
        n += 1
        folder = Path(f"{name}-{n}")
    return folder


def _telling(table: Table, n: int) -> Sequence[str]:
    """Frequent words of five letters or more, after the most frequent, which say little."""
    skipped = min(50, len(table) // 10)
    found = [word for word in table.tokens[skipped:] if len(word) >= 5 and word.isalpha()]
    return found[:n]
