"""Paragraph vectors in plain numpy, float64 and a word at a time, with the draws of the kernels."""

from typing import Any, NamedTuple

import numpy as np

from tests.train.reference import Chance, noise_words, sigmoid

Array = np.ndarray[Any, Any]


class Vectors(NamedTuple):
    """All that is learned: rows of tags, of words, and of words as they are predicted."""

    documents: Array
    words: Array
    outputs: Array


class Settings(NamedTuple):
    """Of a training; `noise` is the alias table, `n_noise` are drawn at a time."""

    noise: Any
    n_noise: int
    negative: int
    alpha: float
    window: int = 5
    limit: float = 1e9


def texts_of(ids: Any) -> list[list[int]]:
    """Numbers of words, -1 at the end of each text, as lists."""
    texts: list[list[int]] = [[]]
    for word in ids:
        if word < 0:
            texts.append([])
        else:
            texts[-1].append(int(word))
    return texts if texts[-1] else texts[:-1]


def block_end(start: int, n: int, most: int) -> int:
    """As few blocks as there must be, as equal as can be."""
    blocks = -(-(n - start) // most)
    return start + -(-(n - start) // blocks)


def errors_of(logits: Array, is_pair: Array, share: Array) -> Array:
    """What each target asks for at a rate of 1: the gradient of the log likelihood by its logit."""
    found: Array = np.where(is_pair, 1 - sigmoid(logits), -share * sigmoid(logits))
    return found


def loss_of(logits: Array, is_pair: Array, share: Array) -> float:
    """Minus that log likelihood."""
    chance = np.where(is_pair, sigmoid(logits), sigmoid(-logits))
    return float(-(np.where(is_pair, 1.0, share) * np.log(chance)).sum())


def bag(ids: Any, tags: list[list[int]], v: Vectors, s: Settings, seed: int, block: int) -> None:
    """PV-DBOW: the words of a block and its noise words, set against each tag in turn."""
    chance = Chance(seed)
    for text, words in enumerate(texts_of(ids)):
        for _ in words:
            chance.draw()  # whether it is kept
        noise, start = noise_words(s.noise, s.n_noise, chance), 0
        while start < len(words):
            stop = block_end(start, len(words), block)
            mine, noise = noise, noise_words(s.noise, s.n_noise, chance)
            for tag in tags[text]:
                bag_step(v, tag, mine, words[start:stop], s)
            start = stop


def errors_of_bag(
    v: Vectors, tag: int, noise: list[int], words: list[int], s: Settings
) -> tuple[list[int], Array]:
    """All targets of a block, and the errors of one tag."""
    targets, is_pair = [*noise, *words], np.arange(s.n_noise + len(words)) >= s.n_noise
    against = np.array([sum(word != each for word in words) for each in targets])
    share = s.negative / s.n_noise * against
    return targets, s.alpha * errors_of(v.outputs[targets] @ v.documents[tag], is_pair, share)


def bag_step(v: Vectors, tag: int, noise: list[int], words: list[int], s: Settings) -> None:
    """One block and one tag; a word that stands twice is changed twice, one after the other."""
    d = v.documents[tag].copy()
    targets, errors = errors_of_bag(v, tag, noise, words, s)
    for target, error in zip(targets, errors, strict=True):
        v.documents[tag] += error * v.outputs[target]
        v.outputs[target] += error * d


def memory(
    ids: Any, tags: list[list[int]], v: Vectors, s: Settings, seed: int, *, joined: bool
) -> None:
    """PV-DM, by means or by vectors side by side; two neighbours share noise words."""
    chance, w = Chance(seed), s.window
    for text, words in enumerate(texts_of(ids)):
        for _ in words:
            chance.draw()
        noise, start, n = noise_words(s.noise, 4 * s.n_noise, chance), 0, len(words)
        while start < n:
            b = w if joined else 1 + chance.below(w)
            reach = range(max(start - b, 0), min(start + 8 + b, n))
            most = max(words[max(p - max(8, w), 0) : p + 1].count(words[p]) for p in reach)
            room = min(s.limit / most, 8)
            stop = block_end(start, n, max(1, int(room)))
            mine, noise = noise, noise_words(s.noise, 4 * s.n_noise, chance)
            step = s._replace(alpha=s.alpha * min(room, 1))
            memory_step(v, tags[text], mine, words, (start, stop, b), step, joined=joined)
            start = stop


def parts_of(
    words: list[int], own: list[int], p: int, b: int, v: Vectors, *, joined: bool
) -> list[tuple[Array, int]]:
    """What helps to predict word `p` of a text: arrays and rows in them."""
    places = [q for q in range(p - b, p + b + 1) if q != p]
    if not joined:
        places = [q for q in places if 0 <= q < len(words)]
    null = len(v.words) - 1
    beside = [words[q] if 0 <= q < len(words) else null for q in places]
    return [*((v.documents, tag) for tag in own), *((v.words, word) for word in beside)]


def errors_of_block(
    v: Vectors,
    own: list[int],
    noise: list[int],
    words: list[int],
    block: tuple[int, int, int],
    s: Settings,
    *,
    joined: bool,
) -> tuple[list[list[tuple[Array, int]]], list[Array], list[Array]]:
    """Of each word of a block: what helps to predict it, the vector that does, and the errors.

    These are of the noise words, then of the word itself.
    """
    start, stop, b = block
    parts = [parts_of(words, own, p, b, v, joined=joined) for p in range(start, stop)]
    vectors = [[array[row] for array, row in each] for each in parts]
    hidden = [np.concatenate(each) if joined else np.mean(each, axis=0) for each in vectors]
    errors: list[Array] = []
    for c, h in enumerate(hidden):
        word, mine = words[start + c], noise[c // 2 * s.n_noise :][: s.n_noise]
        share = np.array([s.negative / s.n_noise * (each != word) for each in mine] + [0])
        is_pair = np.arange(s.n_noise + 1) == s.n_noise
        logits = v.outputs[[*mine, word]] @ h
        errors.append(s.alpha * errors_of(logits, is_pair, share))
    return parts, hidden, errors


def memory_step(
    v: Vectors,
    own: list[int],
    noise: list[int],
    words: list[int],
    block: tuple[int, int, int],
    s: Settings,
    *,
    joined: bool,
) -> None:
    """One block: all logits, then each word with itself, then each two with their noise words."""
    parts, hidden, errors = errors_of_block(v, own, noise, words, block, s, joined=joined)
    start = block[0]
    change = []
    for c, h in enumerate(hidden):
        word = words[start + c]
        change.append(errors[c][-1] * v.outputs[word])
        v.outputs[word] += errors[c][-1] * h
    for c in range(0, len(hidden), 2):
        both = range(c, min(c + 2, len(hidden)))
        for k, word in enumerate(noise[c // 2 * s.n_noise :][: s.n_noise]):
            before = v.outputs[word].copy()
            for each in both:
                change[each] = change[each] + errors[each][k] * before
                v.outputs[word] += errors[each][k] * hidden[each]
    for c, each in enumerate(parts):
        shares = np.split(change[c], len(each)) if joined else [change[c]] * len(each)
        for (array, row), share in zip(each, shares, strict=True):
            array[row] += share


def read(texts: list[list[int]], v: Vectors, s: Settings, states: Any, rates: int) -> None:
    """PV-DM by means, of new texts: only their vectors move. `s.noise` are words to draw from."""
    pool, w, drawn = list(s.noise), s.window, 4 * s.n_noise
    pool += pool[:drawn]
    for text, words in enumerate(texts):
        chance, n = Chance(int(states[text])), len(words)
        for _ in range(rates):
            for _ in words:
                chance.draw()
            first, start = chance.below(len(s.noise)), 0
            while start < n:
                b = 1 + chance.below(w)
                reach = range(max(start - b, 0), min(start + 8 + b, n))
                most = max(words[max(p - max(8, w), 0) : p + 1].count(words[p]) for p in reach)
                room = min(s.limit / most, 8)
                stop = block_end(start, n, max(1, int(room)))
                mine, first = pool[first : first + drawn], chance.below(len(s.noise))
                step = s._replace(alpha=s.alpha * min(room, 1))
                block = start, stop, b
                _, _, errors = errors_of_block(v, [text], mine, words, block, step, joined=False)
                for c, each in enumerate(errors):
                    targets = [*mine[c // 2 * s.n_noise :][: s.n_noise], words[start + c]]
                    v.documents[text] += each @ v.outputs[targets]
                start = stop


def read_bags(
    texts: list[list[int]], v: Vectors, s: Settings, states: Any, rates: int, block: int
) -> None:
    """PV-DBOW, of new texts: only their vectors move. `s.noise` are words to go through."""
    pool = list(s.noise)
    for text, words in enumerate(texts):
        chance = Chance(int(states[text]))
        for _ in range(rates):
            for _ in words:
                chance.draw()
            first, start = chance.below(len(pool)), 0
            while start < len(words):
                stop = block_end(start, len(words), block)
                noise = [pool[(first + k) % len(pool)] for k in range(s.n_noise)]
                targets, errors = errors_of_bag(v, text, noise, words[start:stop], s)
                v.documents[text] += errors @ v.outputs[targets]
                first, start = (first + s.n_noise) % len(pool), stop
