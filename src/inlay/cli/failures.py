"""What a user sees when something fails: one line, and an exit code that a script can read."""

import os
import re
import sys
import traceback
from typing import Any

import click

from inlay.errors import ArgumentError, ArgumentTypeError, InlayError

# Control characters, separators of lines, what turns the direction of writing, half characters.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

FAILED, INTERRUPTED, PIPE_CLOSED = 1, 130, 141  # click's own 2: used wrongly


class Command(click.Command):
    """A command whose library calls may refuse an option's value: that is wrong usage too."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors about its options name them as the user typed them."""
        options = {param.name: param for param in self.params if isinstance(param, click.Option)}
        names = {name: option.opts[-1] for name, option in options.items()}
        flags = {name: option for name, option in options.items() if option.is_flag}
        names |= {f"{name}=True": option.opts[-1] for name, option in flags.items()}
        names |= {
            f"{name}=False": no for name, option in flags.items() for no in option.secondary_opts
        }
        try:
            return super().invoke(ctx)
        except InlayError as error:
            error.hint = in_options(error.hint, names)
            wrong = isinstance(error, ArgumentError | ArgumentTypeError)
            if not wrong or error.where not in options:
                raise
            message = f"expected {error.expected}, got {error.got}."
            if error.hint:
                message += f" Try: {error.hint}"
            raise click.BadParameter(escaped(message), ctx, options[error.where]) from error


class FailingWell(click.Group):
    """The root group: failures become one line on standard error.

    Ctrl-C is answered by a sentence on what is kept. Exit codes: 1 for a failure, 2 for an option
    or argument that cannot be used, 130 after Ctrl-C and 141 when the reader of our output has
    gone, as shells count signals.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe shows here, not at exit
        except KeyboardInterrupt as stop:
            # What is kept of the work is known where it is done; see `inlay.jobs.stop`.
            click.echo("\n".join(getattr(stop, "__notes__", ["Stopped."])), err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _drop_output()
            ctx.exit(PIPE_CLOSED)
        except (InlayError, OSError, UnicodeError, MemoryError) as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            click.echo(f"inlay: error: {escaped(_one_line(error))}", err=True)
            ctx.exit(FAILED)
        return result


def in_options(hint: str, names: dict[str, str]) -> str:
    """A hint in Python's terms, said in options.

    Example:
        >>> in_options("format='glove' or unit='x'", {"format": "--format"})
        "--format glove or unit='x'"
        >>> in_options("resume=False", {"resume": "--resume", "resume=False": "--no-resume"})
        '--no-resume'
        >>> in_options("format=Glove(dim=300) if it is one", {"dim": "--dim"})
        '--dim 300 if it is one'
        >>> in_options("text= one of them, or tokens=... with a list", {"text": "--text"})
        '--text one of them, or tokens=... with a list'
    """
    hint = re.sub(r"\bformat=[A-Z]\w*\(([^()]*)\)", r"\1", hint)

    def option(match: re.Match[str]) -> str:
        name, value = match.groups()
        if match[0] in names:
            return names[match[0]]
        if name not in names:
            return match[0]
        said = value.strip("'.")
        return f"{names[name]} {said}" if said else names[name]

    return re.sub(r"\b(\w+)=('[^']*'|[\w.]+|(?=[ ,]))", option, hint)


def escaped(text: str) -> str:
    r"""Text without what a terminal would obey, written as Python and JSON write it.

    Tokens come from files of anybody's: a control sequence among them may hide or forge lines.

    Example:
        >>> print(escaped("a\x1b[2Jb\u202ec"))
        a\u001b[2Jb\u202ec
    """
    return CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, InlayError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def _drop_output() -> None:
    """Point standard output nowhere, so that Python's own flush at exit stays quiet."""
    try:
        descriptor = sys.stdout.fileno()
    except OSError:
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
