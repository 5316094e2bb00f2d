"""An estimator that learns labels on top of any table of vectors, or any encoder."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import Elsewhere, refuses_unknown
from inlay.checks import flag
from inlay.classify import fitting, storage
from inlay.classify.batches import prediction_plan, prediction_shape
from inlay.classify.embeddings import Embedding
from inlay.classify.estimator import Estimator
from inlay.classify.fitting import body_of, checked_texts, networks
from inlay.classify.inputs import lengths_of
from inlay.classify.labels import compared
from inlay.classify.settings import MAX_LENGTH, MAX_SIZE, MIN_COUNT, ClassifierSettings
from inlay.classify.storage import Fitted
from inlay.core import elsewhere
from inlay.core.travel import origin_of, reopened
from inlay.jobs.stop import on_stop
from inlay.paths import path_to_read
from inlay.tokenizers import TokenizerLike

# What Keras, scikit-learn and others call the settings.
FOREIGN: Elsewhere = {
    **dict.fromkeys(("embeddings", "encoder", "table", "vectors", "weights"), "embedding="),
    **dict.fromkeys(("embedding_dim", "vector_size", "output_dim"), "dim="),
    **dict.fromkeys(("max_tokens", "max_features", "num_words", "vocab_size"), "max_size="),
    **dict.fromkeys(("min_freq", "min_df"), "min_count="),
    **dict.fromkeys(("iter", "max_iter", "n_epochs", "num_epochs"), "epochs="),
    **dict.fromkeys(("lr", "optimizer"), "learning_rate=, of Adam"),
    **dict.fromkeys(("validation_split", "validation_data", "dev"), "validation="),
    **dict.fromkeys(
        ("n_classes", "num_classes", "num_labels"), "leave it out: fit sees the labels"
    ),
    **dict.fromkeys(("vocab", "vocabulary"), "leave it out: fit makes it of the texts"),
    **dict.fromkeys(("dropout", "filters", "kernel_sizes"), "model=, a function of your own"),
    "early_stopping": "patience=",
    "freeze": lambda value: f"trainable={not value}",
    "random_state": "seed=",
    "verbose": "progress=",
}


class TextClassifier(Estimator, elsewhere.Elsewhere):
    """Learn to label texts, from random vectors or on top of given ones.

    Vectors may be those of words, in a table, or those of texts, from an encoder such as an ELMo or
    a sentence encoder. It is a scikit-learn estimator (`clone`, `cross_val_score` and `Pipeline`
    work) on Keras 3 with the backend of `KERAS_BACKEND`. The settings are kept as given and looked
    at by `fit`.

    On a table, a fitted classifier knows the words of the texts and then, up to `max_size`, those
    of the table that were not among them: their vectors are the given ones, as if they had been
    trained without ever being met. Words of the texts that the table does not have start at
    random with its variance, as Kim does it; any other word is a vector of zeros.

    A table that composes vectors (`table.can_compose`) does so for the words of the texts that
    `fit` is given, and not for those that `predict` meets later: a classifier and its file hold
    words, and no rows of n-grams, which may be gigabytes. Words of other texts are known if the
    table has rows for them: `TextClassifier(table.align(Vocabulary.from_texts(all_texts)))`.

    On a frozen encoder each text is encoded once by `fit`, however many epochs follow; with
    `trainable=True` it is a layer that trains, where it can be one. What an encoder reads of
    a text is its own affair: settings of words have no effect on it, and are refused.

    Args:
        embedding: Vectors to start from: a table or an encoder, or the path or name of one, as of
            `inlay.load` and `inlay.load_encoder`; or a function from a list of texts to an array.
            None: random vectors of words.
        model: On the vectors of words `"cnn"` (Kim 2014), `"mean"` (their average), or a function
            of your own `(vectors, mask, n_classes) -> scores` over Keras tensors, as
            `inlay.classify.cnn`. On one vector for each text `"linear"` (logistic regression) or
            `"mlp"` (a hidden layer of 256). None: `"cnn"` on a table, `"linear"` on an encoder.
        trainable: Whether the vectors train. `"mix"`: of an encoder, what each of its layers
            counts. None: of a table what `variant` says, otherwise True; of an encoder False.
        variant: Kim's names instead: `"rand"`, `"static"`, `"non-static"`, or
            `"multichannel"`: a frozen and a trained copy under the same filters.
        dim: Numbers in a random vector; None: 300. With `embedding`, its own or None.
        tokenizer: How texts become tokens, as in `Vocabulary.from_texts`; texts may also be lists
            of tokens. None: as those that the embedding was trained on, where it is known, else
            `"words"`.
        max_length: Read only this many tokens of a text; None: all.
        max_size: Most words to know, special ones included; None: no bound.
        min_count: Words of the texts seen less often count as unknown.
        epochs: Most passes over the texts.
        batch_size: Texts in a step.
        learning_rate: The learning rate of Adam.
        validation: Share of the texts held out to choose the best epoch; or a pair
            `(texts, labels)`; or None: train `epochs` epochs and keep the last.
        patience: Stop after this many epochs without a better one.
        features: A folder in which an encoder's vectors of the texts are kept for the next fit on
            the same texts. None: they are kept for this fit alone.
        seed: The same settings, texts and seed give the same numbers on one machine and
            backend. A model of your own seeds its layers itself.
        progress: Show a bar. None: on a terminal.

    Attributes:
        classes_: The labels in sorted order; `predict` returns these.
        encoder_: On an encoder: it. One that trained has what it learned in the classifier alone.
        table_: On a table: the vectors as trained, a `Table`.
        vocabulary_: On a table: its `Vocabulary`, with the tokenizer. A word that it does not know,
            `predict` also looks for in another case, with its letters composed, and in plain forms
            of full-width ones; its `encode` does not.
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

    _elsewhere = elsewhere.OF_CLASSIFIERS

    @refuses_unknown(FOREIGN)
    def __init__(
        self,
        embedding: Embedding = None,
        model: str | Callable[..., Any] | None = None,
        *,
        trainable: bool | Literal["mix"] | None = None,
        variant: str | None = None,
        dim: int | None = None,
        tokenizer: TokenizerLike | None = None,
        max_length: int | None = MAX_LENGTH,
        max_size: int | None = MAX_SIZE,
        min_count: int = MIN_COUNT,
        epochs: int = 25,
        batch_size: int = 50,
        learning_rate: float = 1e-3,
        validation: float | tuple[Sequence[Text], Sequence[Any]] | None = 0.1,
        patience: int = 3,
        features: str | os.PathLike[str] | None = None,
        seed: int = 0,
        progress: bool | None = None,
    ) -> None:
        self.embedding, self.model = embedding, model
        self.trainable, self.variant = trainable, variant
        self.dim, self.tokenizer, self.max_length = dim, tokenizer, max_length
        self.max_size, self.min_count = max_size, min_count
        self.epochs, self.batch_size, self.learning_rate = epochs, batch_size, learning_rate
        self.validation, self.patience = validation, patience
        self.features, self.seed, self.progress = features, seed, progress

    # -- learning ----------------------------------------------------------------------------

    @on_stop(lambda: "Stopped; a classifier keeps nothing of a fit that has not ended.")
    @refuses_unknown(
        dict.fromkeys(("epochs", "batch_size"), "TextClassifier(epochs=..., batch_size=...)")
        | dict.fromkeys(("validation_data", "validation_split"), "TextClassifier(validation=...)")
        | {"y": "labels="}
    )
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
            ArgumentTypeError: One string or a table instead of a list, a text that is none, or a
                setting or an embedding of the wrong type.
            MissingPackageError: keras is not installed.
        """
        settings = ClassifierSettings.checked(self.get_params())
        fitted, body, coverage = fitting.fit(settings, self.embedding, texts, labels)
        self.coverage_ = coverage
        self._keep(fitted, body)
        return self

    def _keep(self, fitted: Fitted, body: Any) -> None:
        """Become what has been learned; `body` has the weights already."""
        self.classes_, self.history_ = fitted.classes, fitted.history
        self.n_trainable_ = fitted.n_trainable
        for name in ("vocabulary_", "table_", "encoder_"):  # of a fit on something else
            vars(self).pop(name, None)
        vars(self).update(fitted.inputs.shown())
        self._fitted = fitted
        self._predictor = fitted.inputs.below(body)

    def _stand_on(self, encoder: Any) -> None:
        """Take an encoder in the place of another that gives the same vectors."""
        inputs: Any = self._fitted.inputs
        self._fitted = replace(self._fitted, inputs=replace(inputs, encoder=encoder))
        self.embedding = self.encoder_ = encoder

    def __getstate__(self) -> dict[str, Any]:
        """For pickles: the network as its arrays, so that another backend can read them."""
        state = {name: value for name, value in vars(self).items() if name != "_predictor"}
        if self.__sklearn_is_fitted__():  # it answers without the file it once started from
            state["embedding"] = origin_of(self.embedding)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state | {"embedding": reopened(state["embedding"])})

    # -- answering ---------------------------------------------------------------------------

    def predict_proba(self, texts: Iterable[Text]) -> Array:
        """How probable each class is, float32 `(len(texts), n_classes)` in `classes_` order.

        A text that is empty or has only unknown words gets an answer too, which says little
        more than how frequent the classes are. Costs one pass in batches of 128.

        Raises:
            NotFittedError: Before `fit`.
            ArgumentTypeError: One string instead of a list, or a text that is none.
        """
        self._check_fitted("predict")
        listed, block = checked_texts(texts), self._fitted.inputs.block
        parts = [self._answers(listed[i : i + block]) for i in range(0, len(listed), block)]
        return np.concatenate([np.empty((0, len(self.classes_)), np.float32), *parts])

    def _answers(self, texts: list[Text]) -> Array:
        """`predict_proba` of texts whose rows are in memory together."""
        inputs = self._fitted.inputs
        rows = inputs.rows(texts)
        lengths = lengths_of(rows)
        result = np.empty((len(rows), len(self.classes_)), np.float32)
        predictor, training = self._answering(), networks("training")
        for chosen in prediction_plan(lengths, 128):
            n_rows, width = prediction_shape(len(chosen), int(lengths[chosen].max()))
            given = inputs.rectangle([rows[i] for i in chosen], width, n_rows)
            result[chosen] = _softmax(training.scores(predictor, given))[: len(chosen)]
        return result

    def _answering(self) -> Any:
        """The network; after a pickle built anew, on the backend of this process."""
        if "_predictor" not in vars(self):
            body = body_of(self._fitted, "the pickle of a classifier")
            self._predictor = self._fitted.inputs.below(body)
        return self._predictor

    def predict(self, texts: Iterable[Text]) -> Array:
        """The most probable class of each text, `(len(texts),)`, as the labels were given."""
        best: Array = self.predict_proba(texts).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def score(self, texts: Iterable[Text], labels: Iterable[Any]) -> float:
        """The share of texts whose class `predict` finds.

        A label that the classifier never saw counts as wrong; a warning says how many there are.

        Raises:
            ArgumentError: Another number of labels than of texts, or none that it ever saw: of
                another type, perhaps.
        """
        predicted = self.predict(texts)
        return float(compared(predicted, labels, self.classes_).mean())

    # -- files -------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], *, by_reference: bool = False) -> None:
        """Write a folder: `settings.json`, `weights.safetensors`, and `vocabulary.json`.

        On an encoder there is no vocabulary, but the encoder's own folder, `encoder`. The folder is
        written beside `path` and then put there in one step, with the digests that `load`
        verifies. Another backend of Keras can load it. A tokenizer, model or encoder of your
        own is not in it: pass it to `load`.

        Args:
            path: The folder.
            by_reference: Note the path or name of the encoder and its hash, which `load` compares,
                instead of writing the encoder into the folder.

        Raises:
            NotFittedError: Before `fit`.
            ArgumentError: By reference, and the encoder was not given by its path or name.
            ArgumentError: At `path` is something else than a saved classifier.
            MissingFileError: There is no folder around it.
        """
        self._check_fitted("save")
        by_reference = flag("by_reference", by_reference)
        storage.save(self._fitted, path_to_read("path", path), by_reference=by_reference)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        embedding: Embedding = None,
        model: Callable[..., Any] | None = None,
        tokenizer: TokenizerLike | None = None,
        verify: bool = True,
    ) -> Self:
        """Read what `save` wrote, ready to predict.

        Args:
            path: The folder.
            embedding: The encoder that the classifier was fitted on, or its path, if it has moved
                or is one of your own. Another, or the same with other settings, is an error.
            model: The function that the classifier was made with, if it was one of your own.
            tokenizer: The same for its tokenizer.
            verify: Compare the digests of settings, vocabulary and weights, so that a flipped bit
                is an error. This takes about as long as reading them.

        Raises:
            MissingFileError: No such folder.
            ArgumentTypeError: `path` is no path.
            FormatError: The folder is something else, or damaged.
            ArgumentError: A model or tokenizer of your own is needed.
        """
        flag("verify", verify)
        path = path_to_read("path", path)
        fitted = storage.load(
            path, embedding=embedding, model=model, tokenizer=tokenizer, verify=verify
        )
        body = body_of(fitted, str(path / storage.WEIGHTS))
        encoder = getattr(fitted.inputs, "encoder", None)
        classifier = cls(encoder, **fitted.settings.to_dict())
        classifier.coverage_ = None
        classifier._keep(fitted, body)
        return classifier


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
