"""What is printed, and where to: a terminal obeys none of it."""

import json
import os

import numpy as np
import pytest

from inlay import Table
from tests.processes import ended, posix

EVIL = "b\x1b[8m\u202e"


@pytest.fixture
def table(tmp_path):
    """Vectors of a token with a terminal's escapes."""
    path = tmp_path / "t.npz"
    Table(["a", EVIL], np.ones((2, 2), np.float32)).save(path)
    return path


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("command", [("info",), ("similar", "a"), ("similar", "x\x1b")])
def test_tokens_are_escaped(inlay, table, command, options):
    name, *words = command
    shown = inlay(name, table, *words, *options)
    assert "\x1b" not in shown.output
    assert "\u202e" not in shown.output
    assert "\\u001b" in shown.output or "\\x1b" in shown.output


def test_names_of_files_are_escaped(inlay, tmp_path):
    (tmp_path / "g.txt").write_text("good 1 0\n")
    done = inlay("convert", tmp_path / "g.txt", tmp_path / "o\x1b[8m.npz")
    assert (done.exit_code, "\x1b" in done.output) == (0, False)
    assert "\\u001b" in done.stdout


def test_labels_are_escaped(capsys):
    from inlay.cli.judgement import _print_square

    _print_square(["x", EVIL], [[1, 0], [0, 1]])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ["x", "b\\u001b[8m\\u202e"]


@pytest.mark.parametrize("args", [("--help",), ("info",), ("similar", "g.txt", "영화")])
def test_nothing_dies_of_a_locale(process, args, tmp_path):
    variables = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    code, out, err = ended(process(*args, **variables))
    assert code in (0, 1, 2)
    assert "Traceback" not in err
    assert out or err


@posix
def test_a_name_that_is_no_text_is_printed(process, tmp_path):
    running = process("info", os.fsdecode(os.fsencode(tmp_path) + b"/\xff.npz"))
    code, out, err = ended(running)
    assert (code, out) == (1, "")
    assert "\\udcff.npz: expected a file of vectors" in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk")
@pytest.mark.parametrize("args", ["--help", "info {table}"])
def test_a_full_disk_is_one_line(table, args):
    import subprocess
    import sys

    from tests.processes import ROOT

    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "inlay", *args.format(table=table).split()],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"inlay: error: No space left on device\n")


def test_no_color_and_narrow_terminals(inlay, process):
    code, out, _ = ended(process("--help", COLUMNS="30", NO_COLOR="1"))
    assert (code, "\x1b" in out) == (0, False)
    assert "Commands:" in out


def test_shells_complete_commands_options_and_choices(process):
    def completed(words):
        n = str(len(words.split()) - 1)
        variables = {"_INLAY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": n}
        return [line.split(",")[1] for line in ended(process(**variables))[1].split()]

    assert completed("inlay cl") == ["classify"]
    assert completed("inlay classify fit --ov") == ["--overwrite"]
    assert completed("inlay classify fit --kind c") == ["csv"]


def test_help_is_a_command_too(inlay):
    assert inlay("help").stdout == inlay("--help").stdout
    shown = inlay("help", "classify", "fit")
    assert (shown.exit_code, shown.stdout) == (0, inlay("classify", "fit", "--help").stdout)
    assert "Usage: inlay classify fit [OPTIONS] DATA" in shown.stdout
    assert inlay("help", "nix").exit_code == 2
    assert "Did you mean 'compare'?" in inlay("compre").stderr


def test_warnings_are_one_line_in_the_words_of_the_command_line(capsys):
    import click

    from inlay.cli.failures import _told
    from inlay.cli.similar import similar

    with click.Context(similar):
        _told(UserWarning("odd \x1b\n words. Try: limit=5, or help(inlay)."), UserWarning)
    assert capsys.readouterr().err == "inlay: warning: odd \\u001b words. Try: --limit 5.\n"


def test_json_is_on_stdout_and_talk_is_not(inlay, tmp_path):
    (tmp_path / "r.csv").write_text("review,stars\na,x\nb,x\n")
    failed = inlay("classify", "fit", tmp_path / "r.csv", "-o", tmp_path / "m", "--json")
    assert failed.stdout == ""
    assert failed.stderr.startswith("Columns by their names: --text review --label stars\n")
    shown = inlay("info", "none", "--json")
    assert (shown.exit_code, shown.stdout) == (1, "")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(shown.stdout)
