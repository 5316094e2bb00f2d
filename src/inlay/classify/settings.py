"""What a classifier was asked for, looked at once: plain values that a fit can rely on."""

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
MODELS = ("cnn", "mean", "linear", "mlp")  # of `inlay.classify.keras`
BY_TEXT = ("linear", "mlp")  # those that read one vector for each text
MIX = "mix"
# Of words that are counted, where nobody says anything.
MAX_LENGTH, MAX_SIZE, MIN_COUNT = 400, 100_000, 1
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
    learning_rate: float
    validation: Any
    patience: int
    features: Path | None
    seed: int
    progress: bool | None

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
        for name in ("dim", "max_length", "max_size"):
            values[name] = whole_or_none(name, values[name])
        values["seed"] = whole("seed", values["seed"], least=0, most=LARGEST_SEED)
        values["learning_rate"] = number("learning_rate", values["learning_rate"], above=0)
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
            choice("model", values["model"], MODELS, hint=hint)
        values["validation"] = _checked_validation(values["validation"])
        return cls(**values)

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
        ) from None
