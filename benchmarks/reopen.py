"""Open a native table of 400,000 x 300 in a new process and look up 1,000 tokens.

    python benchmarks/reopen.py [--rows 400000] [--repeat 5]

Measured after `import inlay`. Targets: at most 20 ms, and less than 10 MB of private memory
(clean and dirty pages that no other process shares; the mapped file itself is shared).
gensim's own `load(mmap="r")` of the same vectors stands beside it.
"""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
from _measure import run_measured, versions

OPENERS = {
    "inlay": (
        "import inlay; from inlay import Table, load",
        "table = load({path!r}); found = [table[token] for token in {asked!r}]",
    ),
    "gensim, mmap": (
        "from gensim.models import KeyedVectors",
        "table = KeyedVectors.load({peer!r}, mmap='r')\n"
        "found = [table[token] for token in {asked!r}]",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    from gensim.models import KeyedVectors

    from inlay import Table, save

    print(versions("numpy", "gensim"))
    tokens = [f"word{i}" for i in range(options.rows)]
    matrix = np.random.default_rng(0).standard_normal((options.rows, options.dim), np.float32)
    asked = random.Random(0).sample(tokens, min(1000, len(tokens)))
    with tempfile.TemporaryDirectory() as folder:
        path, peer = Path(folder, "table.safetensors"), Path(folder, "table.kv")
        save(Table(tokens, matrix), path)
        vectors = KeyedVectors(options.dim)
        vectors.add_vectors(tokens, matrix)
        vectors.save(str(peer))
        print(f"{options.rows} x {options.dim}, {path.stat().st_size / 1e6:.0f} MB")
        names = {"path": str(path), "peer": str(peer), "asked": asked}
        for name, (setup, body) in OPENERS.items():
            runs = [
                run_measured(body.format(**names), setup=setup, result="len(found)")
                for _ in range(options.repeat)
            ]
            least = min(runs, key=lambda run: run["wall_s"])
            spread = ", ".join(f"{1000 * run['wall_s']:.1f}" for run in runs)
            print(
                f"{name:14} {1000 * least['wall_s']:8.1f} ms (of {spread}), private memory "
                f"+{least['private_added_mb']:.1f} MB, {least['result']} found"
            )


if __name__ == "__main__":
    main()
