"""Runs code in a process of its own and measures it from outside. Linux only: it reads /proc."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

PERIOD = 0.002  # seconds between two looks at the process's memory

HARNESS = """
import gc, json, sys, time
setup, code = json.loads(sys.stdin.readline())
names = {}
exec(setup, names)
gc.collect()
print("ready", flush=True)
sys.stdin.readline()
cpu, wall = time.process_time(), time.perf_counter()
exec(code, names)
used = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
gc.collect()
print("done " + json.dumps(used | {"result": names.get("result")}), flush=True)
sys.stdin.readline()
"""


def measure(setup: str, code: str, *, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run `setup`, then `code`, which alone is measured.

    Args:
        setup: Imports and whatever else should not count.
        code: What it leaves in global names is still held when memory is read at the end;
            a JSON value that it calls `result` is handed back.
        env: Added to the environment.

    Returns:
        `cpu_s`, `wall_s`, `result`, and in bytes above the state after `setup`:
        `private_peak` and `private_kept` (RssAnon: a mapped file's pages do not count until
        they are written to), `rss_peak` (they do).
    """
    process = subprocess.Popen(
        [sys.executable, "-c", HARNESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        env=os.environ | (env or {}),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        print(json.dumps([setup, code]), file=process.stdin, flush=True)
        _read_until(process, "ready")
        base = _memory(process.pid)
        print(file=process.stdin, flush=True)
        peak = dict(base)
        while not select.select([process.stdout], [], [], PERIOD)[0]:
            peak = {name: max(peak[name], now) for name, now in _memory(process.pid).items()}
        answer: dict[str, Any] = json.loads(_read_until(process, "done"))
        kept = _memory(process.pid)
        print(file=process.stdin, flush=True)
    return answer | {
        "private_peak": max(peak["RssAnon"], kept["RssAnon"]) - base["RssAnon"],
        "private_kept": kept["RssAnon"] - base["RssAnon"],
        "rss_peak": max(peak["VmRSS"], kept["VmRSS"]) - base["VmRSS"],
    }


def versions(*packages: str) -> str:
    """One line: Python, and each package that is installed, with its version."""
    from importlib.metadata import PackageNotFoundError, version

    found = [f"Python {sys.version.split()[0]}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} absent")
    return ", ".join(found)


def _read_until(process: subprocess.Popen[str], word: str) -> str:
    """The rest of the first line that starts with `word`; other lines are passed on."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return line[len(word) :]
        print(line, end="", file=sys.stderr)
    raise RuntimeError(f"the measured process ended without {word!r}: see its error above")


def _memory(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: 1024 * int(fields[name].split()[0]) for name in ("RssAnon", "VmRSS")}
