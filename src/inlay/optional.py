"""Optional packages: imported when needed, missed in a sentence that says what to install."""

import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from types import ModuleType

from inlay.errors import MissingPackageError

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# As TensorFlow writes them, now and in the versions before; what is fatal is left.
LOG_LINES = re.compile(
    rb"^(?:[IWE]\d{4} [\d:.]+ |\d{4}-\d\d-\d\d [\d:.]+: [IWE] |WARNING: All log messages before"
    rb").*\n",
    re.MULTILINE,
)


def require(module: str, *, extra: str, need: str) -> ModuleType:
    """Import an optional package, or say how to get it.

    Args:
        module: Name to import, such as `"torch"`.
        extra: The extra of inlay that brings it.
        need: What it is needed for, as a phrase: `"reading a .h5 file"`.

    Raises:
        MissingPackageError: The package is not installed. A package that is installed but
            fails to import raises its own error.

    Examples:
        >>> require("json", extra="none", need="this example").dumps([1])
        '[1]'
    """
    greets = module in ("tensorflow", "keras") and not {module, "tensorflow"} & sys.modules.keys()
    try:
        with quiet() if greets else nullcontext():
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise _missing({error.name: extra}, need) from error


def look_for(packages: Mapping[str, str], *, need: str) -> None:
    """Say how to get what is not installed of several packages, before the first import of one.

    Args:
        packages: The extra of inlay that brings each.
        need: What they are needed for, as in `require`.

    Raises:
        MissingPackageError: Some are not installed; all of them are named.

    Examples:
        >>> look_for({"json": "none"}, need="this example")
    """
    from importlib.util import find_spec

    missing = {
        name: extra
        for name, extra in packages.items()
        if sys.modules.get(name) is None and find_spec(name) is None
    }
    if missing:
        raise _missing(missing, need)


def _missing(packages: Mapping[str, str], need: str) -> MissingPackageError:
    many, names = "s" if len(packages) > 1 else "", " and ".join(map(repr, packages))
    extras = ",".join(dict.fromkeys(packages.values()))
    return MissingPackageError(
        need,
        expected=f"the package{many} {names}",
        got=f"no such package{many} here",
        hint=f'pip install "inlay[{extras}]"',
    )


@contextmanager
def quiet() -> Iterator[None]:
    """While TensorFlow is imported: keep its log lines out of standard error, and all else in.

    Whoever sets TF_CPP_MIN_LOG_LEVEL to 0 or 1 sees them. The variable alone does not do, for
    some are written before TensorFlow has read it.
    """
    level = os.environ.get(LEVEL)
    if level in ("0", "1"):
        yield
        return
    import tempfile

    try:
        screen = os.dup(2)
    except OSError:  # there is none
        yield
        return
    os.environ[LEVEL] = level or "3"
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            if level is None:
                os.environ.pop(LEVEL, None)  # processes that are started from here are not ours
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(screen, 2)
            os.close(screen)
            held.seek(0)
            os.write(2, LOG_LINES.sub(b"", held.read()))
