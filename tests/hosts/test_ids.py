import numpy as np
import pytest

from inlay.errors import IdError
from inlay.hosts.ids import check_values


@pytest.mark.parametrize("ids", [[], 0, 4, [0, 4], [[0], [4]]])
def test_ids_of_the_table_pass(ids):
    check_values("here", np.array(ids, "int64"), 5)


@pytest.mark.parametrize(
    ("ids", "place", "id_"),
    [
        (5, "here:", "got 5."),
        ([0, -1, 9], "here, ids[1]:", "got -1."),
        ([[0, 1], [2, 2**40]], "here, ids[1, 1]:", f"got {2**40}."),
    ],
)
def test_the_first_wrong_id_is_named_with_its_place(ids, place, id_):
    with pytest.raises(IdError) as caught:
        check_values("here", np.array(ids, "int64"), 5)
    message = str(caught.value)
    assert message.startswith(place)
    assert "expected an id from 0 to 4" in message
    assert id_ in message
