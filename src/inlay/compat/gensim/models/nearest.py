"""What is near what, as gensim computes it: cosines and their relatives."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import many_tokens, whole_or_none
from inlay.compat.gensim.models.keys import Key, Keys, unit
from inlay.compat.gensim.models.transport import transport_cost
from inlay.core.cosine import cosines, highest
from inlay.core.queries import weighted
from inlay.errors import ArgumentError

Near = list[tuple[str, float]] | Array


class Nearest(Keys):
    """Similarities of keys and vectors. A vector of zeros has the cosine 0 with any other."""

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Near:
        """The keys nearest to a mean of vectors, by cosine.

        Args:
            positive: Keys, vectors or pairs of one and its weight, that are added; or one.
            negative: The same, subtracted.
            topn: How many to return. None: all cosines.
            clip_start: The first row to look at.
            clip_end: The row before which to stop. None: behind the last.
            restrict_vocab: Look at so many rows, from the first; instead of the two before.
            indexer: None. The search is exact.

        Returns:
            `(key, cosine)` by falling cosine, without the keys asked about; with `topn=None` an
            array of the cosines of the rows looked at.

        Raises:
            UnknownTokenError: A key is not here.
            ArgumentError: Nothing to look for, or an indexer.
        """
        if indexer is not None:
            hint = "leave indexer= out: the search is exact"
            raise ArgumentError("indexer", expected="None", got=type(indexer).__name__, hint=hint)
        if _wants_none(topn):
            return []
        queries = [
            *self._asked("positive", positive, 1.0),
            *self._asked("negative", negative, -1.0),
        ]
        keys, weights = [query for query, _ in queries], [weight for _, weight in queries]
        mean = self.get_mean_vector(keys, weights, post_normalize=True, ignore_missing=False)
        start, stop = (0, restrict_vocab) if restrict_vocab else (clip_start, clip_end or None)
        matrix, inverse = self._between(start, stop), self._inverse[start:stop]
        near = cosines(matrix, inverse, mean.astype(np.float32))
        return self._best(near, keys, topn, start)

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Near:
        """The keys nearest to several at once: cosines are multiplied, not added.

        Args:
            positive: Keys and vectors that it is to be near to; or one.
            negative: Those that it is to be far from.
            topn: How many to return. None: the score of each row.
            restrict_vocab: Look at so many rows, from the first; gensim takes no heed of it.

        Raises:
            UnknownTokenError: A key is not here.
            ArgumentError: Nothing to be near to.

        Source: Levy and Goldberg 2014, Linguistic regularities in sparse and explicit word
        representations, equation 4.
        """
        if _wants_none(topn):
            return []
        near_to = [query for query, _ in self._asked("positive", positive, 1.0)]
        far_from = [query for query, _ in self._asked("negative", negative, -1.0)]
        if not near_to:
            raise ArgumentError("positive", expected="a key or a vector", got="nothing")
        matrix = self._between(0, restrict_vocab or None)
        inverse = self._inverse[: len(matrix)]
        products = []
        for queries in (near_to, far_from):
            product = np.ones(len(matrix), np.float32)
            for query in queries:
                is_key = not isinstance(query, np.ndarray)
                term = self.get_vector(query, norm=True) if is_key else self._checked(query)
                product *= (1 + cosines(matrix, inverse, term.astype(np.float32))) / 2
            products.append(product)
        scores = products[0] / (products[1] + np.float32(0.000001))
        return self._best(scores, [*near_to, *far_from], topn, 0)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Near:
        """`similar_by_key`, by its older name."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Near:
        """The keys nearest to one: `most_similar([key])`.

        Args:
            key: The key, or its row.
            topn: How many to return. None: all cosines.
            restrict_vocab: Look at so many rows, from the first.

        Raises:
            UnknownTokenError: The key is not here.
        """
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(
        self, vector: Array, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Near:
        """The keys nearest to a vector: `most_similar([vector])`.

        A vector that is that of a key has this key itself as the first answer.

        Args:
            vector: Numbers `(vector_size,)`.
            topn: How many to return. None: all cosines.
            restrict_vocab: Look at so many rows, from the first.

        Raises:
            ArgumentError: It has another shape.
        """
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """Which of several keys is nearest to one.

        Args:
            key1: The one.
            keys_list: The several.

        Raises:
            UnknownTokenError: A key is not here.
            ArgumentError: There are none.
        """
        if not len(keys_list):
            raise ArgumentError("keys_list", expected="one key or more", got="none")
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def similarity(self, w1: Key, w2: Key) -> float:
        """The cosine of two keys, from -1 to 1.

        Args:
            w1: The one.
            w2: The other.

        Raises:
            UnknownTokenError: A key is not here.
        """
        return float(self.get_vector(w1, norm=True) @ self.get_vector(w2, norm=True))

    def distance(self, w1: Key, w2: Key) -> float:
        """1 less the cosine of two keys, from 0 to 2.

        Args:
            w1: The one.
            w2: The other.

        Raises:
            UnknownTokenError: A key is not here.
        """
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: Key | Array, other_words: Iterable[Key] = ()) -> Array:
        """1 less the cosines of a key or vector with others: float32, one for each.

        Args:
            word_or_vector: The one.
            other_words: The others. None of them: all, in row order.

        Raises:
            UnknownTokenError: A key is not here.
            ArgumentError: A vector of another shape.
        """
        is_vector = isinstance(word_or_vector, np.ndarray | list)
        vector: Any = self._checked(word_or_vector) if is_vector else word_or_vector
        vector = vector if is_vector else self.get_vector(vector)
        direction = unit(np.asarray(vector, np.float32))
        rows = [self.get_index(word) for word in other_words]
        if not rows:
            return 1 - cosines(self.table._whole, self._inverse, direction)
        return 1 - cosines(self.table._rows[rows], self._inverse[rows], direction)

    @staticmethod
    def cosine_similarities(vector_1: Array, vectors_all: Array) -> Array:
        """The cosines of a vector with the rows of a matrix; NaN where one is all zeros.

        Args:
            vector_1: Numbers `(dim,)`.
            vectors_all: Numbers `(n, dim)`.

        Returns:
            `(n,)`.
        """
        lengths = np.linalg.norm(vector_1) * np.linalg.norm(vectors_all, axis=1)
        found: Array = (vectors_all @ vector_1) / lengths
        return found

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> float:
        """The cosine of the means of two lists of keys.

        Args:
            ws1: The one list; keys that are not here are left out.
            ws2: The other.

        Raises:
            ArgumentError: An empty list.
        """
        means = [self.get_mean_vector(keys, pre_normalize=False) for keys in (ws1, ws2)]
        return float(unit(means[0]) @ unit(means[1]))

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """The cosine of two keys, over the sum of those of the `topn` nearest to the first.

        Source: Leeuwenberg et al. 2016, A minimally supervised approach for synonym extraction
        with word embeddings, equation 1.
        """
        near = self.most_similar([wa], topn=topn)
        if not len(near):
            raise ArgumentError("topn", expected="1 or more", got=str(topn))
        return self.similarity(wa, wb) / sum(float(cosine) for _, cosine in near)

    def closer_than(self, key1: Key, key2: Key) -> list[str]:
        """The keys that are nearer to the first than the second is, in row order.

        Args:
            key1: The first.
            key2: The second.

        Raises:
            UnknownTokenError: A key is not here.
        """
        distances, row = self.distances(key1), self.get_index(key1)
        closer = np.flatnonzero(distances < distances[self.get_index(key2)])
        return [self.index_to_key[i] for i in closer.tolist() if i != row]

    def rank(self, key1: Key, key2: Key) -> int:
        """Which nearest the second key is to the first, from 1.

        Args:
            key1: The first.
            key2: The second.

        Raises:
            UnknownTokenError: A key is not here.
        """
        return len(self.closer_than(key1, key2)) + 1

    def rank_by_centrality(
        self, words: Iterable[Key], use_norm: bool = True
    ) -> list[tuple[float, Key]]:
        """Keys by their cosine with the mean of all of them, the nearest first.

        Args:
            words: Keys; those that are not here are left out.
            use_norm: Whether to give the vectors length 1 before.

        Raises:
            ArgumentError: None of them is here.
        """
        used = [word for word in words if word in self]
        if not used:
            raise ArgumentError("words", expected="one or more that are here", got="none")
        vectors = np.vstack([self.get_vector(word, norm=use_norm) for word in used])
        near = vectors @ self.get_mean_vector(vectors, post_normalize=True)
        return sorted(zip(near.tolist(), used, strict=True), reverse=True)

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """Which key is furthest from the mean of all.

        Args:
            words: Keys; those that are not here are left out.

        Raises:
            ArgumentError: None of them is here.
        """
        return self.rank_by_centrality(words)[-1][1]

    def wmdistance(
        self, document1: Sequence[str], document2: Sequence[str], norm: bool = True
    ) -> float:
        """How far the words of one text have to move to become those of another.

        Args:
            document1: A text, as its tokens; those that are not here are left out.
            document2: The other.
            norm: Whether to give the vectors length 1 before.

        Returns:
            The cost of the best plan, solved as a linear program of as many unknowns as there
            are pairs of words; infinity if no word of a text is here.

        Raises:
            MissingPackageError: SciPy is not installed.

        Source: Kusner et al. 2015, From word embeddings to document distances, equation 1.
        """
        weights, vectors = [], []
        for name, text in (("document1", document1), ("document2", document2)):
            here = [token for token in many_tokens(name, text) if token in self]
            if not here:
                return float("inf")
            tokens, counts = np.unique(here, return_counts=True)
            weights.append(counts / len(here))
            vectors.append([self.get_vector(token, norm=norm) for token in tokens.tolist()])
        ends = [np.array(of_text, np.float64) for of_text in vectors]
        costs = np.linalg.norm(ends[0][:, None] - ends[1][None], axis=2)
        return transport_cost(weights[0], weights[1], costs)

    def _asked(self, name: str, queries: Any, weight: float) -> list[tuple[Any, float]]:
        return weighted(name, self._by_key(queries), weight)

    def _by_key(self, query: Any) -> Any:
        """The same with the keys of rows that are asked for by number."""
        if isinstance(query, int | np.integer):
            return self.index_to_key[self.get_index(int(query))]
        if isinstance(query, tuple) and len(query) == 2:
            return self._by_key(query[0]), query[1]
        return [self._by_key(one) for one in query] if isinstance(query, list) else query

    def _best(self, near: Array, keys: list[Any], topn: int | None, start: int) -> Near:
        """The keys of the highest values, without those asked about; `topn=None`: all values."""
        if topn is None:
            return near
        for key in keys:
            row = self._find(key) - start if isinstance(key, str) else -1
            if 0 <= row < len(near):
                near[row] = -np.inf
        best = highest(near, topn)
        return [(self.index_to_key[start + i], float(near[i])) for i in best if near[i] > -np.inf]


def _wants_none(topn: Any) -> bool:
    """Whether nothing is asked for: 0, or less."""
    if isinstance(topn, int | np.integer) and topn < 1:
        return True
    whole_or_none("topn", topn)
    return False
