"""What a SavedModel's layer says where Keras runs on JAX or PyTorch; see test_savedmodel.py."""

import pytest

from inlay.encode.savedmodel.keras import SavedModelLayer
from inlay.errors import UnsupportedError


def test_there_a_savedmodel_is_frozen_and_its_vectors_are_kept(tmp_path):
    with pytest.raises(UnsupportedError, match=r"Keras on TensorFlow.*frozen, .*write_features"):
        SavedModelLayer(tmp_path, trainable=True)
