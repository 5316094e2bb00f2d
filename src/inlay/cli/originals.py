"""The options of other programs, which many know by heart: `-minCount 1` for `--min-count 1`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import click

from inlay.cli.failures import Command
from inlay.cli.hints import names_of

UNNAMED = ""  # what stands for an option in the table below whose value is our argument

# Of Mikolov's word2vec, and of its branch for vectors of sentences.
WORD2VEC = {
    "-train": UNNAMED,
    "-output": "--output",
    "-size": "--vector-size",
    "-window": "--window",
    "-sample": "--sample",
    "-negative": "--negative",
    "-threads": "--workers",
    "-iter": "--epochs",
    "-min-count": "--min-count",
    "-alpha": "--alpha",
}


class Originals(Command):
    """A command that knows another program's options, too; its help does not list them.

    Attributes:
        theirs: Their option to ours; to `UNNAMED`, if its value is our argument.
        values: Their option, whose values are options here.
        ignored: Their options whose values, whatever they are, change nothing here.
        refused: Their option, and why it is not known here.
        trainer: The module of the function behind the command, whose `FOREIGN` has others' words.
    """

    theirs: ClassVar[Mapping[str, str]] = {}
    values: ClassVar[Mapping[str, Mapping[str, Sequence[str]]]] = {}
    ignored: ClassVar[Sequence[str]] = ()
    refused: ClassVar[Mapping[str, str]] = {}
    trainer: ClassVar[str] = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, with their options replaced by ours.

        Raises:
            click.UsageError: One of theirs that has no meaning here, or no such value.
        """
        ours: list[str] = []
        rest = iter(args)
        for arg in rest:
            if "--" in ours:
                ours.append(arg)  # no option stands behind it
            elif arg in self.refused:
                raise click.UsageError(f"{arg}: {self.refused[arg]}", ctx)
            elif arg in self.ignored:
                if next(rest, None) is None:
                    raise click.BadOptionUsage(arg, f"Option {arg!r} requires an argument.", ctx)
            elif arg in self.values:
                value = next(rest, "")
                if value not in self.values[arg]:
                    expected = " or ".join(self.values[arg])
                    raise click.UsageError(f"{arg}: expected {expected}, got {value!r}.", ctx)
                ours += self.values[arg][value]
            elif self.theirs.get(arg) != UNNAMED:
                ours.append(self.theirs.get(arg, arg))
        try:
            return super().parse_args(ctx, ours)
        except click.NoSuchOption as error:
            name = f"-{error.option_name.lstrip('-')}"
            if name in self.refused:
                raise click.UsageError(f"{name}: {self.refused[name]}", ctx) from None
            if not (meant := self._meant(error.option_name)):
                raise
            ask = f"Did you mean {' or '.join(map(repr, meant))}?"
            message = f"No such option {error.option_name!r}. {ask}"
            raise click.NoSuchOption(error.option_name, message, ctx=ctx) from None

    def others(self) -> Iterable[str]:
        """Their options."""
        return (*self.theirs, *self.values)

    def _meant(self, option: str) -> list[str]:
        """What others call so, as `--dim` and `--iter`, by our options."""
        ours = self.theirs.get(f"-{option.lstrip('-')}", UNNAMED)
        if ours != UNNAMED or not self.trainer:
            return [ours] if ours else []
        hint = import_module(self.trainer).FOREIGN.get(option.lstrip("-").replace("-", "_"), "")
        names = names_of(self)
        said = re.findall(r"\b(\w+)=", hint if isinstance(hint, str) else hint("1"))
        return [names[name] for name in dict.fromkeys(said) if name in names]


def with_ending(args: Sequence[str], option: str, ending: str) -> list[str]:
    """Arguments, where the name behind an option of theirs gets the ending that they add.

    Example:
        >>> with_ending(["-output", "model", "-dim", "9"], "-output", ".bin")
        ['-output', 'model.bin', '-dim', '9']
    """
    return [
        f"{arg}{ending}" if before == option and not Path(arg).suffix else arg
        for before, arg in zip(["", *args], args, strict=False)
    ]
