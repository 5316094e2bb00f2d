"""A table as a layer of TensorFlow without Keras."""
