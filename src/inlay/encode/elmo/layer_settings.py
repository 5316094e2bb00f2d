"""What the PyTorch module and the Keras layer are asked for, under one set of names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from inlay.checks import choice, described, flag, many_tokens, number, whole
from inlay.core import HashingVocabulary, Table, Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError

Trainable = Literal["mix", "all", False]


@dataclass(frozen=True)
class LayerSettings:
    """How an ELMo becomes a layer.

    Attributes:
        num_output_representations: How many independent scalar mixes of the layers there are.
        trainable: "mix": the weights of the mixes and gamma only; "all": the biLM too; False:
            nothing.
        do_layer_norm: Normalise each layer before mixing, over the real tokens of the batch.
        dropout: The share of a mix's numbers that training sets to zero.
        keep_sentence_boundaries: Return the vectors of the marks around each text too.
        scalar_mix_parameters: Numbers before the softmax, one for each layer, which are never
            trained; None: learned from 0.
        stateful: Start each text where the text in the same row of the last batch ended, as
            the published reference vectors were made. Then a result depends on what came before.

    Raises:
        ArgumentTypeError: A value of a type that cannot be used.
        ArgumentError: A value that cannot be.
    """

    num_output_representations: int = 1
    trainable: Trainable = "mix"
    do_layer_norm: bool = False
    dropout: float = 0.5
    keep_sentence_boundaries: bool = False
    scalar_mix_parameters: Sequence[float] | None = None
    stateful: bool = False

    def __post_init__(self) -> None:
        kept: dict[str, Any] = {
            name: flag(name, getattr(self, name))
            for name in ("do_layer_norm", "keep_sentence_boundaries", "stateful")
        }
        mixes = "num_output_representations"
        kept[mixes] = whole(mixes, self.num_output_representations)
        choice("trainable", self.trainable, ("mix", "all", False))
        kept["dropout"] = number("dropout", self.dropout, least=0, below=1)
        kept["scalar_mix_parameters"] = _numbers(self.scalar_mix_parameters)
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    def check_layers(self, n_layers: int) -> None:
        """Refuse a mix that is fixed for another number of layers.

        Raises:
            ArgumentError: So it is.
        """
        fixed = self.scalar_mix_parameters
        if fixed is not None and len(fixed) != n_layers:
            raise ArgumentError(
                "scalar_mix_parameters",
                expected=f"{n_layers} numbers: for the words' own layer and each LSTM layer",
                got=f"{len(fixed)}",
            )

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


def trained(trainable: Trainable | bool | None, requires_grad: bool | None) -> Trainable:
    """What is trained, by our name or by AllenNLP's; neither: the mix. True is "all".

    Raises:
        ArgumentError: Both names were used.
        ArgumentTypeError: `requires_grad` is neither True nor False.
    """
    if requires_grad is None:
        if trainable is True:
            return "all"
        return "mix" if trainable is None else trainable
    if trainable is not None:
        raise ArgumentError(
            "requires_grad", expected="it or trainable", got="both", hint="trainable alone"
        )
    return "all" if flag("requires_grad", requires_grad) else "mix"


def words_to_cache(given: Any) -> list[str] | Vocabulary | None:
    """Words of `vocab_to_cache` in the order of their ids.

    A map of token to id and a table have ids of their own, and keep them: in the order in which
    a dict was filled, its ids would be other words.

    Raises:
        ArgumentTypeError: A hashing vocabulary, which has no tokens, or no list of tokens.
        ArgumentError: A map whose ids are not `0 .. n - 1`.
    """
    if given is None or isinstance(given, Vocabulary):
        return given
    if isinstance(given, Table):
        special = (given.pad_id, given.unk_id)
        pad, unk = (None if row is None else given.tokens[row] for row in special)
        return Vocabulary.from_mapping(given.key_to_index, pad=pad, unk=unk)
    if isinstance(given, Mapping):
        return Vocabulary.from_mapping(given)
    if isinstance(given, HashingVocabulary):
        raise ArgumentTypeError(
            "vocab_to_cache",
            expected="a vocabulary with tokens",
            got="a HashingVocabulary, whose ids cannot be turned back into tokens",
            hint="Vocabulary.from_texts(texts)",
        )
    return many_tokens("vocab_to_cache", given)


def _numbers(values: Any) -> tuple[float, ...] | None:
    if values is None:
        return None
    name = "scalar_mix_parameters"
    if isinstance(values, str):
        raise ArgumentTypeError(name, expected="numbers", got=described(values))
    try:
        listed = list(values)
    except TypeError:
        raise ArgumentTypeError(name, expected="numbers", got=described(values)) from None
    return tuple(number(f"{name}[{i}]", value) for i, value in enumerate(listed))
