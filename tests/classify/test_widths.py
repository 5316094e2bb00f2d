import os
import subprocess
import sys

import pytest

SCRIPT = """
import numpy as np
from inlay import Table
from inlay.classify import keras as net
from inlay.classify.keras_table import with_table
from inlay.classify.keras_training import Batches, train
from inlay.classify.words import Words
from inlay.jobs.progress import progress

table = Table(["<pad>", "a"], np.array([[0, 0], [1, 1]], "f4"), pad_id=0)
rows = [np.ones(length, np.int32) for length in (3, 3, 3, 3, 9, 9, 3, 9)]
widths, labels = np.array([4, 10]), np.arange(8, dtype=np.int32) % 2
how = {"widths": widths, "batch_size": 2}
data, dev = (Batches(Words(None, table, None), rows, labels, seed=n, **how) for n in (0, 1))
for batches in (data, dev):  # narrow ones first, which Keras would take for all
    batches.batches = [np.array(pair) for pair in ((0, 1), (2, 3), (4, 5), (6, 7))]
model = with_table(net.build(net.mean, 2, 2, seed=0), table, "rand")
with progress(None, unit="", desc="", enabled=False) as bar:
    history = train(
        model, data, dev, epochs=3, patience=9, learning_rate=0.01, bar=bar
    )
print(len(history["loss"]), len(history["val_loss"]))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_batches_of_different_widths_in_any_order(backend):
    env = {**os.environ, "KERAS_BACKEND": backend}
    answer = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=env)
    assert answer.stdout.strip() == "3 3", answer.stderr[-2000:]
