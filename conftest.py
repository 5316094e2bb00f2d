"""What the examples in README.md and docs/ may use: real-looking files in a folder of their own."""

import os

import numpy as np
import pytest

# The lightest backend, unless the caller wants another; fixed before anything imports Keras.
os.environ.setdefault("KERAS_BACKEND", "jax")

WORDS = "the a an good great bad awful film movie king queen man woman apple pear".split()


@pytest.fixture(autouse=True)
def _documented_files(request, tmp_path, monkeypatch, doctest_namespace):
    if not request.node.name.endswith(".md"):
        return
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    with open("glove.6B.50d.txt", "w", encoding="utf-8") as file:
        for word in WORDS:
            file.write(" ".join([word, *(f"{x:.5f}" for x in rng.normal(size=50))]) + "\n")
    from inlay.encode.elmo import Elmo, Options, Weights

    options = Options(12, 5, 2, 3.0, 3.0, True, 4, ((1, 4), (3, 8)), 1, "relu")
    Elmo(options, Weights.random(options)).save("elmo")
    import torch

    doctest_namespace["torch"] = torch
