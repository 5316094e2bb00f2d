"""`inlay demo`: from text alone to vectors, a comparison of classifiers, and the best one."""

import platform
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.bytes.encodings import Encoding
from inlay.cli.compare import verdict
from inlay.cli.failures import Command, escaped
from inlay.cli.frameworks import check_keras, load_keras
from inlay.cli.inputs import check_sizes, check_there, read_data
from inlay.cli.interrupts import work
from inlay.cli.options import READING, data_options, json_option, overwrite_option, seed_option
from inlay.cli.outputs import check_folder, print_json
from inlay.optional import look_for

if TYPE_CHECKING:
    from inlay.demo.job import Material

WIDTH = 80

HELP = """See all of inlay in two minutes, on text that comes with Python. Nothing is downloaded.

The demo learns word vectors from the docstrings of the standard library and from the topics of
help(). Then classifiers learn from a few examples to tell which package a docstring belongs to,
and are compared; with the extra "use", one of them learns on the Universal Sentence Encoder. The
vectors and the best classifier are saved, and the classifier is asked about the text that you
give with --ask.

With --data it does the same with labelled texts of your own, of any kind that `inlay classify
fit` reads. With --corpus it learns the vectors from your text file, which has a text on each
line.

\b
Example:
  inlay demo --ask "Send a request and wait for the response."
  inlay demo --data reviews.csv --text review --label stars --corpus more-reviews.txt"""


@click.command(cls=Command, help=HELP)
@click.option("--ask", metavar="TEXT", help="Ask the classifier about this text at the end.")
@click.option(
    "--data",
    metavar="DATA",
    type=click.Path(),
    help="Learn and compare on these labelled texts of your own.",
)
@click.option(
    "--corpus",
    metavar="FILE",
    type=click.Path(),
    help="Learn the word vectors from this text file.  [default: the texts of --data]",
)
@click.option(
    "--train-size",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Learn from N examples of each class.",
)
@click.option(
    "--folds",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Draw the examples at random N times.",
)
@seed_option
@click.option(
    *("-o", "--output"),
    metavar="FOLDER",
    type=click.Path(),
    help="Save the results in this folder.  [default: inlay-demo, or inlay-demo-2, ...]",
)
@data_options("DATA and FILE")
@overwrite_option
@json_option
def demo(
    ask: str | None,
    data: str | None,
    corpus: str | None,
    train_size: int,
    folds: int,
    seed: int,
    output: str | None,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    if corpus is not None and data is None:
        raise click.UsageError("--corpus needs labelled texts: give --data too.")
    if data is None:
        _refuse_without_data()
    else:
        check_there(data, "labelled texts")
    if corpus is not None:
        check_there(corpus, "a text file")
        Encoding.of_lines(options["encoding"], corpus)
    if output is not None:
        check_folder(
            output,
            overwrite=overwrite,
            marks=["vectors.safetensors", "classifier"],
            what="an earlier result",
        )
    look_for({"sklearn": "demo"}, need="inlay demo")
    check_keras("inlay demo")
    labelled = None if data is None else read_data(data, options)
    if labelled is not None:
        check_sizes(labelled, folds, train_size)
    load_keras("inlay demo")
    from inlay.demo import job

    start = time.perf_counter()
    folder = job.free_folder() if output is None else Path(output)
    say = _Teller(silent=as_json)

    say.step("Collecting", "your texts" if data else "the English that every Python carries")
    if labelled is None:
        material = job.library_material()
    else:
        material = job.own_material(labelled, corpus, options["encoding"])
    text = ask or (job.SENTENCE if data is None else material.texts[0])
    say.lines(_about(material))

    say.step("Learning word vectors", "from all of this text, by skip-gram, without labels")
    table = job.learn_vectors(material, seed=seed)
    near = job.neighbours(table)
    say.lines([f"{len(table):,} words x {table.dim}{'; nearest to some of them:' if near else ''}"])
    width = max(map(len, near), default=0)
    say.lines([f"  {word:<{width}}  {', '.join(words)}" for word, words in near.items()])

    say.step("Comparing classifiers", "each on the same examples")
    with work():
        comparison = job.compare_all(material, table, train_size=train_size, folds=folds, seed=seed)
    say.lines([*str(comparison).splitlines(), *verdict(comparison)])

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
            click.echo(f"   {escaped(line)}".rstrip())

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


def _refuse_without_data() -> None:
    """Options of --data that would have no effect."""
    context = click.get_current_context()
    for param in context.command.params:
        given = context.get_parameter_source(param.name or "")
        if param.name in READING and given is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[-1]} has no effect without --data.")


def _short(text: str, width: int = WIDTH) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 4] + " ..."
