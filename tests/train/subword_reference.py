"""fastText's skip-gram step by step in plain numpy, one pair at a time, for the fast one.

The draws, the corpus and the schedule are those of `tests.train.reference`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from fuzz.fasttext import grams, hashed

from inlay.kernels.sampling import make_noise
from tests.train.reference import (
    LOAD,
    Array,
    Block,
    Chance,
    Counted,
    Kept,
    noise_words,
    pairs,
    schedule,
    sigmoid,
    skip_gram_pair,
    subsample,
    without,
)


def parts_of(tokens: Sequence[str], min_n: int, max_n: int, bucket: int) -> list[list[Any]]:
    """The rows of each word: its own, by its token, and those of its n-grams, by their buckets."""
    return [
        [token, *(hashed(gram) % bucket for gram in grams(token.encode(), min_n, max_n))]
        for token in tokens
    ]


def numbered(parts: list[list[Any]]) -> list[list[int]]:
    """The same with rows by number, in the order in which they are first named."""
    number: dict[Any, int] = {}
    return [[number.setdefault(row, len(number)) for row in rows] for rows in parts]


def subword_blocks(
    words: list[Kept],
    table: Any,
    chance: Chance,
    *,
    window: int,
    n_noise: int,
    limit: float,
    size: int = 8,
) -> Iterator[Block]:
    """Up to eight words at a time; steps are smaller where a word's rows would be moved too far.

    Of more words, each eight have noise words of their own, which `noise` lists one set after the
    other.
    """
    flat = [word for word, _ in words]
    noise, start = noise_words(table, n_noise, chance), 0
    while start < len(flat):
        width = 1 + chance.below(window)
        reach = max(size, window)
        near = range(max(start - width, 0), min(start + size + width, len(flat)))
        most = max(flat[max(p - reach, 0) : p + 1].count(flat[p]) for p in near)
        room = limit / most
        stop = min(start + int(min(max(room, 1), size)), len(flat))
        drawn = noise
        for _ in range(start, stop, 8):
            noise = noise_words(table, n_noise, chance)
            drawn = drawn + noise  # the last are those of the next block
        yield Block(start, stop, width, min(room / (2 * width), 1), drawn[:-n_noise])
        start = stop


def subword_block(
    inputs: Array,
    outputs: Array,
    rows: list[list[int]],
    words: list[Kept],
    block: Block,
    rate: float,
    share: float,
    limit: float = 1e9,
) -> tuple[float, int]:
    """Add what all pairs of a block ask for; all read the vectors as they were before it.

    On average over its rows, a word is moved by the block's words as often as those name its rows;
    what is more than `limit` allows is taken back.

    Returns the sum of the pairs' losses, and their number.
    """
    own_words = {word for word, _ in words[block.start : block.stop]}
    hidden = {word: inputs[rows[word]].mean(axis=0) for word in own_words}
    old, step = outputs.copy(), rate * block.scale
    loss, n = 0.0, 0
    named = Counter(row for word, _ in words[block.start : block.stop] for row in rows[word])
    room = max(limit / (2 * block.width) / block.scale, 1)
    for target, word in pairs(words, block):  # the word of the block is what predicts
        noise, own = without(block.noise, target), rows[word]
        h = hidden[word]
        steps = skip_gram_pair(h, old[target], old[noise], share)
        times = sum(named[row] for row in own) / len(own)
        np.add.at(inputs, own, step * min(1, room / times) * steps[0])
        outputs[target] += step * steps[1]
        np.add.at(outputs, noise, step * steps[2])
        loss -= np.log(sigmoid(h @ old[target])) + share * np.log(sigmoid(-old[noise] @ h)).sum()
        n += 1
    return loss, n


def cbow_block(
    inputs: Array,
    outputs: Array,
    rows: list[list[int]],
    words: list[Kept],
    block: Block,
    rate: float,
    share: float,
    limit: float = 1e9,
) -> list[tuple[float, int]]:
    """CBOW of one block: the mean of all rows around a word predicts it.

    Input rows are read before any is changed, output vectors before those of a group of eight are.

    Returns the sum of the losses of each group, and their number.
    """
    old, step, losses = inputs.copy(), rate * block.scale, []
    centres = words[block.start : block.stop]
    near = range(max(block.start - block.width, 0), min(block.stop + block.width, len(words)))
    sentences = words[block.start].sentence, words[block.stop - 1].sentence
    near_words = [words[p].word for p in near if sentences[0] <= words[p].sentence <= sentences[1]]
    named = Counter(row for word in near_words for row in rows[word])
    room = max(limit / (2 * block.width) / block.scale, 1)
    n_noise = len(block.noise) // -(-len(centres) // 8)
    for i in range(0, len(centres), 8):
        group = [(p, words[p].word) for p in range(block.start, block.stop)][i : i + 8]
        drawn = block.noise[i // 8 * n_noise :][:n_noise]
        before, loss, n = outputs.copy(), 0.0, 0
        for c, target in group:
            around = [
                words[p].word
                for p in range(max(c - block.width, 0), min(c + block.width + 1, len(words)))
                if p != c and words[p].sentence == words[c].sentence
            ]
            if not around:
                continue
            bag = [row for word in around for row in rows[word]]
            h, noise = old[bag].mean(axis=0), without(drawn, target)
            steps = skip_gram_pair(h, before[target], before[noise], share)
            for word in around:
                times = sum(named[row] for row in rows[word]) / len(rows[word])
                np.add.at(inputs, rows[word], step * min(1, room / times) * steps[0])
            outputs[target] += step * steps[1]
            np.add.at(outputs, noise, step * steps[2])
            loss -= np.log(sigmoid(h @ before[target]))
            loss -= share * np.log(sigmoid(-before[noise] @ h)).sum()
            n += 1
        losses.append((loss, n))
    return losses


def fasttext_reference(
    sentences: Sequence[Sequence[str]],
    *,
    architecture: str,
    piece: int,
    vector_size: int,
    window: int,
    negative: int,
    sample: float,
    min_count: int,
    epochs: int,
    alpha: float,
    min_alpha: float,
    ns_exponent: float,
    min_n: int,
    max_n: int,
    bucket: int,
    seed: int,
) -> dict[str, Array]:
    """The vectors that `inlay.train.fasttext` is to learn with one worker, float64."""
    corpus = Counted.of(sentences, min_count)
    share_of = corpus.counts / corpus.counts.sum()
    keep = np.sqrt(sample / share_of) + sample / share_of if sample else np.ones(len(share_of))
    noise_share = corpus.counts**ns_exponent / (corpus.counts**ns_exponent).sum()
    table, n_noise = make_noise(noise_share), max(8, -(-negative // 4) * 4)
    often = 1 / n_noise + noise_share.max()
    rows = numbered(parts_of(corpus.tokens, min_n, max_n, bucket))
    shape = 1 + max(map(max, rows)), vector_size
    start = 2 * np.random.default_rng(seed).random(shape, np.float32) - 1
    inputs = start.astype(np.float64) / vector_size
    outputs = np.zeros((len(corpus.tokens), vector_size))
    plan = schedule(
        corpus.ids, piece=piece, epochs=epochs, alpha=alpha, min_alpha=min_alpha, seed=seed
    )
    for ids, rate, chance in plan:
        limit = min(
            LOAD / (rate * (1 + negative)) - 1, LOAD / (rate * negative * (window + 1) * often)
        )
        words = subsample(ids, keep, chance)
        settings = {"window": window, "n_noise": n_noise, "limit": limit}
        settings["size"], learn = (16, cbow_block) if architecture == "cbow" else (8, subword_block)
        for block in subword_blocks(words, table, chance, **settings):
            learn(inputs, outputs, rows, words, block, rate, negative / n_noise, limit)
    return {token: inputs[own].mean(axis=0) for token, own in zip(corpus.tokens, rows, strict=True)}
