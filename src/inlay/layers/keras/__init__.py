"""A table as a layer of Keras 3, on any backend."""
