"""What `model.export` makes of our layers is read without them; see test_embedding.py."""

import keras
import numpy as np
import pytest

from inlay import to_keras
from tests.layers.keras.embedding_contract import BACKEND, IDS, array
from tests.layers.keras.files_contract import trained
from tests.layers.test_exporting import layers_of

FORMAT = "onnx" if BACKEND == "torch" else "tf_saved_model"


def outputs(path, ids):
    if FORMAT == "onnx":
        session = pytest.importorskip("onnxruntime").InferenceSession(path)
        return session.run(None, {session.get_inputs()[0].name: ids})[0]
    model = pytest.importorskip("tensorflow").saved_model.load(path)
    return model.serve(ids).numpy()


@pytest.mark.filterwarnings("ignore")  # of the exporters, which tell of themselves
def test_layers_of_all_modes_are_exported(padded, tmp_path):
    if FORMAT == "onnx":
        pytest.importorskip("onnxscript")
    layers = layers_of(lambda *given, **kw: to_keras(*given, mask=False, **kw), padded, "debug")
    for layer in layers:
        trained(layer, padded)
    ids = keras.Input((3,), dtype="int32")
    model = keras.Model(ids, keras.layers.Concatenate()([layer(ids) for layer in layers]))
    expected = array(model(IDS))
    model.export(str(tmp_path / "model.onnx"), format=FORMAT, verbose=False)
    np.testing.assert_allclose(outputs(str(tmp_path / "model.onnx"), IDS), expected, rtol=1e-6)
