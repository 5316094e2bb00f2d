"""What a kernel splits by the classes of characters is what the tokenizers make of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.tokens import pack
from inlay.kernels.words import split_words
from inlay.tokenizers import characters, lower, words
from inlay.tokenizers.classes import classes_for

RUNS = st.lists(
    st.text(
        st.sampled_from("abZ09_'’.,-‘é\u0301ß한很ñΣſ\u200d\ufe0f\u20e3🇰𡌴\0#\u093f\u0939ıİ")
        | st.characters(exclude_categories=["Cs"]),
        min_size=1,
    ),
    min_size=1,
)


def split(runs, tokenizer):
    """The words of each run, None for one that is left out."""
    blob, offsets = pack(runs)
    if tokenizer is lower:
        blob = np.where((blob >= 65) & (blob <= 90), blob + np.uint8(32), blob)
    items = np.zeros(blob.size, np.uint64), *np.zeros((2, blob.size), np.int32)
    counts = np.zeros(len(runs), np.int64)
    split_words(blob, offsets, classes_for(tokenizer), items, counts)
    found, at = [], 0
    for n in counts.tolist():
        spans = zip(items[1][at : at + n], items[2][at : at + n], strict=True)
        found.append(None if n < 0 else [bytes(blob[a:b]).decode() for a, b in spans])
        at += max(n, 0)
    return found


@pytest.mark.parametrize("tokenizer", [words, lower])
@given(runs=RUNS)
@settings(max_examples=200, deadline=None)
def test_plain_runs_are_split_as_the_tokenizer_splits_them(tokenizer, runs):
    for run, found in zip(runs, split(runs, tokenizer), strict=True):
        assert found in (None, tokenizer(run)), run


def test_running_text_of_most_scripts_is_plain():
    runs = ["don’t", "naïve", "Ελλάδα", "Москва,", "한국어(韓國語)", "很好。", "かな", "«x»", "…"]
    assert split(runs, words) == [words(run) for run in runs]
    assert split(runs[:5], lower) == [["don’t"], ["naïve"], None, None, words(runs[4])]


def test_other_tokenizers_have_no_classes():
    assert classes_for(characters) is None


def test_every_character_that_has_a_class_is_what_it_says():
    known = [chr(i) for i in np.flatnonzero(classes_for(words) != 4)[::9]]
    runs = [f"a{c}.{c}{c}b{c}" for c in known if not "\ud800" <= c < "\ue000"]
    assert len(runs) > 5_000
    pairs = zip(runs, split(runs, words), strict=True)
    assert [run for run, found in pairs if found != words(run)] == []
