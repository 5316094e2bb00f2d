"""`python -m fuzz.run --seconds 60 [TARGET ...]`: each target in turn, in a process of its own."""

import argparse
import contextlib
import faulthandler
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fuzz.mutate import mutated
from fuzz.targets import TARGETS, Files, Target, tolerated
from inlay.errors import InlayWarning

FOUND = Path(__file__).parent / "found"
SECONDS = 30.0  # that one input may take
MEMORY = 3 << 30  # bytes that it may ask for, beyond what the process has
SMALL = {"INLAY_MAX_UNPACKED": str(1 << 26), "INLAY_MAX_TEXT": str(1 << 26)}


class TooSlowError(BaseException):
    """An input took longer than `SECONDS`."""


def main() -> int:
    """Fuzz, and say how many cracks were found: the exit code is 1 if there are any."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(prog="python -m fuzz.run", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(names))
    parser.add_argument("--seconds", type=float, default=60, help="in all (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations (default: 0)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.targets) - set(names):
        parser.error(f"no target {', '.join(sorted(unknown))}: one of {', '.join(names)}")
    chosen = [t for t in TARGETS if t.name in (given.targets or names)]
    if given.here:
        return fuzz(chosen[0], given.seconds, given.seed)
    share = given.seconds / len(chosen)
    return max(in_process(target.name, share, given.seed) for target in chosen)


def in_process(name: str, seconds: float, seed: int) -> int:
    """Fuzz one target where a crash does not end the others."""
    command = [sys.executable, "-m", "fuzz.run", "--here", name]
    command += ["--seconds", str(seconds), "--seed", str(seed)]
    code = subprocess.run(command, env=os.environ | SMALL, check=False).returncode
    if (now := FOUND / name / "now").exists():  # it did not come to its end
        print(f"{name}: the process ended with {code}; see {now}")
    return min(abs(code), 1)


def fuzz(target: Target, seconds: float, seed: int) -> int:
    """Read mutants for so long; those that did not end well are kept under `FOUND`."""
    if target.needs and not importlib.util.find_spec(target.needs):
        print(f"{target.name}: left out, for there is no {target.needs}", flush=True)
        return 0
    warnings.simplefilter("ignore", InlayWarning)
    rng = np.random.default_rng(seed)
    now = FOUND / target.name / "now"
    seeds = target.seeds()
    for files in seeds:  # compiles and imports what there is, and is no failure of a mutant
        write(files, now)
        for read in target.reads:
            with tolerated():
                read(now)
    done = cracks = 0
    with limited_memory(MEMORY):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            write(mutant(seeds, rng), now)
            problem = tried(target, now)
            done += 1
            if problem:
                cracks += 1
                kept = FOUND / target.name / f"{seed}-{done}"
                shutil.copytree(now, kept, dirs_exist_ok=True)
                print(f"{target.name}: {problem.splitlines()[-1]}; see {kept}\n{problem}")
    shutil.rmtree(now)
    print(f"{target.name}: {done} inputs, {cracks} cracks", flush=True)
    return min(cracks, 1)


def mutant(seeds: list[Files], rng: np.random.Generator) -> Files:
    """A seed with one of its files changed."""
    files = dict(seeds[rng.integers(len(seeds))])
    name = list(files)[rng.integers(len(files))]
    others = [content for seed in seeds for content in seed.values()]
    return files | {name: mutated(files[name], rng, others)}


def write(files: Files, folder: Path) -> None:
    """Make a folder of these files and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


def tried(target: Target, folder: Path, seconds: float = SECONDS) -> str:
    """Read a folder in each of the target's ways; a traceback if that does not end well."""
    try:
        for read in target.reads:
            with alarm(seconds), tolerated():
                read(folder)
    except (Exception, TooSlowError):
        return traceback.format_exc()
    return ""


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `TooSlowError` after so long; end the process if nothing can be raised."""

    def ring(number: int, frame: object) -> None:
        raise TooSlowError(f"took longer than {seconds} seconds")

    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(3 * seconds, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def limited_memory(more: int) -> Iterator[None]:
    """Let an allocation fail that asks for more than this, where the system can do that."""
    try:
        import resource

        size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size * resource.getpagesize() + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


if __name__ == "__main__":
    sys.exit(main())
