"""A group whose commands are imported when they are called, so that its help imports none."""

import importlib
from collections.abc import Mapping

import click

from inlay.cli.dashes import WholeWords


class Lazily(WholeWords, click.Group):
    """Finds each command in the module of its name when it is called.

    Attributes:
        table: What each command does, in the order of the help.
        package: Where the modules are.
    """

    table: Mapping[str, str] = {}
    package: str = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.table:
            return None
        module = importlib.import_module(f"{self.package}.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say which is near."""
        if args and args[0] not in (*self.table, "help"):
            import difflib  # which costs more than all of the help

            near = difflib.get_close_matches(args[0], self.table, 1)
            if near:
                ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))
