"""The tests of the stories' runner: nothing that differs may pass."""

import sys
from pathlib import Path

import pytest

from tests.first_hour.story import Step, failure, matches, read_story

PYTHON = Path(sys.executable)
STORY = """# A remark.
# installed: torch jax
# not installed: keras

$ cat <<END
> one
>
> two
> END
one

two
# Another.
$ false
[exit 1]
[cpu 0.5]
"""


@pytest.fixture
def story(make):
    return read_story(make(STORY, "story.txt"))


def test_a_story_is_read(story):
    assert (story.installed, story.missing) == ({"torch", "jax"}, {"keras"})
    assert story.steps == [
        Step(5, "cat <<END\none\n\ntwo\nEND", ["one", "", "two"]),
        Step(14, "false", [], 1, 0.5),
    ]


def test_what_came_as_it_should_is_no_failure(story, tmp_path):
    assert [failure(step, PYTHON, tmp_path) for step in story.steps] == ["", ""]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(1, "echo one", ["two"]), "the screen differs"),
        (Step(1, "echo one", []), "the screen differs"),
        (Step(1, "echo one >&2; exit 3", ["one"]), "exit 3 instead of 0"),
        (Step(1, "true", [], 1), "exit 0 instead of 1"),
        (Step(1, "python -c 1/0", ["..."], 1), "a traceback"),
        (Step(1, "python -c 'sum(range(10**7))'", [], 0, 0.01), "more than 0.01"),
    ],
)
def test_whatever_differs_is_told(step, words, tmp_path):
    assert words in failure(step, PYTHON, tmp_path)


def test_a_step_sees_no_variables_but_a_users(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("PYTHONPATH", "src")
    step = Step(1, "echo $KERAS_BACKEND$PYTHONPATH; cd; pwd", ["", str(tmp_path / "home")])
    assert failure(step, PYTHON, tmp_path) == ""


@pytest.mark.parametrize(
    ("pattern", "screen", "expected"),
    [
        ("one", "one", True),
        ("one", "one  \n\n", True),
        ("one", "one more", False),
        ("one...", "one more", True),
        ("one...", "one\nmore", False),
        ("...\ntwo", "one\ntwo", True),
        ("...\ntwo", "two", True),
        ("...\ntwo", "two\nthree", False),
        ("one\n...", "one\n\nmore\n", True),
        ("...", "", True),
        ("(a.c)", "(abc)", False),
    ],
)
def test_dots_stand_for_anything(pattern, screen, expected):
    assert matches(pattern, screen) is expected


@pytest.mark.parametrize("text", ["# installed:\none\n$ true\n", "$ true\n"])
def test_what_is_no_story_is_refused(make, text):
    with pytest.raises((ValueError, KeyError)):
        read_story(make(text, "story.txt"))
