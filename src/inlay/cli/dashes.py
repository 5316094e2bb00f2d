"""A word behind a single dash is never taken for a letter and its value.

click reads `-output x` as `-o utput` and an argument `x`, and writes to the wrong file. Here it is
an error that names the whole word.
"""

import re
from collections.abc import Iterable, Sequence

import click

# An option of one letter, and more behind it.
GLUED = re.compile(r"(?P<letter>-[^\W_])=?(?P<rest>.+)", re.DOTALL)


class WholeWords(click.Command):
    """A command that refuses words behind a single dash, but for a number: `-n5` is `-n 5`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments.

        Raises:
            click.NoSuchOption: A word behind a single dash.
        """
        if not ctx.resilient_parsing:  # which completes a line that is not yet whole
            self._refuse_words(ctx, args)
        return super().parse_args(ctx, args)

    def others(self) -> Iterable[str]:
        """More options that one may have meant."""
        return ()

    def _refuse_words(self, ctx: click.Context, args: Sequence[str]) -> None:
        options = {
            name: param
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            for name in (*param.opts, *param.secondary_opts)
        }
        rest = iter(args)
        for arg in rest:
            if arg == "--" or not (arg.startswith("-") or ctx.allow_interspersed_args):
                return
            if arg in options:
                if not (options[arg].is_flag or options[arg].count):
                    next(rest, None)  # its value, which may be any word
            elif (glued := GLUED.fullmatch(arg)) is not None:
                given = options.get(glued["letter"])
                takes = given is not None and not given.is_flag
                if takes and glued["rest"].isdecimal() and _is_whole(given):
                    continue
                word = arg if "=" in arg[:3] else arg.partition("=")[0]
                meant = _near(word, [*self.others(), *options])
                if takes and not meant:
                    meant = [f"{glued['letter']} {glued['rest']}"]
                ask = f" Did you mean {' or '.join(map(repr, meant))}?" if meant else ""
                raise click.NoSuchOption(word, f"No such option {word!r}.{ask}", ctx=ctx)


def _is_whole(option: click.Option | None) -> bool:
    return option is not None and isinstance(option.type, click.types.IntParamType)


def _near(word: str, known: Iterable[str]) -> list[str]:
    """The options that are called so, or nearly so."""
    import difflib  # which costs more than all of the help

    names = {option.lstrip("-"): option for option in known if len(option.lstrip("-")) > 1}
    name = word.lstrip("-")
    near = [name] if name in names else difflib.get_close_matches(name, names, 2)
    return [names[name] for name in near]
