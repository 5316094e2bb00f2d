"""Examine 400,000 x 300 vectors: `inlay.evaluate.doctor` beside the reading of the same file.

    python benchmarks/doctor.py [--rows N] [--dim N] [--repeat N]

To read text or word2vec binary is `inlay.load`. The native file is mapped, so to read it is either
to compare its digests (`verify=True`), as the doctor does, or merely to look at every number once.
The doctor reads the file too, so a ratio of 2 says that to examine it costs as much as to read it.
Each runs in a process of its own, after its imports; the least of the repeats counts.
Target: twice, for the native file with its digests.
"""

import argparse
import tempfile
from pathlib import Path

from _measure import run_measured, versions
from parse import make_file

NAMES = ("v.txt", "v.bin", "v.safetensors")
WARM = "diagnose({tiny!r}); inlay.load({tiny!r})"
SETUP = "import inlay; from inlay.evaluate.doctor import diagnose; " + WARM
READ = "table = inlay.load({path!r}); table.matrix"
NATIVE = {
    "digests": "table = inlay.load({path!r}, verify=True)",
    "every number": "inlay.load({path!r}).matrix.max()",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(versions("numpy", "numba"), f"{options.rows} x {options.dim}")
    with tempfile.TemporaryDirectory() as folder:
        text, tiny = Path(folder, NAMES[0]), Path(folder, "tiny.txt")
        tiny.write_text("".join(f"é{i} 0.5 {i}.25\n" for i in range(5000)))
        make_file(text, options.rows, options.dim)
        for name in NAMES[1:]:
            for file in (text, tiny):
                target = file.with_suffix(Path(name).suffix)
                body = f"inlay.save(inlay.load({str(file)!r}), {str(target)!r})"
                run_measured(body, setup="import inlay")
        for name in NAMES:
            warm = tiny.with_suffix(Path(name).suffix)  # of the same kind, which loads its kernels
            given = {"path": str(Path(folder, name)), "tiny": str(warm)}
            reading = NATIVE if name.endswith(".safetensors") else {"read": READ}
            bodies = reading | {"doctor": "diagnose({path!r})"}
            runs: dict[str, list[float]] = {key: [] for key in bodies}
            for _ in range(options.repeat):
                for key, body in bodies.items():  # in turn, so that a busy machine is busy for all
                    run = run_measured(body.format(**given), setup=SETUP.format(**given))
                    runs[key].append(run["cpu_s"])
            least = {key: min(seconds) for key, seconds in runs.items()}
            listed = ", ".join(f"{key} CPU {seconds:.2f} s" for key, seconds in least.items())
            ratios = ", ".join(f"{least['doctor'] / least[key]:.2f} x {key}" for key in reading)
            print(f"{name:14} {listed}: {ratios}", flush=True)


if __name__ == "__main__":
    main()
