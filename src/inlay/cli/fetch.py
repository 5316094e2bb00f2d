"""`inlay fetch`: a public embedding or data set onto this disk."""

import click

from inlay.cli.failures import Command
from inlay.cli.interrupts import work
from inlay.cli.options import json_option, progress_option
from inlay.cli.outputs import note, print_json, say

HELP = """Download a public embedding or data set by its name, and print where it lies.

NAME may also be the address of a file, which begins with https://, http:// or file://. The size
and the licence are shown before the download. If the download is cut off or stopped,
give the same command again and it continues where it ended. What has been downloaded before is
found at once. Other commands that read vectors or labelled texts take the same names.

The names are listed by "inlay catalogue". Files are kept in the folder that "inlay cache path"
prints. Set INLAY_CACHE to choose another one, and INLAY_OFFLINE=1 to forbid downloads.

What is on the Hugging Face Hub has names such as hf://OWNER/REPO and hf://OWNER/REPO@REVISION/FILE.
Of a model, only the files that its word vectors are read from are downloaded. They are kept in the
cache of the package huggingface_hub.

\b
Example:
  inlay fetch glove.6B.100d
  inlay similar glove.6B.100d king woman --negative man"""


@click.command(cls=Command, help=HELP, no_args_is_help=True)
@click.argument("name")
@click.option(
    "--verify", is_flag=True, help="Read what was downloaded before, and compare its SHA-256."
)
@progress_option
@json_option
def fetch(name: str, verify: bool, progress: bool | None, as_json: bool) -> None:
    from inlay.sources.fetching import as_source, fetch_source

    source = as_source(name)
    with work():
        fetched = fetch_source(source, verify=verify, progress=progress, say=note)
    if as_json:
        print_json(
            {
                "name": source.name,
                "path": str(fetched.path),
                "url": fetched.url,
                "sha256": fetched.sha256 or None,
                "licence": fetched.provenance.get("licence"),
            }
        )
    else:
        say(str(fetched.path))
