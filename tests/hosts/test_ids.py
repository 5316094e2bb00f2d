import numpy as np
import pytest

from inlay.errors import IdError
from inlay.hosts.ids import HOLDS, check_values, check_width


@pytest.mark.parametrize("ids", [[], 0, 4, [0, 4], [[0], [4]]])
def test_ids_of_the_table_pass(ids):
    check_values("here", np.array(ids, "int64"), 5)


@pytest.mark.parametrize(
    ("ids", "place", "id_"),
    [
        (5, "ids:", "got 5."),
        ([0, -1, 9], "ids[1]:", "got -1."),
        ([[0, 1], [2, 2**40]], "ids[1, 1]:", f"got {2**40}."),
    ],
)
def test_the_first_wrong_id_is_named_with_its_place(ids, place, id_):
    with pytest.raises(IdError) as caught:
        check_values("ids", np.array(ids, "int64"), 5, hint="another id")
    message = str(caught.value)
    assert message.startswith(place)
    assert "expected an id from 0 to 4" in message
    assert id_ in message
    assert "Try: another id." in message


def test_without_a_bound_only_negative_ids_are_wrong():
    check_values("ids", np.array([0, 2**40]), None)
    with pytest.raises(IdError, match=r"ids\[1\]: expected an id from 0, got -1"):
        check_values("ids", np.array([2**40, -1]), None)


@pytest.mark.parametrize("dtype", HOLDS)
def test_a_type_must_hold_every_id_of_a_table(dtype):
    size = HOLDS[dtype] + 1
    check_width("ids", dtype, size)
    check_width("ids", "int32", 10**9)
    with pytest.raises(IdError, match=rf"ids: .* id up to {size}, got {dtype}, .* {size - 1}\. "):
        check_width("ids", dtype, size + 1)
    if dtype != "bfloat16":  # which numpy does not have
        assert np.array([size - 1, size]).astype(dtype).astype(int).tolist()[0] == size - 1
        assert np.array([size - 1, size]).astype(dtype).astype(int).tolist()[1] != size


@pytest.mark.parametrize("wrong", [1.5, np.nan, np.inf, -1.0, 5.0])
def test_an_id_that_is_a_float_must_be_whole(wrong):
    check_values("ids", np.array([0.0, 4.0], "float32"), 5)
    with pytest.raises(IdError, match=rf"ids\[1\]: .*from 0 to 4, got {wrong}"):
        check_values("ids", np.array([0.0, wrong], "float32"), 5)


@pytest.mark.parametrize(
    ("ids", "said"),
    [([[0, 1, 9]], "got 9, after 'b'."), ([[0, 1], [9, 0]], "got 9."), ([-1, 9], "got -1.")],
)
def test_the_token_before_a_wrong_id_is_named(ids, said):
    with pytest.raises(IdError) as caught:
        check_values("ids", np.array(ids), 2, tokens=["a", "b"])
    assert said in str(caught.value)
