"""How often neighbouring words of a corpus are seen together, counted as words are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inlay.aliases import Array
from inlay.core.tokens import pack
from inlay.jobs.progress import progress as show_progress
from inlay.text.distinct import Distinct, Words
from inlay.text.numbered import Corpus
from inlay.text.vocabularies import Vocabularies

BLOCK = 1 << 16  # words that are joined at a time, up to the end of a sentence


@dataclass(frozen=True)
class PhraseCounts:
    """Counts of words, and of what is joined of neighbours, in one vocabulary.

    A word that is written as two others are when they are joined counts as these, and they as it.

    Attributes:
        counts: Of what is seen often enough.
        singles: Of each word of the corpus.
        distinct: How many words and neighbours there are, connectors left out.
        words: How many words the corpus has.
        delimiter: What stands between words that were joined.
        connectors: Words that stand between others.
    """

    counts: dict[str, int]
    singles: dict[str, int]
    distinct: int
    words: int
    delimiter: str
    connectors: frozenset[str]

    def of(self, words: tuple[str, ...]) -> tuple[int, int, int]:
        """How often the first and the last of some words are seen, and all of them together."""
        first, last = (
            self.counts.get(word) or self.singles[word] for word in (words[0], words[-1])
        )
        return first, last, self.counts[self.delimiter.join(words)]

    def candidates(self) -> Iterator[tuple[str, ...]]:
        """All ways in which what is seen often enough may be the words of a phrase."""
        for joined in self.counts:
            parts = joined.split(self.delimiter)
            for i in range(1, len(parts)):
                first = self.delimiter.join(parts[:i])
                if first not in self.singles or first in self.connectors:
                    continue
                for j in range(i, len(parts)):
                    last = self.delimiter.join(parts[j:])
                    if last in self.singles and last not in self.connectors:
                        yield first, *parts[i:j], last
                    if parts[j] not in self.connectors:
                        break


def count_phrases(
    corpus: Corpus,
    connectors: frozenset[str],
    delimiter: str,
    min_count: int,
    *,
    progress: bool | None = None,
) -> PhraseCounts:
    """Count what is joined of neighbours, with any connectors between them.

    Args:
        corpus: All of its words are numbered.
        connectors: Words that are counted inside of others alone.
        delimiter: What stands between words that were joined.
        min_count: Keep what is seen as often as this.
        progress: Whether to show a bar.
    """
    from inlay.kernels.phrases import joined_neighbours
    from inlay.kernels.word_keys import word_keys

    blob, offsets = pack(corpus.tokens, errors="surrogatepass")
    connects = np.fromiter((token in connectors for token in corpus.tokens), bool)
    n = len(corpus.tokens)
    items = np.empty(n, np.uint64), np.empty(n, np.int32), np.empty(n, np.int32)
    word_keys(blob, offsets, *items)
    counts = np.where(connects, 0, corpus.counts)
    between = np.frombuffer(delimiter.encode("utf-8", "surrogatepass"), np.uint8)
    known = Vocabularies(None, 1)
    try:
        known.put(known.begin(), Words(items[0], counts, offsets, blob), last=True)
        joined, place = Distinct(), known.begin()
        sizes = np.diff(offsets) + between.size
        with show_progress(
            corpus.ids.size, unit=" words", desc="phrases", enabled=progress
        ) as report:
            for ids in _blocks(corpus):
                most = 2 * int(sizes[ids[ids >= 0]].sum())
                text = np.empty(most, np.uint8)
                m = ids.size
                items = np.empty(m, np.uint64), np.empty(m, np.int32), np.empty(m, np.int32)
                m = joined_neighbours(ids, offsets, blob, connects, between, text, items)
                joined.look_up(text, items, m, np.empty(m, np.int32))
                report.update(ids.size)
                if known.is_full(joined):
                    known.put(place, joined.words, last=False)
                    joined, place = Distinct(), known.begin()
        known.put(place, joined.words, last=True)
        chosen = known.choose(min_count, None, "corpus", may_be_none=True)
    finally:
        known.close()
    return PhraseCounts(
        dict(zip(chosen.tokens, chosen.counts.tolist(), strict=True)),
        dict(zip(corpus.tokens, corpus.counts.tolist(), strict=True)),
        known.distinct - int(connects.sum()),
        corpus.words,
        delimiter,
        connectors,
    )


def sentences(corpus: Corpus) -> Iterator[list[str]]:
    """The texts of a corpus as lists of tokens again, without the words that were left out."""
    tokens = np.array([*corpus.tokens, None], object)
    for ids in _blocks(corpus):
        for text in np.split(ids, np.flatnonzero(ids < 0) + 1)[: int((ids < 0).sum())]:
            yield tokens[text[:-1]].tolist()


def _blocks(corpus: Corpus) -> Iterator[Array]:
    """The numbers of a corpus in pieces that end with a sentence."""
    begin, end = 0, min(BLOCK, corpus.ids.size)
    while begin < corpus.ids.size:
        ends = np.flatnonzero(corpus.ids[begin:end] < 0)
        if ends.size or end == corpus.ids.size:
            stop = begin + int(ends[-1]) + 1 if ends.size else end
            yield corpus.ids[begin:stop]
            begin = stop
        end = min(end + BLOCK, corpus.ids.size)
