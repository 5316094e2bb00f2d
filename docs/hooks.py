"""What the site has beyond the pages: the command line's help, and links as GitHub has them."""

import re
from collections.abc import Iterator
from typing import Any

import click

from inlay.cli.root import inlay

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page of commands gets their help; files that are not on the site are not linked."""
    name = page.file.src_uri
    if name == "reference/command-line.md":
        return markdown + "".join(_helps(inlay, None))
    return markdown if "/" in name else OUTSIDE.sub(r"\1", markdown)


def _helps(command: click.Command, above: click.Context | None) -> Iterator[str]:
    context = click.Context(command, above, info_name=command.name)
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _helps(below, context)
