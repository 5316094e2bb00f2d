"""The options of other programs, which many know by heart: `-minCount 1` for `--min-count 1`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import click

from inlay.cli.failures import Command

UNNAMED = ""  # what stands for an option in the table below whose value is our argument


class Originals(Command):
    """A command that knows another program's options, too; its help does not list them.

    Attributes:
        theirs: Their option to ours; to `UNNAMED`, if its value is our argument.
        refused: Their option, and why it is not known here.
    """

    theirs: ClassVar[Mapping[str, str]] = {}
    refused: ClassVar[Mapping[str, str]] = {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, with their options replaced by ours.

        Raises:
            click.UsageError: One of theirs that has no meaning here.
        """
        ours: list[str] = []
        for arg in args:
            if "--" in ours:
                ours.append(arg)  # no option stands behind it
            elif arg in self.refused:
                raise click.UsageError(f"{arg}: {self.refused[arg]}", ctx)
            elif self.theirs.get(arg) != UNNAMED:
                ours.append(self.theirs.get(arg, arg))
        return super().parse_args(ctx, ours)


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
