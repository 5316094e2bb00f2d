"""README.md and docs/ are tests: see `tests/pages.py` for how a page is run."""

import os
import re
from pathlib import Path

import pytest
from tests.pages import PageError, run_page

# What only some pages need: their tokenizers.
OF_A_LANGUAGE = re.compile(r"inlay\[(jieba|kiwi|mecab|icu|tokenizers|sentencepiece)\]")
ROOT = Path(__file__).resolve().parent

collect_ignore = ["docs/hooks.py"]  # imports what only the site's builder has

# The lightest backend, unless the caller wants another; fixed before anything imports Keras.
os.environ.setdefault("KERAS_BACKEND", "jax")
# No test asks a server of others; those of downloads ask one of their own.
os.environ["INLAY_OFFLINE"] = "1"


def pytest_collect_file(file_path, parent):
    """Make a test of each page."""
    if file_path == ROOT / "README.md" or file_path.match("docs/*.md"):
        return Page.from_parent(parent, path=file_path)
    return None


class Page(pytest.File):
    """A file of Markdown, which is one test: its blocks build on each other."""

    def collect(self):
        yield PageRun.from_parent(self, name=self.path.name)


class PageRun(pytest.Item):
    """The page, run in a folder of its own."""

    def runtest(self):
        folder = self.config._tmp_path_factory.mktemp(self.path.stem)
        before = os.getcwd()
        os.chdir(folder)
        os.environ["INLAY_CACHE"] = str(folder / "cache")
        try:
            run_page(self.path)
        except PageError as error:
            if missing := OF_A_LANGUAGE.search(str(error)):
                pytest.skip(f"not installed: {missing[0]}")
            raise
        finally:
            os.chdir(before)
            del os.environ["INLAY_CACHE"]

    def repr_failure(self, excinfo):
        shown = excinfo.errisinstance(PageError)
        return str(excinfo.value) if shown else super().repr_failure(excinfo)
