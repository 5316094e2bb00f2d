"""An ELMo out of the checkpoints of other programs, under the official names of its arrays.

TensorFlow: what bilm-tf saves while it trains (`lm/...`) and what an ELMo of TF-Hub keeps in its
`variables` folder (`bilm/...`, `module/bilm/...`, with `aggregation/...` for the scalar mix).
PyTorch: AllenNLP's `state_dict` of a model with an ELMo somewhere inside. Nothing is unpickled
but tensors.

Source: `dump_weights` of https://github.com/allenai/bilm-tf, `load_weights` of
https://github.com/allenai/allennlp, both Apache-2.0. The names of TF-Hub's module follow from
bilm-tf's code and from public logs; its file has not been at hand.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.encode.elmo.mix import Mix
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import DIRECTIONS, FORGET_BIAS, cell_name
from inlay.errors import FormatError, InlayError
from inlay.optional import require

_SAME = re.compile(
    r"char_embed|CNN/[Wb]_cnn_\d+|CNN_high_\d+/[Wb]_(?:carry|transform)|CNN_proj/[Wb]_proj"
)
_CELL = re.compile(
    r"RNN_(?P<direction>[01])/"
    r"(?:RNN/MultiRNNCell/Cell(?P<inference>\d+)/rnn"  # bilm-tf's graph for use, and TF-Hub's
    r"|rnn/multi_rnn_cell/cell_(?P<training>\d+)"  # its graph for training
    r"|rnn)"  # the same with a single layer
    r"/lstm_cell/(?P<part>kernel|bias|projection/kernel)"
)
_PARTS = {"kernel": "W_0", "bias": "B", "projection/kernel": "W_P_0"}
_ALLENNLP = "_token_embedder._char_embedding_weights"


class Checkpoint(NamedTuple):
    """Arrays under their official names, and the scalar mixes that were trained with them."""

    arrays: dict[str, Array]
    mixes: tuple[Mix, ...]


def read_tensorflow(prefix: str | Path) -> Checkpoint:
    """Read a checkpoint of TensorFlow 1: `prefix.index` and its data.

    Raises:
        FormatError: A broken checkpoint, or one without exactly one ELMo.
        MissingPackageError: tensorflow is not installed.
    """
    tf = require("tensorflow", extra="tensorflow", need="reading a TensorFlow checkpoint")
    where = str(prefix)
    try:
        reader = tf.train.load_checkpoint(where)
        names = sorted(reader.get_variable_to_shape_map())
        root = _root(names, "char_embed", where)
        inside = [name.removeprefix(root) for name in names if name.startswith(root)]
        arrays = {
            official: reader.get_tensor(root + name)
            for name in inside
            if (official := _official(name)) is not None
        }
        mix = [f"{root.removesuffix('bilm/')}aggregation/{part}" for part in ("weights", "scaling")]
        if not set(mix) <= set(names):
            return Checkpoint(arrays, ())
        scalars, gamma = (np.ravel(reader.get_tensor(name)).tolist() for name in mix)
        return Checkpoint(arrays, (Mix(tuple(scalars), *gamma),))
    except (InlayError, MemoryError):
        raise
    except Exception as error:  # broken bytes make TensorFlow raise anything
        raise FormatError(where, expected="a TensorFlow checkpoint", got=str(error)) from error


def read_torch(path: str | Path) -> Checkpoint:
    """Read AllenNLP's ELMo out of a `state_dict` (`best.th`, `weights.th`).

    AllenNLP stores 1 more in the bias of the forget gate than the official files: it is taken
    off, which can change the last bit of a number.

    Raises:
        FormatError: No file of tensors alone, or without exactly one ELMo of AllenNLP's.
        MissingPackageError: torch is not installed.
    """
    torch = require("torch", extra="torch", need="reading a state_dict")
    where = str(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # broken bytes make torch raise anything
        raise FormatError(
            where,
            expected="a state_dict: names and tensors",
            got=f"{type(error).__name__}: {error!s:.200}",
            hint="torch.save(model.state_dict(), path); other objects are not unpickled",
        ) from error
    if not isinstance(state, dict):
        raise FormatError(where, expected="a state_dict", got=type(state).__name__)
    tensors = {str(name): item for name, item in state.items() if torch.is_tensor(item)}
    root = _root(list(tensors), _ALLENNLP, where)

    def get(name: str) -> Array:
        array: Array = tensors[root + name].detach().to(torch.float32).numpy()
        return array

    def has(name: str) -> bool:
        return root + name in tensors

    try:
        arrays = _characters(get, has) | _cells(get, has)
        mixes = _mixes(tensors, root.removesuffix("_elmo_lstm."))
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise FormatError(
            where,
            expected=f"an ELMo of AllenNLP at {root!r}",
            got=f"{type(error).__name__}: {error}",
        ) from error
    return Checkpoint(arrays, mixes)


def infer_options(arrays: dict[str, Array], where: str) -> Options:
    """What the shapes of arrays tell of their options.

    They do not tell the clips, the skip connections, the activation and the length of words.
    These are taken as in all published models: 3.0 and 3.0, True, relu, 50.

    Raises:
        FormatError: Not the arrays of an ELMo with character input.
    """
    has = arrays.__contains__
    first = f"{cell_name(0, 0)}/W_P_0"
    n_filters = _count(has, "CNN/W_cnn_{}")
    try:
        dim, projection_dim = arrays[first].shape
        filters = [arrays[f"CNN/W_cnn_{i}"].shape[1::2] for i in range(n_filters)]
        _, char_dim = arrays["char_embed"].shape
    except (KeyError, ValueError) as error:
        raise FormatError(
            where,
            expected="the arrays of an ELMo with character input",
            got=f"{', '.join(arrays):.300}",
            hint="put its options.json beside it",
        ) from error
    lstm = {
        "dim": dim,
        "projection_dim": projection_dim,
        "n_layers": _count(has, first.replace("Cell0", "Cell{}")),
        "cell_clip": 3.0,
        "proj_clip": 3.0,
        "use_skip_connections": True,
    }
    char_cnn = {
        "activation": "relu",
        "filters": filters,
        "n_highway": _count(has, "CNN_high_{}/W_carry"),
        "embedding": {"dim": char_dim},
    }
    return Options.from_dict({"lstm": lstm, "char_cnn": char_cnn}, where=where)


def _root(names: list[str], last: str, where: str) -> str:
    """What stands before the names of the one ELMo among these."""
    roots = [
        name.removesuffix(last)
        for name in names
        if name == last or name.endswith((f"/{last}", f".{last}"))
    ]
    if len(roots) != 1:
        raise FormatError(
            where,
            expected=f"one ELMo with character input: one name that ends in {last!r}",
            got=f"{len(roots)} among {', '.join(roots or names) or 'no names'}"[:300],
        )
    return roots[0]


def _official(name: str) -> str | None:
    """A TensorFlow variable's name in official files, or None for what is not of the network."""
    if _SAME.fullmatch(name):
        return name
    if found := _CELL.fullmatch(name):
        layer = found["inference"] or found["training"] or "0"
        return f"{cell_name(int(found['direction']), int(layer))}/{_PARTS[found['part']]}"
    return None


def _count(has: Callable[[str], bool], pattern: str) -> int:
    """How many of pattern 0, 1, 2 ... there are."""
    n = 0
    while has(pattern.format(n)):
        n += 1
    return n


def _characters(get: Callable[[str], Array], has: Callable[[str], bool]) -> dict[str, Array]:
    """From characters to words. AllenNLP's matrices are multiplied from the left."""
    at = "_token_embedder."
    arrays = {"char_embed": get(_ALLENNLP)}
    for i in range(_count(has, f"{at}char_conv_{{}}.weight")):
        kernel = get(f"{at}char_conv_{i}.weight")  # (maps, D, width)
        arrays[f"CNN/W_cnn_{i}"] = kernel.transpose(2, 1, 0)[None]
        arrays[f"CNN/b_cnn_{i}"] = get(f"{at}char_conv_{i}.bias")
    for i in range(_count(has, f"{at}_highways._layers.{{}}.weight")):
        for part, letter in ("weight", "W"), ("bias", "b"):
            # Its gate lets through what is carried: the official gate's opposite.
            transform, carry = np.split(get(f"{at}_highways._layers.{i}.{part}"), 2)
            arrays[f"CNN_high_{i}/{letter}_transform"] = transform.T
            arrays[f"CNN_high_{i}/{letter}_carry"] = -carry.T
    if has(f"{at}_projection.weight"):
        arrays["CNN_proj/W_proj"] = get(f"{at}_projection.weight").T
        arrays["CNN_proj/b_proj"] = get(f"{at}_projection.bias")
    return arrays


def _cells(get: Callable[[str], Array], has: Callable[[str], bool]) -> dict[str, Array]:
    """The LSTM layers. AllenNLP's gates are in the order i, f, j, o."""
    arrays = {}
    for d, direction in enumerate(DIRECTIONS):
        layer = f"_elmo_lstm.{direction}_layer_"
        for k in range(_count(has, f"{layer}{{}}.state_linearity.weight")):
            kernel = [get(f"{layer}{k}.{part}_linearity.weight") for part in ("input", "state")]
            i, f, j, o = np.split(np.concatenate(kernel, axis=1), 4)
            arrays[f"{cell_name(d, k)}/W_0"] = np.concatenate([i, j, f, o]).T
            i, f, j, o = np.split(get(f"{layer}{k}.state_linearity.bias"), 4)
            arrays[f"{cell_name(d, k)}/B"] = np.concatenate([i, j, f - np.float32(FORGET_BIAS), o])
            arrays[f"{cell_name(d, k)}/W_P_0"] = get(f"{layer}{k}.state_projection.weight").T
    return arrays


def _mixes(tensors: dict[str, Any], root: str) -> tuple[Mix, ...]:
    mixes = []
    for k in range(_count(tensors.__contains__, f"{root}scalar_mix_{{}}.gamma")):
        mix = f"{root}scalar_mix_{k}"
        n = _count(tensors.__contains__, f"{mix}.scalar_parameters.{{}}")
        scalars = tuple(float(tensors[f"{mix}.scalar_parameters.{i}"]) for i in range(n))
        mixes.append(Mix(scalars, float(tensors[f"{mix}.gamma"])))
    return tuple(mixes)
