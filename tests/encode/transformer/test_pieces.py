"""Pieces and the words that they are of, for the tokenizers of several families."""

import numpy as np
import pytest

from inlay.encode.transformer.pieces import PieceTokenizer

tokenizers = pytest.importorskip("tokenizers")

LINES = ["a good film was unbelievably good", "the film, it was long!", "아주 좋은 영화 좋은"] * 9
SPECIAL = ["<s>", "</s>", "<unk>"]


def wordpiece():
    from tokenizers import models, normalizers, pre_tokenizers, trainers

    tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer, trainers.WordPieceTrainer(
        vocab_size=60, special_tokens=SPECIAL, show_progress=False
    )


def byte_level():
    """As of RoBERTa."""
    from tokenizers import models, pre_tokenizers, trainers

    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer, trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )


def metaspace():
    """As of XLM-RoBERTa."""
    from tokenizers import models, normalizers, pre_tokenizers, trainers

    tokenizer = tokenizers.Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer, trainers.UnigramTrainer(
        vocab_size=60, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )


@pytest.fixture(params=[wordpiece, byte_level, metaspace], scope="module")
def pieces(request):
    from tokenizers import processors

    tokenizer, trainer = request.param()
    tokenizer.train_from_iterator(LINES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=3)
    return PieceTokenizer(tokenizer.to_str(), "made.json")


def test_special_pieces_and_no_cutting(pieces):
    assert (pieces.before.tolist(), pieces.after.tolist()) == ([0], [1])
    ids = pieces.ids(["a good film " * 50, "a"])
    assert len(ids[0]) >= 150
    assert 1 <= len(ids[1]) <= 2
    assert ids[0].dtype == np.int32


@pytest.mark.parametrize("prompt", ["", "the film: "])
def test_a_piece_is_of_the_users_word(pieces, prompt):
    words = ["unbelievably", "good", "a film", "아주", "", "long!"]
    (found,) = pieces.pieces([words], prompt)
    assert found.tokens == words
    assert found.ids.tolist() == pieces.ids([prompt + " ".join(filter(None, words))])[0].tolist()
    own = found.words[found.words >= 0]
    assert sorted({*own}) == [0, 1, 2, 3, 5]
    assert (np.diff(own) >= 0).all()
    skipped = int((found.words == -1).sum())
    of_prompt = len(pieces.ids([prompt.rstrip()])[0]) if prompt else 0
    assert skipped - of_prompt in (0, 1)  # the space behind it may be a piece of its own
    assert skipped == 0 or prompt
    (alone,) = pieces.pieces([[*words[:2]]], prompt)
    n = len(alone.ids)
    assert found.words[:n].tolist() == alone.words.tolist()


def test_words_of_a_string(pieces):
    text = "the film  was unbelievably long"
    (found,) = pieces.pieces([text])
    assert found.tokens == text.split()
    assert [int((found.words == i).sum()) >= 1 for i in range(5)] == [True] * 5
    (with_prompt,) = pieces.pieces([text], "a good ")
    assert with_prompt.tokens == text.split()


def test_a_lone_surrogate_is_a_question_mark(pieces):
    text, plain = "a \ud800 film", "a ? film"
    np.testing.assert_array_equal(pieces.ids([text])[0], pieces.ids([plain])[0])
    assert pieces.pieces([["a", "\ud800"]])[0].tokens == ["a", "\ud800"]
