"""Variables of TensorFlow's first years, which TensorFlow 2 runs but cannot train.

Modules of TF Hub from 2018 have them ("reference variables"). Each is made one that is a
resource, under the same name, so that checkpoints and signatures fit as before.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import saved_model_pb2

from inlay.encode.savedmodel.files import ASSETS, GRAPH, VARIABLES

OLD = ("VariableV2", "Variable")
READ = "/read_of_resource"  # what stands behind the name of a variable's value
# Ops that write to a reference, and those that write to a resource.
WRITERS = {
    "Assign": "AssignVariableOp",
    "AssignAdd": "AssignAddVariableOp",
    "AssignSub": "AssignSubVariableOp",
    "IsVariableInitialized": "VarIsInitializedOp",
}
COLLECTIONS = (
    "variables",
    "trainable_variables",
    "model_variables",
    "local_variables",
    "moving_average_variables",
)


def with_resources(folder: Path, tags: Sequence[str]) -> Path:
    """A SavedModel whose variables can be trained.

    Args:
        folder: The SavedModel.
        tags: Of the graph that is meant.

    Returns:
        `folder`, if there is nothing to change, or something that cannot be; else a temporary
        folder with another graph, and links to the rest.
    """
    content = (folder / GRAPH).read_bytes()
    if not any(f"\x12{chr(len(op))}{op}".encode() in content for op in OLD):
        return folder
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(content)
    except Exception:  # a cut-off one, of which the loader tells
        return folder
    graphs = [g for g in model.meta_graphs if sorted(g.meta_info_def.tags) == list(tags)]
    if len(graphs) != 1 or not _converted(graphs[0]):
        return folder
    spare = Path(tempfile.mkdtemp())
    (spare / GRAPH).write_bytes(model.SerializeToString())
    for part in (VARIABLES, ASSETS):
        if (folder / part).is_dir():
            _link(folder / part, spare / part)
    return spare


def _converted(graph: Any) -> bool:
    """Convert all reference variables of a graph in place; False: it has to stay as it is."""
    nodes = graph.graph_def.node
    old = {node.name for node in nodes if node.op in OLD}
    writers = {n.name for n in nodes if n.op in WRITERS and n.input and _source(n.input[0]) in old}
    for node in nodes:
        data = [name for name in node.input if not name.startswith("^")]
        of_references = node.op.startswith(("Ref", "Scatter")) or node.op in ("Enter", "Switch")
        if any(_source(name) in old for name in data) and of_references:
            return False
        if any(_source(name) in writers for name in data) and node.op != "Identity":
            return False  # what reads a variable once it has been written to
    for node in list(nodes):
        if node.name in old:
            _to_resource(node)
            read = nodes.add(name=node.name + READ, op="ReadVariableOp", input=[node.name])
            read.attr["dtype"].CopyFrom(node.attr["dtype"])
        elif node.name in writers:
            node.op = WRITERS[node.op]
            if "T" in node.attr:
                node.attr["dtype"].CopyFrom(node.attr["T"])
            for name in ("T", "use_locking", "validate_shape"):
                node.attr.pop(name, None)
            if node.op == "VarIsInitializedOp":
                node.attr.pop("dtype", None)
        else:
            for i, name in enumerate(node.input):
                if not name.startswith("^") and _source(name) in old | writers:
                    source = _source(name)
                    owner = source if source in old else _source(_node(nodes, source).input[0])
                    node.input[i] = owner + READ
                    if source in writers:
                        node.input.append(f"^{source}")
    for name in set(COLLECTIONS) & set(graph.collection_def):
        _of_resources(graph.collection_def[name].bytes_list.value, old)
    return True


def _to_resource(node: Any) -> None:
    shared = node.attr["shared_name"].s or node.name.encode()
    kept = {name: node.attr[name] for name in ("dtype", "shape", "container") if name in node.attr}
    kept = {name: type(value).FromString(value.SerializeToString()) for name, value in kept.items()}
    node.op = "VarHandleOp"
    colocated = [name for name in node.attr if name not in kept]
    for name in colocated:
        node.attr.pop(name)
    node.attr["shared_name"].s = shared


def _of_resources(variables: Any, old: set[str]) -> None:
    for i, content in enumerate(variables):
        variable = variable_pb2.VariableDef.FromString(content)
        name = _source(variable.variable_name)
        if name in old:
            variable.is_resource, variable.snapshot_name = True, f"{name}{READ}:0"
            variables[i] = variable.SerializeToString()


def _source(name: str) -> str:
    """The node that an input comes from."""
    return name.removeprefix("^").partition(":")[0]


def _node(nodes: Any, name: str) -> Any:
    return next(node for node in nodes if node.name == name)


def _link(source: Path, target: Path) -> None:
    try:
        os.symlink(source.absolute(), target, target_is_directory=True)
    except OSError:  # where links need a right
        shutil.copytree(source, target)
