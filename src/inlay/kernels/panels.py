"""Many products with one matrix: it is laid out once as the processor wants to read it.

A BLAS lays its operands out anew at each call. In a recurrent network the left side has a few
dozen rows and the matrix stays, so that this costs as much as the arithmetic. Here the matrix
lies in panels of 16 columns, each as long as the matrix is high. A tile of a few rows by one or
two panels has its sums in registers: as many of them as there are registers for, because each
waits for the one before it.

Every number of a result is summed in the order of the matrix's rows, whatever stands beside it
and whichever tile it falls into: a row gives the same numbers to the last bit alone and among
others.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from inlay.kernels.compiled import njit, processor_has

COLUMNS = 16  # of a panel
DEEP = 512  # rows of a panel at once: 32 kB
MANY = 128  # rows of the left side at once; the matrix is read once for these
# Most rows of a tile, and its panels, counted by the lengths of tuples: the compiler knows those.
LOW = (0,) * 6, (0,)  # 96 sums in 12 registers of 8, of 16 that AVX2 has
HIGH = (0,) * 10, (0, 0)  # 320 sums in 20 registers of 16, of 32 that AVX-512 has
SIZES = HIGH if processor_has("avx512f") else LOW
ONE = (0,)

_FLOAT, _INT32, _INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_BYTE = ir.IntType(8).as_pointer()
_REGISTER = ir.VectorType(_FLOAT, COLUMNS)
# Fused where the processor can; the order of a sum stays.
_FLAGS = ("contract", "nsz")


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


def tile(sizes, height, depth, left, packed, first, out):
    """`out = first + left @ panels` for `height` rows and the columns of a few panels.

    Nothing is checked.

    Args:
        sizes: At most so many rows, and so many panels, each as the length of a tuple.
        height: Rows.
        depth: Numbers in each sum.
        left: An array, whose rows may lie anywhere, and the row and column of the tile in it.
        packed: The panels, the tile's panel and row in them, and how many rows further down
            they are fetched on the way, which has no effect on the result.
        first: As `out`, and how many rows one goes down for each of the tile: 1, or 0 where
            all begin with the same.
        out: An array, and the tile's row and column in it.
    """
    a, row, column = left
    a = a[row : row + height, column : column + depth]
    panels, panel, k, _ = packed
    start, start_row, start_column, step = first
    out, row, column = out
    for p in range(len(sizes[1])):
        b = panels[panel + p, k : k + depth]
        sums = start[start_row : start_row + max(step * height, 1), start_column:][:, :COLUMNS]
        out[row : row + height, column : column + COLUMNS] = sums + a @ b
        start_column, column = start_column + COLUMNS, column + COLUMNS


@intrinsic
def _tile(typing, sizes, height, depth, left, packed, first, out):
    tallest, wide = (size.count for size in sizes)

    def emit(context, builder, signature, arguments):
        def placed(i):
            """A pointer to the number, and the bytes of a step in each direction, of argument i."""
            array, *rest = cgutils.unpack_tuple(builder, arguments[i])
            array = context.make_array(signature.args[i][0])(context, builder, array)
            steps = cgutils.unpack_tuple(builder, array.strides)
            start = builder.bitcast(array.data, _BYTE)
            for at, step in zip(rest[:2], steps[:2], strict=True):
                start = moved(start, builder.mul(at, step))
            return start, steps, rest

        def moved(pointer, step):
            return builder.gep(pointer, [step], inbounds=True)

        def register_at(pointer):
            return builder.bitcast(pointer, _REGISTER.as_pointer())

        def many(pointer, step, n):
            return [moved(pointer, builder.mul(step, _INT64(i))) for i in range(n)]

        def columns(pointers):
            return [many(pointer, _INT64(4 * COLUMNS), wide) for pointer in pointers]

        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [_BYTE],
            ir.FunctionType(ir.VoidType(), [_BYTE, _INT32, _INT32, _INT32]),
        )
        depth = arguments[2]
        left, (left_row, _), _ = placed(3)
        panel, (panel_step, b_row, _), (_, _, ahead) = placed(4)
        first, (first_row, _), (_, _, first_step) = placed(5)
        out, (out_row, _), _ = placed(6)
        panels = many(panel, panel_step, wide)
        ahead = builder.mul(ahead, b_row)

        def sum_up(n):
            rows = many(left, left_row, n)
            before = columns(many(first, builder.mul(first_row, first_step), n))
            before = [[builder.load(register_at(p), align=4) for p in row] for row in before]
            after = columns(many(out, out_row, n))
            entry, loop = builder.block, builder.append_basic_block("sum")
            done = builder.append_basic_block("store")
            builder.branch(loop)
            builder.position_at_end(loop)
            at = builder.phi(_INT64)
            at.add_incoming(_INT64(0), entry)
            sums = [[builder.phi(_REGISTER) for _ in range(wide)] for _ in range(n)]
            down = builder.mul(at, _INT64(4 * COLUMNS))
            lines = [moved(pointer, down) for pointer in panels]
            # A copy of a packed matrix may begin anywhere.
            b = [builder.load(register_at(line), align=4) for line in lines]
            # The next panels are on their way while these are used: they come from far, and once.
            for line in lines:
                builder.call(fetch, [moved(line, ahead), _INT32(0), _INT32(2), _INT32(1)])
            grown = []
            for pointer, totals in zip(rows, sums, strict=True):
                pointer = builder.bitcast(pointer, _FLOAT.as_pointer())
                number = builder.load(builder.gep(pointer, [at], inbounds=True))
                undefined = ir.Constant(_REGISTER, ir.Undefined)
                one = builder.insert_element(undefined, number, _INT32(0))
                same = ir.Constant(ir.VectorType(_INT32, COLUMNS), [0] * COLUMNS)
                a = builder.shuffle_vector(one, one, same)
                products = [builder.fmul(a, numbers, flags=_FLAGS) for numbers in b]
                grown.append(
                    [
                        builder.fadd(x, y, flags=_FLAGS)
                        for x, y in zip(products, totals, strict=True)
                    ]
                )
            following = builder.add(at, _INT64(1))
            at.add_incoming(following, loop)
            for r in range(n):
                for p in range(wide):
                    sums[r][p].add_incoming(before[r][p], entry)
                    sums[r][p].add_incoming(grown[r][p], loop)
            builder.cbranch(builder.icmp_signed("<", following, depth), loop, done)
            builder.position_at_end(done)
            for r in range(n):
                for p in range(wide):
                    builder.store(grown[r][p], register_at(after[r][p]), align=4)

        end = builder.append_basic_block("end")
        choice = builder.switch(arguments[1], end)
        for n in range(1, tallest + 1):
            block = builder.append_basic_block(f"rows{n}")
            choice.add_case(_INT64(n), block)
            builder.position_at_end(block)
            sum_up(n)
            builder.branch(end)
        builder.position_at_end(end)
        return context.get_dummy_value()

    return types.void(sizes, types.intp, types.intp, left, packed, first, out), emit


@overload(tile)
def _tile_compiled(sizes, height, depth, left, packed, first, out):
    def compiled(sizes, height, depth, left, packed, first, out):
        _tile(sizes, height, depth, left, packed, first, out)

    return compiled


@njit(cache=True, nogil=True)
def product(left, packed, first, out):
    """`out = first + left @ matrix`.

    Args:
        left: float32 `(n, depth)`, each row contiguous.
        packed: What `pack` made of the matrix `(depth, width)`; depth at least 1.
        first: float32 `(n, width)`, which may be `out` itself, or `(1, width)`, to be added to
            each row; C-contiguous.
        out: float32 `(n, width)`, C-contiguous, written; not the memory of left or packed.
    """
    in_tiles(SIZES, left, packed, first, out)


@njit(cache=True, nogil=True)
def in_tiles(sizes, left, packed, first, out):
    """`product` with tiles of one of the sizes above."""
    n, depth = left.shape
    width = out.shape[1]
    step = min(len(first) - 1, 1)
    tallest, wide = len(sizes[0]), len(sizes[1])
    panels = packed.shape[0]
    edge = np.zeros((tallest, COLUMNS), np.float32)
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
def in_tiles_of(left, row, column, rows, packed, first, out):
    """`out = first + left[row : row + rows, column : column + depth] @ panels`, of any strides.

    Args:
        left: float32, at least so many rows and columns.
        row: Where the left side begins.
        column: Where it begins in each row.
        rows: Its rows.
        packed: float32 `(panels, depth, 16)`.
        first: float32 `(1, at least 16 * panels)`.
        out: float32 `(at least rows, 16 * panels)`, written.
    """
    tallest, wide = len(SIZES[0]), len(SIZES[1])
    tiles = -(-rows // tallest)
    panels, depth = packed.shape[:2]
    panel = 0
    while panel < panels:
        across = wide if panel + wide <= panels else 1
        for i in range(tiles):
            at = rows * i // tiles
            height = rows * (i + 1) // tiles - at
            here, there = (left, row + at, column), (packed, panel, 0, 0)
            begin, into = (first, 0, panel * COLUMNS, 0), (out, at, panel * COLUMNS)
            if across == wide:
                tile(SIZES, height, depth, here, there, begin, into)
            else:
                tile((SIZES[0], ONE), height, depth, here, there, begin, into)
        panel += across
