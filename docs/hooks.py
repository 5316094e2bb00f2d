"""What the site has beyond the pages.

The command line's help, links as GitHub has them, and the arguments of formats.
"""

import re
from collections.abc import Iterator
from typing import Any

import click
import griffe

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


class FormatArguments(griffe.Extension):
    """The fields of an `@options` class are its arguments: Griffe knows only `dataclasses`' own."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Give each format the `__init__` that its fields, and those of its bases, make."""
        if "formats" in pkg.members:
            for module in pkg["formats"].modules.values():
                for made in module.classes.values():
                    if not made.is_alias:
                        _fill(made)


def _fill(made: griffe.Class) -> None:
    own = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
    found = {}
    for above in [*reversed(made.mro()), made]:
        if any(str(decorator.value) == "options" for decorator in above.decorators):
            found |= {field.name: field for field in above.attributes.values() if _is_field(field)}
    if found:
        made.set_member("__init__", griffe.Function("__init__", parameters=griffe.Parameters(own)))
        for name, field in found.items():
            kind = griffe.ParameterKind.keyword_only
            made["__init__"].parameters.add(
                griffe.Parameter(name, annotation=_spelt(field), kind=kind, default=field.value)
            )


def _is_field(attribute: griffe.Attribute) -> bool:
    return attribute.annotation is not None and "instance-attribute" in attribute.labels


def _spelt(field: griffe.Attribute) -> Any:
    """The choices that a field allows, rather than the name that the source has for them."""
    named = getattr(field.annotation, "resolved", None)
    return named.value if isinstance(named, griffe.Attribute) else field.annotation
