"""What may be asked of a transformer, checked against what its files say."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, cast

from inlay.bytes.damage import damage_reported
from inlay.checks import choice, flag_or_none, text_or_none, whole, whole_or_none
from inlay.encode.engines import Engine, Precision, check_engine
from inlay.encode.mix import Mix
from inlay.encode.transformer.files import PROMPTS, Files
from inlay.encode.transformer.head import Head, of_modules, plain
from inlay.encode.transformer.pooling import JOINED, modes_of
from inlay.encode.transformer.shape import shape_of
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.optional import look_for

Words = Literal["mean", "first", "last", "max"]
WORDS: tuple[Words, ...] = ("mean", "first", "last", "max")
LAST4: Literal["last4"] = "last4"
Layer = int | Literal["last4"] | Mix
# What is chosen for a machine: None, as nothing was said.
MACHINE = dict.fromkeys(("engine", "precision", "workers"))
# What each architecture calls these sizes.
LAYERS = ("num_hidden_layers", "n_layers", "num_layers")
DIM = ("hidden_size", "dim", "d_model")


@dataclass(frozen=True)
class Settings:
    """What `Transformer.load` takes, each with a value; see there.

    Attributes:
        pool: None: as the files say.
        special_tokens: None: as the files say.
        layer: Which layer, or mix of them.
        words: How the pieces of a word become its vector.
        prompt: The words in front of each text.
        max_length: Pieces read of a text; None: all.
        engine: What multiplies.
        precision: The precision of the products.
        workers: Threads; None: as many as serve the engine.
    """

    pool: str | None
    special_tokens: bool | None
    layer: Layer
    words: Words
    prompt: str
    max_length: int | None
    engine: Engine
    precision: Precision
    workers: int | None

    @classmethod
    def chosen(cls, files: Files, given: Mapping[str, Any], kept: Mapping[str, Any]) -> Self:
        """What was given, else what a saved encoder says, else what the files do.

        Args:
            files: The model's.
            given: All settings, None where nothing was said.
            kept: What `save` wrote of them; perhaps nothing.

        Raises:
            ArgumentError: A value that cannot be.
            ArgumentTypeError: One of another type.
            MissingPackageError: An engine is not installed.
        """
        if given["engine"] is not None:  # what was kept is a precision of another
            kept = {**kept, "precision": None}
        said = {name: kept.get(name) if value is None else value for name, value in given.items()}
        native = shape_of(files.config, files.where) is not None
        engine: Engine = said["engine"] or ("numba" if native else "torch")
        precision: Precision = said["precision"] or "float32"
        check_engine(engine, precision)
        if not native:
            _check_other(files, engine, precision)
        pool = said["pool"]
        return cls(
            pool=None if pool is None else JOINED.join(modes_of(pool)),
            special_tokens=flag_or_none("special_tokens", said["special_tokens"]),
            layer=_layer(-1 if said["layer"] is None else said["layer"], files),
            words=choice("words", said["words"] or WORDS[0], WORDS),
            prompt=_prompt(files, text_or_none("prompt", said["prompt"])),
            max_length=whole_or_none("max_length", said["max_length"]),
            engine=engine,
            precision=precision,
            workers=said["workers"],
        )

    @classmethod
    def kept(cls, files: Files, said: Any, where: str) -> dict[str, Any]:
        """What `encoder.json` says of them, checked, but for what this machine may lack.

        Raises:
            FormatError: It is not what `as_json` gave.
        """
        expected = "the settings of a saved transformer"
        with damage_reported(where, expected=expected, hint="save it again"):
            found = {**said}
            names = [field.name for field in fields(cls) if field.name not in MACHINE]
            try:
                cls.chosen(files, {name: found.get(name) for name in names} | MACHINE, {})
            except (ArgumentError, ArgumentTypeError) as error:
                raise FormatError(where, expected=expected, got=str(error)) from error
            return found

    def as_json(self) -> dict[str, Any]:
        """What `chosen` takes as `kept`; the machine's own `workers` are left out."""
        values = asdict(self) | {"layer": self.layer}
        if isinstance(self.layer, Mix):
            values["layer"] = [*self.layer.scalars, self.layer.gamma]
        return {name: value for name, value in values.items() if name != "workers"}

    def head(self, files: Files) -> Head:
        """How pieces become one vector.

        Raises:
            FormatError: Modules of sentence-transformers that are not known.
        """
        width = piece_dim(files, self.layer)
        if self.pool is None and files.modules is not None:
            return of_modules(files, width, special=self.special_tokens)
        return plain(self.pool or "mean", width, special=bool(self.special_tokens))


def layers_of(files: Files) -> int:
    """How many layers there are, the embeddings below the first among them."""
    return _size(files, *LAYERS) + 1


def piece_dim(files: Files, layer: Layer) -> int:
    """Numbers in the vector of a piece."""
    return _size(files, *DIM) * (4 if layer == LAST4 else 1)


def _size(files: Files, *names: str) -> int:
    """A size that each architecture has under one of several names."""
    for name in names:
        found = files.config.get(name)
        if type(found) is int and found > 0:
            return found
    expected = f"a whole number {' or '.join(map(repr, names))}"
    raise FormatError(files.where, expected=expected, got="none")


def _layer(layer: Any, files: Files) -> Layer:
    layers = layers_of(files)
    if isinstance(layer, list):  # as `as_json` has a mix
        layer = Mix(tuple(layer[:-1]), layer[-1])
    if isinstance(layer, Mix):
        if not layer.fits(layers):
            got = f"{layer!r:.60}"
            raise ArgumentError("layer", expected=f"a mix of {layers} layers", got=got)
        return layer
    if isinstance(layer, str) and layer == LAST4:
        if layers < 5:
            expected = "a model of 4 layers or more"
            raise ArgumentError("layer", expected=expected, got=f"{layers - 1}")
        return LAST4
    if isinstance(layer, str):
        expected = f"a number, {LAST4!r}, or a Mix"
        raise ArgumentTypeError("layer", expected=expected, got=repr(layer))
    return whole("layer", layer, least=-layers, most=layers - 1)


def _prompt(files: Files, prompt: str | None) -> str:
    """The words that a name of the folder's prompts stands for, or themselves."""
    said = files.said(PROMPTS)
    prompts = cast("dict[str, Any]", said.get("prompts") or {})
    name = said.get("default_prompt_name") if prompt is None else prompt
    if name is None:
        return ""
    return str(prompts.get(name, "" if prompt is None else prompt) or "")


def _check_other(files: Files, engine: Engine, precision: Precision) -> None:
    """Whether what only the `transformers` library has can run so."""
    family = files.config.get("model_type")
    if engine != "torch" or precision == "int8":
        raise ArgumentError(
            "engine" if engine != "torch" else "precision",
            expected=f"'torch' in float32 or bfloat16 for {family}, which `transformers` runs",
            got=repr(engine if engine != "torch" else precision),
        )
    packages = {"transformers": "transformers", "torch": "torch"}
    look_for(packages, need=f"a transformer of type {family}")
