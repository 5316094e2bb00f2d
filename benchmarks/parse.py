"""Read GloVe text of 400,000 x 100 (347 MB): inlay beside gensim and polars, in one run.

    python benchmarks/parse.py [--rows 400000] [--repeat 3] [--peers gensim,polars]
    python benchmarks/parse.py --binary --dim 300 --peers gensim [--again]

Each reader runs in a process of its own, after its imports, on a file that is in the page
cache as it was read from the disk: one that was just written in small pieces also lies there in
small pieces, which takes 40 ms more to map. The least of the repeats counts. For inlay, a file of
one row is loaded before, which imports numba; the line below says what the whole costs in a
process that has loaded nothing yet. `--binary` reads the same vectors in word2vec's binary
format; its target is 1/8 of gensim's CPU seconds. Of so little time, much is the kernel's, which
has to find memory for the matrix, above all on a virtual machine whose host must find it first:
with `--again`, each process has read the file once before, and has that memory. The kernels are
compiled once per installation, which no line counts. Targets: at most 1/40 of gensim's CPU
seconds, at most 0.6 of polars'; 20,000 words kept, at most 1/5 of all.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _measure import run_measured, versions

DISTINCT = KEPT = 20_000

READERS = {
    "inlay": (
        "import inlay; inlay.load({tiny!r})",
        "table = inlay.load({path!r})",
        "table.matrix.shape",
    ),
    "inlay, numba not loaded": ("", "import inlay; table = inlay.load({path!r})", "len(table)"),
    "inlay, 20,000 words kept": (
        "import inlay; inlay.load({tiny!r}); "
        "words = {{f'w{{i}}' for i in range(7, {rows}, {step})}}",
        "table = inlay.load({path!r}, keep=words)",
        "table.matrix.shape",
    ),
    "polars": (
        "import polars",
        "frame = polars.read_csv({path!r}, separator=' ', has_header=False, quote_char=None)",
        "frame.shape",
    ),
    "gensim": (
        "from gensim.models import KeyedVectors",
        "vectors = KeyedVectors.load_word2vec_format({path!r}, {how})",
        "vectors.vectors.shape",
    ),
}


def make_file(path: Path, rows: int, dim: int) -> None:
    """Words and numbers of five significant digits, as GloVe's files have them.

    Rows differ in their first number, if in no other: a file of equal rows is like no other.
    """
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((min(DISTINCT, rows), dim - 1)) * 0.4
    lines = [" ".join([f"{x:.5g}" for x in row]) for row in matrix.tolist()]
    with path.open("w") as file:
        file.writelines(f"w{i} {i / rows:.5g} {lines[i % DISTINCT]}\n" for i in range(rows))


def read_from_disk(path: Path) -> None:
    """Read a file into the page cache, from the disk where the system allows that."""
    with path.open("rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(1 << 16):
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", default="polars,gensim")
    parser.add_argument("--binary", action="store_true", help="word2vec's binary format")
    parser.add_argument("--again", action="store_true", help="read once before, unmeasured")
    options = parser.parse_args()
    readers = [name for name in READERS if name.startswith("inlay")] + options.peers.split(",")
    print(versions("numpy", "numba", *options.peers.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        path, tiny = Path(folder, "glove.txt"), Path(folder, "tiny.txt")
        tiny.write_text("word 0.5 0.25\n")
        make_file(path, options.rows, options.dim)
        if options.binary:
            binary = path.with_suffix(".bin")
            run_measured(f"inlay.load({str(path)!r}).save({str(binary)!r})", setup="import inlay")
            path, tiny = binary, tiny.with_suffix(".bin")
            tiny.write_bytes(b"1 1\nword \0\0\0\0\n")
        kind = "word2vec's binary format" if options.binary else "text"
        print(f"{options.rows} x {options.dim}, {path.stat().st_size / 1e6:.0f} MB of {kind}")
        read_from_disk(path)
        how = "binary=True" if options.binary else "no_header=True"
        step = max(options.rows // KEPT, 1)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in readers}
        for turn in range(options.repeat):
            for name in readers:  # in turn, so that a busy machine is busy for all
                if name == "gensim" and turn and not options.binary:
                    continue  # it takes half a minute: once is enough to know
                given = {"path": str(path), "tiny": str(tiny), "how": how}
                given |= {"rows": options.rows, "step": step}
                setup, body, result = (text.format(**given) for text in READERS[name])
                if options.again:
                    setup = "\n".join([setup, body, "table = vectors = frame = None"])
                runs[name].append(run_measured(body, setup=setup, result=result))
    least = {name: min(done, key=lambda run: run["cpu_s"]) for name, done in runs.items()}
    for name, run in least.items():
        spread = ", ".join(f"{other['cpu_s']:.2f}" for other in runs[name])
        print(
            f"{name:24} CPU {run['cpu_s']:6.2f} s, {run['system_s']:.2f} of it in the kernel "
            f"(runs: {spread}); wall {run['wall_s']:.2f} s, peak {run['peak_rss_mb']:.0f} MB, "
            f"{run['result']}"
        )
    ratio = least["inlay"]["cpu_s"] / least["inlay, 20,000 words kept"]["cpu_s"]
    print(f"inlay, all / 20,000 words kept: {ratio:.1f}")
    for name in options.peers.split(","):
        mine, other = least["inlay"], least[name]
        ratio = mine["cpu_s"] / other["cpu_s"]
        own, others = (run["cpu_s"] - run["system_s"] for run in (mine, other))
        print(
            f"inlay / {name}: {ratio:.4f} (1/{1 / ratio:.1f}); without what the kernel takes to "
            f"give out memory: 1/{others / own:.1f}"
        )


if __name__ == "__main__":
    main()
