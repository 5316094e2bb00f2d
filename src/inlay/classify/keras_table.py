"""The layer of a table under a classifier's network, in Keras 3."""

from typing import Any

from inlay.aliases import Array
from inlay.classify.settings import Variant
from inlay.core import Table
from inlay.hosts.keras import as_array, keras, ops
from inlay.layers import to_keras


def with_table(body: Any, table: Table, variant: Variant) -> Any:
    """The model `ids -> scores` on top of a table: static, trained, or both.

    Two channels under the filters they share are one channel of their sum, because a
    convolution is linear in its input (Kim adds the channels' results, equation 2).
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    channels = []
    if variant in ("static", "multichannel"):
        channels.append(to_keras(table, trainable=False, mask=False, name="static")(ids))
    if variant != "static":
        channels.append(to_keras(table, trainable=True, mask=False, name="trained")(ids))
    vectors = channels[0] if len(channels) == 1 else keras.layers.Add()(channels)
    return keras.Model(ids, body([vectors, ops.not_equal(ids, table.pad_id)]))


def final_vectors(model: Any, table: Table, variant: Variant) -> Array:
    """The vectors that a trained model sees, float32 `(len(table), dim)`."""
    if variant == "static":
        return table.vectors
    trained = as_array(model.get_layer("trained").embeddings)
    return table.vectors + trained if variant == "multichannel" else trained
