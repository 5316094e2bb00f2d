"""What the makers of layers are given: made a table, or refused with what to write instead."""

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inlay.checks import described
from inlay.core import HashingVocabulary, Table, TextToIds, Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError
from inlay.layers.rows import Trainable
from inlay.layers.stacking import Stack
from inlay.paths import path_to_read

# What other libraries call it, and where it stands here.
FOREIGN: dict[str, str | Callable[[Any], str]] = {
    "padding_idx": "the table's pad_id is the row of padding",
    "pad_id": "the table's pad_id is the row of padding",
    "mask_zero": "mask= of to_keras leaves out the table's pad_id, any id",
    "weight": "Table(tokens, array) holds the numbers",
    "weights": "Table(tokens, array) holds the numbers",
    "embeddings_initializer": "Table.random(vocab, dim), or Table(tokens, array)",
    "vocabulary": "vocab=, or the second argument",
    "unknown": "table.align(vocab, unknown=...) first",
    "dtype": "layer.to(dtype) of torch, or dtype= of to_keras",
    "lora_rank": lambda value: f'trainable="delta", rank={value}',
    "activity_regularizer": "layer.activity_regularizer = ... of Keras",
    "device": "layer.to(device)",
    **dict.fromkeys(
        ("output_key", "signature", "arguments"),
        lambda value: "encoder.to_keras(...), which a SavedModel's encoder has",
    ),
    "input_length": "leave it out: the layer takes texts of any length",
    "input_dim": "leave it out: the table has so many rows",
    "output_dim": "leave it out: the table has so many numbers in a row",
}


def _same(own: str) -> Callable[[Any], str]:
    return lambda value: f"{own}={value}"


def _opposite(own: str) -> Callable[[Any], str]:
    return lambda value: f"{own}={not value}"


# The switch and the checks, in the words of other libraries and of our own past.
FOREIGN |= {
    "freeze": _opposite("trainable"),
    "requires_grad": _same("trainable"),
    "check_ids": lambda value: f'check="{"always" if value else "off"}"',
}

# The layers of strings, which hold no vectors.
TAKES_STRINGS = {
    "to_keras": "inlay.layers.keras.text.TextLayer(to_ids)",
    "to_tensorflow": "inlay.layers.tensorflow.text.TextModule(to_ids)",
}


def maker_of(x: Any, method: str) -> Callable[..., Any] | None:
    """The method that makes the layer of an encoder, of what makes vectors of texts; else None."""
    found = getattr(x, method, None)
    is_encoder = callable(getattr(x, "encode", None)) and callable(found)
    is_encoder = is_encoder and not isinstance(x, Stack)
    return found if is_encoder else None


def table_of(where: str, x: Any, vocab: Any) -> Table:
    """The table that a layer is to hold, aligned to `vocab` if there is one.

    Args:
        where: The function that was called.
        x: A table, or the file of one.
        vocab: What `Table.align` takes, or None.

    Raises:
        ArgumentTypeError: `x` is something else.
        ArgumentError: `x` is a folder, or a table without tokens and there is no `vocab`.
    """
    if isinstance(x, str | os.PathLike):
        if path_to_read(where, x).is_dir():
            raise ArgumentError(
                where,
                expected="a file of vectors",
                got=f"the folder {os.fspath(x)}",
                hint=f"{where}(inlay.load_encoder(folder)), if it holds an encoder",
            )
        from inlay.formats import load

        try:
            x = load(x)
        except MissingFileError as error:
            hint = f"{where}(inlay.load_encoder({os.fspath(x)!r})), if it is an encoder"
            error.hint = f"{error.hint}; or {hint}" if error.hint else hint
            raise
    if not isinstance(x, Table):
        raise ArgumentTypeError(
            where,
            expected="a Table, an encoder, or a file of vectors",
            got=described(x),
            hint=_instead(where, x),
        )
    if vocab is None and not len(x) and x.can_compose:
        raise ArgumentError(
            where,
            expected="a vocabulary, whose words get rows",
            got="a table without tokens, which composes the vector of any word",
            hint=f"{where}(table, vocab)",
        )
    return x if vocab is None else x.align(vocab)


def check_vocab(vocab: Any) -> None:
    """Refuse True and False: the second argument is not the flag that some expect there.

    Raises:
        ArgumentTypeError: A bool, or a TextToIds, which has a vocabulary.
    """
    if isinstance(vocab, TextToIds):
        raise ArgumentTypeError(
            "vocab", expected="a Vocabulary, or None", got="a TextToIds", hint="vocab=to_ids.vocab"
        )
    if isinstance(vocab, bool | np.bool_):
        raise ArgumentTypeError(
            "vocab", expected="a Vocabulary, or None", got=f"{vocab}", hint=f"trainable={vocab}"
        )


def check_vocab_for_encoder(vocab: Any) -> None:
    """Refuse a plain list: a table's rows are numbered from 0, AllenNLP's words from 1.

    Raises:
        ArgumentTypeError: Neither None nor something that has ids of its own.
    """
    if vocab is not None and not isinstance(vocab, Vocabulary | Table | Mapping):
        raise ArgumentTypeError(
            "vocab",
            expected="a Vocabulary for an encoder, or None",
            got=described(vocab),
            hint="Vocabulary(tokens); or the encoder's own method, vocab_to_cache=tokens, where "
            "id 0 is no token",
        )


def check_no_encoder(where: str, x: Any) -> None:
    """Refuse an encoder where only a table will do.

    Raises:
        ArgumentTypeError: `x` is one.
    """
    if maker_of(x, "to_keras") or maker_of(x, "to_torch"):
        raise ArgumentTypeError(
            where,
            expected="a Table, or a file of vectors",
            got="an encoder",
            hint="inlay.to_keras(encoder), whose layer Keras runs on TensorFlow and on JAX",
        )


def layer_of(
    where: str,
    make: Callable[..., Any],
    vocab: Any,
    trainable: Trainable,
    others: Mapping[str, Any],
) -> Any:
    """The layer of an encoder, by its own `to_torch` or `to_keras`.

    Args:
        where: The function that was called.
        make: That method.
        vocab: Its `vocab_to_cache`, if it has one, as an ELMo's does.
        trainable: Whether all of it trains.
        others: Other arguments; those that are not None, 0 or False were set.

    Raises:
        ArgumentTypeError: `vocab` is none for an encoder.
        ArgumentError: One was set that the method does not take.
    """
    check_vocab_for_encoder(vocab)
    takes = inspect.signature(make).parameters
    given = {name: value for name, value in others.items() if value not in (None, False, 0)}
    _refuse(
        _parts(trainable) | {name: name not in takes for name in given},
        "a table: the layer of an encoder decides that by itself",
        "an encoder",
        f"see its own {where}",
    )
    if vocab is not None:
        if "vocab_to_cache" not in takes:
            expected, got = "None: the encoder takes texts by itself", described(vocab)
            raise ArgumentError("vocab", expected=expected, got=got)
        given["vocab_to_cache"] = vocab
    return make(trainable=bool(trainable), **given)


def check_for_stack(where: str, trainable: Trainable, **without_effect: bool) -> None:
    """Refuse a difference, which only the layer of one table trains, and what else only it obeys.

    Raises:
        ArgumentError: One of them was set.
    """
    instead = f"{where}(stack.merged(vocab), ...)"
    only_one = {"trainable": trainable == "delta"} | without_effect
    _refuse(only_one, "one table", "a stack of several", instead)


def _parts(trainable: Trainable) -> dict[str, bool]:
    return {"rows": trainable == "rows", "trainable": trainable == "delta"}


def _refuse(without_effect: Mapping[str, bool], expected: str, got: str, instead: str) -> None:
    for name in (name for name, is_set in without_effect.items() if is_set):
        hint = f"leave {name} out, or {instead}"
        raise ArgumentError(name, expected=expected, got=got, hint=hint)


def _instead(where: str, x: Any) -> str:
    if isinstance(x, Stack):
        return f"{where}(stack.merged(vocab)), which makes one table of them"
    if isinstance(x, Vocabulary | HashingVocabulary):
        return (
            f"{where}(table, vocab), for a vocabulary holds no vectors; "
            f"{where}(Table.random(vocab, dim), trainable=True) for vectors that are learned"
        )
    if isinstance(x, TextToIds):
        return TAKES_STRINGS.get(where, "to_ids(texts), whose ids the layer of a table takes")
    if isinstance(x, Mapping):
        return f"{where}(Table(list(d), np.array(list(d.values()))))"
    if hasattr(x, "shape"):
        return f"{where}(Table(tokens, array)), for the layer needs to know which row is whose"
    if callable(getattr(x, "encode", None)):  # an encoder that is no layer of this framework
        return "encoder.encode(texts), and the vectors as the input of a model"
    return ""
