"""`-output x` is no `-o utput` and an `x`: words behind a single dash are known or refused."""

import click
import pytest

from tests.cli.test_main import commands

WRITING = [
    path for path, command in commands() if any("-o" in param.opts for param in command.params)
]


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_no_command_takes_a_word_for_a_letter(inlay, path):
    done = inlay(*path, "-oxyz", "x")
    assert (done.exit_code, "No such option '-oxyz'." in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("path", WRITING, ids=" ".join)
def test_output_behind_a_single_dash_is_known_or_refused(path):
    command = dict(commands())[path]
    try:
        context = command.make_context("it", ["first", "-output", "second"])
    except click.UsageError as error:
        assert "-output" in error.format_message(), error.format_message()  # noqa: PT017
        return
    assert {"second", "second.bin"} & {x for x in context.params.values() if isinstance(x, str)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("distil encoder -output x", "No such option '-output'. Did you mean '--output'?"),
        ("distil encoder -outptu x", "No such option '-outptu'. Did you mean '--output'?"),
        ("distil encoder -ofile", "No such option '-ofile'. Did you mean '-o file'?"),
        ("distil encoder -o=out.npz", "No such option '-o=out.npz'. Did you mean '-o out.npz'?"),
        ("similar v.npz -n5x", "No such option '-n5x'. Did you mean '-n 5x'?"),
        ("train word2vec c.txt -itr=9 -o x", "No such option '-itr'. Did you mean '-iter'?"),
        ("train word2vec c.txt -tokeniser x", "'-tokeniser'. Did you mean '--tokenizer'?"),
        ("train fasttext c.txt -size 9 -o x", "'-size'. Did you mean '--vector-size'?"),
        ("train fasttext -foo c.txt -o x", "No such option '-foo'."),
        ("train bilm c.txt -output x", "'-output'. Did you mean '--output'?"),
        ("-version", "No such option '-version'. Did you mean '--version'?"),
        ("train -help", "No such option '-help'. Did you mean '--help'?"),
    ],
)
def test_the_whole_word_is_named(inlay, line, said):
    done = inlay(*line.split())
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_numbers_and_values_may_stand_there(inlay, glove):
    assert inlay("similar", glove, "good", "-n1").stdout.count("\n") == 1
    for line in (("good", "--negative", "-ing"), ("--", "-ing")):
        done = inlay("similar", glove, *line)
        assert "No such option" not in done.stderr
        assert "-ing" in done.stderr


def test_a_line_that_a_shell_completes_is_not_refused():
    command = dict(commands())[("distil",)]
    context = command.make_context("it", ["--encoder", "e", "-output"], resilient_parsing=True)
    assert context.params["encoder"] == "e"
