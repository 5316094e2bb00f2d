"""Which texts are held at once, and which of them run together."""

from collections.abc import Iterable, Iterator, Sequence

BLOCK = 32_768  # tokens at once, sorted by length among themselves: their layers take 400 MB
BATCH = 8192  # tokens that the LSTMs run at once, roughly


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
    """Which texts run together: of like lengths, about `BATCH` tokens or a worker's share."""
    most = min(BATCH, -(-sum(lengths) // workers))
    batches: list[list[int]] = []
    tokens = most
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if tokens + lengths[i] > most:
            batches.append([])
            tokens = 0
        batches[-1].append(i)
        tokens += lengths[i]
    return batches
