"""Agreement of word vectors with people's judgements of likeness: Spearman's rho.

    python benchmarks/wordsim.py VECTORS [--pairs FOLDER]

The pairs are WS-353, MEN and SimLex-999, in lower case; pairs with an unknown word are left out
and counted.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from _measure import DATA
from scipy.stats import spearmanr

PAIRS = DATA / "eval-wordsim-en"
SETS = {
    "WS-353": "EN-WS-353-ALL.txt",
    "MEN": "EN-MEN-TR-3k.txt",
    "SimLex": "EN-SIMLEX-999.txt",
}


def agreement(tokens: list[str], vectors: np.ndarray, folder: Path = PAIRS) -> dict[str, float]:
    """Rho for each set, their mean, and the share of pairs that are covered."""
    rows = {token: row for row, token in enumerate(tokens)}
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    answer, known, total = {}, 0, 0
    for name, file in SETS.items():
        said, found = [], []
        for line in (folder / file).read_text("utf-8").splitlines():
            first, second, score = line.lower().split()
            total += 1
            if first in rows and second in rows:
                said.append(float(score))
                found.append(float(unit[rows[first]] @ unit[rows[second]]))
        known += len(said)
        answer[name] = float(spearmanr(said, found)[0])
    answer["mean"] = sum(answer.values()) / len(SETS)
    return answer | {"covered": known / total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vectors")
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
    import inlay

    table = inlay.load(arguments.vectors)
    for name, value in agreement(table.index_to_key, table.vectors, arguments.pairs).items():
        print(f"{name:8s} {value:.4f}")


if __name__ == "__main__":
    main()
