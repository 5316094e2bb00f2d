"""Text as the kernels of a corpus take it."""

import numpy as np


def split_up(split, text):
    """The text as the kernel wants it, and its items."""
    data = text.encode()
    padded = np.frombuffer(data + b" " * 64, np.uint8)
    items = [np.zeros(len(data), kind) for kind in (np.uint64, np.int32, np.int32)]
    n = split(padded, len(data), *items)
    return padded, tuple(items), n
