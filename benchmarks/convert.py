"""Convert GloVe text to the native format, and to fewer bytes: peak memory and rate.

    python benchmarks/convert.py [--rows 100000] [--dim 300] [--dtypes float32,int8]
    python benchmarks/convert.py --rows 2200000 --peers "" --folder FOLDER

The second line is the proof for a file of the size of `glove.840B.300d.txt`: it takes 10 GB of
disk in FOLDER, and the target is 1 GB of memory. Peak memory is given twice: all that the process
had (`VmHWM`), pages of mapped files among it, which the kernel takes back when it wants them, and
what is in no file, polled every 2 ms (`RssAnon`). gensim, the peer, reads the text and saves its
own file; its matrix is in memory.
"""

import argparse
import tempfile
from pathlib import Path

from _measure import run_measured, versions
from parse import make_file

OURS = (
    "from inlay.formats import convert; convert({tiny!r}, {out!r}, dtype={dtype})",
    "convert({path!r}, {out!r}, dtype={dtype})",
)
PEER = (
    "from gensim.models import KeyedVectors",
    "KeyedVectors.load_word2vec_format({path!r}, no_header=True).save({out!r})",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--dtypes", default="float32,float16,bfloat16,int8")
    parser.add_argument("--peers", default="gensim")
    parser.add_argument("--folder", type=Path, help="where the files are made and removed")
    options = parser.parse_args()
    peers = [name for name in options.peers.split(",") if name]
    print(versions("numpy", "numba", *peers))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path, tiny, out = (Path(folder, name) for name in ("g.txt", "t.txt", "o.safetensors"))
        tiny.write_text("word 0.5 0.25\n")
        make_file(path, options.rows, options.dim)
        size = path.stat().st_size
        print(f"{options.rows:,} x {options.dim}, {size / 1e9:.2f} GB of text")
        for name in [*(f"inlay, {dtype}" for dtype in options.dtypes.split(",")), *peers]:
            dtype = name.removeprefix("inlay, ")
            given = {"path": str(path), "tiny": str(tiny), "out": str(out), "dtype": repr(dtype)}
            setup, body = PEER if name in peers else OURS
            found = run_measured(body.format(**given), setup=setup.format(**given))
            written = sum(file.stat().st_size for file in Path(folder).glob(f"{out.name}*"))
            print(
                f"{name:16} {found['wall_s']:7.1f} s, {found['cpu_s']:7.1f} CPU s, "
                f"{size / found['wall_s'] / 1e6:6.0f} MB of text a second; peak "
                f"{found['peak_rss_mb']:6.0f} MB with mapped pages, "
                f"{found['private_peak_added_mb']:6.0f} MB in no file; "
                f"{written / 1e6:,.0f} MB written",
                flush=True,
            )
            for file in Path(folder).glob(f"{out.name}*"):
                file.unlink()


if __name__ == "__main__":
    main()
