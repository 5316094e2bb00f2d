"""One saved layer is one of every framework: what each writes is read for all of them."""

import numpy as np
import pytest

from inlay import load, to_jax, to_keras, to_tensorflow, to_torch
from inlay.errors import FormatError

IDS = np.array([[0, 1, 2], [5, 3, 4]])
MODES = {
    "frozen": {},
    "rows": {"trainable": "rows", "rows": ["t1", "t5"]},
    "delta": {"trainable": "delta"},
    "rank": {"trainable": "delta", "rank": 2},
}


def torch_layer(table, mode):
    torch = pytest.importorskip("torch")
    layer = to_torch(table, **MODES[mode])
    with torch.no_grad():
        for parameter in layer.parameters():
            if parameter.requires_grad:
                parameter.mul_(3).add_(1)
        if mode in ("delta", "rank"):
            (layer.delta if mode == "delta" else layer.a)[2] = 0  # as padding keeps it
    return torch.nn.Sequential(layer), layer.merged(table).vectors


def as_torch(table, mode, path):
    model, expected = torch_layer(table, mode)
    pytest.importorskip("torch").save(model.state_dict(), path)
    return "0", expected


def as_safetensors(table, mode, path):
    model, expected = torch_layer(table, mode)
    pytest.importorskip("safetensors.torch").save_file(model.state_dict(), path)
    return "0", expected


def as_keras(table, mode, path):
    keras = pytest.importorskip("keras")
    layer = to_keras(table, **MODES[mode], mask=False, name="words")
    for variable in layer.trainable_variables:
        values = np.array(variable) * 3 + 1
        if len(values) == 6:
            values[2] = 0
        variable.assign(values)
    model = keras.Sequential([keras.Input((3,), dtype="int32"), layer])
    model.save_weights(path) if path.name.endswith(".weights.h5") else model.save(path)
    return "words", layer.merged(table).vectors


def as_native(table, mode, path):
    _, expected = torch_layer(table, mode)
    table.__class__(table.tokens, expected, pad_id=2).save(path)
    return None, expected


WRITERS = {
    "x.pt": as_torch,
    "x.safetensors": as_safetensors,
    "x.keras": as_keras,
    "x.weights.h5": as_keras,
    "x.h5": as_keras,
    "native.safetensors": as_native,
}


def check_all_read(table, expected):
    """Every framework looks up these vectors."""
    np.testing.assert_allclose(table.vectors, expected, rtol=1e-6)
    torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
    tf = pytest.importorskip("tensorflow")
    found = [
        to_torch(table)(torch.from_numpy(IDS)).detach().numpy(),
        keras.ops.convert_to_numpy(to_keras(table)(IDS)),
        tf.nn.embedding_lookup(to_tensorflow(table), IDS).numpy(),
        np.asarray(to_jax(table)(IDS)),
    ]
    for vectors in found:
        np.testing.assert_array_equal(vectors, table.vectors[IDS])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("file", WRITERS)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_saved_layer_is_read_for_every_framework(padded, file, mode, tmp_path):
    path = tmp_path / file
    name, expected = WRITERS[file](padded, mode, path)
    assert np.array_equal(expected, padded.vectors) == (mode == "frozen")
    options = {"name": name, "tokens": padded.tokens.tolist()} if name else {}
    table = load(path, **options)
    if mode == "frozen":
        check_all_read(table, expected)
    np.testing.assert_allclose(table.vectors, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["checkpoint", "saved_model"])
@pytest.mark.parametrize("mode", ["all", "rows", "delta", "rank"])
def test_what_tensorflow_keeps_is_read_or_refused(padded, kind, mode, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model, options = tf.Module(), MODES.get(mode, {"trainable": True})
    model.words = to_tensorflow(padded, kind="module", **options)
    model.call = tf.function(model.words.__call__, input_signature=[tf.TensorSpec([None], "int32")])
    if kind == "checkpoint":
        tf.train.Checkpoint(model=model).write(str(tmp_path / "x"))
        path = tmp_path / "x.index"
    else:
        tf.saved_model.save(model, str(tmp_path / "x"))
        path = tmp_path / "x"
    tokens = padded.tokens.tolist()
    if mode == "all":
        check_all_read(load(path, name="words/rows", tokens=tokens), padded.vectors)
        return
    # The frozen matrix of a module is in no checkpoint.
    for name in (None, "words", "words/embeddings", "words/rows"):
        for some in (tokens, ["t1", "t5"]):
            with pytest.raises((FormatError, LookupError)):
                load(path, name=name, tokens=some)
