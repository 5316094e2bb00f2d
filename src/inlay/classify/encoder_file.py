"""The encoder of a saved classifier: in its folder, or by reference, or given again by the user."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from inlay.bytes.content import shortened
from inlay.checks import described
from inlay.encode import load_encoder
from inlay.encode.protocol import check_encoder, hash_of, settings_of
from inlay.errors import ArgumentError, FormatError, InlayError, UnsupportedError
from inlay.tokenizers import NotOpened, saved_tokenizer

ENCODER = "encoder"  # a folder, and what the settings' file says of it
AGAIN = "TextClassifier.load(path, embedding=...), with the encoder that it was fitted on"
# Settings that `load_encoder` can be told, where an encoder's files do not say them.
TOLD = ("tokenizer", "max_length", "engine", "precision")


@dataclass(frozen=True)
class Saved:
    """What the settings' file says of an encoder, as JSON values.

    Attributes:
        hash: Of the encoder; None: it has none, and whoever gives it again is trusted.
        settings: Its settings.
        path: Where it is: its path or name, or ENCODER for the classifier's own folder; None:
            in no file.
    """

    hash: str | None
    settings: dict[str, Any]
    path: str | None

    @classmethod
    def write(
        cls, encoder: Any, folder: Path, *, origin: str | None, by_reference: bool
    ) -> dict[str, Any]:
        """Save an encoder as whoever loads the classifier will want it.

        Args:
            encoder: The encoder.
            folder: That of the classifier.
            origin: The path or name that the encoder was given by, if it was.
            by_reference: Note where it is, instead of writing it whole.

        Raises:
            ArgumentError: By reference, and nobody knows where it is from.
        """
        if by_reference:
            if origin is None:
                raise ArgumentError(
                    "by_reference=True",
                    expected="an encoder that was given by its path or name",
                    got=described(encoder),
                    hint="TextClassifier(embedding=path)",
                )
            path: str | None = os.path.abspath(origin) if os.path.exists(origin) else origin
        else:
            path = ENCODER if _is_written(encoder, folder / ENCODER) else None
        return vars(cls(hash_of(encoder), settings_of(encoder), path))

    @classmethod
    def read(cls, about: Any, where: str) -> Self:
        """What the settings' file says, checked.

        Raises:
            FormatError: It is damaged.
        """
        kinds: dict[str, Any] = {
            "hash": (str, type(None)),
            "settings": dict,
            "path": (str, type(None)),
        }
        if not isinstance(about, dict) or about.keys() != kinds.keys():
            raise FormatError(
                where, expected="an encoder's hash and settings", got=described(about)
            )
        for name, kind in kinds.items():
            if not isinstance(about[name], kind):
                got = f"{described(about[name])} as {name}"
                raise FormatError(where, expected="an encoder's hash and settings", got=got)
        return cls(**about)

    def opened(self, folder: Path, given: Any) -> Any:
        """The encoder: what was given again, or that of the folder or of the reference.

        Raises:
            FormatError: It is another one than that of the fit.
            ArgumentError: It is in no file, and none was given.
            InlayError: It cannot be read.
        """
        if given is not None:
            if isinstance(given, str | os.PathLike):
                given = self._loaded(os.fspath(given))
            check_encoder("embedding", given)
            return self._same(given, "embedding")
        if self.path is None:
            raise ArgumentError(
                str(folder),
                expected="the encoder that it was fitted on",
                got="none, for a file cannot hold it",
                hint=AGAIN,
            )
        path = str(folder / ENCODER) if self.path == ENCODER else self.path
        try:
            return self._same(self._loaded(path), shortened(Path(path)))
        except InlayError as error:
            error.hint = error.hint if isinstance(error, FormatError) else AGAIN
            raise

    def _loaded(self, path: str) -> Any:
        """The encoder of a path, with the settings that it had."""
        encoder = load_encoder(path)
        found = settings_of(encoder)
        told = {
            name: self.settings[name]
            for name in TOLD
            if self.settings.get(name) is not None and self.settings[name] != found.get(name)
        }
        if "tokenizer" in told:
            tokenizer = saved_tokenizer(told["tokenizer"], hint=AGAIN)
            if isinstance(tokenizer, NotOpened):
                raise tokenizer.error
            told["tokenizer"] = tokenizer
        return load_encoder(path, **told) if told else encoder

    def _same(self, encoder: Any, where: str) -> Any:
        """An encoder, if it gives the vectors that the classifier learned on."""
        found, expected = settings_of(encoder), self.settings
        differing = sorted(k for k in found | expected if found.get(k) != expected.get(k))
        if self.hash is not None and hash_of(encoder) != self.hash:
            raise FormatError(
                where,
                expected=f"the encoder of the fit, with the hash {self.hash[:12]}...",
                got=f"another, with {(hash_of(encoder) or 'none')[:12]}...",
                hint=AGAIN,
            )
        if differing:
            name = differing[0]
            raise FormatError(
                where,
                expected=f"{name}={expected.get(name)!r}, as the encoder of the fit had it",
                got=repr(found.get(name)),
                hint=AGAIN,
            )
        return encoder


def _is_written(encoder: Any, folder: Path) -> bool:
    """Write an encoder, if it can be."""
    if not hasattr(encoder, "save"):
        return False
    try:
        encoder.save(folder)
    except UnsupportedError:
        return False
    return True
