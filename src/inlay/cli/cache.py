"""`inlay cache`: what was downloaded, how much it takes, and how to get rid of it."""

import click

from inlay.cli.dashes import WholeWords
from inlay.cli.failures import Command
from inlay.cli.options import json_option
from inlay.cli.outputs import note, print_json, say, size

GROUP_HELP = """List or remove what inlay has downloaded and converted.

\b
Example:
  inlay cache list
  inlay cache remove glove.6B.100d"""

LIST_HELP = """List what is in the cache: downloads, and the tables that were made of them.

What has come of a download that was stopped is marked as a part, and the next "inlay fetch" of
it continues there.

\b
Example:
  inlay cache list"""

REMOVE_HELP = """Remove what was downloaded and converted by these names.

A NAME is one of the catalogue, or a path that "inlay cache list" prints. An archive that several
tables lie in is removed as a whole. The SHA-256 that was noted at the first download stays, so
that another file at the same address is noticed.

\b
Example:
  inlay cache remove glove.6B.100d"""

PATH_HELP = """Print the folder of the cache.

INLAY_CACHE in the environment chooses another one.

\b
Example:
  inlay cache path"""


class Caching(WholeWords, click.Group):
    """Refuses words behind a single dash."""


@click.group(cls=Caching, help=GROUP_HELP, no_args_is_help=True)
def cache() -> None:
    """The commands of the cache."""


@cache.command("list", cls=Command, help=LIST_HELP, short_help="List what is in the cache.")
@json_option
def list_(as_json: bool) -> None:
    from inlay.sources.cache import cache_folder, kept

    found, folder = kept(), cache_folder()
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "bytes": sum(item.bytes for item in found),
                "files": [
                    {
                        "path": item.path.as_posix(),
                        "bytes": item.bytes,
                        "name": item.name or None,
                        "whole": item.whole,
                    }
                    for item in found
                ],
            }
        )
        return
    for item in found:
        name = item.name or "?"
        part = "" if item.whole else "  (a part)"
        say(f"{size(item.bytes):>10}  {name:<24}  {item.path.as_posix()}{part}")
    note(f"{size(sum(item.bytes for item in found))} in {folder}")


@cache.command(
    cls=Command,
    help=REMOVE_HELP,
    short_help="Remove what was downloaded.",
    no_args_is_help=True,
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--forget", is_flag=True, help="Remove the SHA-256 that was noted at the first download, too."
)
@json_option
def remove(names: tuple[str, ...], forget: bool, as_json: bool) -> None:
    from inlay.sources import cache as sources

    removed = [item for name in names for item in sources.remove(name, forget=forget)]
    if as_json:
        paths = [item.path.as_posix() for item in removed]
        print_json({"removed": paths, "bytes": sum(item.bytes for item in removed)})
        return
    for item in removed:
        say(f"{size(item.bytes):>10}  {item.path.as_posix()}")


@cache.command(cls=Command, help=PATH_HELP, short_help="Print the folder of the cache.")
def path() -> None:
    from inlay.sources.cache import cache_folder

    say(str(cache_folder()))
