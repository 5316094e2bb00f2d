"""What a kernel splits by the classes of letters is what the tokenizers make of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.tokens import pack
from inlay.kernels.corpus import simple_words
from inlay.text.letters import ASCII, classes_of
from inlay.tokenizers import characters, lower, words

RUNS = st.lists(
    st.text(
        st.sampled_from("abZ09_'’.,-‘é\u0301ß한很ñΣſ\u200d\ufe0f\u20e3🇰𡌴\0#\u093f\u0939ı")
        | st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]),
        min_size=1,
    ),
    min_size=1,
)


def split(runs, tokenizer, *, every):
    """The words of each run, None for one that is left out."""
    blob, offsets = pack(runs)
    if tokenizer is lower:
        blob = np.where((blob >= 65) & (blob <= 90), blob + np.uint8(32), blob)
    items = [np.zeros(blob.size, kind) for kind in (np.uint64, np.int32, np.int32)]
    counts = np.zeros(len(runs), np.int64)
    simple_words(blob, offsets, classes_of(tokenizer, every=every), *items, counts)
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
    runs = [run for run in runs if len(run.split()) == 1 and run.split()[0] == run]
    for every in (True, False) if runs else ():
        for run, found in zip(runs, split(runs, tokenizer, every=every), strict=True):
            assert found in (None, tokenizer(run)), run


def test_running_text_of_most_scripts_is_plain():
    runs = ["don’t", "naïve", "Ελλάδα", "Москва,", "한국어(韓國語)", "很好。", "かな", "«x»", "…"]
    found = split(runs, words, every=True)
    assert found == [words(run) for run in runs]
    assert split(runs[:5], lower, every=True) == [["don’t"], ["naïve"], None, None, words(runs[4])]
    ascii_only = split(["it's", "naïve"], words, every=False)
    assert ascii_only == [["it's"], None]
    assert (classes_of(words, every=False)[ASCII:] == 0).all()


def test_other_tokenizers_have_no_classes():
    assert classes_of(characters, every=True) is None


def test_every_character_that_has_a_class_is_what_it_says():
    known = np.flatnonzero(classes_of(words, every=True))
    runs = [f"a{c}.{c}{c}b{c}" for c in map(chr, known[::9].tolist())]
    assert len(runs) > 5_000
    wrong = [
        run
        for run, found in zip(runs, split(runs, words, every=True), strict=True)
        if found != words(run)
    ]
    assert wrong == []
