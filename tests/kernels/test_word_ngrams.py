from itertools import pairwise

import numpy as np
import pytest

from inlay.core.tokens import pack
from inlay.kernels import word_ngrams as wn

BUCKET = 1000


def both(kernel):
    return pytest.mark.parametrize("run", [kernel, kernel.py_func], ids=["compiled", "plain"])


# Hashes wrap around; plain numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")


def fnv(raw):
    """fastText's hash of some bytes, each widened with its sign."""
    h = 2166136261
    for byte in raw:
        h = ((h ^ (byte | 0xFFFFFF00 if byte >= 128 else byte)) * 16777619) % 2**32
    return h


def signed(h):
    """32 bits as C's int32, widened to 64 without a sign again."""
    return (h - 2**32 if h >= 2**31 else h) % 2**64


def runs(words, n, bucket):
    """`addWordNgrams` of fastText's dictionary.cc, in Python."""
    hashes, found = [signed(fnv(word.encode())) for word in words], []
    for i, h in enumerate(hashes):
        for other in hashes[i + 1 : i + n]:
            h = (h * 116049371 + other) % 2**64
            found.append(h % bucket)
    return found


def parts(word, min_n, max_n, bucket):
    """`computeSubwords` of fastText's dictionary.cc, in Python."""
    marked = f"<{word}>"
    pieces = [
        marked[i:j]
        for i in range(len(marked))
        for j in range(i + min_n, min(i + max_n, len(marked)) + 1)
        if marked[i:j] not in ("<", ">")
    ]
    return [fnv(piece.encode()) % bucket for piece in pieces]


@both(wn.hash_words)
def test_the_hash_of_a_word_is_fasttexts(run):
    words = ["", "a", "film", "naïve", "영화", "电影", "🙂", "</s>"]
    out = np.empty(len(words), np.uint64)
    run(*pack(words), out)
    assert out.tolist() == [signed(fnv(word.encode())) for word in words]
    # FNV-1a of "a", as its authors give it, with the sign of its highest bit.
    assert out[1] == 0xFFFFFFFF_E40C292C


class Gathered:
    """What `gather` says of texts of words, of which `known` have the rows 0, 1, ..."""

    def __init__(self, run, texts, known, *, word_ngrams=3, limit=100, slots=None, counts_all=True):
        distinct = list(dict.fromkeys(word for text in texts for word in text))
        named = [*distinct, "</s>"]
        numbers = {word: row for row, word in enumerate(known)} | {"__label__x": -2}
        own = [numbers.get(word, -1) for word in named]
        hashes = np.empty(len(named), np.uint64)
        wn.hash_words(*pack(named), hashes)
        found = [parts(word, 2, 2, BUCKET) if word != "</s>" else [] for word in named]
        part_ends = np.cumsum([0, *map(len, found)])
        words = (
            np.array(own, np.int32),
            hashes,
            part_ends,
            np.array([b for some in found for b in some], np.int32),
        )
        ids = [i for text in texts for i in [*map(distinct.index, text), -1]]
        learns = slots is None
        self.slots = np.full(BUCKET, -1, np.int32) if learns else slots
        self.met, self.counts = np.zeros(BUCKET, np.int32), np.zeros(BUCKET, np.int32)
        rows, self.ends = np.empty(1000, np.int32), np.zeros(len(texts) + 1, np.int64)
        self.totals = np.zeros(len(texts), np.int32)
        self.known = run(
            np.array(ids, np.int32),
            words,
            (self.slots, self.met, self.counts),
            (word_ngrams, limit, len(known), 0, learns, counts_all),
            np.zeros(word_ngrams, np.uint64),
            rows,
            self.ends,
            self.totals,
        )
        self.rows = [rows[a:b].tolist() for a, b in pairwise(self.ends)]

    def named(self, known):
        """The rows of each text, words by name and buckets by number, sorted."""
        names = [*known, *self.met.tolist()]
        return [sorted((names[row] for row in some), key=str) for some in self.rows]


TEXTS = [["a", "영화", "a", "b"], [], ["a"], ["unknown", "a", "영화"]]
KNOWN = ["</s>", "a", "영화", "b"]


def expected(text, n):
    read = [*text, "</s>"]
    found = [word for word in read if word in KNOWN] + runs(read, n, BUCKET)
    found += [bucket for word in text for bucket in parts(word, 2, 2, BUCKET)]
    return sorted(found, key=str)


@both(wn.gather)
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_rows_of_texts_are_those_of_fasttext(run, n):
    found = Gathered(run, TEXTS, KNOWN, word_ngrams=n)
    assert found.named(KNOWN) == [expected(text, n) for text in TEXTS]
    assert found.totals.tolist() == [len(some) for some in found.rows]
    buckets = [b for text in TEXTS for b in expected(text, n) if isinstance(b, int)]
    assert found.known == len(set(buckets))
    assert found.counts.sum() == len(buckets)


@both(wn.gather)
def test_a_text_is_read_up_to_the_limit_and_still_ends(run):
    found = Gathered(run, TEXTS, KNOWN, word_ngrams=2, limit=2)
    assert found.named(KNOWN) == [expected(text[:2], 2) for text in TEXTS]


@both(wn.gather)
def test_labels_in_a_text_are_passed_over(run):
    found = Gathered(run, [["a", "__label__x", "b"]], KNOWN)
    assert found.named(KNOWN) == [expected(["a", "b"], 3)]


@both(wn.gather)
@pytest.mark.parametrize("counts_all", [True, False])
def test_buckets_without_a_row_count_if_asked_for(run, counts_all):
    learned = Gathered(wn.gather, TEXTS[:1], KNOWN)
    met, new = learned.met, ["b", "new", "a"]
    found = Gathered(run, [new], KNOWN, slots=learned.slots, counts_all=counts_all)
    found.met = met
    kept = set(learned.named(KNOWN)[0])
    assert found.named(KNOWN) == [[b for b in expected(new, 3) if b in kept]]
    n = len(expected(new, 3)) if counts_all else len(found.rows[0])
    assert found.totals.tolist() == [n]
    assert found.known == 0


@both(wn.merge)
def test_merged_rows_are_the_same_rows(run):
    texts = [[3, 1, 3, 3], [], [0] * 600, [2, 1]]
    rows = np.array([row for text in texts for row in text], np.int32)
    ends, rank = np.cumsum([0, *map(len, texts)]), np.array([2, 0, 3, 1], np.int32)
    merged, weights = np.empty(700, np.int32), np.empty(700, np.uint8)
    merged_ends = np.zeros(len(texts) + 1, np.int64)
    n = run(rows, ends, rank, np.full(4, -1), merged, weights, merged_ends)
    assert n == merged_ends[-1]
    for i, text in enumerate(texts):
        some = slice(merged_ends[i], merged_ends[i + 1])
        assert (some.stop - some.start) % wn.GROUP == 0
        found = np.bincount(merged[some], weights[some], minlength=4)
        assert found.tolist() == np.bincount(rank[text], minlength=4).tolist()
    assert n == 4 + 0 + 4 + 4  # 3 and 1; three times 0; 2 and 1
