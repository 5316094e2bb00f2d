"""Several encoders as one: their vectors side by side, or the mean of them."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from inlay.aliases import Array, Text
from inlay.checks import choice, flag, one_text
from inlay.encode.base import TextEncoder, unit
from inlay.encode.folder import kind_in, read_folder, written_folder
from inlay.encode.one_layer import with_layers
from inlay.encode.protocol import Encoder, has_tokens, settings_of
from inlay.encode.remembering import encoded
from inlay.errors import ArgumentError, FormatError, UnsupportedError
from inlay.tokenizers import NotOpened, saved_tokenizer

How = Literal["concat", "mean"]
LoadPart = Callable[[Path, dict[str, Any], dict[str, Any]], Encoder]
OWN = "default"  # each part's own pool, where they have different ones
# What a part is loaded with again; a kind that keeps them in its own files is given them too.
KEPT = ("tokenizer", "max_length", "engine", "precision")
HINT = "inlay.encode.stack([...]) again, of parts with tokenizer=..."


class EncoderStack(TextEncoder):
    """What `inlay.encode.stack` makes.

    Args:
        parts: Encoders.
        how: "concat" or "mean".
        normalize: Give the vectors of each part the length 1 before they are joined.

    Attributes:
        parts: The encoders, in their order.
        how: How their vectors are joined.
        normalize: Whether those of each part have the length 1 first.
    """

    def __init__(
        self, parts: Sequence[Encoder], how: How = "concat", *, normalize: bool = False
    ) -> None:
        self.parts, self.how = tuple(parts), choice("how", how, ("concat", "mean"))
        self.normalize = flag("normalize", normalize)
        if not self.parts:
            raise ArgumentError("encoders", expected="at least one encoder", got="none")
        dims = [part.dim for part in self.parts]
        self.dim = sum(dims) if how == "concat" else max(dims)
        every = [getattr(part, "pools", (OWN,)) for part in self.parts]
        alike = [pool for pool in every[0] if all(pool in pools for pools in every)]
        own = every[0][0] if len({pools[0] for pools in every}) == 1 else OWN
        self.pools = (own, *(pool for pool in alike if pool != own))
        lengths = [getattr(part, "max_length", None) for part in self.parts]
        self.max_length = min((n for n in lengths if n is not None), default=None)

    def __repr__(self) -> str:
        names = ", ".join(type(part).__name__ for part in self.parts)
        return f"EncoderStack({names:.100}, {self.how!r}, dim {self.dim})"

    def _hash(self) -> str:
        names: list[Any] = [self.how, self.normalize, *(part.hash for part in self.parts)]
        return hashlib.sha256(json.dumps(names).encode()).hexdigest()

    @property
    def settings(self) -> dict[str, Any]:
        """Those of the parts, in their order; see `TextEncoder.settings`."""
        parts = [settings_of(part) for part in self.parts]
        names = [part["tokenizer"] for part in parts if "tokenizer" in part]
        said = {"tokenizer": None if None in names else " ".join(names)} if names else {}
        return super().settings | said | {"parts": parts}

    @property
    def has_tokens(self) -> bool:
        """Whether all parts have a vector for each token."""
        return all(has_tokens(part) for part in self.parts)

    def tokenize(self, text: Text) -> list[str]:
        """The tokens of a text, as the first part splits it."""
        if not self.has_tokens:
            raise self._lacks("tokenize")
        first: Any = self.parts[0]
        return list(first.tokenize(one_text("text", text))[: self.max_length])

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the parts into a folder, each into one of its own; see `TextEncoder.save`."""
        for part in self.parts:
            if not hasattr(part, "save"):
                raise UnsupportedError(
                    "EncoderStack.save",
                    expected="encoders that can be saved",
                    got=f"a {type(part).__name__}",
                )
        kept = [{k: v for k, v in settings_of(part).items() if k in KEPT} for part in self.parts]
        content = {"how": self.how, "normalize": self.normalize, "parts": kept}
        with written_folder(folder, "stack", content) as written:
            for i, part in enumerate(self.parts):
                saved: Any = part
                saved.save(written / str(i))

    def _learned(self) -> Iterator[Array]:
        for part in self.parts:
            if isinstance(part, TextEncoder):
                yield from part._learned()

    def _block(self, texts: list[str | list[str]], pool: str) -> Array:
        own = None if pool == OWN else pool
        return self._joined([encoded(part, texts, pool=own) for part in self.parts], len(texts))

    def _layers(self, texts: list[str | list[str]]) -> Iterator[Array]:
        tokens = [self.tokenize(text) for text in texts]
        every = [_of_tokens(part, tokens) for part in self.parts]
        for text, *found in zip(tokens, *every, strict=True):
            if any(len(vectors) != len(text) for vectors in found):
                raise ArgumentError(
                    "encoders",
                    expected=f"a vector for each of {len(text)} tokens from every part",
                    got=" and ".join(str(len(vectors)) for vectors in found),
                    hint="parts with the same max_length",
                )
            yield self._joined(found, len(text))[None]

    def _joined(self, vectors: list[Array], n: int) -> Array:
        if self.normalize:
            vectors = [unit(one) for one in vectors]
        if self.how == "concat":
            return np.concatenate(vectors, axis=1)
        total = np.zeros((n, self.dim), np.float32)
        for one in vectors:  # a shorter one ends in zeros
            total[:, : one.shape[1]] += one
        return total / np.float32(len(vectors))


class StackKind:
    """A folder with the parts of a stack.

    Args:
        load_part: Called with the folder of a part, the settings that it had, and those that are
            given instead.
    """

    name = "stack"
    files = "a folder of ours with the folders 0, 1, ... of its parts"
    takes = ("engine", "precision", "workers", "verify")

    def __init__(self, load_part: LoadPart) -> None:
        self._load_part = load_part

    def sniff(self, path: Path) -> bool:
        """Whether `encoder.json` says so."""
        return kind_in(path) == self.name

    def load(self, path: Path, **settings: Any) -> Encoder:
        """Read the parts, and join them."""
        content = read_folder(path, self.name)
        kept = content.get("parts")
        if not isinstance(kept, list) or not kept or not all(isinstance(k, dict) for k in kept):
            raise FormatError(str(path), expected="the settings of each part", got=f"{kept!r:.60}")
        places = [path / str(i) for i in range(len(kept))]
        parts = [
            self._load_part(place, _kept(said, place), settings)
            for place, said in zip(places, kept, strict=True)
        ]
        return EncoderStack(
            parts,
            content.get("how"),  # type: ignore[arg-type]
            normalize=content.get("normalize"),  # type: ignore[arg-type]
        )


def _kept(said: dict[str, Any], place: Path) -> dict[str, Any]:
    """What a file says of a part, as arguments: a function that it names is not imported.

    A folder of ours has its tokenizer, and the file of it, itself.
    """
    given = {name: said[name] for name in KEPT if said.get(name) is not None}
    if kind_in(place) is not None:
        given.pop("tokenizer", None)
    elif "tokenizer" in given:
        given["tokenizer"] = saved_tokenizer(given["tokenizer"], hint=HINT)
    elif "tokenizer" in said:
        given["tokenizer"] = NotOpened("", LOST)
    return given


def _of_tokens(part: Encoder, tokens: list[list[str]]) -> Iterator[Array]:
    layered = with_layers(part)
    return (layered.mix(layers) for layers in layered.layers(tokens))


LOST = ArgumentError(
    "tokenizer",
    expected="the function with which a part of the stack splits texts, which no file could hold",
    got="none",
    hint=HINT,
)
