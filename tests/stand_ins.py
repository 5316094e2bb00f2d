"""Small files in the place of those that a page tells its reader to download."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

ENGLISH = (
    "the a an good great bad awful boring film movie plot acting king queen man woman boy girl "
    "apple pear river bank was and not of . , !"
).split()
GOOD, BAD = ("good", "great"), ("bad", "awful")


def _vectors(tokens: list[str], dim: int, *, header: bool) -> str:
    rng = np.random.default_rng(0)
    lines = [f"{len(tokens)} {dim}"] if header else []
    lines += [" ".join([t, *(f"{x:.5f}" for x in rng.normal(size=dim))]) for t in tokens]
    return "\n".join(lines) + "\n"


def _glove(dim: int) -> Callable[[Path], None]:
    return lambda path: _write(path, _vectors(ENGLISH, dim, header=False))


def _word2vec_text(tokens: list[str], dim: int) -> Callable[[Path], None]:
    return lambda path: _write(path, _vectors(tokens, dim, header=True))


def _write(path: Path, text: str) -> None:
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _elmo(path: Path) -> None:
    from inlay.encode.elmo import Elmo, Options, Weights

    options = Options(12, 5, 2, 3.0, 3.0, True, 4, ((1, 4), (3, 8)), 1, "relu")
    Elmo(options, Weights.random(options)).save(path)


def _imdb(path: Path) -> None:
    """Three reviews of each kind in each part, long enough to be cut."""
    for part in ("train", "test"):
        for label, words, rating in (("pos", GOOD, 9), ("neg", BAD, 2)):
            folder = path / part / label
            folder.mkdir(parents=True)
            for i in range(12):
                text = f"a {words[i % 2]} film .<br />the acting was {words[1 - i % 2]} " * (i + 1)
                _write(folder / f"{i}_{rating}.txt", text)
    (path / "train" / "unsup").mkdir()
    _write(path / "train" / "unsup" / "0_0.txt", "a film of a bank and a river\n")


STAND_INS: dict[str, Callable[[Path], None]] = {
    "aclImdb": _imdb,
    "elmo": _elmo,
    "glove-wiki-gigaword-50.gz": _word2vec_text(ENGLISH, 50),
    "glove.6B.50d.txt": _glove(50),
    "glove.6B.100d.txt": _glove(100),
    "wiki-news-300d-1M.vec": _word2vec_text(ENGLISH, 300),
}
