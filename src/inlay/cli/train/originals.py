"""The options of other programs, which many know by heart: `-minCount 1` for `--min-count 1`."""

from collections.abc import Mapping
from typing import ClassVar

import click

from inlay.cli.failures import Command

CORPUS = ""  # what stands for an option in the table below whose value is the corpus


class Originals(Command):
    """A command that knows another program's options, too; its help does not list them.

    Attributes:
        theirs: Their option to ours; to `CORPUS`, if its value is the corpus.
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
            elif self.theirs.get(arg) != CORPUS:
                ours.append(self.theirs.get(arg, arg))
        return super().parse_args(ctx, ours)
