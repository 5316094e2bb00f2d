"""What `import inlay` and its first use cost beyond numpy: wall milliseconds, new processes.

    python benchmarks/imports.py

Each row is the median of alternating fresh processes, interpreter start taken off.
"""

import os
import statistics
import subprocess
import sys
import time

ROWS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import numpy, inlay": "import numpy, inlay",
    "... and the names Table, Vocabulary, load": (
        "import numpy, inlay; inlay.Table, inlay.Vocabulary, inlay.load"
    ),
    "import gensim.models": "import gensim.models",
}
ROUNDS = 15
# Compiled files are kept, as they are in any installation; the first round makes them.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def once(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in ROWS}
    for round_ in range(1 + ROUNDS):
        for name, code in ROWS.items():
            took = once(code)
            if round_ > 0:
                times[name].append(took)
    median = {name: statistics.median(values) for name, values in times.items()}
    print(f"Python {sys.version.split()[0]}")
    for name in list(ROWS)[1:]:
        beyond = median[name] - median["python" if name == "import numpy" else "import numpy"]
        print(
            f"{name:45s} {beyond:8.1f} ms beyond {'python' if name == 'import numpy' else 'numpy'}"
        )


if __name__ == "__main__":
    main()
