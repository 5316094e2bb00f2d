"""Which embedding serves a task best: the same folds for all, and an honest baseline."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inlay.aliases import Array, Text
from inlay.calls import refuses_unknown
from inlay.checks import described, whole, whole_or_none
from inlay.classify.classifier import TextClassifier
from inlay.classify.settings import FASTTEXT, LARGEST_SEED
from inlay.encode.protocol import is_encoder
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.evaluate.baselines import (
    Choice,
    Contestant,
    contestants,
    n_trainable,
    named_embeddings,
)
from inlay.evaluate.comparison import Comparison, Row
from inlay.evaluate.data import labelled_data
from inlay.evaluate.encoding import note, remembered, with_encoding
from inlay.evaluate.folds import folds_of
from inlay.hosts.backends import load_keras
from inlay.jobs.progress import progress as progress_bar
from inlay.jobs.stop import on_stop
from inlay.optional import require
from inlay.text import LabelledTexts
from inlay.tokenizers import TokenizerLike, check_tokenizer, settled

NEED = "comparing classifiers"
DEFAULT = ("tfidf", "random")
LENGTH = 400  # tokens of a text


FOREIGN = {
    **dict.fromkeys(("cv", "n_splits", "k"), "folds="),
    **dict.fromkeys(("tables", "vectors"), "embeddings="),
    **dict.fromkeys(("models", "classifiers"), "estimators=, pairs of a name and a classifier"),
    **dict.fromkeys(("metric", "scoring"), "leave it out: accuracy is what is compared"),
    "n_jobs": "leave it out: one fit after the other, so that the seconds are comparable",
    "random_state": "seed=",
    "verbose": "progress=",
    "y": "labels=",
}


@on_stop(lambda: "Stopped; a comparison keeps nothing of folds that have not all ended.")
@refuses_unknown(FOREIGN)
def compare(
    data: str | os.PathLike[str] | LabelledTexts | Iterable[Text],
    labels: Iterable[Any] | None = None,
    *,
    embeddings: Choice | Sequence[Choice] | Mapping[str, Choice] | None = None,
    estimators: Sequence[tuple[str, Contestant]] = (),
    text: str | int | None = None,
    label: str | int | None = None,
    folds: int = 5,
    n_train: int | None = None,
    n_test: int | None = None,
    tokenizer: TokenizerLike | None = None,
    max_length: int | None = LENGTH,
    seed: int = 0,
    progress: bool | None = None,
) -> Comparison:
    """Fit classifiers on the same folds of labelled texts, and judge each by the rest.

    All see the same texts; tables the same tokens and lengths, and an encoder reads of a text what
    it always reads. Nothing is chosen by the texts to judge by. The
    time is that of fitting and scoring, one classifier after the other.

    Args:
        data: The texts: strings or lists of tokens, with `labels`; or both together, as the path
            of a file or folder that `inlay.read_labelled` reads, what it gave, or a data frame.
        labels: One for each text. None: they are in `data`.
        embeddings: What to compare, the baseline first; one, a list, or a dict by name.
            "tfidf" is TF-IDF with logistic regression. "random" is Kim's convolutional network,
            which learns its vectors from these texts alone. A table, or the path of a file for
            `inlay.load`, is that network twice: on these vectors frozen, and fine-tuned. An
            encoder, or its path or name, is one dense layer on its frozen vectors; each text is
            encoded once for all folds, which is honest, for encoders are told no labels.
            None: `("tfidf", "random")`, or nothing if there are `estimators`.
        estimators: Classifiers of your own to compare with these: pairs of a name and anything
            that has scikit-learn's `fit(texts, labels)` and `score(texts, labels)`. Each is
            copied for every fold.
        text: The column with the text, where `data` has columns. None: `"text"`.
        label: The column with the label. None: `"label"`.
        folds: How many times all is fitted. Each text is judged by once, and learned from in
            all other folds. With `n_train`, or where it is 1, each fold is drawn at random.
        n_train: How many texts **of each class** to learn from, for learning from few.
            None: all texts that are not in the fold, and 80 % of each class where `folds` is 1.
        n_test: At most how many texts to judge by in a fold. None: all.
        tokenizer: How strings become tokens, for all `embeddings` but encoders. None: the one that
            a table was trained with, if that is known, and else "words". "auto" chooses one by the
            script of the texts.
        max_length: How many tokens of each text all `embeddings` but encoders read. None: all.
        seed: The seed of the folds, and of estimators with a setting of that name: `seed` plus
            the number of the fold.
        progress: Whether to show a bar. None: only on a terminal.

    Returns:
        Means and standard deviations of the accuracy, differences from the first row with a
        paired test, seconds and sizes: `print` shows a table, `to_markdown()` and `to_dict()`
        give others. `fitted` has the estimators of the last fold.

    Raises:
        ArgumentError: A class has too few texts; there are labels or columns where they have no
            effect, or none where they are needed; names twice; `tokenizer` or another
            `max_length`, and nothing but encoders, or estimators, that read texts in their own way.
        ArgumentTypeError: Texts, labels, embeddings or estimators that are none.
        MissingFileError: There is no such file.
        MissingPackageError: scikit-learn is not installed, or Keras, which networks need.

    Examples:
        >>> texts = ["good film", "great plot", "fine cast", "bad film", "poor plot", "dull cast"]
        >>> found = compare(texts * 5, [1, 1, 1, 0, 0, 0] * 5, embeddings="tfidf", folds=3)
        >>> found.best, found.rows[0].mean
        ('TF-IDF + logistic regression', 1.0)

    Source: Kim 2014, "Convolutional Neural Networks for Sentence Classification", for the
    network; Nadeau and Bengio 2003 for the test.
    """
    n_folds, seed = whole("folds", folds), whole("seed", seed, least=0)
    if seed + n_folds > LARGEST_SEED:
        whole("seed", seed, least=0, most=LARGEST_SEED - n_folds)
    n_train, n_test = whole_or_none("n_train", n_train), whole_or_none("n_test", n_test)
    max_length = whole_or_none("max_length", max_length)
    check_tokenizer(tokenizer)
    _check_pairs(estimators)
    if embeddings is None:
        embeddings = () if estimators else DEFAULT
    named = named_embeddings(embeddings)
    clone = require("sklearn.base", extra="demo", need=NEED).clone
    texts, y = labelled_data(data, labels, text=text, label=label)
    if named:
        suited, _ = settled(tokenizer, texts)
        tokenizer = None if tokenizer is None else suited
    parts = list(folds_of(y, n_folds, n_train=n_train, n_test=n_test, seed=seed))
    compared = contestants(
        named, n_texts=len(parts[0][0]), tokenizer=tokenizer, max_length=max_length
    )
    if not any(map(_reads_tokens, compared)):
        _check_useless(tokenizer=tokenizer, max_length=max_length)
    compared += estimators
    _check_names([name for name, _ in compared])
    if any(isinstance(one, TextClassifier) and one.model != FASTTEXT for _, one in compared):
        load_keras(NEED)
    known = remembered(compared, texts, progress=progress)
    compared = [
        (name, clone(one).set_params(embedding=known[name]) if name in known else one)
        for name, one in compared
    ]
    rows, fitted = _fit_all(texts, y, parts, compared, clone, seed, progress)
    for name, one in known.items():
        fitted[name]._stand_on(one.encoder)
    rows = with_encoding(rows, known, n_folds)
    train, test = parts[-1]
    return Comparison(rows, len(train), len(test), fitted, note(known))


def _fit_all(
    texts: list[Text],
    y: Array,
    folds: list[tuple[Array, Array]],
    compared: list[tuple[str, Contestant]],
    clone: Any,
    seed: int,
    progress: bool | None,
) -> tuple[tuple[Row, ...], dict[str, Any]]:
    accuracies: dict[str, list[float]] = {name: [] for name, _ in compared}
    seconds = dict.fromkeys(accuracies, 0.0)
    fitted: dict[str, Any] = {}
    total = len(folds) * len(compared)
    with progress_bar(total, unit=" fits", desc="comparing", enabled=progress) as bar:
        for number, fold in enumerate(folds):
            train, test = (([texts[i] for i in part], y[part]) for part in fold)
            for name, estimator in compared:
                fresh = _settled(clone(estimator, safe=False), seed + number)
                start = time.perf_counter()
                try:
                    fitted[name] = fresh.fit(*train)
                    accuracies[name].append(float(fresh.score(*test)))
                except Exception as error:
                    error.add_note(f"This came from {name!r}, which was given texts and labels.")
                    raise
                seconds[name] += time.perf_counter() - start
                bar.update(1)
                bar.note(last=name, accuracy=f"{accuracies[name][-1]:.3f}")
    return tuple(
        Row(name, tuple(found), seconds[name] / len(folds), n_trainable(fitted[name]))
        for name, found in accuracies.items()
    ), fitted


def _settled(estimator: Any, seed: int) -> Any:
    """An estimator with the seed of its fold, and without a bar of its own."""
    known: dict[str, Any] = getattr(estimator, "get_params", dict)()
    own: dict[str, Any] = {"seed": seed} if "seed" in known else {}
    if known.get("progress", True) is None:
        own["progress"] = False
    return estimator.set_params(**own) if own else estimator


def _check_names(names: list[str]) -> None:
    if not names:
        raise ArgumentError("embeddings", expected="something to compare", got="nothing")
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(
                "embeddings and estimators",
                expected="different names",
                got=f"{name!r} twice",
                hint="a dict of embeddings by name",
            )


def _reads_tokens(compared: tuple[str, Contestant]) -> bool:
    """Whether one of `contestants` reads texts as `tokenizer` and `max_length` say."""
    _, one = compared
    return not isinstance(one, TextClassifier) or not is_encoder(one.embedding)


def _check_useless(*, tokenizer: Any, max_length: int | None) -> None:
    """Refuse what says how texts are read, where all that is compared reads them in its own way."""
    for name, is_said in (
        ("tokenizer", tokenizer is not None),
        ("max_length", max_length != LENGTH),
    ):
        if is_said:
            raise ArgumentError(
                name,
                expected='a table, "tfidf" or "random" in embeddings, which it is for',
                got="a setting that has no effect",
                hint=f"inlay.load_encoder(path, {name}=...), for an encoder",
            )


def _check_pairs(estimators: Any) -> None:
    """Refuse what is no list of names and estimators, before any is fitted."""
    if not isinstance(estimators, list | tuple):
        hint = "list(estimators.items())" if isinstance(estimators, dict) else ""
        got = described(estimators)
        raise ArgumentTypeError("estimators", expected="a list of pairs", got=got, hint=hint)
    for i, pair in enumerate(estimators):
        is_pair = isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)
        wanted = is_pair and all(hasattr(pair[1], name) for name in ("fit", "score"))
        if not wanted or isinstance(pair[1], type):
            raise ArgumentTypeError(
                f"estimators[{i}]",
                expected="a name and an estimator, which has fit and score",
                got=described(pair),
                hint="('mine', TextClassifier(table)), with an object and not its class",
            )
