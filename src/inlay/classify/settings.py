"""What a classifier was asked for, looked at once: plain values that a fit can rely on."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

from inlay.checks import choice, flag_or_none, number, whole, whole_or_none
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.paths import path_to_read
from inlay.tokenizers import TokenizerLike, check_tokenizer

Variant = Literal["rand", "static", "non-static", "multichannel"]
VARIANTS: tuple[Variant, ...] = ("rand", "static", "non-static", "multichannel")
OFFICIAL = (".bin", ".ftz")  # files of fastText
FASTTEXT = "fasttext"  # needs no framework: `inlay.classify.fasttext`
MODELS = ("cnn", "mean", "linear", "mlp", FASTTEXT)  # the others are of `inlay.classify.keras`
BY_TEXT = ("linear", "mlp")  # those that read one vector for each text
MIX = "mix"
READ = "inlay.read_labelled(path), whose texts and labels are such a pair"
# Of words that are counted, where nobody says anything.
MAX_LENGTH, MAX_SIZE, MIN_COUNT = 400, 100_000, 1
EPOCHS, PATIENCE = 25, 3
BATCH_SIZE, RATE = 50, 1e-3  # of networks
DIM_OF_FASTTEXT, RATE_OF_FASTTEXT = 100, 0.5
LOSSES = ("softmax", "hs", "ns", "ova")
METRICS = ("accuracy", "f1")
# A fit that does not look for its own settings.
UNTUNED: dict[str, Any] = {
    "autotune_seconds": None,
    "autotune_trials": None,
    "autotune_metric": "accuracy",
}
# Settings of fastText's classifier alone, and what each is where nobody says anything.
OF_FASTTEXT: dict[str, Any] = {
    "word_ngrams": 1,
    "min_n": 0,
    "max_n": 0,
    "bucket": 2_000_000,
    "loss": "softmax",
    "negative": 5,
    "workers": 1,
    **UNTUNED,
}
MOST = {"word_ngrams": 100, "bucket": 2**31 - 1, "max_n": 100, "negative": 10_000}
LARGEST_SEED = 2**31 - 1  # that every backend of Keras takes


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """The settings of `TextClassifier`, which describes each, but for its embedding."""

    model: str | Callable[..., Any] | None
    trainable: bool | Literal["mix"] | None
    variant: Variant | None
    dim: int | None
    tokenizer: TokenizerLike | None
    max_length: int | None
    max_size: int | None
    min_count: int
    epochs: int
    batch_size: int
    learning_rate: float | None
    validation: Any
    patience: int
    features: Path | None
    seed: int
    progress: bool | None
    word_ngrams: int
    min_n: int
    max_n: int
    bucket: int
    loss: str
    negative: int
    workers: int
    autotune_seconds: float | None
    autotune_trials: int | None
    autotune_metric: str

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Self:
        """Look at every value, and turn numpy's numbers into Python's.

        Args:
            given: All settings by name; others are passed over.

        Raises:
            ArgumentError: A value that cannot be.
            ArgumentTypeError: A value of a type that cannot be.
        """
        values = {field.name: given[field.name] for field in fields(cls)}
        for name in ("min_count", "epochs", "batch_size", "patience"):
            values[name] = whole(name, values[name])
        for name in ("dim", "max_length", "max_size", "autotune_trials"):
            values[name] = whole_or_none(name, values[name])
        values["seed"] = whole("seed", values["seed"], least=0, most=LARGEST_SEED)
        if values["learning_rate"] is not None:
            values["learning_rate"] = number("learning_rate", values["learning_rate"], above=0)
        for name in ("word_ngrams", "bucket", "negative", "workers"):
            values[name] = whole(name, values[name], most=MOST.get(name))
        for name in ("min_n", "max_n"):
            values[name] = whole(name, values[name], least=0, most=MOST["max_n"])
        is_ova = values["loss"] in ("one-vs-all", "one-vs-rest")
        choice("loss", values["loss"], LOSSES, hint="loss='ova'" if is_ova else "")
        if values["autotune_seconds"] is not None:
            values["autotune_seconds"] = number(
                "autotune_seconds", values["autotune_seconds"], above=0
            )
        choice("autotune_metric", values["autotune_metric"], METRICS)
        values["progress"] = flag_or_none("progress", values["progress"])
        if not isinstance(values["trainable"], str):
            values["trainable"] = flag_or_none("trainable", values["trainable"])
        choice("trainable", values["trainable"], (None, True, False, MIX))
        if values["features"] is not None:
            values["features"] = path_to_read("features", values["features"])
        choice("variant", values["variant"], (None, *VARIANTS))
        check_tokenizer(values["tokenizer"])
        if values["model"] is not None and not callable(values["model"]):
            hint = "a function of your own: (vectors, mask, n_classes) -> scores"
            if str(values["model"]).lower() in (FASTTEXT, "supervised"):
                hint = "model='fasttext'"
            choice("model", values["model"], MODELS, hint=hint)
        values["validation"] = _checked_validation(values["validation"])
        made = cls(**values)
        made._check_fasttext()
        return made

    def _check_fasttext(self) -> None:
        """Refuse settings of fastText that contradict each other, or the model."""
        if self.model != FASTTEXT:
            for name, usual in OF_FASTTEXT.items():
                if (found := getattr(self, name)) != usual:
                    model = "a function" if callable(self.model) else f"model={self.model!r}"
                    raise ArgumentError(
                        name,
                        expected=f"nothing beside {model}, on which it has no effect",
                        got=repr(found),
                        hint="model='fasttext'",
                    )
        elif self.loss != "ns" and self.negative != OF_FASTTEXT["negative"]:
            raise ArgumentError(
                "negative",
                expected=f"nothing beside loss={self.loss!r}, on which it has no effect",
                got=repr(self.negative),
                hint="loss='ns'",
            )
        elif self.max_n and not 1 <= self.min_n <= self.max_n:
            raise ArgumentError("min_n", expected=f"1 to max_n={self.max_n}", got=str(self.min_n))
        elif self.min_n and not self.max_n:
            raise ArgumentError("max_n", expected=f"min_n={self.min_n} or more", got="0")
        else:
            self._check_autotune()

    @property
    def tunes(self) -> bool:
        """Whether a fit looks for its own settings."""
        return self.autotune_seconds is not None or self.autotune_trials is not None

    def _check_autotune(self) -> None:
        usual = UNTUNED["autotune_metric"]
        if not self.tunes and self.autotune_metric != usual:
            raise ArgumentError(
                "autotune_metric",
                expected="autotune_seconds or autotune_trials beside it",
                got="neither",
            )
        if self.tunes and self.patience != PATIENCE:
            raise ArgumentError(
                "patience",
                expected="nothing beside autotune, whose trials run all their epochs",
                got=str(self.patience),
                hint="leave it out",
            )

    def to_dict(self) -> dict[str, Any]:
        """All of them by name, not copied."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def variant_for(self, *, given: bool) -> Variant:
        """Which of Kim's variants it is, with a given embedding or without.

        Raises:
            ArgumentError: `variant`, `trainable` and the embedding contradict each other.
        """
        if self.variant is None:
            if self.trainable is False:
                return "static"
            return "non-static" if given else "rand"
        if (self.variant == "rand") == given:
            raise ArgumentError(
                "variant",
                expected="another one beside an embedding"
                if given
                else "'rand' without an embedding",
                got=repr(self.variant),
                hint="leave the embedding out"
                if given
                else "embedding= with vectors to start from",
            )
        if self.trainable is not None and self.trainable == (self.variant == "static"):
            raise ArgumentError("variant", expected="what trainable says", got=f"{self.variant!r}")
        return self.variant


def _checked_validation(value: Any) -> Any:
    if value is None:
        return None
    if hasattr(value, "texts") and hasattr(value, "labels"):  # of `inlay.read_labelled`
        return value.texts, value.labels
    if isinstance(value, tuple):
        if len(value) != 2:
            raise ArgumentError(
                "validation", expected="a pair (texts, labels)", got=f"a tuple of {len(value)}"
            )
        return value
    try:
        return number("validation", value, above=0, below=1)
    except (ArgumentError, ArgumentTypeError) as error:
        raise type(error)(
            "validation",
            expected="a share between 0 and 1, a pair (texts, labels), or None",
            got=error.got,
            hint=READ if isinstance(value, str | os.PathLike) else "",
        ) from None
