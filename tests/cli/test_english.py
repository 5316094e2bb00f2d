"""Help texts are whole sentences, and options follow one convention."""

import re

import click
import pytest

from tests.cli.test_main import commands

# A help text tells what the option does, so that it begins with the verb.
VERBS = set(
    """Apply Ask Check Choose Compare Complete Compute Decode Do Download Downsample Draw Drop
    Encode End Evaluate Give Hold Keep Learn Leave Let List Look Pass Predict Print Project Put
    Raise Read Refuse Remove Replace Run Save Scale Set Show Split Stack Start Stop Store
    Subtract Take Train Treat Turn Use Write""".split()
)
FIRST = VERBS | {"Add", "Convert", "Measure", "See"}  # of a command
DEFAULT = re.compile(r"\s+\[default: [^\]]+\]$")

COMMANDS = [pytest.param(command, id=" ".join(path) or "inlay") for path, command in commands()]
OPTIONS = [
    pytest.param(option, id=f"{' '.join(path)} {option.opts[-1]}")
    for path, command in commands()
    for option in command.params
    if isinstance(option, click.Option)
]


def assert_sentences(text):
    """Each begins with a capital or a file's suffix, and ends in a period that stands alone."""
    for sentence in re.split(r"(?<=[.:]) (?=[A-Z])", text):
        assert re.match(r"[A-Z.]", sentence), sentence
        assert len(sentence.split()) >= 3, f"no sentence: {sentence}"
    assert text.endswith("."), text
    assert ".." not in text.replace("...", ""), text
    assert "  " not in text, text


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_says_what_it_does(option):
    text = DEFAULT.sub("", option.help)
    assert_sentences(text)
    assert text.split()[0] in VERBS, f"{text} begins with no verb"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_does(command):
    paragraphs = [part for part in command.help.split("\n\n") if not part.startswith("\b")]
    for paragraph in paragraphs:
        assert_sentences(" ".join(paragraph.split()))
    assert paragraphs[0].split()[0].rstrip(",") in FIRST


def test_short_helps_say_what_commands_do():
    groups = [c for _, c in commands() if isinstance(c, click.Group)]
    tables = [text for group in groups for text in getattr(group, "table", {}).values()]
    short = [child.short_help for group in groups for child in group.commands.values()]
    assert len(tables) > 10
    for text in [*tables, *short]:
        assert_sentences(text)
        assert text.split()[0].rstrip(",") in FIRST, text


def test_one_thing_has_one_name():
    names = {option.values[0].opts[-1] for option in OPTIONS}
    assert {"--max-size", "--max-length", "--progress", "--overwrite", "--tokenizer"} <= names
    wrong = re.compile("vocab-size|verbose|force|quiet|tokeniser|max-words|max-tokens")
    assert [name for name in names if wrong.search(name)] == []


def opts(command):
    """All options of a command as they are typed."""
    return [opt for param in command.params for opt in param.opts]


def writes(command):
    """Whether a command has a file or folder to write."""
    return "-o" in opts(command) or "target" in [param.name for param in command.params]


@pytest.mark.parametrize("command", [p for p in COMMANDS if writes(p.values[0])])
def test_what_writes_replaces_only_if_asked(command):
    assert "--overwrite" in opts(command)
