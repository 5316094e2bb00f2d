import json
import pickle

import numpy as np
import pytest

from inlay import Vocabulary
from inlay.core import HashingVocabulary, TextToIds
from inlay.core.elsewhere import OF_TEXT_TO_IDS
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    ImmutableError,
    MissingFileError,
    UnknownNameError,
)

VOCAB = Vocabulary(["a", "good", "film"], tokenizer="lower")
TEXTS = ["A good film", "film", "房间 很好"]


def test_what_an_encode_would_need_in_each_call():
    to_ids = TextToIds(VOCAB, max_length=2, truncate="start", pad_side="start")
    assert to_ids(TEXTS).tolist() == [[3, 4], [0, 4], [1, 1]]
    assert to_ids(TEXTS).dtype == np.int32
    assert to_ids([["good", "film"]]).tolist() == [[3, 4]]
    assert TextToIds(VOCAB)(TEXTS).tolist() == VOCAB.encode(TEXTS).tolist()
    assert "max_length=2, truncate='start', pad_side='start'" in repr(to_ids)


@pytest.mark.parametrize(
    "vocab",
    [
        VOCAB,
        Vocabulary.from_texts(TEXTS, pad_id=1, unk_id=0, tokenizer="characters"),
        Vocabulary(["가"], pad=None),
        HashingVocabulary(1000, tokenizer="ngrams:2"),
    ],
    ids=["list", "counted", "no pad", "hashes"],
)
def test_one_file_holds_it_all(vocab, tmp_path):
    to_ids = TextToIds(vocab, max_length=1, truncate="start", pad_side="start")
    to_ids.save(tmp_path / "text.json")
    for same in (TextToIds.load(tmp_path / "text.json"), pickle.loads(pickle.dumps(to_ids))):
        assert same(TEXTS).tolist() == to_ids(TEXTS).tolist()
        assert (same.max_length, same.truncate, same.pad_side) == (1, "start", "start")
        assert (type(same.vocab), same.vocab.tokenizer) == (type(vocab), vocab.tokenizer)
        assert (same.vocab.pad_id, same.vocab.unk_id) == (vocab.pad_id, vocab.unk_id)
        if isinstance(vocab, Vocabulary):
            assert same.vocab.tokens.tolist() == vocab.tokens.tolist()
            counts = None if vocab.counts is None else vocab.counts.tolist()
            assert (None if same.vocab.counts is None else same.vocab.counts.tolist()) == counts


@pytest.mark.parametrize("vocab", [Vocabulary, HashingVocabulary])
def test_a_tokenizer_of_ones_own_is_asked_for(vocab, tmp_path):
    made = vocab(["a"] if vocab is Vocabulary else 9, tokenizer=str.split)
    TextToIds(made).save(tmp_path / "t.json")
    given = TextToIds.load(tmp_path / "t.json", tokenizer=str.split)
    assert given(["a b"]).tolist() == made.encode(["a b"]).tolist()
    with pytest.raises(ArgumentError, match="tokenizer: expected the callable"):
        TextToIds.load(tmp_path / "t.json")(["a"])


def test_a_function_s_name_is_not_imported(tmp_path):
    path = tmp_path / "t.json"
    TextToIds(Vocabulary(["a"], tokenizer=json.dumps)).save(path)
    assert '"json:dumps"' in path.read_text("utf-8")
    with pytest.raises(ArgumentError, match=r"Try: TextToIds.load\(path, tokenizer='json:dumps'"):
        TextToIds.load(path)(["a"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": "inlay-vocabulary"}, "inlay-text-to-ids version 1"),
        ({"version": 2}, "got inlay-text-to-ids version 2"),
        ({"max_length": 0}, "max_length: expected a whole number, 1 or more, got 0"),
        ({"pad_side": "left"}, "pad_side: expected 'start' or 'end'"),
        ({"vocab": {"vocab_size": 1, "tokenizer": None}}, "vocab_size: expected"),
        ({"vocab": {"vocab_size": 5}}, "got"),
        ({"vocab": {"tokens": ["a"]}}, "got"),
        ({"vocab": ["a"]}, "got"),
        ({"more": 1}, "got"),
    ],
)
def test_a_damaged_file_is_named(changed, message, tmp_path):
    path = tmp_path / "t.json"
    TextToIds(VOCAB).save(path)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changed))
    with pytest.raises(FormatError, match=rf"t\.json.*{message}"):
        TextToIds.load(path)


def test_a_file_that_is_not_there_and_a_vocabulary_alone(tmp_path):
    with pytest.raises(MissingFileError, match="the file of a TextToIds"):
        TextToIds.load(tmp_path / "no.json")
    VOCAB.save(tmp_path / "v.json")
    with pytest.raises(FormatError, match="got inlay-vocabulary version 1"):
        TextToIds.load(tmp_path / "v.json")


@pytest.mark.parametrize(
    ("vocab", "settings", "message"),
    [
        (["a"], {}, "vocab: expected a Vocabulary or a HashingVocabulary, got list"),
        (VOCAB, {"max_length": 0}, "max_length: expected"),
        (VOCAB, {"pad_side": "left"}, "pad_side: expected"),
        (VOCAB, {"truncate": "left"}, "truncate: expected"),
        (VOCAB, {"maxlen": 3}, "max_length="),
    ],
)
def test_what_is_refused(vocab, settings, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        TextToIds(vocab, **settings)


def test_it_never_changes():
    with pytest.raises(ImmutableError):
        TextToIds(VOCAB).max_length = 3


@pytest.mark.parametrize("name", OF_TEXT_TO_IDS)
def test_another_library_s_name_leads_to_ours(name):
    with pytest.raises(UnknownNameError, match=rf"TextToIds\.{name}: .* Try: "):
        getattr(TextToIds(VOCAB), name)
