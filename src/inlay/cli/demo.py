"""`inlay demo`: from text alone to vectors, a comparison of classifiers, and the best one."""

import platform
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inlay.cli.failures import Command
from inlay.cli.options import json_option, print_json, quiet_backends

if TYPE_CHECKING:
    from inlay.demo.job import Material
    from inlay.evaluate import Comparison

WIDTH = 80

HELP = """Show the whole way on text that every Python carries: two minutes, no download.

Word vectors are learned from the docstrings of the standard library and the topics of help().
Then classifiers learn, from few examples, which package a docstring belongs to. The vectors and
the best classifier are kept, and the classifier is asked about --text.

--data does the same with labelled texts of your own (all kinds that `inlay classify fit`
reads), and --corpus with vectors learned from a file of yours, a text a line.

\b
Example:
  inlay demo --text "Send a request and wait for the response."
  inlay demo --data reviews.csv --corpus more-reviews.txt"""


@click.command(cls=Command, help=HELP, short_help="Show all of it, in two minutes.")
@click.option("question", "--text", help="Classify this at the end.")
@click.option("--data", metavar="DATA", type=click.Path(), help="Labelled texts of your own.")
@click.option("--corpus", metavar="FILE", type=click.Path(), help="Text to learn vectors from.")
@click.option(
    "--train-size",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Examples to learn from in each class.",
)
@click.option(
    "--splits",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="How often to draw examples anew.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draws.")
@click.option(
    "--output",
    metavar="FOLDER",
    type=click.Path(),
    help="Where the results stay.  [default: inlay-demo, or inlay-demo-2, ...]",
)
@json_option
def demo(
    question: str | None,
    data: str | None,
    corpus: str | None,
    output: str | None,
    as_json: bool,
    **settings: int,
) -> None:
    if corpus is not None and data is None:
        raise click.UsageError("--corpus needs labelled texts: give --data too.")
    if output is not None and Path(output).is_file():
        raise click.UsageError(f"--output {output} is a file: give the name of a folder.")
    quiet_backends()
    from inlay.demo import job

    start = time.perf_counter()
    job.check_packages()
    folder = job.free_folder() if output is None else Path(output)
    say = _Teller(silent=as_json)

    say.step("Collecting", "your texts" if data else "the English that every Python carries")
    material = job.library_material() if data is None else job.own_material(data, corpus)
    text = question or (job.SENTENCE if data is None else material.texts[0])
    say.lines(_about(material))

    say.step("Learning word vectors", "from all of this text, by skip-gram, without labels")
    table = job.learn_vectors(material, seed=settings["seed"])
    near = job.neighbours(table)
    say.lines([f"{len(table):,} words x {table.dim}{'; nearest to some of them:' if near else ''}"])
    width = max(map(len, near), default=0)
    say.lines([f"  {word:<{width}}  {', '.join(words)}" for word, words in near.items()])

    say.step("Comparing classifiers", "each on the same examples")
    comparison = job.compare_all(material, table, **settings)
    say.lines([*str(comparison).splitlines(), *_verdict(comparison)])

    say.step("Keeping", "the vectors and the best classifier of ours")
    best = job.save_best(comparison, table, folder)
    say.lines([str(folder / job.VECTORS), f"{folder / job.CLASSIFIER}  ({best})"])

    say.step("Asking", "the classifier, read back from its folder")
    answer = job.answer(folder, text)
    say.lines([f'"{_short(text)}"', *(f"  {p:5.1%}  {label}" for label, p in answer)])
    seconds = time.perf_counter() - start
    say.end(seconds, folder, next(iter(near), table.tokens[0]))
    if as_json:
        print_json(
            {
                "python": platform.python_version(),
                "n_characters": material.n_characters,
                "n_texts": len(material.texts),
                "classes": sorted(set(material.labels)),
                "vocab_size": len(table),
                "neighbours": near,
                "comparison": comparison.to_dict(),
                "vectors": str(folder / job.VECTORS),
                "classifier": str(folder / job.CLASSIFIER),
                "saved": best,
                "text": text,
                "answer": dict(answer),
                "seconds": round(seconds, 1),
            }
        )


class _Teller:
    """Prints what is going on, or nothing."""

    def __init__(self, *, silent: bool) -> None:
        self.silent, self.n = silent, 0

    def step(self, doing: str, what: str) -> None:
        self.n += 1
        if not self.silent:
            gap = "\n" if self.n > 1 else ""
            click.echo(f"{gap}{click.style(f'{self.n}. {doing}', bold=True)} {what}")

    def lines(self, lines: list[str]) -> None:
        for line in lines * (not self.silent):
            click.echo(f"   {line}".rstrip())

    def end(self, seconds: float, folder: Path, word: str) -> None:
        if not self.silent:
            click.echo(f"\n{seconds:.0f} s. Go on with, for example:")
            click.echo(f"   inlay similar {folder / 'vectors.safetensors'} {word}")
            click.echo(f'   inlay classify predict {folder / "classifier"} "a text of yours"')


def _about(material: "Material") -> list[str]:
    classes = sorted(set(material.labels))
    lines = [
        f"{material.n_characters:,} characters to learn vectors from, and "
        f"{len(material.texts):,} labelled texts"
    ]
    task = material.task
    if task is None:
        return [*lines, f"of {len(classes)} classes: {_short(', '.join(classes))}"]
    text = (
        f"Python {platform.python_version()}: {lines[0]}. These are docstrings of "
        f"{', '.join(task.names[:-1])} and {task.names[-1]}: which package is it? The names are "
        f"struck out of the texts. Left out are {task.n_short:,} texts too short, {task.n_alike:,} "
        f"near-duplicates, {task.n_shared:,} found in two packages, and {task.n_surplus:,} so that "
        "all packages have equally many."
    )
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)


def _verdict(comparison: "Comparison") -> list[str]:
    if comparison.best == comparison.best_classifier:
        return [f"Best: {comparison.best}."]
    return [
        f"Best: {comparison.best}, the simple baseline.",
        f"Of the networks: {comparison.best_classifier}.",
    ]


def _short(text: str, width: int = WIDTH) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 4] + " ..."
