"""Batches of ids from the workers of PyTorch's DataLoader, which encode texts by a vocabulary.

Started once in each process of the tests, whatever the framework there. The workers import no more
than this file needs, and PyTorch.
"""

import functools
import os
import sys

import pytest

from inlay import Vocabulary

# Between them an unknown word, an empty text, one that is cut off, and one of each length.
TEXTS = ["t1 t5", "", "t0 unheard t3 t1 t0 t5", "t4", "t5 t5 t1", "t0"]
LENGTH = 4
VOCAB = Vocabulary(["t1", "t5", "t0", "t4"])


class Encoded:
    """A dataset that holds texts, and the vocabulary that makes ids of them in a worker."""

    def __init__(self, vocab, texts):
        self.vocab, self.texts = vocab, texts

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, i):
        return os.getpid(), self.vocab.encode([self.texts[i]], max_length=LENGTH)[0]


@functools.cache
def batches():
    """Tensors of ids, `(2, LENGTH)`, that two workers have made."""
    data = pytest.importorskip("torch.utils.data")
    # A copy of a process in which JAX or TensorFlow has threads may wait for ever.
    start = "spawn" if {"jax", "tensorflow"} & set(sys.modules) else None
    made = data.DataLoader(
        Encoded(VOCAB, TEXTS), batch_size=2, num_workers=2, multiprocessing_context=start
    )
    makers, found = zip(*made, strict=True)
    workers = {int(maker) for batch in makers for maker in batch}
    assert len(workers) == 2
    assert os.getpid() not in workers
    return found
