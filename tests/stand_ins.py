"""Small files in the place of those that a page tells its reader to download."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

ENGLISH = (
    "the a an good great bad awful boring film movie plot acting king queen man woman boy girl "
    "apple pear river bank was and not of . , !"
).split()
KOREAN = "이 영화 정말 재미 있다 영화가 정말 재미있었다 지루한 연기가 좋았다 별로였다 . !".split()
CHINESE = "酒店 房间 很 好 不 的 干净 脏 服务 差 早餐 舒服 非常 满意 失望 了 也 ， 。".split()
NSMC = ("영화가 정말 재미있었다", "지루한 영화 별로였다"), ("연기가 좋았다!", "연기가 별로.")
HOTELS = (
    ("房间很干净，服务也非常好！", "早餐太差，房间很脏。"),
    ("酒店很舒服", "非常失望，不会再来"),
)
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


def _minilm(path: Path) -> None:
    from tests.encode.transformer.making import make_sentences

    mean = {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True}
    make_sentences(path, ("Pooling", mean, {}), ("Normalize", {}, {}))


def _imdb(path: Path) -> None:
    """Thirty reviews of each class in each part, of which some are long enough to be cut."""
    for part in ("train", "test"):
        for label, words, rating in (("pos", GOOD, 9), ("neg", BAD, 2)):
            folder = path / part / label
            folder.mkdir(parents=True)
            for i in range(30):
                text = f"a {words[i % 2]} film .<br />the acting was {words[1 - i % 2]} "
                text *= 1 + i % 12 if i else 20
                _write(folder / f"{i}_{rating}.txt", text)
    (path / "train" / "unsup").mkdir()
    _write(path / "train" / "unsup" / "0_0.txt", "a film of a bank and a river\n")


def _ratings(path: Path) -> None:
    """Reviews as in NSMC, two of each label, ten times."""
    pairs = [(text, 1 - i) for texts in NSMC for i, text in enumerate(texts)] * 10
    pairs.append(("", 0))  # as the real file has some
    rows = "".join(f"{i}\t{text}\t{label}\n" for i, (text, label) in enumerate(pairs))
    _write(path, "id\tdocument\tlabel\n" + rows)


def _hotels(path: Path) -> None:
    """Reviews as in ChnSentiCorp, two of each label, ten times."""
    pairs = [(text, 1 - i) for texts in HOTELS for i, text in enumerate(texts)] * 10
    pairs.append(("", 0))  # as the real file has one
    _write(path, "label,review\n" + "".join(f"{label},{text}\n" for text, label in pairs))


STAND_INS: dict[str, Callable[[Path], None]] = {
    "aclImdb": _imdb,
    "ChnSentiCorp_htl_all.csv": _hotels,
    "cc.ko.300.vec.gz": _word2vec_text(KOREAN, 300),
    "cc.zh.300.vec.gz": _word2vec_text(CHINESE, 300),
    "elmo": _elmo,
    "glove-wiki-gigaword-50.gz": _word2vec_text(ENGLISH, 50),
    "glove.6B.50d.txt": _glove(50),
    "glove.6B.100d.txt": _glove(100),
    "minilm": _minilm,
    "ratings_test.txt": _ratings,
    "ratings_train.txt": _ratings,
    "wiki-news-300d-1M.vec": _word2vec_text(ENGLISH, 300),
}
