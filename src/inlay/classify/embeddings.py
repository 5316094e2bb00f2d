"""What `TextClassifier(embedding=...)` was given, and what its network therefore reads."""

import dataclasses
import os
from pathlib import Path
from typing import Any, NamedTuple

from inlay.aliases import Text
from inlay.checks import described
from inlay.classify.encoded import Encoded
from inlay.classify.hosted import Hosted
from inlay.classify.inputs import Inputs
from inlay.classify.settings import (
    BY_TEXT,
    MAX_LENGTH,
    MAX_SIZE,
    MIN_COUNT,
    MIX,
    ClassifierSettings,
)
from inlay.classify.vectors import check_dim, tokenizer_for
from inlay.classify.words import Words
from inlay.core import Table, Vocabulary
from inlay.encode import ENCODERS, as_encoder, load_encoder
from inlay.encode.learning import learned_on
from inlay.encode.names import named
from inlay.encode.protocol import Encoder, has_tokens, is_encoder
from inlay.encode.static import StaticEncoder
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.sources.asked import asked_for
from inlay.sources.hub_files import HUB

Embedding = Table | Encoder | str | os.PathLike[str] | None

EXPECTED = "a Table, an encoder, the path or name of one, or None"
# Settings that are of words with vectors of their own: what each is where nobody says anything, and
# what to do instead where it has no effect.
NO_VOCABULARY = "leave it out: no vocabulary of the texts is made"
FROZEN = "trainable=False or 'mix', for which texts are encoded once"
OF_COUNTING: dict[str, tuple[Any, str]] = {
    "variant": (None, "trainable=False, True or 'mix'"),
    "max_size": (MAX_SIZE, NO_VOCABULARY),
    "min_count": (MIN_COUNT, NO_VOCABULARY),
}
OF_WORDS = OF_COUNTING | {
    "dim": (None, "leave it out: the encoder has its own"),
    "tokenizer": (None, "inlay.load_encoder(path, tokenizer=...)"),
    "max_length": (MAX_LENGTH, "inlay.load_encoder(path, max_length=...)"),
}


class Given(NamedTuple):
    """An embedding that has been read.

    Attributes:
        value: A table, an encoder or None.
        origin: The path or name that it was given by; None: it was given itself.
    """

    value: Any
    origin: str | None = None


def opened(embedding: Any) -> Given:
    """Read what a classifier was given: a table or an encoder, itself or by its path or name.

    Raises:
        ArgumentTypeError: It is neither.
        InlayError: It cannot be read.
    """
    if embedding is None or isinstance(embedding, Table) or is_encoder(embedding):
        return Given(embedding)
    if isinstance(embedding, str | os.PathLike):
        return Given(_read(embedding), os.fspath(embedding))
    if callable(embedding) and not isinstance(embedding, type | Vocabulary):
        return Given(as_encoder(embedding))
    hint = "Table(tokens, array)" if hasattr(embedding, "shape") else ""
    if isinstance(embedding, Vocabulary):
        hint = "leave it out: fit makes the vocabulary, and a table has the vectors"
    raise ArgumentTypeError("embedding", expected=EXPECTED, got=described(embedding), hint=hint)


def inputs_of(
    settings: ClassifierSettings, given: Given, texts: list[Text]
) -> tuple[ClassifierSettings, Inputs]:
    """What the network reads, and the settings with all that was left open.

    Args:
        settings: As the user has them.
        given: The embedding.
        texts: Those to learn from.

    Raises:
        ArgumentError: Settings that contradict the embedding or have no effect on it.
    """
    value = given.value
    if value is not None and not isinstance(value, Table):
        return _on_encoder(settings, given, texts)
    if settings.model in BY_TEXT:
        return _on_pooled_table(settings, given)
    settings = dataclasses.replace(settings, model=settings.model or "cnn")
    variant = settings.variant_for(given=value is not None)
    _check_of_encoders(settings)
    check_dim(settings.dim, value)
    settings = dataclasses.replace(settings, tokenizer=tokenizer_for(settings.tokenizer, value))
    return settings, Words.of_texts(settings, variant, value, texts)


def _on_encoder(
    settings: ClassifierSettings, given: Given, texts: list[Text]
) -> tuple[ClassifierSettings, Inputs]:
    _check_unused(settings, OF_WORDS, "an encoder")
    model = settings.model or BY_TEXT[0]
    settings = dataclasses.replace(settings, model=model)
    by_token = model not in BY_TEXT
    if by_token and not has_tokens(given.value):
        raise ArgumentError(
            "model",
            expected=f"{' or '.join(map(repr, BY_TEXT))} on an encoder without vectors of tokens",
            got=described(model),
        )
    mixes = settings.trainable == MIX
    if mixes and getattr(given.value, "n_layers", 1) < 2:
        expected = "False or True: the encoder has no layers to mix"
        raise ArgumentError("trainable", expected=expected, got=repr(MIX))
    if settings.trainable is True:
        _check_unused(settings, {"features": (None, FROZEN)}, "an encoder that trains")
        return settings, Hosted(given.value, by_token, origin=given.origin)
    encoder = learned_on(given.value, texts)
    return settings, Encoded(encoder, by_token, mixes, settings.features, given.origin)


def _on_pooled_table(
    settings: ClassifierSettings, given: Given
) -> tuple[ClassifierSettings, Inputs]:
    """The mean of a table's vectors, frozen, in the place of the vectors themselves."""
    table = given.value
    if table is None:
        raise ArgumentError(
            "embedding",
            expected=f"a table or an encoder for model={settings.model!r}, which is frozen",
            got="None",
            hint="model='mean', which learns vectors",
        )
    if settings.trainable:
        raise ArgumentError(
            "trainable",
            expected=f"False or None with model={settings.model!r} on a table, which is frozen",
            got=described(settings.trainable),
            hint="model='mean', which trains the vectors",
        )
    _check_unused(settings, OF_COUNTING, f"model={settings.model!r}")
    check_dim(settings.dim, table)
    encoder = StaticEncoder(table, tokenizer=settings.tokenizer, max_length=settings.max_length)
    inputs = Encoded(encoder, by_token=False, folder=settings.features, origin=given.origin)
    return settings, inputs


def _check_unused(
    settings: ClassifierSettings, unused: dict[str, tuple[Any, str]], beside: str
) -> None:
    """Refuse settings that were changed and have no effect.

    Raises:
        ArgumentError: One was.
    """
    for name, (usual, hint) in unused.items():
        if (found := getattr(settings, name)) != usual:
            raise ArgumentError(
                name,
                expected=f"nothing beside {beside}, on which it has no effect",
                got=described(found),
                hint=hint,
            )


def _check_of_encoders(settings: ClassifierSettings) -> None:
    """Refuse on the words of a table what only an encoder has."""
    if settings.trainable == MIX:
        expected = "True, False or None on a table, which has no layers to mix"
        raise ArgumentError("trainable", expected=expected, got=repr(MIX))
    if settings.features is not None:
        expected = "nothing beside a table, whose vectors are looked up"
        raise ArgumentError("features", expected=expected, got=described(settings.features))


def _read(given: str | os.PathLike[str]) -> Any:
    """A table or an encoder, whichever is there."""
    if is_of_encoder(given):
        return load_encoder(given)
    from inlay.formats import load

    return load(given)


def is_of_encoder(given: str | os.PathLike[str]) -> bool:
    """Whether a path or name is that of an encoder, and not of a table's file."""
    if os.path.lexists(given):
        path = Path(given)
        return path.is_dir() and any(kind.sniff(path) for kind in ENCODERS)
    if not isinstance(given, str) or given.startswith(HUB):
        return False
    try:
        return named(given, ENCODERS) is not None or asked_for(given, "encoder") is not None
    except ArgumentError:  # the catalogue has it as something else
        return False
