"""The documentation's pages, run block by block in an empty folder, as a reader would type them.

Nothing is there that the page does not import, make or name:

- A block of ```python runs in the page's own namespace: a doctest if it has `>>>`, otherwise a
  program. A block of ```text right behind a program is what it prints; one of ```text real is
  what it prints with the files that a reader downloads, whose numbers are others.
- A block of ```console runs its `$ inlay ...` lines and compares what they print, if it is shown.
- ```python fresh and ```python tensorflow run as a file, in a process of their own, which starts
  its workers as macOS and Windows do; the latter on TensorFlow.
- In a table whose last column is headed "now", the code in that column runs, line by line.
- ```sh is not run: it installs. ```sh download names files to download; for each that is in
  `tests.stand_ins` a small one of the same name is made.
"""

import doctest
import io
import linecache
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.stand_ins import STAND_INS

FENCE = re.compile(r"^(?P<mark>`{3,})(?P<info>[^`\n]*)\n(?P<code>.*?)^(?P=mark)$", re.DOTALL | re.M)
ROW = re.compile(r"^\|.*\|$", re.M)
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
SAME = doctest.OutputChecker()
SPAWNING = """
import multiprocessing, runpy, sys
multiprocessing.set_start_method("spawn")
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@dataclass(frozen=True)
class Block:
    """A piece of a page: what kind it is, its text, and the line before its first."""

    kind: str
    code: str
    line: int


class PageError(AssertionError):
    """A block does not do what the page says."""


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page in their order; a row of a "now" table is one of kind "now"."""
    found = []
    outside = text
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("code"))
        found.append(Block(match["info"].strip(), match["code"], line))
        outside = outside.replace(match[0], "\n" * match[0].count("\n"), 1)
    heads: list[str] = []
    last = -2
    for number, row in enumerate(outside.split("\n")):
        if not ROW.match(row):
            continue
        cells = re.split(r"(?<!\\)\|", row.strip("|"))
        heads = cells if number != last + 1 else heads
        last = number
        if heads[-1].strip() == "now" and heads is not cells:
            found += [
                Block("now", code.replace("\\|", "|"), number) for code in CODE.findall(cells[-1])
            ]
    return iter(sorted(found, key=lambda block: block.line))


def run_page(path: Path, text: str | None = None) -> int:
    """Run a page in the current folder, which must be empty; how many blocks were run.

    Raises:
        PageError: A block fails, or prints something else.
    """
    space: dict[str, Any] = {"__name__": "__main__"}
    printed, n_run = None, 0
    for block in blocks(path.read_text("utf-8") if text is None else text):
        where = f"{path.name}, line {block.line + 1}"
        if block.kind in ("text", "text real") and printed is not None:
            _same(block.code, printed, where, numbers=block.kind == "text")
            printed = None
        elif block.kind in ("text", "sh"):
            continue
        else:
            printed = _run(block, space, path, where)
        n_run += 1
    return n_run


def _run(block: Block, space: dict[str, Any], path: Path, where: str) -> str | None:
    """Run a block; what it printed, for a program that a block of ```text may follow."""
    match block.kind.split():
        case ["python"] if ">>>" in block.code:
            _doctest(block, space, path)
        case ["now"] if block.code.startswith("inlay "):
            _command(block.code, where)
        case ["python"] | ["now"]:
            return _program(block, space, where)
        case ["python", ("fresh" | "tensorflow") as way]:
            return _process(block.code, way, where)
        case ["console"]:
            _console(block, where)
        case ["sh", "download"]:
            download(block.code, where)
        case _:
            raise PageError(f"{where}: no such kind of block: {block.kind!r}")
    return None


def download(commands: str, where: str) -> None:
    """Make the stand-ins of the files that these commands name."""
    names = [
        name
        for name in STAND_INS
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", commands)
    ]
    if not names:
        raise PageError(f"{where}: none of {', '.join(STAND_INS)} in {commands!r}")
    for name in names:
        STAND_INS[name](Path(name))


def _doctest(block: Block, space: dict[str, Any], path: Path) -> None:
    test = doctest.DocTestParser().get_doctest(block.code, {}, path.name, str(path), block.line)
    test.globs = space
    out = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(test, out=out.write, clear_globs=False)
    if runner.failures:
        raise PageError(out.getvalue())


def _program(block: Block, space: dict[str, Any], where: str) -> str:
    name = f"<{where}>"
    linecache.cache[name] = len(block.code), None, block.code.splitlines(keepends=True), name
    out = io.StringIO()
    try:
        with redirect_stdout(out):
            exec(compile(block.code, name, "exec"), space)
    except Exception as error:
        raise PageError(f"{where}: {type(error).__name__}: {error}\n{block.code}") from error
    return out.getvalue()


def _process(code: str, way: str, where: str) -> str:
    backend = {"KERAS_BACKEND": "tensorflow"} if way == "tensorflow" else {}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program.py")
        program.write_text(code, encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-c", SPAWNING, program],
            env=os.environ | backend | quiet,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    if run.returncode:
        raise PageError(f"{where}: {run.stderr[-3000:]}\n{code}")
    return run.stdout


def _console(block: Block, where: str) -> None:
    commands = re.split(r"^\$ ", block.code.replace("\\\n", ""), flags=re.M)
    if commands[0].strip():
        raise PageError(f"{where}: a console block begins with '$ '")
    for command in commands[1:]:
        line, _, shown = command.partition("\n")
        printed = _command(line, where)
        if shown.strip():
            _same(shown, printed, f"{where}: {line}")


def _command(line: str, where: str) -> str:
    from inlay.cli.root import inlay

    program, *args = shlex.split(line, comments=True)
    if program != "inlay":
        raise PageError(f"{where}: only inlay is run in a console block, not {program}")
    result = CliRunner().invoke(inlay, args)
    if result.exit_code:
        raise PageError(f"{where}: $ {line}\n{result.output}{result.exception or ''}")
    return result.stdout


def _same(shown: str, printed: str, where: str, *, numbers: bool = True) -> None:
    if not numbers:
        shown, printed = (re.sub(r"\d+", "0", text) for text in (shown, printed))
    if not SAME.check_output(shown, printed, FLAGS):
        raise PageError(f"{where}: the page shows\n{shown}\nand what came was\n{printed}")
