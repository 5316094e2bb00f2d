"""A Universal Sentence Encoder as a layer of PyTorch or Keras."""

from typing import TYPE_CHECKING, Any, Literal

from inlay.calls import refuses_unknown
from inlay.checks import choice
from inlay.encode.use.pieces import Pieces
from inlay.encode.use.weights import Weights
from inlay.hosts.backends import load_keras
from inlay.optional import require

if TYPE_CHECKING:
    import keras
    import torch

Trainable = Literal["all"] | bool
ELSEWHERE = {
    "freeze": "trainable=",
    "vocab_to_cache": "leave it out: the layer takes ids of pieces, of encoder.piece_ids(texts)",
    "vocab": "leave it out: the layer takes ids of pieces, of encoder.piece_ids(texts)",
}


class Hosted:
    """What makes layers of an encoder's parts.

    Attributes:
        weights: The network's numbers.
        pieces: How texts become pieces.
        max_length: Pieces read of a text; None: all.
    """

    weights: Weights
    pieces: Pieces
    max_length: int | None

    @refuses_unknown(ELSEWHERE)
    def to_torch(self, *, trainable: Trainable = False) -> "torch.nn.Module":
        """Make a PyTorch module of it: ids of `piece_ids` in, vectors out.

        Args:
            trainable: Whether the network learns: 3.3 million numbers. The embeddings of pieces
                stay as they are, in bytes. "all": these learn too, 66 million numbers more.

        Returns:
            See `inlay.encode.use.torch.UseModule`. Allocates 79 MB; 276 MB with "all", and an
            optimiser like Adam twice as much again.

        Raises:
            ArgumentError: Another value of `trainable`.
            MissingPackageError: torch is not installed.
        """
        trainable = choice("trainable", trainable, (False, True, "all"))
        require("torch", extra="torch", need="making a torch module")
        from inlay.encode.use.torch import UseModule

        table = trainable == "all"
        return UseModule.from_weights(self.weights, trainable=bool(trainable), with_table=table)

    @refuses_unknown(ELSEWHERE)
    def to_keras(
        self, *, trainable: Trainable = False, name: str | None = None, dtype: Any = None
    ) -> "keras.layers.Layer":
        """Make a Keras layer of it, on Keras' current backend: texts or ids in, vectors out.

        Args:
            trainable: As of `to_torch`.
            name: The layer's name.
            dtype: A dtype or a policy, as of any Keras layer.

        Returns:
            See `inlay.encode.use.keras.UseLayer`. Allocates as `to_torch`.

        Raises:
            ArgumentError: Another value of `trainable`.
            MissingPackageError: keras is not installed.
        """
        trainable = choice("trainable", trainable, (False, True, "all"))
        load_keras("making a Keras layer")
        from inlay.encode.use.keras import UseLayer
        from inlay.hosts.keras import check_arguments

        check_arguments(name, dtype)
        return UseLayer.from_weights(
            self.weights,
            self.pieces,
            with_table=trainable == "all",
            max_length=self.max_length,
            trainable=bool(trainable),
            name=name,
            dtype=dtype,
        )

    def learning_layer(self, *, by_token: bool) -> "keras.layers.Layer":
        """See `inlay.encode.protocol.LearningEncoder`: all but the table of pieces trains."""
        del by_token  # there is one vector for each text
        return self.to_keras(trainable=True)
