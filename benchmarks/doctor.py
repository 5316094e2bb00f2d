"""Examine 400,000 x 300 vectors: `inlay.evaluate.doctor` beside the reading of the same file.

    python benchmarks/doctor.py [--rows N] [--dim N] [--repeat N]

Text, word2vec binary and the native file, whose reading is its digests (`verify=True`). The doctor
reads the file too, so a ratio of 2 says that to examine it costs as much as to read it.
"""

import argparse
import tempfile
from pathlib import Path

from _measure import run_measured, versions
from parse import make_file

NAMES = ("v.txt", "v.bin", "v.safetensors")
WARM = "diagnose({tiny!r}); inlay.load({tiny!r})"
SETUP = "import inlay; from inlay.evaluate.doctor import diagnose; " + WARM
READ = "table = inlay.load({path!r}, verify={verify})\ntable.matrix"


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
            body = f"inlay.save(inlay.load({str(text)!r}), {str(Path(folder, name))!r})"
            run_measured(body, setup="import inlay")
        for name in NAMES:
            given = {"path": str(Path(folder, name)), "tiny": str(tiny)}
            given["verify"] = name.endswith(".safetensors")
            bodies = {"read": READ, "doctor": "diagnose({path!r})"}
            least = {}
            for key, body in bodies.items():
                runs = [
                    run_measured(body.format(**given), setup=SETUP.format(**given))
                    for _ in range(options.repeat)
                ]
                least[key] = min(run["cpu_s"] for run in runs)
            ratio = least["doctor"] / least["read"]
            listed = ", ".join(f"{key} CPU {seconds:.2f} s" for key, seconds in least.items())
            print(f"{name:14} {listed}: {ratio:.2f} times")


if __name__ == "__main__":
    main()
