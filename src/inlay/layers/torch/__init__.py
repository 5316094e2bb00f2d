"""A table as a layer of PyTorch."""
