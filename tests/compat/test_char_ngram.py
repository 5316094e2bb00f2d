import pytest

from inlay.errors import ArgumentTypeError, MissingFileError

torch = pytest.importorskip("torch")

from inlay.compat.torchtext.vocab import CharNGram  # noqa: E402

LINES = {
    "2gram-#BEGIN#c": [1, 0],
    "2gram-ca": [0, 4],
    "3gram-cat": [2, 2],
    "4gram-#BEGIN#cat": [8, 0],
    "4gram-cat#END#": [1, 1],
    "2gram-영화": [3, 5],
}


@pytest.fixture
def cache(tmp_path):
    lines = [f"{ngram} {x} {y}" for ngram, (x, y) in LINES.items()]
    (tmp_path / "charNgram.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def test_a_word_is_the_mean_of_its_known_ngrams(cache):
    """Of two to four characters, where the beginning and the end of the word count as one each."""
    known = CharNGram(cache=cache)
    assert torch.allclose(known["cat"], torch.tensor([[12 / 5, 7 / 5]]))
    assert known["영화"].tolist() == [[3, 5]]
    assert known["cab"].tolist() == [[0.5, 2]]
    assert "cat" not in known
    assert "3gram-cat" in known


def test_what_has_no_known_ngram_is_filled(cache):
    assert CharNGram(cache=cache)["xyz"].tolist() == [[0, 0]]
    ones = CharNGram(cache=cache, unk_init=torch.nn.init.ones_)
    assert [ones[word].tolist() for word in ("xyz", "<unk>", "")] == [[[1, 1]]] * 3


def test_several_words_have_the_shapes_of_torchtext(cache):
    known = CharNGram(cache=cache)
    assert known.get_vecs_by_tokens("cat").shape == (1, 2)
    found = known.get_vecs_by_tokens(["CAT", "cat"], lower_case_backup=True)
    assert found.shape == (2, 1, 2)
    assert torch.equal(found[0], found[1])
    assert not known.get_vecs_by_tokens(["CAT"]).any()
    assert known.get_vecs_by_tokens([]).shape == (0, 1, 2)
    with pytest.raises(ArgumentTypeError, match="token"):
        known[3]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"charNgram\.txt.*cc\.en\.300\.bin"):
        CharNGram(cache=tmp_path)
