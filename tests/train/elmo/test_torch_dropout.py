import pytest
import torch

from inlay.train.elmo.torch_dropout import Dropout

CPU = torch.device("cpu")


def test_dropout_keeps_the_mean_and_repeats_itself():
    x = torch.ones(100, 100)
    dropped = Dropout(0.25, 7, CPU)(x)
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped.mean() == pytest.approx(1, abs=0.03)
    assert torch.equal(Dropout(0.25, 7, CPU)(x), dropped)
    assert not torch.equal(Dropout(0.25, 8, CPU)(x), dropped)
    drop = Dropout(0.25, 7, CPU)
    assert not torch.equal(drop(x), drop(x))
    assert Dropout(0, 7, CPU)(x) is x
