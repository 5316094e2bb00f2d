"""A SavedModel as a Keras layer, on TensorFlow. Importing this registers the layer for loading."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.checks import flag, text_or_none
from inlay.encode.savedmodel.asked import checked_arguments, checked_tags
from inlay.encode.savedmodel.files import Kept
from inlay.encode.savedmodel.keras_saving import REFERENCE, Saved
from inlay.encode.savedmodel.reference import Reference
from inlay.encode.savedmodel.spec import Spec
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    NotFittedError,
    UnsupportedError,
)
from inlay.hosts.keras import check_arguments, keras, ops, plain
from inlay.hosts.keras_numbers import Numbers
from inlay.paths import path_to_read


class Files(Numbers):
    """A line of a config that JSON reads as text, and `clone_model` as the layer to copy from."""

    __slots__ = ()
    text = "in the assets"


@keras.saving.register_keras_serializable("inlay", "SavedModelLayer")
class SavedModelLayer(Saved, keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """A SavedModel of TensorFlow, Keras or TF Hub as a layer: what `hub.KerasLayer` was.

    It takes what the SavedModel takes: strings `(batch,)` or `(batch, 1)`, or ids, which are cast
    to its dtype. Its variables are the layer's weights, and any optimiser of Keras trains those
    which it calls trainable. What the SavedModel does in training alone (dropout, moving averages)
    is done where a model is trained and the layer is trainable, and the penalties on its weights
    that it has are then added to the loss.

    A saved model holds the SavedModel, its numbers once, in the model's weights; or, by reference,
    the path and the digest of its folder, and of the numbers those that have changed. To load
    either, import inlay. It runs the SavedModel's graph, and nothing else.

    Keras must run on TensorFlow. On other backends a SavedModel is frozen, and its vectors are
    computed once, before the model: see `inlay.encode.features`.

    Args:
        path: The folder. None: it comes from a saved model.
        trainable: Whether its variables train; `layer.trainable` changes it later.
        output_key: Which output; None: the only one, or "default", or else a dict of all.
        signature: What to call; None: `__call__`, "serving_default", "default" or "serve", the
            first that there is, or the only one.
        arguments: Other arguments of the call, by name: JSON values.
        tags: Of the graph, if there are several.
        by_reference: Whether a saved model names the folder and its digest, in the place of the
            SavedModel itself. `layer.by_reference` changes it later.
        saved: What the config of a saved layer knows of the SavedModel.
        **kwargs: `name` and `dtype` of any Keras layer.

    Raises:
        UnsupportedError: Keras runs on another backend.
        InlayError: Of a SavedModel that cannot be read or called: as of `SavedModelEncoder`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        trainable: bool = False,
        output_key: str | None = None,
        signature: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        by_reference: bool = False,
        saved: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        _check_backend()
        check_arguments(kwargs.get("name"), kwargs.get("dtype"))
        trainable = flag("trainable", trainable)
        super().__init__(trainable=trainable, **kwargs)
        self.supports_jit = False  # XLA has no strings and no tables
        self.output_key = text_or_none("output_key", output_key)
        self.signature = text_or_none("signature", signature)
        self.arguments, self.tags = checked_arguments(arguments), checked_tags(tags)
        self._refers = flag("by_reference", by_reference)
        self._graph: Any = None
        self._endpoint: Any = None
        self._numbers: list[Any] = []  # the variables, in the SavedModel's order
        self._reference: Reference | None = None
        self._kept: Kept | None = None
        if path is not None:
            self._read(path_to_read("path", path).absolute())
        elif saved is not None:
            self._expect(dict(saved))
        else:
            raise ArgumentError("path", expected="the folder of a SavedModel", got="None")
        for variable in () if trainable else self._numbers:
            variable.trainable = False  # a model asks them; `layer.trainable` changes them later
        self.built = True

    # -- where it comes from --------------------------------------------------------------------

    def _read(self, folder: Path) -> None:
        """Load a SavedModel, whose variables become those of the layer."""
        from inlay.encode.savedmodel.tensorflow_variables import twins_of

        self._load(folder, restore=True)
        variables = self._variables_in_graph()
        self._twins = twins_of(self._graph, variables)
        for variable in variables:
            self._add(variable, variable.name.removesuffix(":0"), variable.trainable)
        self.input_form = self._endpoint.input
        self.output_forms = self._endpoint.output_forms()
        if self._refers:
            self._reference = Reference.of(folder)

    def _expect(self, saved: dict[str, Any]) -> None:
        """Be as a saved layer was: by reference at once, else without numbers until they come."""
        if self._refers:
            self._reference = Reference.read(self._where(), saved[REFERENCE])
            self._read(self._reference.found())
            return
        import tensorflow as tf

        self._twins = dict(saved["twins"])
        self.input_form = Spec.read(saved["input"])
        self.output_forms = {name: Spec.read(form) for name, form in saved["outputs"].items()}
        for name, shape, dtype, trainable in saved["variables"]:
            # NaN, so that a layer that was never loaded cannot pass for one that works.
            value = tf.cast(np.nan if "float" in dtype else 0, dtype)
            self._add(tf.Variable(tf.fill(shape, value), trainable=trainable), name, trainable)

    def _load(self, folder: Path, *, restore: bool) -> None:
        from inlay.encode.savedmodel.tensorflow_graph import Graph

        self._graph = Graph(folder, tags=self.tags, restore=restore)
        self._endpoint, self.output_key = self._graph.endpoint(
            self.signature, self.output_key, self.arguments, vector=False
        )
        self.signature = self._endpoint.name
        self._resources = self._graph.resources()  # where Keras finds tables, to export them

    def _variables_in_graph(self) -> list[Any]:
        from inlay.encode.savedmodel.tensorflow_variables import variables_of

        found: list[Any] = variables_of(self._graph, self._endpoint)
        return found

    def _add(self, variable: Any, name: str, trainable: bool) -> None:
        """Register a variable of TensorFlow: what Keras trains is the variable itself."""
        with keras.name_scope(self.name):
            made = keras.Variable(
                variable,
                dtype=variable.dtype.name,
                trainable=trainable,
                autocast=False,
                name=name.replace("/", "_"),
            )
        self._numbers.append(made)  # by which Keras knows of it

    def _adopt(self, folder: Path) -> None:
        """Load a SavedModel whose numbers are those that the layer has."""
        from inlay.encode.savedmodel.tensorflow_variables import read_others

        self._load(folder, restore=False)
        variables = self._variables_in_graph()
        if [tuple(v.shape) for v in variables] != [tuple(v.shape) for v in self._numbers]:
            got = f"one with {len(variables)} others"
            expected = f"the SavedModel of the layer's {len(self._numbers)} variables"
            raise plain(FormatError(self._where(), expected=expected, got=got))
        for mine, variable in zip(self._numbers, variables, strict=True):
            variable.assign(mine.value)
            variable._unique_id = mine.value._unique_id  # by which an optimiser knows it
            mine._value = variable
        read_others(self._graph, variables, self._twins)

    def _where(self) -> str:
        return f"layer {self.name!r}"

    @property
    def by_reference(self) -> bool:
        """Whether a saved model names the SavedModel's folder, and does not hold it."""
        return self._refers

    @by_reference.setter
    def by_reference(self, value: bool) -> None:
        if flag("by_reference", value) and self._reference is None:
            if self._kept is not None:
                raise ArgumentError(
                    "by_reference",
                    expected="a layer that was made of a folder",
                    got="one that came whole, out of a saved model",
                    hint="layer.export(folder), and then SavedModelLayer(folder)",
                )
            self._reference = Reference.of(self._loaded().folder)
        self._refers = value

    # -- the call -------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Run the SavedModel.

        Args:
            inputs: Strings or ids: a list, an array, a tensor.
            *args: Keras' own.
            **kwargs: Keras' own.

        Returns:
            The output of `output_key`, or a dict of all.
        """
        if isinstance(inputs, keras.KerasTensor):
            self._check(str(inputs.dtype), f"{inputs.dtype} {tuple(inputs.shape)}")
        elif self.input_form.dtype == "string":
            from inlay.encode.savedmodel.tensorflow_running import strings

            inputs = strings(self._where(), inputs)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Run the SavedModel; it is trained if the layer is."""
        from inlay.encode.savedmodel.tensorflow_running import fitting

        self._loaded()
        trains = bool(training) and self.trainable
        outputs = self._endpoint(fitting(inputs, self.input_form), training=trains)
        if trains:
            for penalty in getattr(self._graph.root, "regularization_losses", ()):
                self.add_loss(penalty())
        if self.output_key is not None:
            return self._cast(outputs[self.output_key])
        return {name: self._cast(output) for name, output in outputs.items()}

    def _cast(self, output: Any) -> Any:
        return ops.cast(output, self.compute_dtype) if output.dtype.is_floating else output

    def _check(self, dtype: str, got: str) -> None:
        if (dtype == "string") != (self.input_form.dtype == "string"):
            hint = 'keras.Input((), dtype="string")' if dtype != "string" else ""
            raise plain(
                ArgumentTypeError(self._where(), expected=str(self.input_form), got=got, hint=hint)
            )

    def _loaded(self) -> Any:
        if self._graph is None:
            raise plain(
                NotFittedError(
                    self._where(),
                    expected="a SavedModel, which is not in a layer's config",
                    got="none",
                    hint="keras.models.load_model(path)",
                )
            )
        return self._graph

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """Shapes without a run, as the SavedModel says them."""
        batch = inputs.shape[0] if inputs.shape else None
        found = {}
        for name, form in self.output_forms.items():
            shape = () if not form.shape else (batch, *form.shape[1:])
            dtype = self.compute_dtype if "float" in form.dtype else form.dtype
            found[name] = keras.KerasTensor(shape, dtype=dtype)
        return found if self.output_key is None else found[self.output_key]

    # -- saving, of which more is in `Saved` --------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The layer without graph and numbers: what it takes and gives, its variables' names."""
        config: dict[str, Any] = super().get_config()
        names = ("signature", "output_key", "arguments", "tags", "by_reference")
        saved: dict[str, Any] = {"twins": dict(self._twins), "input": self.input_form.as_dict()}
        saved["outputs"] = {name: form.as_dict() for name, form in self.output_forms.items()}
        saved["variables"] = [
            (v.name, list(v.shape), v.dtype, v.value.trainable) for v in self._numbers
        ]
        if self._refers and self._reference is not None:
            saved[REFERENCE] = self._reference.as_dict()
        own = {name: getattr(self, name) for name in names}
        own |= {"arguments": dict(self.arguments)}
        return config | own | {"saved": saved, "files": Files(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer again: with all it has in this process, without numbers in another."""
        given = dict(config)
        files = given.pop("files", None)
        layer = cls(**given)
        source = files.layer if isinstance(files, Files) else None
        if source is not None and source._graph is not None:
            layer.set_weights(source.get_weights())
            if layer._graph is None:
                layer._kept = source._kept
                layer._adopt(source._graph.folder)
        return layer


def _check_backend() -> None:
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise UnsupportedError(
            "SavedModelLayer",
            expected="Keras on TensorFlow, whose graph a SavedModel is",
            got=f"Keras on {backend}",
            hint="KERAS_BACKEND=tensorflow; or frozen, with vectors that are computed once: "
            "encoder.encode(texts), or inlay.encode.features.write_features(encoder, texts, path)",
        )
