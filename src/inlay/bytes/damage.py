"""What a damaged file makes its readers raise, as one error of ours.

Unpackers, parsers and other libraries each have their own words for bytes that they did not
expect. Whoever reads a file does so inside `damage_reported`, and its user sees a `FormatError`.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator

from inlay.errors import FormatError, InlayError

CUT_OFF = "download it again; a cut-off file looks like this"
# RuntimeError: a password (zipfile), a loop of links (pathlib), deep JSON (RecursionError), a
# method of packing that this Python lacks (NotImplementedError). LookupError: a zip member without
# a name (IndexError), an entry that a damaged file lacks (KeyError). ValueError: bytes that are no
# text, text that is no JSON, a NUL in a name. The rest is what numpy and zipfile let through.
BUILTIN: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
)
READERS = {
    "csv": "Error",
    "lzma": "LZMAError",
    "sqlite3": "Error",
    "struct": "error",
    "tarfile": "TarError",
    "tokenize": "TokenError",
    "zipfile": "BadZipFile",
    "zlib": "error",
}


def readers_errors() -> tuple[type[Exception], ...]:
    """What may have been raised; a module that was never imported has raised nothing."""
    imported = {name: sys.modules[name] for name in READERS if name in sys.modules}
    return (*BUILTIN, *(getattr(module, READERS[name]) for name, module in imported.items()))


@contextlib.contextmanager
def damage_reported(
    where: str | Callable[[], str],
    *,
    expected: str = "a whole file that can be read",
    hint: str = CUT_OFF,
) -> Iterator[None]:
    """Turn whatever a reader raises about damaged bytes into a `FormatError`.

    Errors of ours pass through, for they say more. So does what a disk says: an `OSError` with a
    number (no space, no permission, input/output error) is no damage of the file. Put only the
    reading inside: a mistake in other code would be called damage too.

    Args:
        where: The file, and the line if it is known; or a function that tells when it is asked.
        expected: What would have been right.
        hint: What to do about it.

    Raises:
        FormatError: The reader raised one of `readers_errors()`.

    Examples:
        >>> import json
        >>> with damage_reported("options.json", expected="JSON", hint="download it again"):
        ...     json.loads("{")
        Traceback (most recent call last):
        ...
        inlay.errors.FormatError: options.json: expected JSON, got a damaged one (Expecting \
property name enclosed in double quotes: line 1 column 2 (char 1)). Try: download it again.
    """
    try:
        yield
    except InlayError:
        raise
    except readers_errors() as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = str(error) or type(error).__name__
        raise FormatError(
            where if isinstance(where, str) else where(),
            expected=expected,
            got=f"a damaged one ({said[:200]})",
            hint=hint,
        ) from error
