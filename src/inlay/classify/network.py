"""A fitted network of Keras above the vectors of words or texts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.classify.batches import prediction_plan, prediction_shape
from inlay.classify.inputs import Inputs, lengths_of
from inlay.classify.settings import ClassifierSettings
from inlay.errors import FormatError
from inlay.hosts.backends import load_keras


@dataclass(frozen=True)
class Network:
    """See `inlay.classify.learned`.

    Attributes:
        settings: Those of the fit.
        n_classes: How many there are.
        inputs: What the network reads, as it has been learned: a vocabulary and its vectors, or
            an encoder.
        weights: Those of the network above the vectors, by name and number.
    """

    settings: ClassifierSettings
    n_classes: int
    inputs: Inputs
    weights: dict[str, Array]

    def __getstate__(self) -> dict[str, Any]:
        """The network as its arrays, so that another backend can read them."""
        return {name: value for name, value in vars(self).items() if name != "predictor"}

    def ready(self, where: str) -> None:
        """See `Learned`."""
        if "predictor" not in vars(self):
            body = new_body(self.settings, self.inputs, self.n_classes)
            _fill(body, self.weights, where)
            self.keep(body)

    def keep(self, body: Any) -> None:
        """Answer by a network that has the weights already."""
        vars(self)["predictor"] = self.inputs.below(body)

    def on(self, encoder: Any) -> Self:
        """The same on an encoder that gives the same vectors."""
        inputs: Any = self.inputs
        made = replace(self, inputs=replace(inputs, encoder=encoder))
        vars(made)["predictor"] = vars(self)["predictor"]
        return made

    def probabilities(self, texts: Sequence[Text]) -> Array:
        """See `Learned`: in batches of 128."""
        self.ready("the pickle of a classifier")
        block = self.inputs.block
        parts = [self._answers(texts[i : i + block]) for i in range(0, len(texts), block)]
        return np.concatenate([np.empty((0, self.n_classes), np.float32), *parts])

    def _answers(self, texts: Sequence[Text]) -> Array:
        """`probabilities` of texts whose rows are in memory together."""
        rows = self.inputs.rows(texts)
        lengths = lengths_of(rows)
        result = np.empty((len(rows), self.n_classes), np.float32)
        predictor, training = vars(self)["predictor"], networks("training")
        for chosen in prediction_plan(lengths, 128):
            n_rows, width = prediction_shape(len(chosen), int(lengths[chosen].max()))
            given = self.inputs.rectangle([rows[i] for i in chosen], width, n_rows)
            result[chosen] = _softmax(training.scores(predictor, given))[: len(chosen)]
        return result

    def shown(self) -> dict[str, Any]:
        """See `Learned`."""
        return self.inputs.shown()

    def arrays(self) -> dict[str, Array]:
        """See `Learned`."""
        return self.inputs.arrays() | self.weights

    def write(self, folder: Path, *, by_reference: bool) -> dict[str, Any]:
        """See `Learned`."""
        return self.inputs.write(folder, by_reference=by_reference)


def new_body(settings: ClassifierSettings, inputs: Inputs, n_classes: int) -> Any:
    """The network above the vectors, with its first weights."""
    return networks().build(
        settings.model,
        inputs.dim,
        n_classes,
        seed=settings.seed,
        by_token=inputs.by_token,
        n_layers=inputs.n_layers,
    )


def networks(what: Literal["", "training"] = "") -> Any:
    """`inlay.classify.keras`, or `keras_training`, which import Keras."""
    load_keras("a text classifier")
    from inlay.classify import keras, keras_training

    return keras_training if what else keras


def _fill(body: Any, arrays: dict[str, Array], where: str) -> None:
    """Put arrays into the variables of a model, by their order.

    Raises:
        FormatError: They are those of another model.
    """
    expected = {name.split(" ")[0]: v.shape for name, v in networks().weights_of(body).items()}
    got = {name.split(" ")[0]: value for name, value in arrays.items()}
    shapes = {number: value.shape for number, value in got.items()}
    if shapes != expected:
        raise FormatError(
            where,
            expected=f"arrays of shapes {list(expected.values())}",
            got=f"{list(shapes.values())}",
            hint="pass the model function that the classifier was made with",
        )
    for i, variable in enumerate(body.weights):
        if f"{i:03d}" in got:
            variable.assign(got[f"{i:03d}"])


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
