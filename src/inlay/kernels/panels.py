"""Many products with one matrix: it is laid out once as the processor wants to read it.

A BLAS lays its operands out anew at each call. In a recurrent network the left side has a few
dozen rows and the matrix stays, so that this costs as much as the arithmetic. Here the matrix
lies in panels of 16 columns, each as long as the matrix is high; a tile of up to six rows by a
panel has its 96 sums in the registers of AVX2.

Every number of a result is summed in the order of the matrix's rows, whatever stands beside it:
a row gives the same numbers to the last bit alone and among others.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload

from inlay.kernels.compiled import njit

COLUMNS = 16  # of a panel
TALLEST = 6  # rows of a tile: 6 x 16 sums, a panel's 16 numbers and one of the left side
DEEP = 512  # rows of a panel at once: 32 kB
MANY = 128  # rows of the left side at once; the matrix is read once for these

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


def tile(rows, left, left_at, left_row, packed, packed_at, depth, out, out_at, out_row, ahead):
    """`out += left @ panel` for `len(rows)` rows of left and 16 columns.

    `rows` is a tuple, so that its length is part of its type and known to the compiler. Offsets
    count floats from the first of each array; `left_row` and `out_row` are the floats from one
    row to the next. Nothing is checked. What lies `ahead` rows further down in the panels is
    fetched on the way, which has no effect on the result.
    """
    for r in range(len(rows)):
        a = left.reshape(-1)[left_at + r * left_row :][:depth]
        b = packed.reshape(-1)[packed_at:][: depth * COLUMNS].reshape(depth, COLUMNS)
        out.reshape(-1)[out_at + r * out_row :][:COLUMNS] += a @ b


@intrinsic
def _tile(
    typing, rows, left, left_at, left_row, packed, packed_at, depth, out, out_at, out_row, ahead
):
    n = rows.count

    def emit(context, builder, signature, arguments):
        def start(i):
            data = context.make_array(signature.args[i])(context, builder, arguments[i]).data
            return builder.gep(data, [arguments[i + 1]], inbounds=True)

        def row(pointer, step, r):
            return builder.gep(pointer, [builder.mul(step, _INT64(r))], inbounds=True)

        def register_at(pointer):
            return builder.bitcast(pointer, _REGISTER.as_pointer())

        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [_BYTE],
            ir.FunctionType(ir.VoidType(), [_BYTE, _INT32, _INT32, _INT32]),
        )
        depth = arguments[6]
        left = [row(start(1), arguments[3], r) for r in range(n)]
        panel = start(4)
        out = [register_at(row(start(7), arguments[9], r)) for r in range(n)]
        before = [builder.load(pointer, align=4) for pointer in out]
        entry, loop, done = builder.block, *map(builder.append_basic_block, ("sum", "store"))
        builder.branch(loop)
        builder.position_at_end(loop)
        at = builder.phi(_INT64)
        at.add_incoming(_INT64(0), entry)
        sums = [builder.phi(_REGISTER) for _ in range(n)]
        b = builder.load(
            register_at(builder.gep(panel, [builder.mul(at, _INT64(COLUMNS))], inbounds=True)),
            align=4,  # a copy of a packed matrix may begin anywhere
        )
        # The next panel is on its way while this one is used: it comes from far, and only once.
        coming = builder.add(at, arguments[10])
        coming = builder.gep(panel, [builder.mul(coming, _INT64(COLUMNS))], inbounds=True)
        builder.call(fetch, [builder.bitcast(coming, _BYTE), _INT32(0), _INT32(2), _INT32(1)])
        grown = []
        for pointer, total in zip(left, sums, strict=True):
            number = builder.load(builder.gep(pointer, [at], inbounds=True))
            one = builder.insert_element(ir.Constant(_REGISTER, ir.Undefined), number, _INT32(0))
            same = ir.Constant(ir.VectorType(_INT32, COLUMNS), [0] * COLUMNS)
            a = builder.shuffle_vector(one, one, same)
            grown.append(builder.fadd(builder.fmul(a, b, flags=_FLAGS), total, flags=_FLAGS))
        following = builder.add(at, _INT64(1))
        at.add_incoming(following, loop)
        for total, first, new in zip(sums, before, grown, strict=True):
            total.add_incoming(first, entry)
            total.add_incoming(new, loop)
        builder.cbranch(builder.icmp_signed("<", following, depth), loop, done)
        builder.position_at_end(done)
        for pointer, total in zip(out, grown, strict=True):
            builder.store(total, pointer, align=4)
        return context.get_dummy_value()

    size = types.intp
    return types.void(rows, left, size, size, packed, size, size, out, size, size, size), emit


@overload(tile)
def _tile_compiled(
    rows, left, left_at, left_row, packed, packed_at, depth, out, out_at, out_row, ahead
):
    def compiled(
        rows, left, left_at, left_row, packed, packed_at, depth, out, out_at, out_row, ahead
    ):
        _tile(rows, left, left_at, left_row, packed, packed_at, depth, out, out_at, out_row, ahead)

    return compiled


@njit(cache=True, nogil=True)
def add_product(left, packed, out):
    """`out += left @ matrix`.

    Args:
        left: float32 `(n, depth)`, C-contiguous.
        packed: What `pack` made of the matrix `(depth, width)`; depth at least 1.
        out: float32 `(n, width)`, C-contiguous; not the memory of the others.
    """
    n, depth = left.shape
    width = out.shape[1]
    edge = np.empty((TALLEST, COLUMNS), np.float32)
    blocks = -(-n // MANY)
    for block in range(blocks):
        top = n * block // blocks
        rows = n * (block + 1) // blocks - top
        tiles = -(-rows // TALLEST)
        for panel in range(packed.shape[0]):
            column = panel * COLUMNS
            columns = min(COLUMNS, width - column)
            for k in range(0, depth, DEEP):
                deep = min(DEEP, depth - k)
                b_at = (panel * depth + k) * COLUMNS
                for i in range(tiles):
                    # As even as can be: a low tile leaves the processor waiting for its sums.
                    first = top + rows * i // tiles
                    height = top + rows * (i + 1) // tiles - first
                    a_at = first * depth + k
                    ahead = 0 if i else depth
                    if columns == COLUMNS:
                        at = first * width + column
                        _any_tile(height, left, a_at, packed, b_at, deep, out, at, width, ahead)
                        continue
                    for r in range(height):
                        edge[r, :columns] = out[first + r, column:]
                    _any_tile(height, left, a_at, packed, b_at, deep, edge, 0, COLUMNS, ahead)
                    for r in range(height):
                        out[first + r, column:] = edge[r, :columns]


@njit(cache=True, nogil=True)
def _any_tile(height, left, a_at, packed, b_at, deep, out, at, out_row, ahead):
    depth = left.shape[1]
    if height == 6:
        tile((0, 0, 0, 0, 0, 0), left, a_at, depth, packed, b_at, deep, out, at, out_row, ahead)
    elif height == 5:
        tile((0, 0, 0, 0, 0), left, a_at, depth, packed, b_at, deep, out, at, out_row, ahead)
    elif height == 4:
        tile((0, 0, 0, 0), left, a_at, depth, packed, b_at, deep, out, at, out_row, ahead)
    elif height == 3:
        tile((0, 0, 0), left, a_at, depth, packed, b_at, deep, out, at, out_row, ahead)
    elif height == 2:
        tile((0, 0), left, a_at, depth, packed, b_at, deep, out, at, out_row, ahead)
    else:
        tile((0,), left, a_at, depth, packed, b_at, deep, out, at, out_row, ahead)
