"""An estimator that learns labels on top of any table of vectors."""

import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.classify import storage
from inlay.classify.batches import encode, prediction_plan, prediction_shape, rectangle
from inlay.classify.batches import training_widths as widths_for
from inlay.classify.checks import checked_labels, checked_texts
from inlay.classify.splits import held_out
from inlay.classify.vectors import PAD_ID, Embedding, given_table, start, with_rest
from inlay.core import Table, Vocabulary
from inlay.errors import ArgumentError, NotFittedError
from inlay.hosts.backends import load_keras
from inlay.jobs.progress import progress
from inlay.optional import require

VARIANTS = ("rand", "static", "non-static", "multichannel")


class TextClassifier:
    """Learn to label texts, from random vectors or on top of given ones.

    A scikit-learn estimator (`clone`, `cross_val_score` and `Pipeline` work) on Keras 3 with
    the backend of `KERAS_BACKEND`. The settings are kept as given and looked at by `fit`.

    A fitted classifier knows the words of the texts and then, up to `max_size`, those of the
    table that were not among them: their vectors are the given ones, as if they had been
    trained without ever being met. Words of the texts that the table does not have start at
    random with its variance, as Kim does it; any other word is a vector of zeros.

    Args:
        embedding: Vectors to start from: a table, or a file for `inlay.load`. None: random.
        model: `"cnn"` (Kim 2014), `"mean"` (average of vectors), or a function of your own
            `(vectors, mask, n_classes) -> scores` over Keras tensors, as `inlay.classify.cnn`.
        trainable: Whether the vectors train. None: what `variant` says, otherwise True.
        variant: Kim's names instead: `"rand"`, `"static"`, `"non-static"`, or
            `"multichannel"`: a frozen and a trained copy under the same filters.
        dim: Numbers in a random vector; ignored with `embedding`.
        tokenizer: As in `Vocabulary.from_texts`. Texts may also be lists of tokens.
        max_length: Read only this many tokens of a text; None: all.
        max_size: Most words to know, special ones included; None: no bound.
        min_count: Words of the texts seen less often count as unknown.
        epochs: Most passes over the texts.
        batch_size: Texts in a step.
        learning_rate: Of Adam.
        validation: Share of the texts held out to choose the best epoch; or a pair
            `(texts, labels)`; or None: train `epochs` epochs and keep the last.
        patience: Stop after this many epochs without a better one.
        seed: The same settings, texts and seed give the same numbers on one machine and
            backend. A model of your own seeds its layers itself.
        verbose: Show a progress bar; None: on a terminal.

    Attributes:
        classes_: The labels in sorted order; `predict` returns these.
        table_: The vectors as trained, a `Table`.
        vocabulary_: Of the same tokens, with the tokenizer.
        coverage_: How many of the texts' words the embedding held, or None.
        history_: Loss and accuracies of each epoch.
        n_trainable_: How many numbers were trained.

    Example:
        >>> texts = ["a good film", "good fun", "a bad film", "bad and dull"]
        >>> model = TextClassifier(model="mean", dim=8, epochs=30, validation=None)
        >>> model.fit(texts, ["pos", "pos", "neg", "neg"]).predict(["good"])  # doctest: +SKIP
        array(['pos'], dtype='<U3')

    Source: Kim 2014, Convolutional neural networks for sentence classification. Unlike there,
    steps are by Adam and not Adadelta, and a text is padded at its end only.
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        embedding: Embedding = None,
        model: str | Callable[..., Any] = "cnn",
        *,
        trainable: bool | None = None,
        variant: str | None = None,
        dim: int = 300,
        tokenizer: str | Callable[[str], list[str]] = "lower",
        max_length: int | None = 400,
        max_size: int | None = 100_000,
        min_count: int = 1,
        epochs: int = 25,
        batch_size: int = 50,
        learning_rate: float = 1e-3,
        validation: float | tuple[Sequence[Text], Sequence[Any]] | None = 0.1,
        patience: int = 3,
        seed: int = 0,
        verbose: bool | None = False,
    ) -> None:
        self.embedding, self.model = embedding, model
        self.trainable, self.variant = trainable, variant
        self.dim, self.tokenizer, self.max_length = dim, tokenizer, max_length
        self.max_size, self.min_count = max_size, min_count
        self.epochs, self.batch_size, self.learning_rate = epochs, batch_size, learning_rate
        self.validation, self.patience = validation, patience
        self.seed, self.verbose = seed, verbose

    # -- scikit-learn's conventions ----------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name; `deep` is there for scikit-learn."""
        return {name: getattr(self, name) for name in _settings()}

    def set_params(self, **params: Any) -> Self:
        """Change settings; what has been fitted stays until the next `fit`.

        Raises:
            ArgumentError: A setting of another name.
        """
        for name, value in params.items():
            if name not in _settings():
                raise ArgumentError(
                    "set_params", expected=f"one of {', '.join(_settings())}", got=repr(name)
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = _settings()
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if v is not defaults[k]]
        return f"TextClassifier({', '.join(changed)})"

    def __sklearn_clone__(self) -> "TextClassifier":
        # scikit-learn would copy the table; it is immutable, so it can be shared.
        return type(self)(**self.get_params())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def __sklearn_tags__(self) -> Any:
        utils = require("sklearn.utils", extra="demo", need="scikit-learn's tags")
        return utils.Tags(
            estimator_type="classifier",
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags(),
            input_tags=utils.InputTags(two_d_array=False, string=True),
        )

    # -- learning ----------------------------------------------------------------------------

    def fit(self, texts: Iterable[Text], labels: Iterable[Any]) -> Self:
        """Learn from texts and their labels.

        Args:
            texts: Strings or lists of tokens; empty ones are allowed.
            labels: One for each text: strings, or whole numbers.

        Returns:
            The classifier. Beside the model it holds one matrix, `4 * words * dim` bytes.

        Raises:
            ArgumentError: Fewer than two classes, a missing label (with its position), another
                number of labels than of texts, or a setting that cannot be used.
            ArgumentTypeError: One string instead of a list, or a text that is none.
            MissingPackageError: keras is not installed.
        """
        variant = self._variant()
        self._check_numbers()
        texts = checked_texts(texts)
        y = checked_labels(labels, len(texts))
        net = _networks()
        classes, targets = np.unique(y, return_inverse=True)
        train, dev = self._parts(texts, targets, classes)
        vocab = Vocabulary.from_texts(
            [*train[0], *dev[0]],
            min_count=self.min_count,
            max_size=self.max_size,
            tokenizer=self.tokenizer,
        )
        given = given_table(self.embedding)
        table = start(given, vocab, self.dim, self.seed)
        body = net.build(self._model(), table.dim, len(classes), seed=self.seed)
        whole = net.with_table(body, table, variant)
        history = self._train(whole, vocab, train, dev)
        self.classes_, self.history_, self.coverage_ = classes, history, table.coverage
        self.n_trainable_ = net.n_trainable(whole)
        vectors = net.final_vectors(whole, table, variant)
        times = 2 if variant == "multichannel" else 1
        self._keep(body, *with_rest(vocab, vectors, given, max_size=self.max_size, times=times))
        return self

    def _check_numbers(self) -> None:
        """A mistaken setting is told before the work begins, and by its own name."""
        for name in ("dim", "min_count", "epochs", "batch_size", "patience", "max_length"):
            value = getattr(self, name)
            if value is None and name == "max_length":
                continue
            if not isinstance(value, int | np.integer) or value < 1:
                raise ArgumentError(name, expected="1 or more", got=repr(value))
        if not self.learning_rate > 0:
            raise ArgumentError(
                "learning_rate", expected="more than 0", got=repr(self.learning_rate)
            )

    def _variant(self) -> str:
        if self.variant is None:
            if self.trainable is False:
                return "static"
            return "rand" if self.embedding is None else "non-static"
        if self.variant not in VARIANTS:
            raise ArgumentError(
                "variant", expected=f"one of {', '.join(VARIANTS)}", got=repr(self.variant)
            )
        if (self.variant == "rand") != (self.embedding is None):
            got = "no embedding" if self.embedding is None else "an embedding"
            raise ArgumentError(f"variant {self.variant!r}", expected="the other", got=got)
        if self.trainable is not None and self.trainable == (self.variant == "static"):
            raise ArgumentError("variant", expected="what trainable says", got=f"{self.variant!r}")
        return self.variant

    def _model(self) -> Any:
        if callable(self.model):
            return self.model
        models = _networks().MODELS
        if self.model not in models:
            raise ArgumentError(
                "model", expected=f"one of {sorted(models)} or a function", got=repr(self.model)
            )
        return models[self.model]

    def _parts(self, texts: list[Text], targets: Array, classes: Array) -> tuple[Any, Any]:
        """`(texts, class numbers)` to train on, and to choose the epoch by (may be empty)."""
        nothing: tuple[list[Text], Array] = [], targets[:0]
        if self.validation is None:
            return (texts, targets), nothing
        if isinstance(self.validation, tuple):
            dev_texts = checked_texts(self.validation[0])
            dev_labels = checked_labels(self.validation[1], len(dev_texts))
            unknown = np.setdiff1d(dev_labels, classes)
            if unknown.size:
                raise ArgumentError(
                    "validation", expected="classes of the texts", got=repr(unknown[0])
                )
            return (texts, targets), (dev_texts, np.searchsorted(classes, dev_labels))
        if not 0 < self.validation < 1:
            raise ArgumentError(
                "validation", expected="a share between 0 and 1", got=repr(self.validation)
            )
        held = held_out(targets, self.validation, np.random.default_rng(self.seed))
        if not held.any():
            return (texts, targets), nothing
        parts = [([texts[i] for i in np.flatnonzero(w)], targets[w]) for w in (~held, held)]
        return parts[0], parts[1]

    def _train(self, whole: Any, vocab: Vocabulary, train: Any, dev: Any) -> dict[str, list[float]]:
        net = _networks()
        parts = [encode(vocab, part, self.max_length) for part, _ in (train, dev)]
        lengths = np.asarray([len(row) for rows in parts for row in rows])
        widths = widths_for(lengths, self.batch_size, self.epochs)
        data, held = (
            net.Batches(rows, part[1], widths, self.batch_size, seed=self.seed) if rows else None
            for rows, part in zip(parts, (train, dev), strict=True)
        )
        assert data is not None  # there are texts of two classes
        total = self.epochs * len(data)
        with progress(total, unit=" steps", desc="training", enabled=self.verbose) as bar:
            history: dict[str, list[float]] = net.train(
                whole,
                data,
                held,
                epochs=self.epochs,
                patience=self.patience,
                learning_rate=self.learning_rate,
                bar=bar,
            )
        return history

    def _keep(self, body: Any, vocab: Vocabulary, table: Table) -> None:
        self.vocabulary_, self.table_, self._body = vocab, table, body
        self._predictor = _networks().with_table(body, table, "static")

    def _restore(
        self, classes: Array, saved: dict[str, Any], vocab: Vocabulary, table: Table
    ) -> None:
        """Become what was saved, but for the weights of the body, which are new."""
        self.classes_, self.history_, self.coverage_ = classes, saved["history"], None
        self.n_trainable_ = saved["n_trainable"]
        body = _networks().build(self._model(), table.dim, len(classes), seed=self.seed)
        self._keep(body, vocab, table)

    # -- answering ---------------------------------------------------------------------------

    def predict_proba(self, texts: Iterable[Text]) -> Array:
        """How probable each class is, float32 `(len(texts), n_classes)` in `classes_` order.

        A text that is empty or has only unknown words gets an answer too, which says little
        more than how frequent the classes are. Costs one pass in batches of 128.

        Raises:
            NotFittedError: Before `fit`.
            ArgumentTypeError: One string instead of a list, or a text that is none.
        """
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                "TextClassifier", expected="a fitted one", got="no fit yet", hint="fit or load"
            )
        rows = encode(self.vocabulary_, checked_texts(texts), self.max_length)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        result = np.empty((len(rows), len(self.classes_)), np.float32)
        for chosen in prediction_plan(lengths, 128):
            n_rows, width = prediction_shape(len(chosen), int(lengths[chosen].max()))
            ids = rectangle([rows[i] for i in chosen], width, PAD_ID, n_rows)
            result[chosen] = _softmax(_networks().scores(self._predictor, ids))[: len(chosen)]
        return result

    def predict(self, texts: Iterable[Text]) -> Array:
        """The most probable class of each text, `(len(texts),)`, as the labels were given."""
        best: Array = self.predict_proba(texts).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def score(self, texts: Iterable[Text], labels: Iterable[Any]) -> float:
        """The share of texts whose class `predict` finds."""
        predicted = self.predict(texts)
        return float(np.mean(predicted == np.asarray(list(labels))))

    # -- files -------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a folder: `settings.json`, `vocabulary.json`, `weights.safetensors`.

        Another backend of Keras can load it. A tokenizer or model of your own is not in it:
        pass it to `load`.

        Raises:
            NotFittedError: Before `fit`.
            ArgumentError: At `path` is something else than a saved classifier, or settings
                that JSON cannot hold.
        """
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("save", expected="a fitted classifier", got="no fit yet")
        storage.save(self, Path(path))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        model: Callable[..., Any] | None = None,
        tokenizer: Callable[[str], list[str]] | None = None,
    ) -> Self:
        """Read what `save` wrote, ready to predict.

        Args:
            path: The folder.
            model: The function that the classifier was made with, if it was one of your own.
            tokenizer: The same for its tokenizer.

        Raises:
            MissingFileError: No such folder.
            FormatError: The folder is something else, or damaged.
            ArgumentError: A model or tokenizer of your own is needed.
        """
        return storage.load(cls, Path(path), model, tokenizer)


def _settings() -> dict[str, Any]:
    """The settings of a classifier and their defaults."""
    parameters = list(inspect.signature(TextClassifier.__init__).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters}


def _networks() -> Any:
    load_keras("a text classifier")
    from inlay.classify import keras

    return keras


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
