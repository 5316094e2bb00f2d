"""What inlay raises: where, what was expected, what came, and what to try.

Each error is an `InlayError` and also the builtin that a reader of Python expects, so
`except ValueError` and `except inlay.InlayError` both work.
"""

LONGEST = 1000  # characters of what came that a message shows


class InlayError(Exception):
    """An error in four parts, printed as `where: expected X, got Y. Try: hint.`

    Args:
        where: File and line, or function and argument.
        expected: What would have been right.
        got: What came instead.
        hint: What to do about it. Empty when there is nothing useful to say.
    """

    def __init__(self, where: str, *, expected: str, got: str, hint: str = "") -> None:
        self.where, self.expected, self.got, self.hint = where, expected, got, hint
        super().__init__(where, expected, got, hint)

    def __str__(self) -> str:
        got = self.got
        if len(got) > LONGEST:
            got = f"{got[:LONGEST]}... (of {len(got):,} characters)"
        text = f"{self.where}: expected {self.expected}, got {_ended(got)}"
        return f"{text} Try: {_ended(self.hint.removesuffix('.'))}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        # Exception pickles by positional arguments; ours are keywords.
        return _rebuild, (type(self), self.where, self.expected, self.got, self.hint)


def _ended(text: str) -> str:
    return text if text.endswith("...") else f"{text}."


def _rebuild(cls: type[InlayError], where: str, expected: str, got: str, hint: str) -> InlayError:
    return cls(where, expected=expected, got=got, hint=hint)


class FormatError(InlayError, ValueError):
    """A file's contents are not what its format says."""


class ArgumentError(InlayError, ValueError):
    """An argument has a value that cannot be used."""


class ArgumentTypeError(InlayError, TypeError):
    """An argument is of a type that cannot be used."""


class ImmutableError(InlayError, AttributeError):
    """An object that never changes was to be changed."""


class UnknownNameError(InlayError, AttributeError):
    """An object has nothing of this name."""


class UnknownTokenError(InlayError, KeyError):
    """A token is in neither the table nor the vocabulary that was asked."""


class UnknownArrayError(InlayError, KeyError):
    """A file of arrays has none of this name."""


class IdError(InlayError, IndexError):
    """An id lies outside `0 .. vocab_size - 1`, or is not a whole number."""


class MissingPackageError(InlayError, ImportError):
    """An optional package is not installed."""


class NotOfferedError(InlayError, ImportError):
    """Another library has it, and the part of `inlay.compat` that stands in for it does not."""


class UnsupportedError(InlayError, NotImplementedError):
    """An object cannot do what others of its kind can."""


class MissingFileError(InlayError, FileNotFoundError):
    """A file or folder that was named does not exist."""


class DownloadError(InlayError, OSError):
    """A file could not be downloaded, or is not the one that it should be."""


class NoSpaceError(InlayError, OSError):
    """A disk is full, or a file is as large as it may be."""


class NotFittedError(InlayError, RuntimeError):
    """A prediction was asked of a model that has not been fitted."""


class InlayWarning(UserWarning):
    """Something is probably not meant; the work goes on."""
