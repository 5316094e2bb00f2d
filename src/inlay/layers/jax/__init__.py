"""A table as a layer of JAX alone, Flax and Equinox."""
