"""A number for each code point, in a few kilobytes: pages of which most are the same."""

from typing import NamedTuple

import numpy as np

from inlay.aliases import Array

PAGE = 256  # code points
POINTS = 0x110000
# Beyond these no code point is assigned, but for private use: all are treated as the last is.
NEAR = np.concatenate([np.arange(0x40000), np.arange(0xE0000, 0xE0200)]).astype(np.uint32)


class Paged(NamedTuple):
    """A number for each code point: `pages[256 * page_of[c >> 8] + (c & 255)]`.

    Attributes:
        page_of: int32 `(4352,)`.
        pages: int32, 256 for each page that differs from the others.
    """

    page_of: Array
    pages: Array


def paged(values: Array | list[int]) -> Paged:
    """Pages of the values of `NEAR`; all others have the last of these."""
    every = np.full(POINTS, values[-1], np.int32)
    every[NEAR] = values
    pages: dict[bytes, int] = {}
    page_of = [pages.setdefault(page.tobytes(), len(pages)) for page in every.reshape(-1, PAGE)]
    return Paged(np.array(page_of, np.int32), np.frombuffer(b"".join(pages), np.int32))


def text_of(points: Array) -> str:
    """Code points as a text, halves of surrogate pairs among them."""
    return points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
