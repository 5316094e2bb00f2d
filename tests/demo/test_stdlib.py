import sys

import pytest

from inlay.demo.stdlib import docstrings, library_folder, topics
from inlay.errors import MissingFileError

# Created in an order that is neither that of the alphabet nor its reverse.
GREEK = ("gamma", "beta", "theta", "eta", "delta")


@pytest.fixture
def library(tmp_path):
    """A small library: a package, a module, tests, a broken file."""
    files = {
        "alpha/__init__.py": '"""Package alpha."""\n',
        "alpha/inner.py": (
            'class Shape:\n    """A shape.\n\n    Indented.\n    """\n'
            "    if True:\n        def area(self):\n            'Its area.'\n"
            "    async def wait(self): 'Waits.'\n"
            "def plain():\n    return 'no docstring'\n"
        ),
        "_pydecimal.py": '"""Decimal numbers."""\n',
        "_pyown.py": '"""No public twin."""\n',
        "zeta.py": "raise SystemExit('imported!')\n",
        "zeta2.py": "'\\d is an escape that Python warns of'\n",
        "broken.py": "def (:\n",
        "alpha/tests/test_a.py": '"""A test."""\n',
        "site-packages/other.py": '"""Not the library\'s."""\n',
        "pydoc_data/topics.py": "# made by a tool\ntopics = {'b': 'two ' 'parts', 'a': 'one'}\n",
    }
    files |= {f"{name}/__init__.py": f'"""{name}"""' for name in GREEK}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_docstrings_are_found_wherever_they_are_defined(library):
    found = [(doc.package, doc.name, doc.text) for doc in docstrings(library)]
    assert found == [
        ("decimal", "_pydecimal", "Decimal numbers."),
        ("_pyown", "_pyown", "No public twin."),
        ("zeta2", "zeta2", "\\d is an escape that Python warns of"),
        ("alpha", "alpha", "Package alpha."),
        ("alpha", "alpha.inner.Shape", "A shape.\n\nIndented."),
        ("alpha", "alpha.inner.Shape.area", "Its area."),
        ("alpha", "alpha.inner.Shape.wait", "Waits."),
        *((name, name, name) for name in sorted(GREEK)),
    ]


def test_topics_are_read_without_running_the_file(library):
    assert topics(library) == {"a": "one", "b": "two parts"}
    assert list(topics(library)) == ["a", "b"]


def test_a_library_without_sources_says_what_to_do(tmp_path):
    (tmp_path / "compiled.pyc").write_bytes(b"")
    with pytest.raises(MissingFileError, match=r"\.py files, got no docstring.*--data"):
        docstrings(tmp_path)
    with pytest.raises(MissingFileError, match=r"topics\.py: expected the topics of help"):
        topics(tmp_path)


def test_this_python_has_more_than_a_million_characters_and_imports_nothing():
    before = set(sys.modules)
    found = docstrings()
    assert sum(len(doc.text) for doc in found) + sum(map(len, topics().values())) > 1_500_000
    assert {"email", "logging", "asyncio"} <= {doc.package for doc in found}
    assert not any(part in doc.name for doc in found for part in ("site-packages", "idle_test"))
    assert not {"antigravity", "this", "turtle"} & (set(sys.modules) - before)


def test_the_same_library_gives_the_same_docstrings_in_the_same_order():
    folder = library_folder() / "email"
    assert docstrings(folder) == docstrings(folder)
