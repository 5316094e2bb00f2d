import json
import signal
import subprocess
import sys

import click
import pytest

import inlay as package
from inlay.cli.root import inlay as root
from tests.processes import ended, posix

HEAVY = ("numba", "keras", "torch", "tensorflow", "jax", "sklearn", "numpy", "safetensors", "tqdm")


def commands(command=root, path=()):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


def test_all_commands_of_the_manual_are_there():
    assert {" ".join(path) for path, _ in commands()} == {
        "",
        "info",
        "doctor",
        "convert",
        "similar",
        "evaluate",
        "train",
        "train bilm",
        "train doc2vec",
        "train fasttext",
        "train glove",
        "train phrases",
        "train word2vec",
        "classify",
        "classify fit",
        "classify evaluate",
        "classify predict",
        "classify quantize",
        "classify test",
        "compare",
        "catalogue",
        "fetch",
        "cache",
        "cache list",
        "cache remove",
        "cache path",
        "demo",
        "encode",
        "distil",
    }


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_help_has_an_example_that_the_parser_accepts(inlay, path):
    shown = inlay(*path, "--help")
    assert shown.exit_code == 0
    example = shown.stdout.split("Example:\n")[1].split("\n\n")[0]
    calls = [line.split("inlay ", 1)[1] for line in example.splitlines() if "inlay " in line]
    assert calls
    for line in calls:
        assert_parses(shell_words(line))


def shell_words(line):
    import shlex

    return shlex.split(line.split("|")[0].split(">")[0])


def assert_parses(args):
    """Parse as click does, without running anything."""
    context = root.make_context("inlay", args)
    command = root
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, command, args = command.resolve_command(context, rest)
        context = command.make_context(name, args, parent=context)


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from inlay.cli.root import inlay; inlay(['--help'], standalone_mode=False);"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version_and_unknown_command(inlay):
    assert inlay("--version").stdout == f"inlay {package.__version__}\n"
    assert inlay("konvert").exit_code == 2


def test_a_failure_is_one_line_and_1_and_debug_shows_where(inlay, tmp_path):
    missing = tmp_path / "nowhere.txt"
    failed = inlay("info", missing)
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr == (
        f"inlay: error: {missing}: expected a file of vectors, got nothing there.\n"
    )
    assert "Traceback" in inlay("--debug", "info", missing).stderr
    assert "Traceback" in inlay("info", missing, "--debug").stderr
    assert "Traceback" in inlay("classify", "predict", missing, "--debug", "x").stderr
    assert "Traceback" in inlay("classify", "--debug", "predict", missing, "x").stderr
    assert "Traceback" in inlay("train", "--debug", "word2vec", missing, "-o", "o.npz").stderr
    assert "Traceback" in inlay("info", missing, env={"INLAY_DEBUG": "1"}).stderr


def test_an_error_of_the_system_is_one_line_too(inlay, glove, tmp_path, monkeypatch):
    def closed(*_):
        raise PermissionError(13, "Permission denied", "keep.txt")

    monkeypatch.setattr(sys.modules["inlay.cli.convert"], "lines_of", closed)
    failed = inlay("convert", glove, tmp_path / "o.bin", "--keep", glove)
    assert failed.exit_code == 1
    assert failed.stderr == "inlay: error: keep.txt: Permission denied\n"


def test_a_value_that_the_library_refuses_is_wrong_usage_and_names_the_option(inlay, glove):
    refused = inlay("info", glove, "--format", "nix")
    assert refused.exit_code == 2
    assert "Invalid value for '--format': expected one of native" in refused.stderr


def test_hints_speak_of_options(inlay, tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes("caf\xe9 1 2\n".encode("latin-1"))
    assert "--errors replace" in inlay("info", path).stderr
    path.write_text("one two three\n")
    assert "Try: --format NAME, if you know what it is." in inlay("info", path).stderr


def test_a_closed_pipe_is_quiet(process, tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("".join(f"w{i} {i + 0.5} 1 0\n" for i in range(30_000)))
    running = process("similar", path, "w0", "-n", "30000")
    running.stdout.readline()
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait(20) == 141


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_is_no_traceback(process, tmp_path, number, code):
    running = process("train", "word2vec", "-", "-o", tmp_path / "o.bin")
    running.stdin.write(b"a line of five words\n" * 20_000)
    running.stdin.flush()  # more than a pipe holds: the process is reading
    running.send_signal(number)
    found, _, err = ended(running)
    assert found == code
    kept = "Stopped; the training had not begun.\n"
    assert err == (kept if number == signal.SIGINT else "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_is_utf8_whatever_the_locale(process, glove, encoding):
    running = process("similar", glove, "film", "-n", "1", LC_ALL="C", PYTHONIOENCODING=encoding)
    out, err = running.communicate(timeout=30)
    assert err == b""
    assert out == " 1.0000  영화\n".encode()


def test_json_is_one_line_on_stdout_and_nothing_else(process, glove):
    out, err = process("info", glove, "--json").communicate(timeout=30)
    assert err == b""
    assert out.count(b"\n") == 1
    assert json.loads(out)["file"] == str(glove)


def test_debug_behind_an_option_whose_check_fails(inlay, glove, monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    failed = inlay("train", "word2vec", glove, "-o", "o.npz", "--tokenizer", "jieba", "--debug")
    assert (failed.exit_code, "Traceback" in failed.stderr) == (1, True)
