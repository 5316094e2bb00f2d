"""The options that are settings of `inlay.TextClassifier`, under its names."""

import click

from inlay.cli.options import Decorator, all_options, tokenizer_option


def share_or_data(value: str) -> float | str:
    """A number, or whatever else: the name of a file or folder."""
    try:
        return float(value)
    except ValueError:
        return value


def settings_options() -> Decorator:
    """Those of any model; what follows is of fastText's alone."""
    return all_options(
        click.option(
            "--model",
            help="Use this network: on vectors of words cnn, Kim's convolutional network, or mean, "
            "the average vector; on one vector per text linear, logistic regression, or mlp, with "
            "a hidden layer. Or use fasttext, the average vector of words and n-grams, which is by "
            "far the fastest and needs no framework.  [default: cnn, or linear with --encoder]",
        ),
        click.option(
            "--variant",
            help="Treat the vectors as Kim (2014) does: rand, static, non-static or multichannel.",
        ),
        click.option(
            "--trainable",
            type=click.Choice(["no", "mix", "yes"]),
            help="Train the vectors, or with mix, what each layer of the encoder counts.  "
            "[default: yes, or no with --encoder]",
        ),
        click.option(
            "--dim",
            type=int,
            help="Give random vectors N numbers each.  [default: 300, or 100 with fasttext]",
        ),
        tokenizer_option("that of the word vectors, or words"),
        click.option(
            "--max-length",
            default=400,
            show_default=True,
            help="Read only the first N tokens of each text; 0 reads all.",
        ),
        click.option(
            "--max-size",
            default=100_000,
            show_default=True,
            help="Keep at most N words in the vocabulary; 0 sets no limit.",
        ),
        click.option(
            "--min-count",
            default=1,
            show_default=True,
            help="Treat words that occur less often than this as unknown.",
        ),
        click.option(
            "--epochs", default=25, show_default=True, help="Pass over the texts at most N times."
        ),
        click.option(
            "--batch-size", default=50, show_default=True, help="Use N texts in each step."
        ),
        click.option(
            "--learning-rate",
            type=float,
            help="Set the learning rate of Adam, or the first one of fasttext.  [default: 0.001, "
            "or 0.5 with fasttext]",
        ),
        click.option(
            "--validation",
            metavar="SHARE|DATA",
            type=share_or_data,
            default=0.1,
            show_default=True,
            help="Hold out this share of the texts to choose the best epoch; 0 holds out none. Or "
            "choose it by the labelled texts in this file or folder.",
        ),
        click.option(
            "--patience",
            default=3,
            show_default=True,
            help="Stop after N epochs without an improvement.",
        ),
        *_of_fasttext(),
    )


def _of_fasttext() -> tuple[Decorator, ...]:
    return (
        click.option(
            "--word-ngrams",
            default=1,
            show_default=True,
            help="Give runs of up to N words vectors too (fasttext).",
        ),
        click.option(
            "--min-n",
            default=0,
            show_default=True,
            help="Give parts of words with at least N characters vectors too (fasttext).",
        ),
        click.option(
            "--max-n",
            default=0,
            show_default=True,
            help="Give parts of words with at most N characters vectors; 0 gives none (fasttext).",
        ),
        click.option(
            "--bucket",
            default=2_000_000,
            show_default=True,
            help="Use N buckets for runs of words and parts of words (fasttext).",
        ),
        click.option(
            "--loss",
            default="softmax",
            show_default=True,
            help="Use this loss: softmax, hs (a tree, for thousands of labels), ns (some labels "
            "drawn for each), or ova (each label by itself) (fasttext).",
        ),
        click.option(
            "--negative",
            default=5,
            show_default=True,
            help="Set each label against N others, with --loss ns (fasttext).",
        ),
        click.option(
            "--workers",
            default=1,
            show_default=True,
            help="Train with N threads; with several, no two trainings are alike (fasttext).",
        ),
        click.option(
            "--autotune-seconds",
            metavar="N",
            type=float,
            help="Look for the best settings for N seconds, by the texts of --validation; those "
            "that you set yourself stay as they are (fasttext).",
        ),
        click.option(
            "--autotune-trials",
            metavar="N",
            type=int,
            help="Look for the best settings in at most N trials (fasttext).",
        ),
        click.option(
            "--autotune-metric",
            default="accuracy",
            show_default=True,
            help="Choose settings by accuracy, or by f1, the mean of F1 over the classes "
            "(fasttext).",
        ),
    )
