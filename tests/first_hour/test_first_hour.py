"""Runs the stories beside it, in the environment whose Python `INLAY_FIRST_HOUR` names.

`.ci/environments` does so for each extra alone: a story is run where exactly the packages that it
names are installed. By hand, where `INLAY_ALONE` is not set, others may be there too.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.first_hour.story import failures, read_story
from tests.test_alone import FRAMEWORKS

STORIES = sorted(Path(__file__).parent.glob("*.txt"))
ENVIRONMENTS = Path(__file__).resolve().parents[2] / ".ci" / "environments"


@pytest.fixture(scope="module")
def python():
    if "INLAY_FIRST_HOUR" not in os.environ:
        pytest.skip("INLAY_FIRST_HOUR names no Python of an environment that has inlay")
    return Path(os.environ["INLAY_FIRST_HOUR"]).absolute()  # its links are the environment


@pytest.fixture(scope="module")
def here(python):
    """The frameworks of that environment."""
    code = "import sys, importlib.util as u; print(*filter(u.find_spec, sys.argv[1:]))"
    command = [python, "-c", code, *FRAMEWORKS]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("path", STORIES, ids=[path.stem for path in STORIES])
def test_story(path, python, here, tmp_path):
    story = read_story(path)
    if not story.installed <= here or story.missing & here:
        pytest.skip(f"for an environment with {story.installed}, without {story.missing}")
    if "INLAY_ALONE" in os.environ and story.installed != here:
        pytest.skip(f"for an environment that has nothing but {story.installed}")
    told = failures(story, python, tmp_path)
    assert not told, "\n\n".join(told)


@pytest.mark.parametrize("path", STORIES, ids=[path.stem for path in STORIES])
def test_some_environment_of_ci_tells_it(path):
    told = [
        set(line.split('"')[1].split())
        for line in ENVIRONMENTS.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("alone ")
    ]
    assert read_story(path).installed in told


def test_a_story_of_no_known_package_would_never_be_told():
    for path in STORIES:
        story = read_story(path)
        assert story.installed | story.missing <= FRAMEWORKS, path.name
