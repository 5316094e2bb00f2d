"""An ELMo as a layer of PyTorch or Keras, with every setting in the signature."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from inlay.checks import described
from inlay.core import Vocabulary
from inlay.encode.elmo.layer_settings import LayerSettings, Trainable, trained
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.encode.mix import Mix
from inlay.errors import ArgumentTypeError
from inlay.hosts.backends import load_keras
from inlay.optional import require
from inlay.tokenizers import TokenizerLike, tokenizer_name

if TYPE_CHECKING:
    import keras
    import torch


P = ParamSpec("P")
R = TypeVar("R")


# What other layers of ours call it.
ELSEWHERE = {"vocab": "vocab_to_cache=", "freeze": "trainable=: 'mix', 'all' or False"}


def by_known_names(method: Callable[P, R]) -> Callable[P, R]:
    """Let a method answer an argument that it lacks by naming those that it has."""
    parameters = inspect.signature(method).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]

    @functools.wraps(method)
    def call(*args: P.args, **given: P.kwargs) -> R:
        if len(args) > 1:
            raise ArgumentTypeError(
                f"{method.__name__}()",
                expected="arguments by their names",
                got=described(args[1]),
                hint=f"inlay.{method.__name__}(encoder, vocab), or vocab_to_cache=vocab",
            )
        for name in given:
            if name not in known:
                raise ArgumentTypeError(
                    f"{method.__name__}()",
                    expected=f"an argument of {', '.join(known)}",
                    got=f"{name}=",
                    hint=ELSEWHERE.get(name, ""),
                )
        return method(*args, **given)

    return call


class Hosted:
    """What makes layers of an encoder's parts.

    Attributes:
        options: The network's shape.
        weights: Its numbers.
        mix: Where the mixes of a layer begin.
        pad_token: A token that is none, in strings.
        max_length: Tokens read of a string; None: all.
        tokenizer: How strings become tokens.
    """

    options: Options
    weights: Weights
    mix: Mix
    pad_token: str | None
    max_length: int | None
    tokenizer: TokenizerLike

    @by_known_names
    def to_torch(
        self,
        *,
        vocab_to_cache: Sequence[str] | Vocabulary | None = None,
        trainable: Trainable | bool | None = None,
        requires_grad: bool | None = None,
        num_output_representations: int = 1,
        do_layer_norm: bool = False,
        dropout: float = 0.5,
        keep_sentence_boundaries: bool = False,
        scalar_mix_parameters: Sequence[float] | None = None,
        stateful: bool = False,
    ) -> "torch.nn.Module":
        """Make a PyTorch module of it: ids of characters in, mixes of layers out.

        Args:
            vocab_to_cache: Words whose vectors are made once; then the module takes their ids.
            trainable: "mix": the weights of the mixes and gamma; "all" or True: the network too;
                False: nothing. None: what `requires_grad` says, else "mix".
            requires_grad: AllenNLP's name: True is `trainable="all"`, False is "mix".
            num_output_representations: Independent mixes of the layers.
            do_layer_norm: Normalise each layer before mixing, over the real tokens of the batch.
            dropout: Share of a mix's numbers that training sets to zero.
            keep_sentence_boundaries: Return the vectors of the marks around each text too.
            scalar_mix_parameters: Before the softmax, one for each layer, fixed; None: learned,
                from the encoder's own mix.
            stateful: Start each text where the text in the same row of the last batch ended.

        Returns:
            See `inlay.encode.elmo.torch.ElmoModule`. Allocates the weights once more.

        Raises:
            ArgumentError: A value that cannot be, or `trainable="all"` with `vocab_to_cache`.
            MissingPackageError: torch is not installed.
        """
        require("torch", extra="torch", need="making a torch module")
        from inlay.encode.elmo import torch as host

        settings = LayerSettings(
            trainable=trained(trainable, requires_grad),
            num_output_representations=num_output_representations,
            do_layer_norm=do_layer_norm,
            dropout=dropout,
            keep_sentence_boundaries=keep_sentence_boundaries,
            scalar_mix_parameters=scalar_mix_parameters,
            stateful=stateful,
        )
        return host.ElmoModule.from_weights(
            self.options,
            self.weights,
            settings,
            mix=self.mix,
            vocab_to_cache=vocab_to_cache,
        )

    @by_known_names
    def to_keras(
        self,
        *,
        output_key: str = "default",
        vocab_to_cache: Sequence[str] | Vocabulary | None = None,
        trainable: Trainable | bool | None = None,
        requires_grad: bool | None = None,
        num_output_representations: int = 1,
        do_layer_norm: bool = False,
        dropout: float = 0.5,
        keep_sentence_boundaries: bool = False,
        scalar_mix_parameters: Sequence[float] | None = None,
        stateful: bool = False,
        name: str | None = None,
        dtype: Any = None,
    ) -> "keras.layers.Layer":
        """Make a Keras layer of it, on Keras' current backend.

        On TensorFlow it takes strings too: words, and whole texts if the encoder's tokenizer is
        "split", which splits them at spaces as TF Hub's module did.

        Args:
            output_key: What the layer returns, by the names of `outputs`, or "all" of them.
            vocab_to_cache: As of `to_torch`.
            trainable: As of `to_torch`.
            requires_grad: As of `to_torch`.
            num_output_representations: As of `to_torch`.
            do_layer_norm: As of `to_torch`.
            dropout: As of `to_torch`.
            keep_sentence_boundaries: As of `to_torch`.
            scalar_mix_parameters: As of `to_torch`.
            stateful: As of `to_torch`.
            name: The layer's name.
            dtype: A dtype or a policy, as of any Keras layer.

        Returns:
            See `inlay.encode.elmo.keras.ElmoLayer`. Allocates the weights once more.

        Raises:
            ArgumentError: A value that cannot be, or `trainable="all"` with `vocab_to_cache`.
            MissingPackageError: keras is not installed.
        """
        load_keras("making a Keras layer")
        from inlay.encode.elmo.keras import ElmoLayer
        from inlay.hosts.keras import check_arguments

        check_arguments(name, dtype)
        settings = LayerSettings(
            trainable=trained(trainable, requires_grad),
            num_output_representations=num_output_representations,
            do_layer_norm=do_layer_norm,
            dropout=dropout,
            keep_sentence_boundaries=keep_sentence_boundaries,
            scalar_mix_parameters=scalar_mix_parameters,
            stateful=stateful,
        )
        return ElmoLayer.from_weights(
            self.options,
            self.weights,
            settings,
            output_key=output_key,
            mix=self.mix,
            vocab_to_cache=vocab_to_cache,
            pad_token=self.pad_token,
            max_length=self.max_length,
            tokenizer=tokenizer_name(self.tokenizer),
            name=name,
            dtype=dtype,
        )

    def learning_layer(self, *, by_token: bool) -> "keras.layers.Layer":
        """See `inlay.encode.protocol.LearningEncoder`: the network trains, and the mix."""
        return self.to_keras(trainable="all", output_key="elmo" if by_token else "default")
