"""Run one measurement in a process of its own and get its figures back as JSON."""

import contextlib
import json
import os
import platform
import resource
import select
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
# Real data, where the tests find it too.
DATA = Path(os.environ.get("INLAY_TEST_DATA", ROOT.parent / "shared" / "data"))

# Figures are taken around `run()` alone: what `SETUP` imports is not in them, except memory.
HARNESS = """
import json, sys
sys.path[:0] = {paths!r}
from _measure import Meter
{setup}
print("READY", flush=True)
with Meter() as meter:
{body}
print("MEASURED " + json.dumps(meter.figures | {{"result": {result}}}), flush=True)
"""
# English judgements of likeness, each a file in `eval-wordsim-en`.
LIKENESS = {
    "WS-353": "EN-WS-353-ALL.txt",
    "MEN": "EN-MEN-TR-3k.txt",
    "SimLex": "EN-SIMLEX-999.txt",
    "RW": "EN-RW-STANFORD.txt",
}
PERIOD = 0.002  # seconds between two looks at another process's memory


class Meter:
    """Seconds, CPU seconds and memory between entering and leaving."""

    def __enter__(self) -> "Meter":
        self.figures: dict[str, float] = {"before_mb": private_mb()}
        self._wall, self._cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        return self

    def __exit__(self, *error: object) -> None:
        wall, cpu = time.perf_counter() - self._wall, resource.getrusage(resource.RUSAGE_SELF)
        user, system = cpu.ru_utime - self._cpu.ru_utime, cpu.ru_stime - self._cpu.ru_stime
        private = private_mb()
        self.figures |= {
            "wall_s": round(wall, 4),
            "cpu_s": round(user + system, 4),
            "system_s": round(system, 4),  # of cpu_s: the kernel's, mostly giving out memory
            "peak_rss_mb": peak_mb(),
            "private_mb": round(private, 1),
            "private_added_mb": round(private - self.figures["before_mb"], 1),
        }


def peak_mb() -> float:
    """The most memory this process has had at once, in MB.

    Not `ru_maxrss` where there is better: that one begins with the size of the parent.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 1)
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024, 1)


def private_mb() -> float:
    """Memory that only this process can free, in MB: Linux only, elsewhere 0.

    Pages it has written, be they anonymous or copies of a file's. Clean pages of a mapped file
    are the page cache's: the kernel takes them back when it wants them.
    """
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return round(max(kilobytes["Private_Dirty"], kilobytes["Anonymous"]) / 1024, 1)


def run_measured(
    body: str, *, setup: str = "", result: str = "None", env: dict[str, str] | None = None
) -> dict[str, Any]:
    """Run Python source in a new process; raises if it fails.

    Args:
        body: What is measured.
        setup: What runs before: imports, as a rule.
        result: An expression, evaluated afterwards, that JSON can hold.
        env: Environment variables to add.
    """
    paths = [str(SOURCE), str(Path(__file__).parent)]
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    script = HARNESS.format(paths=paths, setup=setup, body=indented, result=result)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
        env=os.environ | (env or {}),
    ) as process:
        assert process.stdout is not None
        peak = None
        for line in iter(process.stdout.readline, ""):
            if line == "READY\n":
                before = peak = _anonymous_mb(process.pid)
                while not select.select([process.stdout], [], [], PERIOD)[0]:
                    peak = max(peak, _anonymous_mb(process.pid))
            elif line.startswith("MEASURED ") and peak is not None:
                added = {"private_peak_added_mb": round(peak - before, 1)}
                return json.loads(line.removeprefix("MEASURED ")) | added
    raise RuntimeError(f"the measurement failed:\n{script}")


def english_scores(table: Any) -> dict[str, float]:
    """What English vectors are worth: rho of each set, their mean, and Google's analogies.

    The analogies are those whose words are among the 30,000 most frequent.
    """
    from inlay.evaluate import analogies, word_pairs

    folder = DATA / "eval-wordsim-en"
    found = {name: word_pairs(table, folder / file).spearman for name, file in LIKENESS.items()}
    questions = DATA / "eval-analogy-en" / "questions-words.txt"
    asked = analogies(table, questions, max_size=30_000)
    return found | {"mean": sum(found.values()) / len(found), "analogies": asked.accuracy}


def _anonymous_mb(pid: int) -> float:
    """Memory in no file, of a process that is running: Linux only, elsewhere 0."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return 0.0


def versions(*packages: str) -> str:
    """The machine and the versions of packages, for the first line of a report.

    TensorFlow is the package "tensorflow", whatever the distribution is called that brought it.
    """
    named = [f"{name} {_version(name)}" for name in packages]
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, " + ", ".join(named)


def _version(package: str) -> str:
    # A module may come from another distribution: `tensorflow` from `tensorflow-cpu`.
    brought = packages_distributions().get(package.replace("-", "_"), [])
    for name in (package, *brought):
        with contextlib.suppress(PackageNotFoundError):
            return version(name)
    return "not installed"
