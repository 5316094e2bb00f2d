"""What the commands of all trainers have in common."""

from typing import Any

import click

workers_option = click.option(
    "--workers", type=int, help="Run N threads.  [default: one per processor]"
)


def given(tokenizer: str | None) -> dict[str, Any]:
    """The trainer's own default where no tokenizer was given."""
    return {} if tokenizer is None else {"tokenizer": tokenizer}
