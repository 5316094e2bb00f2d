"""Settings that every test shares."""

import importlib.util
import os
import re

import numpy as np
import pytest

# One thread each: the tests run in parallel processes already.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# JAX compiles for most of the time: tests want it done soon rather than well.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")


BACKENDS = ("jax", "tensorflow", "torch")
INSTALLED = [name for name in BACKENDS if importlib.util.find_spec(name)]
if INSTALLED:
    # JAX makes the quickest small programs.
    os.environ.setdefault("KERAS_BACKEND", INSTALLED[0])


CONTRACT = re.compile(r"::test_contract\[.*-(\w+)\]$")


def unit(test):
    """What one worker of pytest-xdist runs together: a file's tests share fixtures and imports.

    Contracts are an exception: a process serves those of a backend, see tests/contracts.py.
    """
    contract = CONTRACT.search(test)
    return f"contracts on {contract[1]}" if contract else test.partition("::")[0]


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # they are in their order already
    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = unit
    return scheduling


def pytest_collection_modifyitems(items):
    """What takes longest goes first: begun last, it would keep one worker busy and none other."""
    items.sort(key=lambda item: not CONTRACT.search(item.nodeid))


MISSING = re.compile(r"could not import|no \w+ here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return seen((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return seen((yield))


def seen(report):
    """A report, which fails where INLAY_ALL_INSTALLED is set and a package is missing after all.

    CI sets it in the environment that has everything: a test that is skipped there is run nowhere.
    """
    if report.skipped and "INLAY_ALL_INSTALLED" in os.environ:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MISSING.search(reason):
            report.outcome = "failed"
            report.longrepr = f"{reason}: the environment that should have everything lacks it"
    return report


@pytest.fixture
def table():
    """Five tokens in three dimensions, small enough to check by eye."""
    from inlay import Table

    matrix = np.array(
        [[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.9, 0.1], [0, 0, 1]], dtype=np.float32
    )
    return Table(["good", "great", "film", "movie", "the"], matrix)


@pytest.fixture
def make(tmp_path):
    """Write bytes or text to a file of the test's own folder; gives its path."""

    def write(content, name="vectors.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture(scope="session")
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(scope="session")
def reviews():
    """40 texts and their labels: one word in each tells, among words that do not."""
    rng = np.random.default_rng(0)
    telling = {"pos": ["good", "great", "fine", "fun"], "neg": ["bad", "awful", "dull", "poor"]}
    noise = ["the", "film", "was", "a", "story", "of", "two", "men"]
    texts, labels = [], []
    for i in range(40):
        label = ("pos", "neg")[i % 2]
        words = [*rng.choice(noise, rng.integers(2, 9)), rng.choice(telling[label])]
        texts.append(" ".join(rng.permutation(words)))
        labels.append(label)
    return texts, labels


@pytest.fixture(scope="session")
def vectors():
    """A table that holds some of the words of `reviews`, and `"superb"`, which they lack."""
    from inlay import Table

    tokens = ["good", "great", "bad", "awful", "film", "the", "superb"]
    matrix = np.random.default_rng(1).normal(size=(len(tokens), 16)).astype(np.float32)
    matrix[6] = matrix[0]  # superb is good
    return Table(tokens, matrix)
