"""What the PyTorch module and the Keras layer are asked for, under one set of names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from inlay.errors import ArgumentError

Trainable = Literal["mix", "all", False]


@dataclass(frozen=True)
class LayerSettings:
    """How an ELMo becomes a layer.

    Attributes:
        num_output_representations: Independent scalar mixes of the layers.
        trainable: "mix": the mixes' weights and gamma only; "all": the biLM too; False: nothing.
        do_layer_norm: Normalise each layer before mixing, over the real tokens of the batch.
        dropout: Share of a mix's numbers that training sets to zero.
        keep_sentence_boundaries: Return the vectors of the marks around each text too.
        scalar_mix_parameters: Before softmax, one for each layer, fixed; None: learned from 0.
        stateful: Start each text where the text in the same row of the last batch ended, as
            the published reference vectors were made. Then a result depends on what came before.
    """

    num_output_representations: int = 1
    trainable: Trainable = "mix"
    do_layer_norm: bool = False
    dropout: float = 0.5
    keep_sentence_boundaries: bool = False
    scalar_mix_parameters: tuple[float, ...] | None = None
    stateful: bool = False

    @classmethod
    def make(
        cls,
        n_layers: int,
        *,
        trainable: Trainable | None = None,
        requires_grad: bool | None = None,
        scalar_mix_parameters: Sequence[float] | None = None,
        **others: Any,
    ) -> Self:
        """Check what a user asked for.

        Args:
            n_layers: What is mixed: the word vectors and each LSTM layer.
            trainable: See the attributes; None: what `requires_grad` says, else "mix".
            requires_grad: AllenNLP's name: True is `trainable="all"`, False "mix".
            scalar_mix_parameters: See the attributes.
            **others: The other attributes.

        Raises:
            ArgumentError: A value that cannot be, or both `requires_grad` and `trainable`.
            TypeError: A name that is none of these.
        """
        fixed = scalar_mix_parameters
        parameters = None if fixed is None else tuple(float(x) for x in fixed)
        if trainable is not None and requires_grad is not None:
            raise ArgumentError(
                "requires_grad", expected="it or trainable", got="both", hint="trainable alone"
            )
        if trainable is None:
            trainable = "all" if requires_grad else "mix"
        settings = cls(trainable=trainable, scalar_mix_parameters=parameters, **others)
        settings._check(n_layers)
        return settings

    def check_cached(self) -> None:
        """Refuse to train the network under words whose vectors were made once.

        Raises:
            ArgumentError: `trainable` is "all".
        """
        if self.trainable == "all":
            raise ArgumentError(
                "vocab_to_cache",
                expected='trainable="mix" or False with it, for cached vectors do not learn',
                got='trainable="all"',
                hint="character ids, of which equal words are computed once in a batch",
            )

    def _check(self, n_layers: int) -> None:
        mixes, fixed = self.num_output_representations, self.scalar_mix_parameters
        if type(mixes) is not int or mixes < 1:
            raise ArgumentError(
                "num_output_representations", expected="a whole number from 1", got=repr(mixes)
            )
        if self.trainable not in ("mix", "all", False):
            raise ArgumentError(
                "trainable", expected='"mix", "all" or False', got=repr(self.trainable)
            )
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ArgumentError("dropout", expected="0 to below 1", got=repr(self.dropout))
        if fixed is not None and (len(fixed) != n_layers or not all(map(math.isfinite, fixed))):
            raise ArgumentError(
                "scalar_mix_parameters",
                expected=f"{n_layers} finite numbers: the words' own layer and each LSTM layer",
                got=repr(fixed),
            )
