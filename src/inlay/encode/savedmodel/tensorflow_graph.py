"""What a loaded SavedModel can be called by, and what it gives."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from inlay.encode.savedmodel.spec import Spec
from inlay.encode.savedmodel.tensorflow_loading import load_root
from inlay.errors import ArgumentError

CALL = "__call__"
USUAL = (CALL, "serving_default", "default", "serve")  # what is called, if nothing is said
TRAINING = "training"


class Endpoint:
    """A function of a SavedModel that takes one tensor.

    Args:
        name: What it is called there.
        function: A signature, or a function of several forms, such as `__call__`.
        arguments: Other arguments of it, by their names.

    Attributes:
        input: What it takes.
        outputs: What it gives, by name; an output without one is "output_0".
        takes_training: Whether it can be told that it is trained.

    Raises:
        ArgumentError: It takes more than one tensor, or not these arguments.
    """

    def __init__(self, name: str, function: Any, arguments: Mapping[str, Any]) -> None:
        self.name, self._function, self._arguments = name, function, dict(arguments)
        concrete = getattr(function, "concrete_functions", None)
        self.takes_training, self._input_name = False, ""
        if concrete is None:
            self._concrete = [function]
            self._of_signature()
        else:
            self._concrete = list(concrete)
            self._of_forms()

    def _of_signature(self) -> None:
        takes = dict(self._function.structured_input_signature[1])
        self._check(takes)
        given = {name: takes.pop(name) for name in self._arguments}
        if len(takes) != 1:
            raise self._wrong("one tensor, the texts or ids", f"{', '.join(takes) or 'nothing'}")
        for name, spec in given.items():
            self._arguments[name] = tf.constant(self._arguments[name], spec.dtype)
        [(self._input_name, spec)] = takes.items()
        self.input = Spec.of(spec)
        self.outputs = _specs(self._function.structured_outputs)

    def _of_forms(self) -> None:
        names = list(inspect.signature(self._function).parameters)
        self._check(names[1:])
        self.takes_training = TRAINING in names and TRAINING not in self._arguments
        for form in self._concrete:
            args, kwargs = form.structured_input_signature
            given = dict(zip(names, args, strict=False)) | dict(kwargs)
            first = given.pop(names[0], None) if names else None
            if isinstance(first, tf.TensorSpec) and self._fits(given):
                self.input, self.outputs = Spec.of(first), _specs(form.structured_outputs)
                return
        raise self._wrong(
            f"one tensor, the texts or ids, and arguments={self._arguments}",
            f"{names[0] if names else 'nothing'} of another kind, {', '.join(names[1:])}",
        )

    def _fits(self, others: Mapping[str, Any]) -> bool:
        parameters = inspect.signature(self._function).parameters
        wanted = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
        wanted |= {TRAINING: False} | self._arguments
        return all(
            name in self._arguments
            if isinstance(value, tf.TensorSpec)
            else name not in wanted or wanted[name] == value
            for name, value in others.items()
        )

    def _check(self, names: Any) -> None:
        for name in self._arguments:
            if name not in names:
                raise ArgumentError(
                    "arguments",
                    expected=f"those of {self.name}: {', '.join(names) or 'none'}",
                    got=repr(name),
                )

    def _wrong(self, expected: str, got: str) -> ArgumentError:
        return ArgumentError(f"signature {self.name!r}", expected=expected, got=got)

    def __call__(self, inputs: Any, *, training: Any = False) -> dict[str, Any]:
        """Run it: its outputs by name.

        Args:
            inputs: A tensor as `input` says.
            training: Whether it is trained.
        """
        more = {TRAINING: bool(training)} if self.takes_training else {}
        if self._input_name:
            found = self._function(**{self._input_name: inputs}, **self._arguments)
        else:
            found = self._function(inputs, **self._arguments, **more)
        return _flat(found)

    def variables(self) -> list[Any]:
        """The variables that it uses, each once."""
        used = {id(v): v for form in self._concrete for v in form.variables}
        return list(used.values())

    def output_forms(self) -> dict[str, Spec]:
        """The outputs, whose sizes it runs to know if the SavedModel does not say them."""
        if all(
            spec.shape is not None and spec.shape[-1:] != (None,) for spec in self.outputs.values()
        ):
            return dict(self.outputs)
        shape = [1 if size is None else size for size in self.input.shape or (1,)]
        found = self(tf.zeros(shape, self.input.dtype))  # of strings, those are empty
        return {name: spec.known(found[name].shape) for name, spec in self.outputs.items()}

    def key(self, output_key: str | None) -> str | None:
        """Which output is meant; None: there is none of this name, or all are."""
        if output_key is not None:
            return output_key if output_key in self.outputs else None
        only = next(iter(self.outputs)) if len(self.outputs) == 1 else None
        return "default" if "default" in self.outputs else only

    def vector_key(self, output_key: str | None) -> str | None:
        """Which output is one vector for each text; None: none, or several."""
        if output_key is not None:
            found = self.outputs.get(output_key)
            return output_key if found is not None and found.is_vector else None
        vectors = [name for name, spec in self.outputs.items() if spec.is_vector]
        return "default" if "default" in vectors else (vectors[0] if len(vectors) == 1 else None)

    def __str__(self) -> str:
        given = ", ".join(f"{name}: {spec}" for name, spec in self.outputs.items())
        return f"{self.name!r} takes {self.input} and gives {given}"


class Tables(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]  # untyped
    """The tables of a graph of TensorFlow 1, as something that Keras knows to export.

    Args:
        root: What was loaded.
    """

    def __init__(self, root: Any) -> None:
        super().__init__()
        self.root = root

    def _create_resource(self) -> Any:
        return tf.constant(1.0)  # there is none: its ops find their tables by name

    def _initialize(self) -> Any:
        return self.root.initializer._initialize()


class Graph:
    """A SavedModel in memory.

    Args:
        folder: Its files.
        tags: Of `load_root`.
        restore: Of `load_root`.

    Attributes:
        root: What TensorFlow has made of it.
    """

    def __init__(
        self, folder: Path, *, tags: Sequence[str] | None = None, restore: bool = True
    ) -> None:
        self.folder, self.root = folder, load_root(folder, tags, restore=restore)
        self.is_v1 = hasattr(self.root, "prune")

    def endpoint(
        self,
        signature: str | None,
        output_key: str | None,
        arguments: Mapping[str, Any],
        *,
        vector: bool,
    ) -> tuple[Endpoint, str | None]:
        """What is to be called, and which of its outputs is meant.

        Args:
            signature: Its name; None: `__call__`, "serving_default", "default" or "serve", the
                first that fits, or else the only one.
            output_key: The output's; None: the only one, or "default".
            arguments: Others that it takes.
            vector: Whether the output must be one vector for each text. If not, and there are
                several outputs, None stands for all of them.

        Raises:
            ArgumentError: Nothing fits; the message lists what there is.
        """
        functions = self._functions()
        names = [signature] if signature is not None else [n for n in USUAL if n in functions]
        names = names or list(functions)[: 1 if len(functions) == 1 else 0]
        said: ArgumentError | None = None
        for name in names:
            if name not in functions:
                break
            try:
                found = Endpoint(name, functions[name], arguments)
            except ArgumentError as error:
                said = said or error
                continue
            key = found.vector_key(output_key) if vector else found.key(output_key)
            if key is not None or (not vector and output_key is None):
                return found, key
        if said is not None and (signature is not None or arguments):
            raise said
        raise self._nothing(functions, signature, output_key, vector=vector)

    def resources(self) -> Any:
        """What has to go along when a model with this graph in it is written as another graph."""
        return Tables(self.root) if self.is_v1 else self.root

    def _functions(self) -> dict[str, Any]:
        """What can be called, by name."""
        found = {}
        children = tf.train.TrackableView.children(self.root)
        for name, value in [(CALL, getattr(self.root, CALL, None)), *children.items()]:
            if hasattr(value, "concrete_functions"):
                found[name] = value
        return found | dict(getattr(self.root, "signatures", {}))

    def _nothing(
        self,
        functions: Mapping[str, Any],
        signature: str | None,
        output_key: str | None,
        *,
        vector: bool,
    ) -> ArgumentError:
        has = []
        for name, function in functions.items():
            try:
                has.append(str(Endpoint(name, function, {})))
            except ArgumentError as error:
                has.append(f"{name!r} takes {error.got}")
        wanted = "a vector for each text, float (n, dim)" if vector else "an output"
        named = "" if output_key is None else f" by the name {output_key!r}"
        asked = "" if signature is None else f" from signature={signature!r}"
        return ArgumentError(
            str(self.folder),
            expected=f"{wanted}{named}{asked}",
            got="; ".join(has) or "nothing that can be called",
            hint="signature= and output_key= name one of them" if has else "",
        )


def _specs(structure: Any) -> dict[str, Spec]:
    return {name: Spec.of(tensor) for name, tensor in _flat(structure).items()}


def _flat(structure: Any, at: str = "") -> dict[str, Any]:
    """Outputs by their names, which of inner ones are paths; no name is "output_0"."""
    if isinstance(structure, Mapping):
        parts: list[tuple[str, Any]] = [(str(key), value) for key, value in structure.items()]
    elif isinstance(structure, list | tuple) and not isinstance(structure, tf.TensorSpec):
        parts = [(str(i) if at else f"output_{i}", value) for i, value in enumerate(structure)]
    else:
        has_shape = hasattr(structure, "shape") and hasattr(structure, "dtype")
        return {at or "output_0": structure} if has_shape else {}
    found: dict[str, Any] = {}
    for key, value in parts:
        found |= _flat(value, f"{at}/{key}" if at else key)
    return found
