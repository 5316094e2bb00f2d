"""Texts longer than the model takes: each piece once, from the middle of a window."""

import numpy as np
import pytest

from inlay.encode.transformer import Transformer
from inlay.encode.transformer.windows import windows
from inlay.errors import ArgumentError, InlayWarning
from tests.encode.transformer.making import make_bert

BEFORE, AFTER = np.array([101], np.int32), np.array([102, 103], np.int32)


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 15, 40, 1001])
@pytest.mark.parametrize("longest", [11, 4])
def test_each_piece_is_kept_once_and_windows_are_full(n, longest):
    ids = np.arange(n, dtype=np.int32)
    cut = windows(ids, longest, BEFORE, AFTER)
    assert np.concatenate([w.ids[w.keep] for w in cut]).tolist() == ids.tolist()
    assert [i for w in cut for i in range(w.kept.start, w.kept.stop)] == ids.tolist()
    assert all(w.ids[0] == 101 and w.ids[-2:].tolist() == [102, 103] for w in cut)
    assert {len(w.ids) for w in cut} == ({longest} if len(cut) > 1 else {n + 3})
    if longest == 11:  # two pieces are shared, so that none is kept from the very edge
        assert all(w.keep.start > 1 for w in cut[1:])
        assert all(w.keep.stop < 9 for w in cut[:-1])


def text_of(n):
    return " ".join(["a", "good", "film", "was", "long"][i % 5] for i in range(n))


def test_a_long_text_is_the_mean_of_its_windows_by_their_pieces(tmp_path):
    encoder = Transformer.load(make_bert(tmp_path))
    assert encoder.longest == 24
    ids = encoder._pieces.ids([text_of(60)])[0]
    cut = windows(ids, 24, encoder._pieces.before, encoder._pieces.after)
    assert len(cut) == 4
    rows = np.concatenate([encoder._network([w.ids], [4])[0][w.keep] for w in cut])
    found = encoder.encode([text_of(60)])[0]
    np.testing.assert_allclose(found, rows.mean(0), atol=1e-6)
    np.testing.assert_allclose(encoder.encode([text_of(60)], pool="max")[0], rows.max(0), atol=1e-6)
    words, _ = encoder.tokens([text_of(60)])
    np.testing.assert_allclose(words[0], rows, atol=1e-6)
    firsts = np.array([encoder._network([w.ids], [4])[0][0] for w in cut])
    shares = [len(w.ids[w.keep]) / 60 for w in cut]
    np.testing.assert_allclose(
        encoder.encode([text_of(60)], pool="cls")[0], shares @ firsts, atol=1e-6
    )


def test_max_length_cuts_and_says_so_once(tmp_path):
    make_bert(tmp_path)
    encoder = Transformer.load(tmp_path, max_length=12)
    with pytest.warns(InlayWarning, match=r"1 of 2 texts has more than max_length=12 pieces"):
        found = encoder.encode([text_of(60), "a good film"])
    expected = Transformer.load(tmp_path).encode([text_of(10), "a good film"])
    np.testing.assert_array_equal(found, expected)
    assert encoder.tokenize(text_of(60)) == text_of(10).split()
    assert encoder.tokens([text_of(60)])[0].shape == (1, 10, 32)  # and no second warning
    with pytest.raises(ArgumentError, match="max_length: expected a whole number, 3 or more"):
        Transformer.load(tmp_path, max_length=2)


def test_a_window_is_what_the_files_say_and_the_model_takes(tmp_path):
    make_bert(tmp_path)
    settings = tmp_path / "tokenizer_config.json"
    for said, longest in (("1e30", 24), ("9", 9), ("512", 24)):
        settings.write_text(f'{{"model_max_length": {said}}}')
        assert Transformer.load(tmp_path).longest == longest
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 8}')
    assert Transformer.load(tmp_path).longest == 8
