"""An estimator that learns labels on top of any table of vectors, or any encoder."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

from inlay.aliases import Text
from inlay.calls import refuses_unknown
from inlay.checks import flag
from inlay.classify import fitting, storage
from inlay.classify.answering import Answering
from inlay.classify.embeddings import Embedding
from inlay.classify.foreign import FOREIGN, OF_FIT, OF_QUANTIZE
from inlay.classify.settings import (
    BATCH_SIZE,
    EPOCHS,
    FASTTEXT,
    MAX_LENGTH,
    MAX_SIZE,
    MIN_COUNT,
    OF_FASTTEXT,
    OFFICIAL,
    PATIENCE,
    ClassifierSettings,
)
from inlay.classify.storage import Fitted
from inlay.core import elsewhere
from inlay.core.travel import origin_of, reopened
from inlay.errors import ArgumentError
from inlay.jobs.stop import on_stop
from inlay.paths import path_to_read
from inlay.tokenizers import TokenizerLike

PASSING = ("vocabulary_", "table_", "encoder_", "trials_", "best_params_")  # not of every fit


class TextClassifier(Answering, elsewhere.Elsewhere):
    """Learn to label texts, from random vectors or on top of given ones.

    Vectors may be those of words, in a table, or those of texts, from an encoder such as an ELMo or
    a sentence encoder. It is a scikit-learn estimator (`clone`, `cross_val_score` and `Pipeline`
    work) on Keras 3 with the backend of `KERAS_BACKEND`, or, with `model="fasttext"`, on nothing
    else than this package. The settings are kept as given and looked at by `fit`.

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
            `"fasttext"` (Joulin et al. 2017) is the average of the vectors of words, of runs of
            words and of parts of words: it needs no Keras, and is by far the fastest.
        trainable: Whether the vectors train. `"mix"`: of an encoder, what each of its layers
            counts. None: of a table what `variant` says, otherwise True; of an encoder False.
        variant: Kim's names instead: `"rand"`, `"static"`, `"non-static"`, or
            `"multichannel"`: a frozen and a trained copy under the same filters.
        dim: Numbers in a random vector; None: 300, and with `"fasttext"` 100. With `embedding`,
            its own or None.
        tokenizer: How texts become tokens, as in `Vocabulary.from_texts`; texts may also be lists
            of tokens. None: as those that the embedding was trained on, where it is known, else
            `"words"`.
        max_length: Read only this many tokens of a text; None: all.
        max_size: Most words to know, special ones included; None: no bound.
        min_count: Words of the texts seen less often count as unknown.
        epochs: Most passes over the texts.
        batch_size: Texts in a step.
        learning_rate: The learning rate of Adam, None: 0.001; with `"fasttext"` that of its first
            step, from which it falls evenly to 0, None: 0.5.
        validation: Share of the texts held out to choose the best epoch; or a pair
            `(texts, labels)`; or None: train `epochs` epochs and keep the last.
        patience: Stop after this many epochs without a better one.
        features: A folder in which an encoder's vectors of the texts are kept for the next fit on
            the same texts. None: they are kept for this fit alone.
        seed: The same settings, texts and seed give the same numbers on one machine and
            backend. A model of your own seeds its layers itself.
        progress: Show a bar. None: on a terminal.
        word_ngrams: This and what follows is of `"fasttext"` alone. Runs of up to so many words
            have vectors too, in buckets; 1: none.
        min_n: Characters of the shortest part of a word that has a vector, in a bucket.
        max_n: Of the longest; 0: none has one.
        bucket: How many buckets runs and parts are hashed into, as fastText hashes them. Only
            those that the texts meet take memory.
        loss: `"softmax"`; `"hs"`, a Huffman tree of labels, for thousands of them; `"ns"`, some
            other labels drawn for each; `"ova"`, each label by itself. With the last two the
            probabilities of a text do not sum to 1.
        negative: How many labels `"ns"` draws.
        workers: Threads that train; with more than one, two fits differ a little.
        autotune_seconds: Look for the best settings in so many seconds: those of `epochs`,
            `learning_rate`, `dim`, `word_ngrams`, `min_n`, `max_n` and `bucket` that are left at
            their defaults. Trials draw them around the best so far and are judged by the texts of
            `validation`; the last fit learns from all of the texts, and its time is counted in. A
            trial that would take too long is cut after an epoch, and Ctrl-C ends the search and
            not the fit, once there is a trial to go by.
        autotune_trials: End the search after so many trials. Without `autotune_seconds`, the
            same seed gives the same settings.
        autotune_metric: What trials are judged by: `"accuracy"`, or `"f1"`, the mean of F1 over
            the classes.

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
        trials_: With `autotune_seconds` or `autotune_trials`: each trial with its `settings`,
            `score` (None: it was cut or failed) and `seconds`. A saved classifier has none.
        best_params_: Then also the settings that were found, to make another classifier with.

    Examples:
        >>> texts = ["a good film", "good fun", "a bad film", "bad and dull"]
        >>> model = TextClassifier(model="mean", dim=8, epochs=30, validation=None)
        >>> model.fit(texts, ["pos", "pos", "neg", "neg"]).predict(["good"])  # doctest: +SKIP
        array(['pos'], dtype='<U3')

    Source: Kim 2014, Convolutional neural networks for sentence classification. Unlike there,
    steps are by Adam and not Adadelta, and a text is padded at its end only. Joulin et al. 2017,
    Bag of tricks for efficient text classification; unlike there, texts are mixed in each epoch.
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
        epochs: int = EPOCHS,
        batch_size: int = BATCH_SIZE,
        learning_rate: float | None = None,
        validation: float | tuple[Sequence[Text], Sequence[Any]] | None = 0.1,
        patience: int = PATIENCE,
        features: str | os.PathLike[str] | None = None,
        seed: int = 0,
        progress: bool | None = None,
        word_ngrams: int = OF_FASTTEXT["word_ngrams"],
        min_n: int = OF_FASTTEXT["min_n"],
        max_n: int = OF_FASTTEXT["max_n"],
        bucket: int = OF_FASTTEXT["bucket"],
        loss: str = OF_FASTTEXT["loss"],
        negative: int = OF_FASTTEXT["negative"],
        workers: int = OF_FASTTEXT["workers"],
        autotune_seconds: float | None = OF_FASTTEXT["autotune_seconds"],
        autotune_trials: int | None = OF_FASTTEXT["autotune_trials"],
        autotune_metric: str = OF_FASTTEXT["autotune_metric"],
    ) -> None:
        self.embedding, self.model = embedding, model
        self.trainable, self.variant = trainable, variant
        self.dim, self.tokenizer, self.max_length = dim, tokenizer, max_length
        self.max_size, self.min_count = max_size, min_count
        self.epochs, self.batch_size, self.learning_rate = epochs, batch_size, learning_rate
        self.validation, self.patience = validation, patience
        self.features, self.seed, self.progress = features, seed, progress
        self.word_ngrams, self.min_n, self.max_n, self.bucket = word_ngrams, min_n, max_n, bucket
        self.loss, self.negative, self.workers = loss, negative, workers
        self.autotune_seconds, self.autotune_trials = autotune_seconds, autotune_trials
        self.autotune_metric = autotune_metric

    # -- learning ----------------------------------------------------------------------------

    @on_stop(lambda: "Stopped; a classifier keeps nothing of a fit that has not ended.")
    @refuses_unknown(OF_FIT)
    def fit(self, texts: Iterable[Text], labels: Iterable[Any]) -> Self:
        """Learn from texts and their labels.

        Args:
            texts: Strings or lists of tokens; empty ones are allowed.
            labels: One for each text: strings, or whole numbers. With `model="fasttext"` also
                a list of them for a text that has several: the loss `"ova"` learns all, and the
                others draw one of them in each epoch.

        Returns:
            The classifier. Beside the model it holds one matrix, `4 * words * dim` bytes.

        Raises:
            ArgumentError: Fewer than two classes, a missing label (with its position), another
                number of labels than of texts, or a setting that cannot be used.
            ArgumentTypeError: One string or a table instead of a list, a text that is none, or a
                setting or an embedding of the wrong type.
            MissingPackageError: keras is not installed, and the model is another than
                `"fasttext"`.
        """
        settings = ClassifierSettings.checked(self.get_params())
        fitted, self.coverage_ = fitting.fit(settings, self.embedding, texts, labels)
        self._keep(fitted)
        return self

    def _keep(self, fitted: Fitted) -> None:
        """Become what has been learned."""
        self.classes_, self.history_ = fitted.classes, fitted.history
        self.n_trainable_ = fitted.n_trainable
        for name in PASSING:  # of a fit on something else
            vars(self).pop(name, None)
        if fitted.trials:
            settings = fitted.settings.to_dict()
            self.trials_ = list(fitted.trials)
            self.best_params_ = {name: settings[name] for name in fitted.trials[0].settings}
        vars(self).update(fitted.learned.shown())
        self._fitted = fitted

    def _stand_on(self, encoder: Any) -> None:
        """Take an encoder in the place of another that gives the same vectors."""
        network: Any = self._fitted.learned
        self._fitted = replace(self._fitted, learned=network.on(encoder))
        self.embedding = self.encoder_ = encoder

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        if self.__sklearn_is_fitted__():  # it answers without the file it once started from
            state["embedding"] = origin_of(self.embedding)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state | {"embedding": reopened(state["embedding"])})

    @refuses_unknown(OF_QUANTIZE)
    def quantize(
        self, *, cutoff: int | None = None, dsub: int = 2, qnorm: bool = False, seed: int = 0
    ) -> Self:
        """A classifier of `model="fasttext"` that needs a fraction of the memory.

        Each row becomes a few bytes, one for every `dsub` numbers, as in fastText's `.ftz` files.
        Where rows are left out, what a text is the mean of becomes less, and nothing is trained
        again.

        Args:
            cutoff: Keep only so many rows, the longest ones; None: all.
            dsub: Numbers that share a byte.
            qnorm: Whether lengths of rows have a byte of their own.
            seed: Of the choice of rows to learn from.

        Returns:
            Another classifier; this one stays as it is.

        Raises:
            ArgumentError: Another model, one that is quantised already, or a number out of bounds.
            NotFittedError: Before `fit`.

        Source: Joulin et al. 2016, FastText.zip: compressing text classification models.
        """
        self._check_fitted("quantize")
        if self._fitted.settings.model != FASTTEXT:
            expected, got = "a classifier with model='fasttext'", repr(self._fitted.settings.model)
            raise ArgumentError("quantize", expected=expected, got=got)
        from inlay.classify.fasttext.quantising import quantised

        learned: Any = self._fitted.learned
        small = quantised(learned, cutoff=cutoff, dsub=dsub, qnorm=qnorm, seed=seed)
        made = self.__copy__()
        made._keep(replace(self._fitted, learned=small))
        return made

    # -- files -------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], *, by_reference: bool = False) -> None:
        """Write a folder: `settings.json`, `weights.safetensors`, and `vocabulary.json`.

        On an encoder there is no vocabulary, but the encoder's own folder, `encoder`. The folder is
        written beside `path` and then put there in one step, with the digests that `load`
        verifies. Another backend of Keras can load it. A tokenizer, model or encoder of your
        own is not in it: pass it to `load`.

        With `model="fasttext"`, a name that ends in `.bin` or, once quantised, in `.ftz` makes a
        file of fastText instead, which its program and its libraries read. They split texts at
        white space and read all of them, whatever `tokenizer` and `max_length` were here: a
        warning says if the tokenizer was another. Labels are strings there.

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
        path = path_to_read("path", path)
        if self._fitted.settings.model == FASTTEXT and path.suffix in OFFICIAL:
            from inlay.classify.fasttext.files import write_official

            write_official(self._fitted, path)
        else:
            storage.save(self._fitted, path, by_reference=by_reference)

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
        """Read what `save` wrote, or a supervised model of fastText, ready to predict.

        What fastText's program answers is more probable by 1e-5, which it adds before it takes a
        logarithm; with the loss `hs`, which multiplies such numbers, by more.

        Args:
            path: The folder; or a `.bin` or `.ftz` of fastText, of any version.
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
        if path.suffix in OFFICIAL and path.is_file():
            from inlay.classify.fasttext.files import check_alone, read_official

            check_alone(embedding=embedding, model=model)
            fitted = read_official(path, cls._defaults(), tokenizer)
        else:
            fitted = storage.load(
                path, embedding=embedding, model=model, tokenizer=tokenizer, verify=verify
            )
        fitted.learned.ready(str(path / storage.WEIGHTS))
        encoder = fitted.learned.shown().get("encoder_")
        classifier = cls(encoder, **fitted.settings.to_dict())
        classifier.coverage_ = None
        classifier._keep(fitted)
        return classifier
