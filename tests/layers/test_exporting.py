"""Exported models look up what ours do, in programs without inlay."""

import subprocess
import sys

import numpy as np
import pytest

from inlay import to_tensorflow, to_torch
from inlay.errors import ArgumentError

IDS = np.array([[0, 1, 2], [5, 3, 4]], np.int32)
MODES = [
    {},
    {"trainable": True},
    {"trainable": "rows", "rows": ["t1", "t5"]},
    {"trainable": "delta"},
    {"trainable": "delta", "rank": 2},
]
READ = """
import sys
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1] + "/saved")
found = model.call(tf.constant(np.load(sys.argv[1] + "/ids.npy"))).numpy()
assert not any(name.startswith("inlay") for name in sys.modules)
np.testing.assert_array_equal(found, np.load(sys.argv[1] + "/expected.npy"))
"""


def layers_of(make, table, check):
    """A layer of each mode; a difference is added to int8."""
    stored = [table.astype("int8") if "delta" in mode.values() else table for mode in MODES]
    return [make(t, check=check, **mode) for t, mode in zip(stored, MODES, strict=True)]


def torch_model(table, check):
    torch = pytest.importorskip("torch")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList(layers_of(to_torch, table, check))

        def forward(self, ids):
            return torch.cat([layer(ids) for layer in self.layers], -1)

    model = Model().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.mul_(3).add_(1)
    ids = torch.from_numpy(IDS)
    return torch, model, ids, model(ids.T).detach().numpy()


def test_torch_export(padded):
    torch, model, ids, expected = torch_model(padded, "debug")
    sizes = {0: torch.export.Dim("texts"), 1: torch.export.Dim("tokens")}
    exported = torch.export.export(model, (ids,), dynamic_shapes=(sizes,)).module()
    np.testing.assert_array_equal(exported(ids.T).detach().numpy(), expected)


@pytest.mark.filterwarnings("ignore")  # of the exporters, which tell of themselves
@pytest.mark.parametrize("way", ["traced", "exported"])
def test_torch_to_onnx(padded, way, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    if way == "exported":
        pytest.importorskip("onnxscript")
    _, model, ids, expected = torch_model(padded, "off")
    torch, path = sys.modules["torch"], str(tmp_path / "model.onnx")
    if way == "traced":
        axes = {"dynamo": False, "dynamic_axes": {"ids": {0: "texts", 1: "tokens"}}}
    else:
        sizes = {0: torch.export.Dim("texts"), 1: torch.export.Dim("tokens")}
        axes = {"dynamo": True, "dynamic_shapes": (sizes,), "verbose": False}
    torch.onnx.export(model, (ids,), path, input_names=["ids"], **axes)
    (found,) = runtime.InferenceSession(path).run(None, {"ids": IDS.T.copy()})
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_what_always_looks_at_its_ids_is_not_exported_by_torch(padded):
    torch, model, ids, _ = torch_model(padded, "always")
    with pytest.raises(ArgumentError, match=r'always looks.*layer\.check = "debug"'):
        torch.export.export(model, (ids,))


@pytest.mark.parametrize("check", ["debug", "always"])
def test_tensorflow_saves_and_converts(padded, check, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model = tf.Module()
    model.layers = layers_of(lambda *a, **k: to_tensorflow(*a, kind="module", **k), padded, check)
    model.constant = to_tensorflow(padded)

    def call(ids):
        found = [layer(ids) for layer in model.layers]
        return tf.concat([*found, tf.nn.embedding_lookup(model.constant, ids)], -1)

    for variable in model.trainable_variables:
        variable.assign(variable * 3 + 1)
    model.call = tf.function(call, input_signature=[tf.TensorSpec(IDS.shape, tf.int32)])
    expected = model.call(IDS).numpy()
    function = model.call.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    interpreter = lite(converter.convert())
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], IDS)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    if check == "always":
        return  # one process will do
    tf.saved_model.save(model, str(tmp_path / "saved"))
    np.save(tmp_path / "ids.npy", IDS)
    np.save(tmp_path / "expected.npy", expected)
    subprocess.run([sys.executable, "-c", READ, str(tmp_path)], check=True, timeout=300)


def lite(content):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its new home, the package ai-edge-litert
        from tensorflow.lite.python.interpreter import Interpreter

        interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    return interpreter
