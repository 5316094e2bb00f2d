"""Encoders: texts in, vectors out, for each token or for the whole."""

import importlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.bytes.writing import restore_folder
from inlay.calls import Elsewhere, refuses_unknown
from inlay.checks import choice, described, flag, many
from inlay.core import Table
from inlay.encode.base import TextEncoder
from inlay.encode.elsewhere import OF_LOADING
from inlay.encode.engines import Engine, Precision
from inlay.encode.function import FunctionEncoder
from inlay.encode.kinds import DOWNLOAD, ElmoKind, Kind, recognise
from inlay.encode.names import named
from inlay.encode.paragraph.kind import ParagraphKind
from inlay.encode.protocol import Encoder, LayeredEncoder, WordEncoder, is_encoder
from inlay.encode.savedmodel.kind import SavedModelKind
from inlay.encode.stacked import EncoderStack, How, StackKind
from inlay.encode.static.kind import StaticKind
from inlay.encode.transformer.kind import TransformerKind
from inlay.encode.use.kind import UseKind
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.optional import look_for
from inlay.paths import path_to_read
from inlay.sources.asked import asked_for, near_told
from inlay.tokenizers import TokenizerLike

if TYPE_CHECKING:
    from inlay.sources import Source

__all__ = [
    "ENCODERS",
    "Encoder",
    "EncoderStack",
    "FunctionEncoder",
    "Kind",
    "LayeredEncoder",
    "TextEncoder",
    "WordEncoder",
    "as_encoder",
    "load_encoder",
    "stack",
]

ENCODERS: tuple[Kind, ...] = (
    ElmoKind(),
    ParagraphKind(),
    SavedModelKind(),
    StaticKind(),
    TransformerKind(),
    UseKind(),
    StackKind(lambda path, kept, given: _load_part(path, kept, given)),
)
# What others take, and where it stands.
ELSEWHERE: Elsewhere = (
    dict(OF_LOADING)
    | dict.fromkeys(
        ("weights", "mix", "pad_token", "stateful", "vocab_to_cache"),
        "inlay.encode.elmo.Elmo.load, whose own it is",
    )
    | dict.fromkeys(
        ("signature", "output_key", "arguments", "tags", "to_ids"),
        "inlay.encode.savedmodel.SavedModelEncoder.load, whose own it is",
    )
    | dict.fromkeys(
        ("pool", "pooling", "layer", "words", "special_tokens", "prompt", "prompt_name"),
        "inlay.encode.transformer.Transformer.load, or StaticEncoder(table, pool=...)",
    )
    | dict.fromkeys(("trainable", "freeze"), "inlay.to_torch(encoder), or to_keras, for a layer")
    | dict.fromkeys(("options_file", "weight_file"), "load_encoder(folder), which holds both")
)


# Of which errors and pages speak: `inlay.encode.elmo.Elmo`.
ROOMS = ("elmo", "features", "paragraph", "savedmodel", "static", "transformer", "use")


def __getattr__(name: str) -> Any:
    if name not in ROOMS:
        raise AttributeError(f"module 'inlay.encode' has no attribute {name!r}")
    return importlib.import_module(f"inlay.encode.{name}")


@refuses_unknown(ELSEWHERE)
def load_encoder(
    path: "str | os.PathLike[str] | Source",
    *,
    kind: str | Kind | None = None,
    tokenizer: TokenizerLike | None = None,
    max_length: int | None = None,
    engine: Engine | None = None,
    precision: Precision | None = None,
    workers: int | None = None,
    verify: bool = False,
) -> Encoder:
    """Read an encoder, whatever its kind, from files or by its name.

    These settings are those of several kinds. A kind's own are arguments of its class:
    `inlay.encode.elmo.Elmo.load(path, pad_token=..., stateful=...)`.

    Args:
        path: A folder or file of one of `inlay.encode.ENCODERS`, recognised by its content, such
            as an ELMo, for which see `inlay.encode.elmo.Elmo.load`. Or a name, for which nothing is
            downloaded: `"use-multilingual"`, which an installed package has, or `"OWNER/REPO"` of a
            model that lies in the cache of Hugging Face. Or a name of the
            catalogue, such as `"elmo-original"`, one of the Hugging Face Hub
            (`"hf://OWNER/REPO"`), or a `Source` of your own, which is downloaded once.
        kind: A name of these kinds, or a `Kind` of your own, where the content does not decide.
        tokenizer: How strings become tokens: a name or a callable; see `inlay.tokenizers`. None:
            as the encoder was trained, where its files say, else "words". Another than the one of
            its training is warned of. Lists of tokens are taken as they are.
        max_length: Read so many tokens of each text; None: all that the encoder takes.
        engine: What multiplies; see `inlay.encode.engines.packer`. None: "numba".
        precision: The precision of the products. None: "float32".
        workers: Threads. None: as many as serve the engine.
        verify: Compare the digest that inlay noted when it wrote the encoder with what is read:
            a flipped bit is an error, and so are files without a digest.

    Returns:
        An encoder: `encode(texts)` gives float32 `(n, dim)`. What else it can do is described
        in `inlay.encode.protocol` and by its own class.

    Raises:
        MissingFileError: Nothing is there.
        ArgumentTypeError: `path` is no path; an argument of another name.
        FormatError: No kind of encoder, or a damaged one.
        ArgumentError: No kind of this name, or a setting that the kind does not have.
        MissingPackageError: A package that the kind needs is not installed.
        DownloadError: What the catalogue has cannot be downloaded.
    """
    chosen, place = _found(path)
    restore_folder(place)  # of a training that was killed between two names
    if kind is not None:
        chosen = _named(kind)
    elif chosen is None:
        with near_told(path, DOWNLOAD):
            chosen = recognise(place, ENCODERS)
    settings = {
        "tokenizer": tokenizer,
        "max_length": max_length,
        "engine": engine,
        "precision": precision,
        "workers": workers,
        "verify": flag("verify", verify) or None,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    for name in given:
        if name not in chosen.takes:
            raise ArgumentError(
                name,
                expected=(
                    f"only {', '.join(chosen.takes)} with {chosen.name}"
                    if chosen.takes
                    else f"none of these settings with {chosen.name}, which has its own"
                ),
                got="a setting that has no effect",
            )
    return chosen.load(place, **given)


def as_encoder(value: Any, *, where: str = "encoder") -> Encoder:
    """Whatever can make vectors of texts, as an encoder.

    Args:
        value: An encoder, which is given back. A `Table`, a file of one or its name in the
            catalogue, of which it is an `inlay.encode.static.StaticEncoder`. A path or a name, as
            of `load_encoder`. A function from a list of texts to an array, or an object with such
            an `encode`, for which see `inlay.encode.FunctionEncoder`.
        where: The name of the argument, for the message.

    Raises:
        ArgumentTypeError: Anything else.
        InlayError: As of `load_encoder`.

    Examples:
        >>> as_encoder(lambda texts: [[len(text)] for text in texts]).encode(["film"])
        array([[4.]], dtype=float32)
    """
    if is_encoder(value):
        encoder: Encoder = value
        return encoder
    from inlay.sources import Source, find

    named_source = isinstance(value, str) and not os.path.lexists(value)
    source = find(value) if named_source else value if isinstance(value, Source) else None
    if source is not None and source.kind == "vectors":
        from inlay.formats import load

        value = load(source)
    if isinstance(value, Table):
        from inlay.encode.static import StaticEncoder

        return StaticEncoder(value)
    if isinstance(value, str | os.PathLike | Source):
        return load_encoder(value)
    function = getattr(value, "encode", value)
    if not callable(function) or isinstance(value, type):
        raise ArgumentTypeError(
            where,
            expected="an encoder, its path or name, a Table, or a function of a list of texts",
            got=described(value),
            hint="inlay.load_encoder(path)",
        )
    return FunctionEncoder(function)


def stack(encoders: Iterable[Any], how: How = "concat", *, normalize: bool = False) -> EncoderStack:
    """Join several encoders to one.

    Each part reads a text in its own way; for vectors of tokens all get the tokens of the first.

    Args:
        encoders: Encoders, or anything that `as_encoder` takes.
        how: `"concat"` lays the vectors of a text side by side. `"mean"` takes the mean of them;
            shorter ones end in zeros.
        normalize: Give the vectors of each part the length 1 before they are joined: else a part
            with long vectors outweighs the others in whatever measures distances.

    Returns:
        An encoder: `encode`, `save`, and `tokens` where all parts have a vector for each token.

    Raises:
        ArgumentTypeError: Something that is no encoder.
        ArgumentError: No encoder, or another `how`.

    Examples:
        >>> both = stack([lambda texts: [[len(text)] for text in texts]] * 2)
        >>> both.encode(["film"])
        array([[4., 4.]], dtype=float32)

    Source: Yin and Schütze 2016, "Learning word meta-embeddings", for concatenation; Coates and
    Bollegala 2018, "Frustratingly easy meta-embedding", for the mean of vectors that end in zeros.
    """
    hint = "stack([a, b])"
    if is_encoder(encoders) or isinstance(encoders, Table):
        got = described(encoders)
        raise ArgumentTypeError("encoders", expected="a list of encoders", got=got, hint=hint)
    each = enumerate(many("encoders", encoders, "encoders", hint=hint))
    return EncoderStack(
        [as_encoder(one, where=f"encoder {i}") for i, one in each], how, normalize=normalize
    )


def _load_part(path: Path, kept: dict[str, Any], given: dict[str, Any]) -> Encoder:
    """A part of a stack, with those settings that its kind takes."""
    kind = recognise(path, ENCODERS)
    settings = {name: value for name, value in (kept | given).items() if name in kind.takes}
    return kind.load(path, **settings)


def _found(path: Any) -> tuple[Kind | None, Path]:
    """Where an encoder lies, and its kind, if its name says it."""
    if isinstance(path, str) and not os.path.lexists(path):
        by_name = named(path, ENCODERS)
        if by_name is not None:
            return by_name
    if (source := asked_for(path, "encoder")) is not None:
        from inlay.sources.fetching import fetch_source, is_fetched
        from inlay.sources.names import TFHUB

        if source.url.startswith(TFHUB) and not is_fetched(source):  # before a large download
            look_for({"tensorflow": "tensorflow"}, need=f"running {source.name}, a SavedModel")
        return None, fetch_source(source).path
    return None, path_to_read("path", path)


def _named(kind: str | Kind) -> Kind:
    if isinstance(kind, str):
        names = [known.name for known in ENCODERS]
        return ENCODERS[names.index(choice("kind", kind, names, hint="or a Kind of your own"))]
    if not isinstance(kind, Kind):
        raise ArgumentTypeError(
            "kind",
            expected="a name, or an object with name, files, takes, sniff and load",
            got=described(kind),
        )
    return kind
