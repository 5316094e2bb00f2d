import pytest

from inlay.errors import ArgumentError
from inlay.jobs.same import check_same, differences, other_job

FOUND = {"seed": 0, "encoder": {"dim": 4, "pad": None}, "filters": [[1, 4]], "text": "a" * 64}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"filters": ((1, 4),)}, ""),  # as JSON holds it
        ({"seed": 1}, "seed 0 (not 1)"),
        ({"seed": 1, "filters": []}, "seed 0 (not 1), filters [[1, 4]] (not [])"),
        ({"encoder": {"dim": 5, "pad": None}}, "encoder dim 4 (not 5)"),
        ({"encoder": None}, "encoder {'dim': 4, 'pad': None} (not None)"),
        ({"text": "b" * 64}, "another text"),  # digests say nothing to a reader
        ({"text": "b"}, f"text '{'a' * 39} (not 'b')"),
        ({"more": "new"}, "more None (not 'new')"),
    ],
)
def test_what_differs_is_named(changed, said):
    assert differences(FOUND, FOUND | changed) == said


def test_what_this_job_does_not_know_differs_too():
    assert differences(FOUND | {"old": 1}, FOUND) == "old 1 (not None)"
    assert differences(FOUND | {"text": None}, FOUND) == f"text None (not '{'a' * 39})"


def test_one_setting_is_named_once():
    """As an entry of its own and among the settings; another number of the same name is told."""
    found = {"settings": {"epochs": 3, "seed": 0}, "epochs": 3, "seed": 1}
    wanted = {"settings": {"epochs": 4, "seed": 1}, "epochs": 4, "seed": 2}
    assert differences(found, wanted) == (
        "settings epochs 3 (not 4), settings seed 0 (not 1), seed 1 (not 2)"
    )


def test_another_job_is_refused_and_the_same_is_not(tmp_path):
    check_same(tmp_path, FOUND, FOUND, hint="another name")
    with pytest.raises(ArgumentError) as caught:
        check_same(tmp_path, FOUND, FOUND | {"seed": 2}, hint="another name")
    assert str(caught.value) == (
        f"{tmp_path}: expected nothing there, or the same job as this one, "
        "got another: seed 0 (not 2). Try: another name."
    )
    assert "got another: other texts. Try: x." in str(other_job("f", "other texts", hint="x"))
