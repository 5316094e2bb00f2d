"""TensorFlow's checkpoints are made here by TensorFlow, under the names that bilm-tf and TF-Hub
use; AllenNLP's is its own fixture, and one made here after the layout of its modules."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from inlay.encode.elmo.checkpoints import infer_options, read_tensorflow, read_torch
from inlay.encode.elmo.files import read
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import CELL, Weights, numbered
from inlay.errors import FormatError, MissingFileError
from tests.data import shared

OPTIONS = Options(
    dim=5,
    projection_dim=3,
    n_layers=2,
    cell_clip=3.0,
    proj_clip=3.0,
    use_skip_connections=True,
    char_dim=2,
    filters=((1, 2), (3, 4)),
    n_highway=1,
    activation="relu",
)
PLAIN = dataclasses.replace(OPTIONS, projection_dim=6, n_highway=0, n_layers=1)
PARTS = {"W_0": "kernel", "B": "bias", "W_P_0": "projection/kernel"}
# For each kind of checkpoint: what stands before its names, and how it calls an LSTM layer.
INFERENCE = "RNN_{d}/RNN/MultiRNNCell/Cell{k}/rnn/lstm_cell"
STYLES = {
    "TF-Hub": ("bilm/", INFERENCE),
    "TF-Hub, a module": ("module/bilm/", INFERENCE),
    "no prefix": ("", INFERENCE),
    "bilm-tf, training": ("lm/", "RNN_{d}/rnn/multi_rnn_cell/cell_{k}/lstm_cell"),
}


def cell_at(d, k):
    """Where an official file keeps an LSTM layer."""
    return numbered(CELL, d, k)[0].removesuffix("/W_0")


def variables(weights, style):
    """An ELMo's arrays under the names of one kind of checkpoint."""
    root, cell = STYLES[style]
    cells = {cell_at(d, k): cell.format(d=d, k=k) for d in range(2) for k in range(2)}
    arrays = {}
    for name, array in weights.named().items():
        start, _, part = name.rpartition("/")
        named = f"{cells[start]}/{PARTS[part]}" if start in cells else name
        arrays[root + named] = array
    return arrays


def write_tensorflow(prefix, arrays):
    """Write a checkpoint as TensorFlow's Saver does; its prefix."""
    import tensorflow as tf

    part = f"{prefix}-part"
    names, tensors = list(arrays), [tf.constant(array) for array in arrays.values()]
    tf.raw_ops.SaveV2(
        prefix=part, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors
    )
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[part], destination_prefix=str(prefix))
    return prefix


def allennlp_state(weights, root, mixes=()):
    """The state of AllenNLP's modules that compute what these weights do.

    Written from its `Highway` (one matrix for the transform and the gate, which there lets the
    input through) and `LstmCellWithProjection` (gates i, f, j, o; separate matrices).
    """
    import torch

    bilm, words = f"{root}_elmo_lstm.", f"{root}_elmo_lstm._token_embedder."
    state = {f"{words}_char_embedding_weights": weights.char_embed}
    for i, (kernel, bias) in enumerate(weights.filters):
        state[f"{words}char_conv_{i}.weight"] = kernel.transpose(2, 1, 0)
        state[f"{words}char_conv_{i}.bias"] = bias
    for i, highway in enumerate(weights.highways):
        layer = f"{words}_highways._layers.{i}"
        state[f"{layer}.weight"] = np.vstack([highway.transform.T, -highway.carry.T])
        state[f"{layer}.bias"] = np.hstack([highway.transform_bias, -highway.carry_bias])
    if weights.projection is not None:
        state[f"{words}_projection.weight"] = weights.projection[0].T
        state[f"{words}_projection.bias"] = weights.projection[1]
    for direction, cells in zip(("forward", "backward"), weights.cells, strict=True):
        for k, cell in enumerate(cells):
            layer = f"{bilm}_elmo_lstm.{direction}_layer_{k}"
            i, j, f, o = np.split(cell.kernel.T, 4)
            both = np.vstack([i, f, j, o])
            width = cell.projection.shape[1]
            state[f"{layer}.input_linearity.weight"] = both[:, :width]
            state[f"{layer}.state_linearity.weight"] = both[:, width:]
            i, j, f, o = np.split(cell.full_bias, 4)
            state[f"{layer}.state_linearity.bias"] = np.hstack([i, f, j, o])
            state[f"{layer}.state_projection.weight"] = cell.projection.T
    for k, (scalars, gamma) in enumerate(mixes):
        state[f"{root}scalar_mix_{k}.gamma"] = [gamma]
        for i, scalar in enumerate(scalars):
            state[f"{root}scalar_mix_{k}.scalar_parameters.{i}"] = [scalar]
    return {name: torch.tensor(np.array(array, np.float32)) for name, array in state.items()}


def write_torch(path, state):
    import torch

    torch.save(state, path)
    return path


def assert_same(arrays, weights, atol=0.0):
    expected = weights.named()
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        found = arrays[name][-len(array) :]  # there may be a row for "no token" before the rest
        np.testing.assert_allclose(found, array, rtol=0, atol=atol, err_msg=name)


@pytest.fixture
def weights():
    return Weights.random(OPTIONS, seed=3)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_tensorflow_names(tmp_path, weights, style):
    arrays = variables(weights, style)
    root = STYLES[style][0]
    # What else such a file may hold: the optimizer's slots, the softmax, counters.
    decoys = {f"{name}/Adagrad": -array for name, array in arrays.items()}
    decoys |= {f"{root}softmax/W": np.ones(3), "global_step": np.int64(7), "train_perplexity": 1.0}
    found = read_tensorflow(write_tensorflow(tmp_path / "model.ckpt-7", arrays | decoys))
    assert_same(found.arrays, weights)
    assert found.mixes == ()
    assert infer_options(found.arrays, "here") == OPTIONS


def test_training_with_a_single_layer(tmp_path):
    weights = Weights.random(PLAIN, seed=3)
    arrays = {
        name.replace("/multi_rnn_cell/cell_0", ""): array
        for name, array in variables(weights, "bilm-tf, training").items()
    }
    found = read_tensorflow(write_tensorflow(tmp_path / "model.ckpt", arrays))
    assert_same(found.arrays, weights)
    assert infer_options(found.arrays, "here") == PLAIN


@pytest.mark.parametrize("style", STYLES)
def test_states_that_are_not_projected(tmp_path, style):
    """As bilm-tf makes them where `dim == projection_dim`, whatever its options say of clips."""
    options = dataclasses.replace(OPTIONS, projection_dim=5, projects=False)
    weights = Weights.random(options, seed=3)
    prefix = write_tensorflow(tmp_path / "model.ckpt", variables(weights, style))
    found = read_tensorflow(prefix)
    assert_same(found.arrays, weights)
    assert infer_options(found.arrays, "here") == options
    text = options.to_dict()
    del text["lstm"]["projects"]
    (tmp_path / "options.json").write_text(json.dumps(text))
    assert read(prefix).options == options


@pytest.mark.parametrize("style", ["TF-Hub", "TF-Hub, a module"])
def test_the_mix_of_tf_hub_and_its_row_of_no_token(tmp_path, weights, style):
    arrays = variables(weights, style)
    root = STYLES[style][0].removesuffix("bilm/")
    arrays[f"{root}bilm/char_embed"] = weights.char_embed  # 262 rows
    arrays[f"{root}aggregation/weights"] = np.float32([0.5, -1, 0.25])
    arrays[f"{root}aggregation/scaling"] = np.float32(1.5)
    found = read_tensorflow(write_tensorflow(tmp_path / "variables", arrays))
    assert_same(found.arrays, weights)
    (mix,) = found.mixes
    assert (mix.scalars, mix.gamma) == ((0.5, -1.0, 0.25), 1.5)
    again = Weights.take(found.arrays, OPTIONS, "here")
    assert again.hash(OPTIONS) == weights.hash(OPTIONS)


def test_checkpoints_without_one_elmo(tmp_path, weights):
    with pytest.raises(FormatError, match="one ELMo with character input"):
        read_tensorflow(write_tensorflow(tmp_path / "a", {"dense/kernel": np.ones(3)}))
    two = variables(weights, "TF-Hub") | variables(weights, "bilm-tf, training")
    with pytest.raises(FormatError, match=r"got 2 among bilm/, lm/"):
        read_tensorflow(write_tensorflow(tmp_path / "b", two))


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize("size", [0, 40])
def test_a_cut_off_checkpoint(tmp_path, weights, suffix, size):
    prefix = write_tensorflow(tmp_path / "model.ckpt", variables(weights, "TF-Hub"))
    part = prefix.with_name(prefix.name + suffix)
    assert read_tensorflow(prefix).arrays
    part.write_bytes(part.read_bytes()[:size])
    with pytest.raises(FormatError, match="a TensorFlow checkpoint"):
        read_tensorflow(prefix)


def test_a_checkpoint_without_its_data(tmp_path, weights):
    prefix = write_tensorflow(tmp_path / "model.ckpt", variables(weights, "TF-Hub"))
    prefix.with_name("model.ckpt.data-00000-of-00001").unlink()
    with pytest.raises(MissingFileError, match="a TensorFlow checkpoint with its data in model"):
        read_tensorflow(prefix)


@pytest.mark.parametrize("root", ["", "text_field_embedder.token_embedder_elmo._elmo.", "elmo."])
@pytest.mark.parametrize("options", [OPTIONS, PLAIN], ids=["all parts", "no highway, projection"])
def test_a_state_of_allennlp(tmp_path, root, options):
    weights = Weights.random(options, seed=3)
    scalars = tuple(np.float32(np.linspace(-1, 1, options.n_layers + 1)).tolist())
    state = allennlp_state(weights, root, [(scalars, 0.5), (scalars[::-1], 2.0)])
    found = read_torch(write_torch(tmp_path / "best.th", state))
    assert_same(found.arrays, weights, atol=6e-8)  # 1 was added to a bias and taken off again
    assert [(mix.scalars, mix.gamma) for mix in found.mixes] == [(scalars, 0.5), (scalars[::-1], 2)]
    assert infer_options(found.arrays, "here") == options


def test_the_tagger_of_allennlp(official):
    """It was made from the fixture's weights, and kept them as they were."""
    path = shared("elmo-allennlp-tagger", "serialization", "best.th")
    found = read_torch(path)
    assert infer_options(found.arrays, str(path)) == official.options
    assert_same(found.arrays, official.weights, atol=6e-8)
    weights = Weights.take(found.arrays, official.options, str(path))
    for ours, theirs in zip(sum(weights.cells, ()), sum(official.weights.cells, ()), strict=True):
        assert np.array_equal(ours.full_bias, theirs.full_bias)
    (mix,) = found.mixes
    assert mix.scalars == pytest.approx((-0.0028611338, -0.0013248262, 0.0032923687), abs=1e-9)
    assert mix.gamma == pytest.approx(1.0045832, abs=1e-7)


def test_half_numbers(tmp_path, weights):
    state = {name: item.half() for name, item in allennlp_state(weights, "").items()}
    found = read_torch(write_torch(tmp_path / "x.th", state))
    assert_same(found.arrays, weights, atol=2e-3)
    assert all(array.dtype == np.float32 for array in found.arrays.values())


class Evil:
    def __reduce__(self):
        return (open, ("evil", "w"))


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(pickle.dumps({"a": Evil()})),
        lambda path: write_torch(path, {"a": Evil()}),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"<html>404</html>"),
        lambda path: path.write_bytes(b"PK\x03\x04 and no more"),
        lambda path: write_torch(path, [1, 2]),
        lambda path: write_torch(path, {"weight": [1, 2], 3: 4}),
    ],
    ids=["pickle", "object", "empty", "page", "cut off", "list", "no tensors"],
)
def test_files_of_something_else(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "best.th")
    with pytest.raises(FormatError, match=r"best\.th"):
        read_torch(tmp_path / "best.th")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("_token_embedder.char_conv_0.bias", None),
        ("_token_embedder.char_conv_0.weight", lambda tensor: tensor[0]),
        ("_token_embedder._highways._layers.0.weight", lambda tensor: tensor[:-1]),
        ("_elmo_lstm.forward_layer_1.input_linearity.weight", None),
        ("_elmo_lstm.backward_layer_0.state_linearity.bias", lambda tensor: tensor[:-1]),
        ("_elmo_lstm.backward_layer_0.state_linearity.weight", lambda tensor: tensor[:-1]),
    ],
)
def test_a_state_with_something_wrong(tmp_path, weights, name, change):
    state = allennlp_state(weights, "elmo.")
    tensor = state.pop(f"elmo._elmo_lstm.{name}")
    if change:
        state[f"elmo._elmo_lstm.{name}"] = change(tensor)
    with pytest.raises(FormatError, match=r"an ELMo of AllenNLP at 'elmo\._elmo_lstm\.'"):
        read_torch(write_torch(tmp_path / "x.th", state))


def test_a_mix_of_more_than_one_number_each(tmp_path, weights):
    state = allennlp_state(weights, "elmo.", [((0.0, 0.0, 0.0), 1.0)])
    state["elmo.scalar_mix_0.gamma"] = state["elmo.scalar_mix_0.gamma"].repeat(2)
    with pytest.raises(FormatError, match="an ELMo of AllenNLP"):
        read_torch(write_torch(tmp_path / "x.th", state))


def test_two_models_in_one_state(tmp_path, weights):
    state = allennlp_state(weights, "a.") | allennlp_state(weights, "b.")
    with pytest.raises(FormatError, match=r"got 2 among a\._elmo_lstm\., b\._elmo_lstm\."):
        read_torch(write_torch(tmp_path / "x.th", state))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("char_embed", None),
        ("char_embed", (261,)),
        ("CNN/W_cnn_0", None),
        ("CNN/W_cnn_1", (1,)),
        ("CNN/W_cnn_1", (1, 51, 2, 4)),
        (f"{cell_at(0, 0)}/W_P_0", None),
        (f"{cell_at(0, 0)}/W_P_0", (5,)),
        (f"{cell_at(0, 0)}/W_P_0", (0, 3)),
    ],
)
def test_shapes_that_tell_no_options(weights, name, shape):
    arrays = weights.named()
    del arrays[name]
    if shape is not None:
        arrays[name] = np.zeros(shape)
    with pytest.raises(FormatError, match="here"):
        infer_options(arrays, "here")
