import numpy as np
import pytest

from inlay import Table, load, save
from inlay.core import Tokens
from inlay.core.other_ngrams import EXPLICIT, FLORET, OtherNgrams
from inlay.core.subwords import Coded, Subwords
from inlay.errors import FormatError
from inlay.formats.native_subwords import are_marks

ROWS = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
CODED = Coded(
    np.arange(8, dtype=np.uint8).reshape(4, 2),
    np.arange(1024, dtype=np.float32),
    2,
    np.arange(4, dtype=np.int32),
    np.arange(1, 5, dtype=np.float32),
    np.eye(4, dtype=np.float32)[::-1].copy(),
)
LISTED = Tokens.from_list(["<a", "é>", "ab"])
EXPLICITLY = OtherNgrams(EXPLICIT, 1, 3, 4, LISTED, np.array([3, 0, 3]), unit=True)
HASHED = OtherNgrams(FLORET, 2, 3, 4, hashes=(3, 9), marks=("«", "é"))


def written(tmp_path, ngrams=EXPLICITLY, rows=CODED):
    """A table that composes, in a file."""
    table = Table(["a"], ROWS[:1])._replaced(provenance={})
    table._set(_subwords=Subwords(ngrams, rows))
    save(table, tmp_path / "t.safetensors")
    return tmp_path / "t.safetensors"


@pytest.mark.parametrize("ngrams", [EXPLICITLY, HASHED], ids=["listed", "hashed"])
@pytest.mark.parametrize("rows", [ROWS, CODED], ids=["plain", "quantised"])
def test_the_native_file_holds_all_of_it(tmp_path, ngrams, rows):
    again = load(written(tmp_path, ngrams, rows), verify=True)._subwords
    assert again.ngrams._replace(listed=None, listed_rows=None) == ngrams._replace(
        listed=None, listed_rows=None
    )
    words = ["ab", "é", "abé", ""]
    found = again.compose(words)
    for got, expected in zip(found, Subwords(ngrams, rows).compose(words), strict=True):
        assert got.tobytes() == expected.tobytes()
    assert found[0].any()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"finalfusion-explicit", b"finalfusion-exotic  ", "one of the kinds finalfusion-fasttext"),
        (b'\\"min_n\\": 1', b'\\"min_n\\": 0', "min_n from 1"),
        (b'\\"unit\\": true', b'\\"unit\\": 5555', "unit true or false"),
        (b'"listed_rows"', b'"listed_xxxx"', "a list of n-grams"),
        (b'\\"bucket\\": 4', b'\\"bucket\\": 3', "rows of n-grams below 3"),
        (b'\\"bucket\\": 4', b'\\"bucket\\": 5', "5 rows of n-grams"),
        (b'"ngram_scales"', b'"ngram_norms_"', ""),
        (b'"ngram_projection"', b'"ngram_projectile"', ""),
    ],
)
def test_parts_that_do_not_fit(tmp_path, old, new, message):
    path = written(tmp_path)
    expected = load(path)["abé"]
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    if not message:  # fewer numbers to multiply with: another table, which is no less safe
        assert not np.array_equal(load(path)["abé"], expected)
        return
    with pytest.raises(FormatError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'\\"hashes\\": 3', b'\\"hashes\\": 5', "hashes from 1 to 4"),
        (b'\\"seed\\": 9', b'\\"seed\\": x', "a JSON object"),
        (b'\\"seed\\": 9', b'\\"seed\\":-9', "seed from 0"),
        (b'\\"marks\\"', b'\\"narks\\"', ""),
    ],
)
def test_settings_that_cannot_be(tmp_path, old, new, message):
    path = written(tmp_path, HASHED, ROWS)
    expected = load(path)["abé"]
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    if not message:
        assert not np.array_equal(load(path)["abé"], expected)
        return
    with pytest.raises(FormatError, match=message):
        load(path)


def test_marks_of_a_word():
    assert are_marks(["", "<<"])
    for wrong in ("<>", ["<"], ["<", 5], ["<" * 101, ">"], None):
        assert not are_marks(wrong)
