"""What the blocks over padded texts ask of a mask, in the same words for each framework."""

from collections.abc import Sequence
from typing import Any

from inlay.errors import ArgumentError


def no_mask(where: str, hint: str) -> ArgumentError:
    """The error for vectors that came without a mask, as those do that have lost it."""
    return ArgumentError(
        where,
        expected="a mask, which says what is a word and what is padding",
        got="none",
        hint=hint,
    )


def check_shapes(where: str, vectors: Sequence[Any], mask: Sequence[Any]) -> None:
    """Refuse vectors that are not `(texts, tokens, dim)`, or a mask not `(texts, tokens)`.

    Args:
        where: The block.
        vectors: The shape of the vectors; a size that is not known yet is None.
        mask: The shape of the mask.

    Raises:
        ArgumentError: Another shape.
    """
    if len(vectors) != 3:
        expected = "vectors of shape (texts, tokens, dim)"
        raise ArgumentError(where, expected=expected, got=f"shape {_shown(vectors)}")
    fits = len(mask) == 2 and all(
        None in pair or pair[0] == pair[1] for pair in zip(vectors, mask, strict=False)
    )
    if not fits:
        raise ArgumentError(
            where,
            expected=f"a mask of shape {_shown(vectors[:2])}, as the vectors have",
            got=f"shape {_shown(mask)}",
        )


def _shown(shape: Sequence[Any]) -> str:
    return f"({', '.join(str(size) for size in shape)})"
