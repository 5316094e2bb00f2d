"""Which number of a SavedModel's variables stands where in its checkpoint; writing one anew."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from inlay.aliases import Array
from inlay.bytes.protobuf import Value, fields, inner
from inlay.encode.savedmodel.files import GRAPH, VARIABLES
from inlay.encode.savedmodel.tensorflow_graph import Graph

OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
# The numbers of the fields of trackable_object_graph.proto.
NODES, CHILDREN, ATTRIBUTES = 1, 1, 2


def prefix_in(folder: Path) -> str:
    """What the files of a SavedModel's checkpoint have in common."""
    return str(folder / VARIABLES / "variables")


def variables_of(graph: Graph, endpoint: Any) -> list[Any]:
    """The numbers that an endpoint computes with, as variables, in an order that stays."""
    used = list(graph.root.variables) if graph.is_v1 else endpoint.variables()
    return [v for v in used if v.dtype.is_floating or v.dtype.is_integer or v.dtype.is_bool]


def stored(graph: Graph, variables: Sequence[Any]) -> list[Array | None]:
    """What the files of a SavedModel have for some variables; None, if that is not to be found."""
    reader, keys = tf.train.load_checkpoint(prefix_in(graph.folder)), _Keys(graph)
    names, has = [keys.of(variable) for variable in variables], reader.get_variable_to_shape_map()
    return [np.asarray(reader.get_tensor(name)) if name in has else None for name in names]


def twins_of(graph: Graph, variables: Sequence[Any]) -> dict[str, int]:
    """Copies of variables under names of their own, which Keras writes; nothing computes with them.

    Returns:
        The name of each copy in the checkpoint, and which of `variables` it is of.
    """
    if graph.is_v1:
        return {}
    known = {(v.name, tuple(v.shape)): i for i, v in enumerate(variables)}
    mine, found = {id(v) for v in variables}, {}
    for key, other in _Keys(graph).variables.items():
        i = known.get((other.name, tuple(other.shape)))
        if i is None or id(other) in mine:
            continue
        if np.array_equal(other.numpy(), variables[i].numpy()):
            found[key] = i
    return found


def write_all(
    graph: Graph, variables: Sequence[Any], twins: Mapping[str, int], folder: Path
) -> None:
    """Write the checkpoint of a SavedModel, with the numbers of now, into another folder.

    Args:
        graph: The SavedModel.
        variables: Of `variables_of`.
        twins: Of `twins_of`, when it was read.
        folder: Where to.
    """
    (folder / VARIABLES).mkdir(exist_ok=True)
    if graph.is_v1:
        _write_as_v1(graph, prefix_in(folder))
        return
    now = {key: variable.value() for key, variable in _Keys(graph).variables.items()}
    _write(graph, now | {key: variables[i].value() for key, i in twins.items()}, folder)


def write_others(
    graph: Graph, variables: Sequence[Any], twins: Mapping[str, int], folder: Path
) -> None:
    """As `write_all`, without these variables, which are kept elsewhere; for `read_others`."""
    if graph.is_v1:
        return
    (folder / VARIABLES).mkdir(exist_ok=True)
    without = {id(variable) for variable in variables}
    found = _Keys(graph).variables.items()
    _write(
        graph,
        {k: v.value() for k, v in found if id(v) not in without and k not in twins},
        folder,
    )


def read_others(graph: Graph, variables: Sequence[Any], twins: Mapping[str, int]) -> None:
    """Give a graph without numbers those that `write_others` has written, and its twins theirs."""
    if graph.is_v1:
        return
    reader = tf.train.load_checkpoint(prefix_in(graph.folder))
    has, mine = reader.get_variable_to_shape_map(), {id(variable) for variable in variables}
    for key, variable in _Keys(graph).variables.items():
        if key in twins:
            variable.assign(variables[twins[key]].value())
        elif key in has and id(variable) not in mine:
            variable.assign(reader.get_tensor(key))


def _write(graph: Graph, now: Mapping[str, Any], folder: Path) -> None:
    """Write numbers by their names, and the graph of objects, by which TensorFlow finds them."""
    every = {OBJECTS: tf.constant(_objects(graph)), **now}
    tf.raw_ops.SaveV2(
        prefix=prefix_in(folder),
        tensor_names=list(every),
        shape_and_slices=[""] * len(every),
        tensors=list(every.values()),
    )


def _objects(graph: Graph) -> bytes:
    found: bytes = tf.train.load_checkpoint(prefix_in(graph.folder)).get_tensor(OBJECTS)
    return found


def _write_as_v1(graph: Graph, prefix: str) -> None:
    """By the graph's own ops, which know of variables in parts."""
    model = saved_model_pb2.SavedModel.FromString((graph.folder / GRAPH).read_bytes())
    saver = next(g.saver_def for g in model.meta_graphs if g.saver_def.save_tensor_name)
    root = graph.root
    names = (saver.filename_tensor_name, saver.save_tensor_name)
    name, done = (root.graph.as_graph_element(tensor) for tensor in names)
    root.prune(feeds=[name], fetches=[done])(tf.constant(prefix))


class _Keys:
    """The names that the variables of a graph have in its checkpoint.

    Attributes:
        variables: Each by its name there; those of TensorFlow 1 in one piece only.
    """

    def __init__(self, graph: Graph) -> None:
        self.variables: dict[str, Any] = {}
        if graph.is_v1:
            self.variables = {v.name.removesuffix(":0"): v for v in graph.root.variables}
        else:
            self._walk(graph.root, memoryview(_objects(graph)))
        self._names = {id(v): key for key, v in self.variables.items()}

    def of(self, variable: Any) -> str:
        """The name of a variable; "" if it has none."""
        return self._names.get(id(variable), "")

    def _walk(self, root: Any, message: memoryview) -> None:
        nodes = [_Node(inner(value)) for n, value in fields(message, OBJECTS) if n == NODES]
        seen, waiting = {0}, [(root, 0)]
        while waiting:
            parent, at = waiting.pop()
            children = tf.train.TrackableView.children(parent)
            for name, number in nodes[at].children:
                child = children.get(name)
                if child is None or number in seen or number >= len(nodes):
                    continue
                seen.add(number)
                waiting.append((child, number))
                if isinstance(child, tf.Variable):
                    self.variables |= dict.fromkeys(nodes[number].keys, child)


class _Node:
    """An object in a checkpoint: its children, and the names of what it has."""

    def __init__(self, message: memoryview) -> None:
        self.children: list[tuple[str, int]] = []
        self.keys: list[str] = []
        for number, value in fields(message, OBJECTS):
            parts = dict(fields(inner(value), OBJECTS)) if not isinstance(value, int) else {}
            if number == CHILDREN:
                node = parts.get(1, 0)
                self.children.append((_text(parts.get(2)), node if isinstance(node, int) else 0))
            elif number == ATTRIBUTES:
                self.keys.append(_text(parts.get(3)))


def _text(value: Value | None) -> str:
    return bytes(value).decode() if isinstance(value, memoryview) else ""
