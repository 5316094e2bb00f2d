"""A table, or an encoder, as the host framework's own layer; nothing is imported until then."""

from inlay.layers.embedding_layers import to_keras, to_torch
from inlay.layers.stacking import Stack, stack
from inlay.layers.tensors import to_jax, to_tensorflow

__all__ = ["Stack", "stack", "to_jax", "to_keras", "to_tensorflow", "to_torch"]
