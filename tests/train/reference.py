"""Trainers step by step in plain numpy, as their papers have it: what the fast ones are held to.

A trainer's reference is one function from sentences to vectors, in float64 and one pair at a
time, that makes the same draws in the same order: whole epochs must agree. The parts are meant
for the trainers to come: `Chance` and `noise_words` draw, `Counted` is the corpus, `schedule`
says which piece is trained when, how fast and by which draws. What is left to write for each is
how its pairs are found (here `blocks` and `pairs`), and its equation (`skip_gram_pair`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from inlay.kernels.sampling import make_noise  # tests/kernels holds it to its distribution
from inlay.train.schedule import seed_of

Array = np.ndarray[Any, Any]

# The greatest sum of step sizes of one vector's pairs in a block that is known to stay bounded.
LOAD = 2.75


class Chance:
    """The kernels' generator: Knuth's linear congruential one, of which the upper half counts."""

    def __init__(self, seed: int) -> None:
        self.state = int(seed)

    def draw(self) -> int:
        """A number below 2**32."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return self.state >> 32

    def below(self, n: int) -> int:
        """A number below `n`."""
        return self.draw() * n >> 32


def noise_words(table: Any, n: int, chance: Chance) -> list[int]:
    """Words by the alias method: a slot, and then it or its alias."""
    words = []
    for _ in range(n):
        slot = chance.below(table.accept.size)
        words.append(slot if chance.draw() < table.accept[slot] else int(table.alias[slot]))
    return words


class Counted(NamedTuple):
    """A corpus in numbers: the most frequent word is 0, and -1 ends a sentence."""

    tokens: list[str]
    counts: Array
    ids: list[int]

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], min_count: int) -> "Counted":
        """Equally frequent words come in the order of their code points."""
        counter = Counter(word for sentence in sentences for word in sentence)
        tokens = sorted(counter, key=lambda word: (-counter[word], word))
        tokens = [word for word in tokens if counter[word] >= min_count]
        number = {word: i for i, word in enumerate(tokens)}
        ids: list[int] = []
        for sentence in sentences:
            known = [number[word] for word in sentence if word in number]
            ids += [*known, -1] if known else []
        return cls(tokens, np.array([counter[word] for word in tokens], np.float64), ids)


def schedule(
    ids: list[int], *, piece: int, epochs: int, alpha: float, min_alpha: float, seed: int
) -> Iterator[tuple[list[int], float, Chance]]:
    """Each piece in turn with its learning rate, which falls evenly, and its draws."""
    starts = range(0, len(ids), piece)
    total = len(starts) * epochs
    for number in range(total):
        start = starts[number % len(starts)]
        rate = alpha - (alpha - min_alpha) * number / total
        yield ids[start : start + piece], rate, Chance(seed_of(seed, number))


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-np.float64(x)))


class Kept(NamedTuple):
    """A word that subsampling kept, and the number of its sentence."""

    word: int
    sentence: int


class Block(NamedTuple):
    """Centres `start` to `stop` that share a window's width, a step's scale and noise words."""

    start: int
    stop: int
    width: int
    scale: float
    noise: list[int]


def subsample(ids: Sequence[int], keep: Array, chance: Chance) -> list[Kept]:
    """The words of a piece that are kept, each with the chance `keep[word]`."""
    kept, sentence = [], 0
    for word in ids:
        if word < 0:
            sentence += 1
        elif chance.draw() < keep[word] * 2**32:
            kept.append(Kept(word, sentence))
    return kept


def blocks(
    words: list[Kept],
    table: Any,
    chance: Chance,
    *,
    window: int,
    n_noise: int,
    limit: float,
    shrink: bool = True,
) -> Iterator[Block]:
    """Up to eight centres at a time: fewer where a word is repeated, as one sum moves it for all.

    With r the most often that a word in reach of the block stands among the words before it, no
    more than `limit / r` centres are taken, and if that is below 1 their steps are smaller.
    """
    flat = [word for word, _ in words]
    noise, start = noise_words(table, n_noise, chance), 0
    while start < len(flat):
        width = 1 + chance.below(window)  # drawn in any case
        width = width if shrink else window
        reach = max(8, window)
        near = range(max(start - width, 0), min(start + 8 + width, len(flat)))
        most = max(flat[max(p - reach, 0) : p + 1].count(flat[p]) for p in near)
        room = limit / most
        stop = min(start + int(min(max(room, 1), 8)), len(flat))
        yield Block(start, stop, width, min(room, 1), noise)
        noise, start = noise_words(table, n_noise, chance), stop


def pairs(words: list[Kept], block: Block) -> Iterator[tuple[int, int]]:
    """Each centre of a block with each word around it: `(word, centre)`."""
    for c in range(block.start, block.stop):
        for p in range(max(c - block.width, 0), min(c + block.width + 1, len(words))):
            if p != c and words[p].sentence == words[c].sentence:
                yield words[p].word, words[c].word


def without(noise: list[int], centre: int) -> list[int]:
    """The noise words that are not what they are set against."""
    return [n for n in noise if n != centre]


def skip_gram_loss(
    inputs: Array, outputs: Array, words: list[Kept], block: Block, share: float
) -> tuple[float, int]:
    """The losses of a block, of which `skip_gram_pair` has the gradient: their sum and number."""
    losses = [
        -np.log(sigmoid(inputs[word] @ outputs[centre]))
        - share * np.log(sigmoid(-outputs[without(block.noise, centre)] @ inputs[word])).sum()
        for word, centre in pairs(words, block)
    ]
    return sum(losses), len(losses)


def skip_gram_pair(x: Array, centre: Array, noise: Array, share: float) -> tuple[Array, ...]:
    """What one pair asks to be added to its vectors, for a learning rate of 1.

    The gradient of log s(x.c) + share * sum over n of log s(-x.n), s the logistic function.

    Returns:
        The steps of x `(dim,)`, of the centre c `(dim,)`, and of the noise words `(K, dim)`.

    Source: Mikolov et al. 2013, equation 4, its expectation over n as `share` times a sum.
    """
    up, down = 1 - sigmoid(x @ centre), -share * sigmoid(noise @ x)
    return up * centre + down @ noise, up * x, down[:, None] * x


def skip_gram_block(
    inputs: Array, outputs: Array, words: list[Kept], block: Block, rate: float, share: float
) -> None:
    """One step for a block: errors of all vectors as they were; then four places at a time.

    An output vector moves the four as it stands, and then is moved by them.
    """
    width, step = block.width, rate * block.scale
    low, high = max(block.start - width, 0), min(block.stop + width, len(words))
    targets = [*block.noise, *(words[c].word for c in range(block.start, block.stop))]
    errors = np.zeros((len(targets), high - low + 4))
    for c in range(block.start, block.stop):
        at = len(block.noise) + c - block.start
        for p in around(words, block, c):
            x, centre = inputs[words[p].word], words[c].word
            noise = outputs[block.noise]
            up, down = 1 - sigmoid(x @ outputs[centre]), -share * sigmoid(noise @ x)
            errors[at, p - low] += step * up
            errors[: len(block.noise), p - low] += step * down * (np.array(block.noise) != centre)
    for p in range(low, high, 4):
        four = [words[q].word for q in range(p, min(p + 4, high))]
        old, asked = inputs[four], errors[:, p - low : p - low + len(four)]
        for target, each in zip(targets, asked, strict=True):
            np.add.at(inputs, four, np.outer(each, outputs[target]))
            outputs[target] += each @ old


def around(words: list[Kept], block: Block, c: int) -> list[int]:
    """The places of the words that centre `c` of a block is paired with."""
    places = range(max(c - block.width, 0), min(c + block.width + 1, len(words)))
    return [p for p in places if p != c and words[p].sentence == words[c].sentence]


def cbow_centres(
    inputs: Array, words: list[Kept], block: Block, mean: bool
) -> Iterator[tuple[int, list[int], Array]]:
    """Each centre that has words around it, their numbers, and their mean or sum."""
    for c in range(block.start, block.stop):
        near = [words[p].word for p in around(words, block, c)]
        if near:
            yield c, near, inputs[near].mean(axis=0) if mean else inputs[near].sum(axis=0)


def cbow_loss(
    inputs: Array, outputs: Array, words: list[Kept], block: Block, share: float, mean: bool
) -> tuple[float, int]:
    """The losses of a block: their sum and number."""
    losses = []
    for c, _, h in cbow_centres(inputs, words, block, mean):
        noise = outputs[without(block.noise, words[c].word)]
        loss = -np.log(sigmoid(h @ outputs[words[c].word]))
        losses.append(loss - share * np.log(sigmoid(-noise @ h)).sum())
    return sum(losses), len(losses)


def cbow_block(
    inputs: Array,
    outputs: Array,
    words: list[Kept],
    block: Block,
    share: float,
    mean: bool,
    rate: float,
) -> None:
    """One step for a block: errors of all vectors as they were; then noise words, then centres.

    The step of h goes whole to each word that it is the mean of, and in parts to those of a sum.
    """
    found, rate = list(cbow_centres(inputs, words, block, mean)), rate * block.scale
    down = {
        (c, k): 0.0 if n == words[c].word else -share * sigmoid(h @ outputs[n])
        for c, _, h in found
        for k, n in enumerate(block.noise)
    }
    up = {c: 1 - sigmoid(h @ outputs[words[c].word]) for c, _, h in found}
    steps = {c: np.zeros_like(h) for c, _, h in found}
    for first in (block.start, block.start + 4):
        four = [(c, h) for c, _, h in found if first <= c < first + 4]
        for k, n in enumerate(block.noise):
            old = outputs[n].copy()
            for c, h in four:
                steps[c] += rate * down[c, k] * old
                outputs[n] += rate * down[c, k] * h
    for c, _, h in found:
        old = outputs[words[c].word].copy()
        steps[c] += rate * up[c] * old
        outputs[words[c].word] += rate * up[c] * h
    for c, near, _ in found:
        np.add.at(inputs, near, steps[c] if mean else steps[c] / len(near))


def centres(
    words: list[Kept], chance: Chance, *, window: int, shrink: bool = True
) -> Iterator[tuple[int, list[int]]]:
    """Each word in turn, with the places of those around it: a width is drawn for each."""
    for c in range(len(words)):
        width = 1 + chance.below(window)
        yield c, around(words, Block(c, c + 1, width if shrink else window, 1, []), c)


def own_noise(table: Any, n: int, centre: int, chance: Chance) -> list[int]:
    """Noise words of one pair; the centre itself is passed over."""
    return without(noise_words(table, n, chance), centre)


def against(
    h: Array, outputs: Array, targets: list[int], signs: list[float], rate: float
) -> tuple[Array, float]:
    """The step of h against targets one by one, each moved at once: word2vec.c's inner loop.

    A sign is 1 where the target is right and -1 where it is wrong. With the step comes the loss.
    """
    step, loss = np.zeros_like(h), 0.0
    for target, sign in zip(targets, signs, strict=True):
        loss -= float(np.log(sigmoid(sign * (h @ outputs[target]))))
        error = rate * sign * sigmoid(-sign * (h @ outputs[target]))
        step += error * outputs[target]
        outputs[target] += error * h
    return step, loss


def against_loss(h: Array, outputs: Array, targets: list[int], signs: list[float]) -> float:
    """What `against` goes down."""
    return -float(np.log(sigmoid(np.array(signs) * (outputs[targets] @ h))).sum())


def skip_gram(
    sentences: Sequence[Sequence[str]],
    *,
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
    seed: int,
) -> dict[str, Array]:
    """The vectors that `inlay.train.word2vec` is to learn with one worker, float64."""
    corpus = Counted.of(sentences, min_count)
    share_of = corpus.counts / corpus.counts.sum()
    # Mikolov's program: a word of share f is kept with the chance sqrt(t / f) + t / f.
    keep = np.sqrt(sample / share_of) + sample / share_of if sample else np.ones(len(share_of))
    noise_share = corpus.counts**ns_exponent / (corpus.counts**ns_exponent).sum()
    table = make_noise(noise_share)
    n_noise = max(8, -(-negative // 4) * 4)  # in fours, and each counts negative / n_noise
    # A pair moves its vector by a centre and `negative` noise words, and one more pair moves back;
    # a noise word's is moved by `window + 1` pairs a centre, more often where it is frequent.
    per_pair = alpha * (1 + negative)
    per_centre = alpha * negative * (window + 1) * (1 / n_noise + noise_share.max())
    limit = min(LOAD / per_pair - 1, LOAD / per_centre)
    shape = len(corpus.tokens), vector_size
    start = np.random.default_rng(seed).random(shape, np.float32) * 2 - 1
    inputs, outputs = start.astype(np.float64) / vector_size, np.zeros(shape)
    plan = schedule(
        corpus.ids, piece=piece, epochs=epochs, alpha=alpha, min_alpha=min_alpha, seed=seed
    )
    for ids, rate, chance in plan:
        words = subsample(ids, keep, chance)
        settings = {"window": window, "n_noise": n_noise, "limit": limit}
        for block in blocks(words, table, chance, **settings):
            skip_gram_block(inputs, outputs, words, block, rate, negative / n_noise)
    return dict(zip(corpus.tokens, inputs, strict=True))
