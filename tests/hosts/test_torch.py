import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from inlay.errors import IdError
from inlay.hosts import torch as host


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.complex64])
def test_only_whole_numbers_are_ids(dtype):
    with pytest.raises(IdError, match=rf"words: expected whole-number ids, got {dtype}"):
        host.check_dtype("words", torch.zeros(2, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
def test_ids_of_every_width_are_checked(dtype):
    ids = torch.tensor([[1, 2], [3, 4]], dtype=dtype)
    host.check_dtype("words", ids)
    host.check_range("words", ids, 300)
    with pytest.raises(IdError, match=r"words\[1, 0\]: expected an id from 0 to 2, got 3"):
        host.check_range("words", ids, 3)


def test_a_parameter_that_is_detached_is_the_same_object():
    array = np.zeros(3, "float32")
    parameter = torch.nn.Parameter(host.as_tensor(array))
    assert np.shares_memory(array, parameter.detach().numpy())
    before = parameter
    host.detach(parameter)
    assert parameter is before
    assert not np.shares_memory(array, parameter.detach().numpy())


def test_what_is_eager_is_seen_by_no_compiler():
    seen = []

    @host.eager
    def half(x):
        """Halve."""
        seen.append(torch.compiler.is_compiling())
        return x / 2 if float(x.sum()) > 0 else x

    compiled = torch.compile(lambda x: half(x + 1) + 1, backend="eager")
    assert compiled(torch.ones(1)).item() == half(torch.ones(1) + 1).item() + 1 == 2
    assert seen == [False, False]
    assert (half.__name__, half.__doc__) == ("half", "Halve.")
