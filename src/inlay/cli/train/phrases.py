"""`inlay train phrases`."""

import time
from typing import Any, ClassVar

import click

from inlay.cli.interrupts import work
from inlay.cli.originals import UNNAMED, Originals
from inlay.cli.outputs import check_file, print_json, say
from inlay.cli.train.common import (
    check_corpus,
    corpus_argument,
    given,
    result_options,
    text_options,
    texts_of_corpus,
    workers_option,
)

SHOWN = 5  # phrases that are printed

HELP = """Learn which words form a phrase: those that stand side by side more often than by chance.

CORPUS is a text file with a sentence or a text on each line, several of them, or a folder, which
stands for all files in it; they may be packed (.gz, .bz2, .xz). Of a .csv, .tsv or .jsonl file,
one column is read. A hyphen reads standard input. OUT is a JSON file, which the trainers of word
vectors take to treat each phrase as a word.

Of the original program, word2phrase, the options -train and -min-count are understood, and -debug
is accepted with any value and changes nothing. Its scores are others, and so are the thresholds.

\b
Example:
  inlay train phrases corpus.txt -o phrases.json --passes 2
  inlay train word2vec corpus.txt --phrases phrases.json -o vectors.safetensors"""


class PhrasesCommand(Originals):
    """Knows the options of Mikolov's word2phrase, and gensim's words."""

    trainer = "inlay.train.phrases"
    theirs: ClassVar = {"-train": UNNAMED, "-min-count": "--min-count"}
    ignored: ClassVar = ("-debug",)
    refused: ClassVar = {
        "-output": "the original writes the text with its phrases joined. Did you mean --output? "
        "It names a .json file of phrases, which --phrases of the other trainers reads.",
        "-threshold": "the original multiplies its scores by the number of all words, where they "
        "are multiplied here by that of different words and pairs. Did you mean --threshold? Its "
        "default is 10.",
    }


@click.command(
    cls=PhrasesCommand, help=HELP, no_args_is_help=True, context_settings={"show_default": True}
)
@corpus_argument
@click.option(
    *("-o", "--output", "target"),
    metavar="OUT",
    required=True,
    type=click.Path(),
    help="Write the phrases to this file.",
)
@click.option(
    "--min-count", default=5, help="Leave out phrases that occur no more often than this."
)
@click.option(
    "--threshold",
    type=float,
    help="Leave out phrases that do not score above this.  [default: 10, or 0.5 with npmi]",
)
@click.option(
    "--scorer",
    type=click.Choice(["default", "npmi"]),
    default="default",
    help="Compute the scores of phrases by this measure.",
)
@click.option(
    "--passes",
    default=1,
    help="Pass over the words N times; two passes find phrases of up to four words.",
)
@click.option("--delimiter", default="_", help="Put this between the words of a phrase.")
@click.option(
    "--connector",
    "connectors",
    multiple=True,
    metavar="WORD",
    help="Let this word stand inside a phrase, but not begin or end one; may be given again.",
)
@text_options
@workers_option
@result_options
def phrases(
    corpus: tuple[str, ...],
    target: str,
    tokenizer: str | None,
    column: str | None,
    encoding: str,
    overwrite: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    check_corpus(corpus)
    check_file(target, overwrite=overwrite)
    from inlay.train import phrases

    begun = time.perf_counter()
    with work():
        texts, known = texts_of_corpus(corpus, encoding, column)
        found = phrases(texts, encoding=known, **settings, **given(tokenizer))
        found.save(target)
    seconds = time.perf_counter() - begun
    best = sorted(found.scores.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    if as_json:
        answer = {"file": target, "phrases": len(found), "seconds": round(seconds, 3)}
        print_json({**answer, "best": dict(best)})
        return
    shown = f": {', '.join(phrase for phrase, _ in best)}" if best else ""
    say(f"{target}: {len(found):,} phrases in {seconds:.1f} s{shown}")
