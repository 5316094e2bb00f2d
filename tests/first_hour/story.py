"""A story: what a user types in the first hour, and what must then be on the screen.

It is a text file::

    # A wrong flag is told at once.
    # installed: torch
    # not installed: keras

    $ inlay info --fromat glove vectors.txt
    Usage: inlay info [OPTIONS] FILE
    ...
    Error: No such option '--fromat'. ...
    [exit 2]
    [cpu 0.25]

Lines that begin with `# ` are remarks. What follows `$ ` is run by bash, together with the lines
below it that begin with `> `, in a folder that the steps of a story share. The rest is what both
streams must show: `...` stands for anything within a line, and alone on a line for any lines.
Below it stand the exit code, if it is not 0, and the most CPU seconds, of which the least of five
runs counts. A traceback is never welcome.
"""

import os
import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRACEBACK = "Traceback (most recent call last)"
SECONDS = 300  # for a step; a machine may be busy


@dataclass
class Step:
    """A command and what it must bring about."""

    line: int
    command: str
    screen: list[str]
    exit: int = 0
    cpu: float | None = None


@dataclass
class Story:
    """The steps of a file, and the packages that must and must not be there."""

    installed: set[str]
    missing: set[str]
    steps: list[Step]


def read_story(path: Path) -> Story:
    """Read a story; a line that belongs to no step is an error."""
    packages: dict[str, set[str]] = {}
    steps: list[Step] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := re.fullmatch(r"# (installed|not installed):(.*)", line):
            packages[found[1]] = set(found[2].split())
        elif line.startswith("# ") or not (line or steps):
            continue
        elif line.startswith("$ "):
            steps.append(Step(number, line[2:], []))
        elif not steps:
            raise ValueError(f"{path}, line {number}: expected a remark or a command, got {line!r}")
        elif (line + " ").startswith("> ") and not steps[-1].screen:
            steps[-1].command += "\n" + line[2:]
        elif found := re.fullmatch(r"\[exit (\d+)\]", line):
            steps[-1].exit = int(found[1])
        elif found := re.fullmatch(r"\[cpu ([\d.]+)\]", line):
            steps[-1].cpu = float(found[1])
        else:
            steps[-1].screen.append(line)
    return Story(packages["installed"], packages.get("not installed", set()), steps)


def failures(story: Story, python: Path, folder: Path) -> list[str]:
    """Run the steps in order with the environment of `python`; say what came otherwise."""
    told = (failure(step, python, folder) for step in story.steps)
    return [text for text in told if text]


def failure(step: Step, python: Path, folder: Path) -> str:
    """Run a step: "" if all is as it must be, else what was and what should have been."""
    code, screen, cpu = run(step.command, python, folder)
    for _ in range(4):
        if step.cpu and cpu > step.cpu:
            cpu = min(cpu, run(step.command, python, folder)[2])
    wrong = []
    if code != step.exit:
        wrong.append(f"exit {code} instead of {step.exit}")
    if not matches("\n".join(step.screen).strip("\n"), screen):
        wrong.append("the screen differs from\n" + "\n".join(step.screen).strip("\n"))
    if TRACEBACK in screen and TRACEBACK not in "\n".join(step.screen):
        wrong.append("a traceback")
    if step.cpu and cpu > step.cpu:
        wrong.append(f"{cpu:.2f} CPU seconds, more than {step.cpu}")
    if not wrong:
        return ""
    return f"line {step.line}: $ {step.command}\n{screen}\n-- {'; '.join(wrong)}"


def matches(pattern: str, screen: str) -> bool:
    """Whether a screen is as the pattern has it, trailing spaces and empty ends aside."""
    parts = ["[^\n]*".join(map(re.escape, line.split("..."))) for line in pattern.split("\n")]
    whole = "".join(r"(?:[^\n]*\n)*?" if part == "[^\n]*" else part + "\n" for part in parts)
    lines = "\n".join(line.rstrip() for line in screen.split("\n")).strip("\n")
    return re.fullmatch(whole, lines + "\n") is not None


def run(command: str, python: Path, folder: Path) -> tuple[int, str, float]:
    """The exit code, what both streams showed in their order, and CPU seconds."""
    (folder / "home").mkdir(exist_ok=True)
    environment = {
        "PATH": os.pathsep.join([str(python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "ROOT": str(ROOT),
        "COLUMNS": "80",
    }
    before = children()
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode(), children() - before


def children() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
