"""Which texts are held at once, and which of them run together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
BATCH = 16_384  # tokens that run at once, roughly: where a matrix comes from memory at each step


def blocks(
    items: Iterable[T], *, most: int, size: Callable[[T], int] | None = None, total: int = 0
) -> Iterator[list[T]]:
    """Items in order, some at a time, read as they are asked for.

    Args:
        items: Any.
        most: Items in a block.
        size: How large one is.
        total: A block ends where its items have this size together.

    Examples:
        >>> list(blocks(["a", "good", "film"], most=2))
        [['a', 'good'], ['film']]
        >>> list(blocks(["a", "good", "film"], most=9, size=len, total=5))
        [['a', 'good'], ['film']]
    """
    block: list[T] = []
    held = 0
    for item in items:
        block.append(item)
        held += 0 if size is None else size(item)
        if len(block) == most or (size is not None and held >= total):
            yield block
            block, held = [], 0
    if block:
        yield block


def packed_batches(
    lengths: Sequence[int], workers: int = 1, *, tokens: int = BATCH
) -> list[list[int]]:
    """Which texts run together without padding: of like lengths, as many tokens in each batch.

    A batch with few texts costs nearly what one with many does, for the matrices come from memory
    at each step; so there is no small rest, and the workers have as many batches each.

    Args:
        lengths: Tokens of each text.
        workers: Threads.
        tokens: Of a batch, roughly.

    Returns:
        The numbers of the texts in each batch, the short texts first.

    Examples:
        >>> packed_batches([9, 1, 1, 8], tokens=10)
        [[1, 2, 3], [0]]
    """
    every = sum(lengths)
    rounds = max(1, round(every / (tokens * workers)))
    batches: list[list[int]] = [[] for _ in range(rounds * workers)]
    end = 0
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        end += lengths[i]
        middle = 2 * end - lengths[i]
        batches[min(middle * len(batches) // max(2 * every, 1), len(batches) - 1)].append(i)
    return [batch for batch in batches if batch]


def padded_batches(
    lengths: Sequence[int], *, tokens: int = BATCH, most: int | None = None
) -> list[list[int]]:
    """Which texts run together where each is padded to the longest of its batch.

    Args:
        lengths: Tokens of each text.
        tokens: The most of a batch, with the padding; a longer text is a batch of its own.
        most: Texts of a batch; None: as many as fit.

    Returns:
        The numbers of the texts in each batch, the long texts first: what does not fit into
        memory shows at once.

    Examples:
        >>> padded_batches([3, 9, 1, 8, 2], tokens=18)
        [[1, 3], [0, 4, 2]]
    """
    batches: list[list[int]] = []
    longest = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        full = not batches or (len(batches[-1]) + 1) * longest > tokens
        if full or len(batches[-1]) == most:
            batches.append([])
            longest = lengths[i]
        batches[-1].append(i)
    return batches
