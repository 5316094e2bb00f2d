"""What a user sees when something fails: one line, and an exit code that a script can read."""

import os
import re
import sys
import traceback
import warnings
from typing import Any

import click

from inlay.cli.dashes import WholeWords
from inlay.cli.hints import in_options, in_words, names_of
from inlay.cli.interrupts import INTERRUPTED
from inlay.errors import ArgumentError, ArgumentTypeError, InlayError, InlayWarning

# Control characters, separators of lines, what turns the direction of writing, half characters.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# In the context's notes: whether to show tracebacks, and a command's own exit code of a failure.
DEBUG, EXIT_CODE = "inlay.debug", "inlay.exit_code"
FAILED, PIPE_CLOSED = 1, 141  # click's own 2: used wrongly


class Command(WholeWords):
    """A command whose library calls may refuse an option's value: that is wrong usage too."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        for param in self.params:
            if param.metavar is None and isinstance(param.type, click.types.IntParamType):
                param.metavar = "N"  # the N of the help
        self.params.append(debug_option())

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors about its options name them as the user typed them."""
        options = {
            param.name: param
            for param in self.params
            if isinstance(param, click.Option) and param.expose_value
        }
        try:
            return super().invoke(ctx)
        except InlayError as error:
            wrong = isinstance(error, ArgumentError | ArgumentTypeError)
            given = {name for name in options if ctx.params[name] is not None}
            if wrong and error.where in given:
                # What is called like an option may also be a file or folder: `-o model`.
                is_value = repr(ctx.params[error.where]) in error.got
                if is_value or error.where not in ctx.params.values():
                    raise bad_value(error, ctx, options[error.where]) from error
            error.hint = in_options(error.hint, names_of(self))
            raise


def bad_value(error: InlayError, ctx: click.Context, param: click.Parameter) -> click.BadParameter:
    """The library's refusal of an option's value, in the words of the command line."""
    message = f"expected {in_words(error.expected)}, got {in_words(error.got)}."
    hint = in_options(error.hint, names_of(ctx.command))
    if hint:
        message += f" Try: {hint.rstrip('.')}."
    return click.BadParameter(escaped(message), ctx, param)


def debug_option(*, hidden: bool = True) -> click.Option:
    """`--debug`, which stands before the command or behind it."""
    return click.Option(
        ["--debug"],
        is_flag=True,
        envvar="INLAY_DEBUG",
        hidden=hidden,
        expose_value=False,
        is_eager=True,  # for what other options say
        callback=_remember_debug,
        help="Show the Python traceback of a failure; may also be given after the command.",
    )


def _remember_debug(context: click.Context, param: click.Parameter, value: bool) -> None:
    context.meta[DEBUG] = context.meta.get(DEBUG) or value


class FailingWell(click.Group):
    """The root group: failures become one line on standard error.

    Ctrl-C is answered by a sentence on what is kept. Exit codes: 1 for a failure, 2 for an option
    or argument that cannot be used, 130 after Ctrl-C and 141 when the reader of our output has
    gone, as shells count signals.
    """

    def main(self, *args: Any, **settings: Any) -> Any:
        """Read the arguments and run; help that cannot be printed is a failure too."""
        try:
            return super().main(*args, **settings)
        except OSError as error:
            click.echo(f"inlay: error: {escaped(_one_line(error))}", err=True)
            _drop_output()
            sys.exit(FAILED)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", InlayWarning)
                warnings.showwarning = _told
                result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()  # a closed pipe or a full disk shows here, not at exit
        except KeyboardInterrupt as stop:
            # What is kept of the work is known where it is done; see `inlay.jobs.stop`.
            click.echo("\n".join(getattr(stop, "__notes__", ["Stopped."])), err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _drop_output()
            ctx.exit(PIPE_CLOSED)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.meta.get(DEBUG):
                traceback.print_exc()
            click.echo(f"inlay: error: {escaped(_one_line(error))}", err=True)
            _drop_output()
            ctx.exit(ctx.meta.get(EXIT_CODE, FAILED))
        return result


def _told(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
    """Print a warning as one line, without the place in Python's code that users did not write."""
    text, _, hint = " ".join(str(message).split()).partition(" Try: ")
    context = click.get_current_context(silent=True)
    hint = in_options(hint, names_of(context.command)) if context else ""
    if hint:
        text += f" Try: {hint.rstrip('.')}."
    if not issubclass(category, InlayWarning | UserWarning):
        text = f"{category.__name__}: {text}"
    click.echo(f"inlay: warning: {escaped(text)}", err=True)


def escaped(text: str) -> str:
    r"""Text without what a terminal would obey, written as Python and JSON write it.

    Tokens come from files of anybody's: a control sequence among them may hide or forge lines.

    Example:
        >>> print(escaped("a\x1b[2Jb\u202ec"))
        a\u001b[2Jb\u202ec
    """
    return CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, InlayError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return f"not enough memory: {text}"
    if isinstance(error, OSError | UnicodeError):
        return text
    return (
        f"something that inlay did not expect: {type(error).__name__}: {text}. "
        'Try: the same with "inlay --debug", which shows where it arose, for a report of it.'
    )


def _drop_output() -> None:
    """Point standard output nowhere, so that Python's own flush at exit stays quiet."""
    try:
        sys.stdout.flush()
    except (OSError, AttributeError, ValueError):
        try:
            descriptor = sys.stdout.fileno()
        except (OSError, AttributeError, ValueError):
            return
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
