"""Which texts are held at once, and which of them run together."""

from collections.abc import Iterable, Iterator, Sequence

BLOCK = 32_768  # tokens at once, sorted by length among themselves: their layers take 400 MB
BATCH = 16_384  # tokens that the LSTMs run at once, roughly


def blocks(texts: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    """Texts in order, about `BLOCK` tokens at a time, read as they are asked for."""
    block: list[list[str]] = []
    tokens = 0
    for text in texts:
        block.append(text)
        tokens += len(text) + 2
        if tokens >= BLOCK:
            yield block
            block, tokens = [], 0
    if block:
        yield block


def batches_of(lengths: Sequence[int], workers: int) -> list[list[int]]:
    """Which texts run together: of like lengths, about `BATCH` tokens or fewer, the same for each.

    A batch with few texts costs nearly what one with many does, for the matrices come from memory
    at each step; so there is no small rest, and the workers have as many batches each.
    """
    tokens = sum(lengths)
    rounds = max(1, round(tokens / (BATCH * workers)))
    batches: list[list[int]] = [[] for _ in range(rounds * workers)]
    end = 0
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        end += lengths[i]
        batches[(2 * end - lengths[i]) * len(batches) // (2 * tokens)].append(i)  # by its middle
    return [batch for batch in batches if batch]
