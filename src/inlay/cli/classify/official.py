"""The command lines of fastText's own program, as far as its classifier has them here."""

from typing import ClassVar

import click
from click.core import ParameterSource

from inlay.cli.failures import Command
from inlay.cli.originals import UNNAMED, Originals, with_ending

# Its commands, and ours.
COMMANDS = {
    "supervised": "fit --model fasttext",
    "predict-prob": "predict",
    "test-label": "test --per-label",
}
LEARNED_ONCE = "nothing is trained again here."
# What a line with `-input` means where it says nothing: a classifier as the program makes it.
FIT = (
    *("--model", "fasttext", "--tokenizer", "fasttext"),
    *("--max-length", "0", "--max-size", "0", "--validation", "0"),
)
FIXED = ("--epochs", "5", "--learning-rate", "0.1")  # unless they are looked for
LOOKED_FOR = ("--autotune-seconds", "300")


class FitCommand(Originals):
    """Knows the options of `fasttext supervised`, and what each is if it is left out."""

    theirs: ClassVar = {
        "-input": UNNAMED,
        "-output": "--output",
        "-minCount": "--min-count",
        "-wordNgrams": "--word-ngrams",
        "-bucket": "--bucket",
        "-minn": "--min-n",
        "-maxn": "--max-n",
        "-lr": "--learning-rate",
        "-dim": "--dim",
        "-epoch": "--epochs",
        "-neg": "--negative",
        "-loss": "--loss",
        "-thread": "--workers",
        "-seed": "--seed",
        "-pretrainedVectors": "--embedding",
        "-autotune-validation": "--validation",
        "-autotune-duration": "--autotune-seconds",
    }
    ignored: ClassVar = ("-verbose",)
    refused: ClassVar = {
        "-label": "labels begin with __label__.",
        "-minCountLabel": "all labels are learned.",
        "-t": "no word of a text is left out by chance.",
        "-ws": "all words of a text count alike, however far apart they are.",
        "-lrUpdateRate": "the learning rate falls at each text.",
        "-saveOutput": "the vectors of labels are in the classifier.",
        "-autotune-metric": "--autotune-metric takes accuracy, which is their f1 where a text has "
        "one label, or f1, the mean over the labels.",
        "-autotune-predictions": "trials are judged by the most probable label.",
        "-autotune-modelsize": "inlay classify quantize makes a small classifier of the one that "
        "is found.",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments.

        In a line of theirs, which has `-input`, what is left out is as it is there.
        """
        if "-input" in args:
            tunes = any(arg.startswith("-autotune") for arg in args)
            args = args[1:] if args[0] == "supervised" else args
            args = [*FIT, *(LOOKED_FOR if tunes else FIXED), *args]
        elif any(arg in self.theirs for arg in args):
            args = ["--model", "fasttext", *args]
        args = with_ending(args, "-output", ".bin")
        args = ["ova" if arg == "one-vs-all" else arg for arg in args]
        return super().parse_args(ctx, args)


class TestCommand(Command):
    """Knows the arguments of `fasttext test`: behind the data stand k and the threshold."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments.

        Raises:
            click.UsageError: More arguments than there are, or a number that stands twice.
        """
        ctx.allow_extra_args = True
        more = super().parse_args(ctx, args)
        for param in self.params:
            if more and param.name in ("k", "threshold"):
                if ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT:
                    raise click.UsageError(f"{param.opts[0]} is given twice.", ctx)
                ctx.params[param.name] = param.process_value(ctx, more.pop(0))
        ctx.args = more
        if more:
            raise click.UsageError(f"Got unexpected extra arguments ({' '.join(more)})", ctx)
        return more


class QuantizeCommand(Originals):
    """Knows the options of `fasttext quantize`."""

    theirs: ClassVar = {"-cutoff": "--cutoff", "-dsub": "--dsub", "-qnorm": "--qnorm"}
    ignored: ClassVar = ("-verbose",)
    refused: ClassVar = {
        "-output": "there it names the classifier, which is the first argument here. "
        "--output names the file to write.",
        "-qout": "the vectors of labels are stored as they are.",
        **dict.fromkeys(("-input", "-retrain", "-epoch", "-lr", "-thread"), LEARNED_ONCE),
    }
