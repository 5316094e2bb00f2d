import pickle

import pytest

from inlay import errors
from inlay.optional import require

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.InlayError)
]


def test_message_has_four_parts():
    error = errors.FormatError(
        "glove.txt, line 40213",
        expected="a token and 300 numbers (as in line 1)",
        got="187",
        hint="download it again; a cut-off file looks like this",
    )
    assert str(error) == (
        "glove.txt, line 40213: expected a token and 300 numbers (as in line 1), got 187. "
        "Try: download it again; a cut-off file looks like this."
    )
    assert str(errors.InlayError("x", expected="a", got="b")) == "x: expected a, got b."


def test_a_list_that_goes_on_ends_in_three_dots():
    error = errors.FormatError("x", expected="one", got="a, b, ...", hint="one of a, b, ...")
    assert str(error) == "x: expected one, got a, b, ... Try: one of a, b, ..."


def test_a_value_as_long_as_a_file_is_cut_in_the_message():
    error = errors.FormatError("glove.txt", expected="a number", got="1" * 250_000, hint="look")
    assert str(error) == (
        f"glove.txt: expected a number, got {'1' * 1000}... (of 250,000 characters). Try: look."
    )
    assert error.got == "1" * 250_000


@pytest.mark.parametrize("cls", CLASSES)
def test_each_is_also_a_builtin_and_survives_pickling(cls):
    error = cls("here", expected="this", got="that", hint="other")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    if cls is not errors.InlayError:
        assert any(base.__module__ == "builtins" for base in cls.__mro__[1:-3])


def test_a_missing_package_says_what_to_install():
    with pytest.raises(errors.MissingPackageError, match=r'pip install "inlay\[keras\]"') as info:
        require("no_such_package.part", extra="keras", need="reading a .h5 file")
    assert "reading a .h5 file: expected the package 'no_such_package'" in str(info.value)
    assert require("json", extra="none", need="this").loads("1") == 1
