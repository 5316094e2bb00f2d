"""All trainers beside their peers: speed, memory and quality, a part for each trainer.

    python benchmarks/train.py [PART ...] [--words N] [--epochs N] [--seeds N] [--workers N ...]
        [--jobs TEXT ...] [--times N ...] [--corpus FILE]

Each part is `_train_NAME.py` beside this file, with `rows(args)`: it prints and yields what it
measured, a dict for each row with "job", "who" and figures. Every measured run is a process of
its own; the versions of the peers are printed first.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = sorted(path.stem.removeprefix("_train_") for path in HERE.glob("_train_*.py"))


def parser() -> argparse.ArgumentParser:
    """The arguments that every part gets."""
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    made.add_argument("--words", type=int, help="only about so many words of the corpus")
    made.add_argument("--corpus", type=Path, help="glove: a text file, in place of Wikipedia")
    made.add_argument("--epochs", type=int, help="instead of the part's own number")
    made.add_argument("--seeds", type=int, default=3, help="medians of so many runs")
    made.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    made.add_argument("--jobs", nargs="+", metavar="TEXT", help="only those whose names hold one")
    made.add_argument("--times", type=int, nargs="+", default=[1, 10], help="memory: of the corpus")
    made.add_argument("--skip-peers", action="store_true", help="measure inlay alone")
    made.add_argument("--json", action="store_true", help="each row as a line of JSON")
    return made


def shown(row: dict[str, object]) -> str:
    """A row for people: names and figures side by side."""
    texts = [f"{v:,.4g}" if isinstance(v, float) else str(v) for v in row.values()]
    return "  ".join(f"{k} {t}" for k, t in zip(row, texts, strict=True))


def main() -> None:
    arguments = parser().parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for name in arguments.parts or PARTS:
        for row in importlib.import_module(f"_train_{name}").rows(arguments):
            print(json.dumps(row) if arguments.json else shown(row), flush=True)


if __name__ == "__main__":
    main()
