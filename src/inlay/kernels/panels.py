"""Many products with one matrix: it is laid out once as the processor wants to read it.

A BLAS lays its operands out anew at each call. In a recurrent network the left side has a few
dozen rows and the matrix stays, so that this costs as much as the arithmetic. Here the matrix
lies in panels of 16 columns, each as long as the matrix is high, and is multiplied in tiles of
a few rows by one or two panels.

Every number of a result is summed in the order of the matrix's rows, whatever stands beside it
and whichever tile it falls into: a row gives the same numbers to the last bit alone and among
others.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.tiles import COLUMNS, ONE, SIZES, tile

DEEP = 512  # rows of a panel at once: 32 kB
MANY = 128  # rows of the left side at once; the matrix is read once for these


def pack(matrix):
    """Lay a matrix out in panels.

    Args:
        matrix: `(depth, width)`.

    Returns:
        float32 `(ceil(width / 16), depth, 16)`, zeros beyond `width`; it begins at a cache line.
    """
    depth, width = matrix.shape
    panels = -(-width // COLUMNS)
    store = np.zeros(panels * depth * COLUMNS + COLUMNS, np.float32)
    skip = -store.ctypes.data % 64 // 4
    packed = store[skip : skip + panels * depth * COLUMNS].reshape(panels, depth, COLUMNS)
    for panel in range(panels):
        columns = matrix[:, panel * COLUMNS : (panel + 1) * COLUMNS]
        packed[panel, :, : columns.shape[1]] = columns
    return packed


@njit(cache=True, nogil=True)
def product(left, packed, first, out):
    """`out = first + left @ matrix`.

    Args:
        left: float32 `(n, depth)`, C-contiguous.
        packed: What `pack` made of the matrix `(depth, width)`; depth at least 1.
        first: float32 `(n, width)`, which may be `out` itself, or `(1, width)`, to be added to
            each row; C-contiguous.
        out: float32 `(n, width)`, C-contiguous, written; not the memory of left or packed.
    """
    in_tiles(SIZES, left, packed, first, out)


@njit(cache=True, nogil=True)
def in_tiles(sizes, left, packed, first, out):
    """`product` with tiles of one size, also of whole numbers; see `tiles.tile`."""
    n, depth = left.shape
    width = out.shape[1]
    step = min(len(first) - 1, 1)
    tallest, wide = len(sizes[0]), len(sizes[1])
    panels = packed.shape[0]
    edge = np.zeros((tallest, COLUMNS), out.dtype)
    blocks = -(-n // MANY)
    for block in range(blocks):
        top = n * block // blocks
        rows = n * (block + 1) // blocks - top
        tiles = -(-rows // tallest)
        panel = 0
        while panel < panels:
            column = panel * COLUMNS
            across = wide if column + wide * COLUMNS <= width else 1
            columns = min(across * COLUMNS, width - column)
            for k in range(0, depth, DEEP):
                deep = min(DEEP, depth - k)
                for i in range(tiles):
                    # As even as can be: a low tile leaves the processor waiting for its sums.
                    row = top + rows * i // tiles
                    height = top + rows * (i + 1) // tiles - row
                    here = (left, row, k)
                    there = (packed, panel, k, 0 if i else across * depth)
                    begin = (out, row, column, 1) if k else (first, step * row, column, step)
                    into = (out, row, column)
                    if columns < COLUMNS:
                        numbers, from_row, _, down = begin
                        for r in range(height):
                            edge[r, :columns] = numbers[from_row + r * down, column:]
                        begin, into = (edge, 0, 0, 1), (edge, 0, 0)
                    if across == wide:
                        tile(sizes, height, deep, here, there, begin, into)
                    else:
                        tile((sizes[0], ONE), height, deep, here, there, begin, into)
                    if columns < COLUMNS:
                        for r in range(height):
                            out[row + r, column:] = edge[r, :columns]
            panel += across


@njit(cache=True, nogil=True)
def some_panels(left, corner, rows, packed, some, first, out):
    """`out = first + left[row : row + rows, column : column + depth] @ some of the panels`.

    Args:
        left: float32, or int32 as for `tiles.tile`; its rows may lie anywhere.
        corner: The row and the column in it.
        rows: How many rows.
        packed: The panels, `(n, depth, 16)`.
        some: The first of them, and the one behind the last.
        first: `(1, at least 16 * n)`, added to each row.
        out: `(at least rows, at least 16 for each panel)`, written.
    """
    row, column = corner
    panel, end = some
    begin = panel
    tallest, wide = len(SIZES[0]), len(SIZES[1])
    tiles = -(-rows // tallest)
    depth = packed.shape[1]
    while panel < end:
        across = wide if panel + wide <= end else 1
        for i in range(tiles):
            at = rows * i // tiles
            height = rows * (i + 1) // tiles - at
            here, there = (left, row + at, column), (packed, panel, 0, 0)
            start, into = (first, 0, panel * COLUMNS, 0), (out, at, (panel - begin) * COLUMNS)
            if across == wide:
                tile(SIZES, height, depth, here, there, start, into)
            else:
                tile((SIZES[0], ONE), height, depth, here, there, start, into)
        panel += across
