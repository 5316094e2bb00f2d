"""A tile of a product: a few rows by a few panels of 16 columns, its sums in registers.

There are as many sums as there are registers for, because each waits for the one before it.
LLVM does not find this by itself in loops.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from inlay.kernels.compiled import processor_has

COLUMNS = 16  # of a panel
# Most rows of a tile, and its panels, counted by the lengths of tuples: the compiler knows those.
LOW = (0,) * 6, (0,)  # 96 sums in 12 registers of 8, of 16 that AVX2 has
HIGH = (0,) * 10, (0, 0)  # 320 sums in 20 registers of 16, of 32 that AVX-512 has
SIZES = HIGH if processor_has("avx512f") else LOW
ONE = (0,)

_FLOAT, _INT32, _INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_BYTE = ir.IntType(8).as_pointer()
# Fused where the processor can; the order of a sum stays.
_FLAGS = ("contract", "nsz")


def _grown_by_product(builder, a, b, total):
    return builder.fadd(builder.fmul(a, b, flags=_FLAGS), total, flags=_FLAGS)


def _grown_by_dots(builder, a, b, total):
    """Dot products of four bytes each: one instruction (VNNI), where the processor has it."""
    if processor_has("avx512vnni"):
        return _dots(builder, "512", total, a, b)
    if processor_has("avxvnni"):
        halves = [ir.Constant(ir.VectorType(_INT32, 8), list(range(i, i + 8))) for i in (0, 8)]
        low, high = (
            _dots(builder, "256", *(builder.shuffle_vector(x, x, half) for x in (total, a, b)))
            for half in halves
        )
        both = ir.Constant(ir.VectorType(_INT32, COLUMNS), list(range(COLUMNS)))
        return builder.shuffle_vector(low, high, both)
    for byte in range(4):
        up = ir.Constant(a.type, [24 - 8 * byte] * COLUMNS)
        down = ir.Constant(a.type, [24] * COLUMNS)
        left = builder.lshr(builder.shl(a, up), down)
        right = builder.ashr(builder.shl(b, up), down)
        total = builder.add(builder.mul(left, right), total)
    return total


def _dots(builder, bits, *arguments):
    kind = ir.FunctionType(arguments[0].type, [x.type for x in arguments])
    name = f"llvm.x86.avx512.vpdpbusd.{bits}"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


_ARITHMETIC = {
    types.float32: (_FLOAT, _grown_by_product),
    types.int32: (_INT32, _grown_by_dots),
}


def tile(sizes, height, depth, left, packed, first, out):
    """`out = first + left @ panels` for `height` rows and the columns of a few panels.

    Nothing is checked. All arrays are float32, or all int32; then each number of the left side
    stands for four of uint8, each of the panels for four of int8, and their product is the sum
    of the four products.

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
        if b.dtype == np.int32:
            whole = b.view(np.int8).reshape(depth, COLUMNS, 4).transpose(0, 2, 1).astype(np.int32)
            products = np.ascontiguousarray(a).view(np.uint8) @ whole.reshape(-1, COLUMNS)
        else:
            products = a @ b
        out[row : row + height, column : column + COLUMNS] = sums + products
        start_column, column = start_column + COLUMNS, column + COLUMNS


@intrinsic
def _tile(typing, sizes, height, depth, left, packed, first, out):
    tallest, wide = (size.count for size in sizes)
    number, grown_by = _ARITHMETIC[packed[0].dtype]
    register = ir.VectorType(number, COLUMNS)

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
            return builder.bitcast(pointer, register.as_pointer())

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
            sums = [[builder.phi(register) for _ in range(wide)] for _ in range(n)]
            down = builder.mul(at, _INT64(4 * COLUMNS))
            lines = [moved(pointer, down) for pointer in panels]
            # A copy of a packed matrix may begin anywhere.
            b = [builder.load(register_at(line), align=4) for line in lines]
            # The next panels are on their way while these are used: they come from far, and once.
            for line in lines:
                builder.call(fetch, [moved(line, ahead), _INT32(0), _INT32(2), _INT32(1)])
            grown = []
            for pointer, totals in zip(rows, sums, strict=True):
                pointer = builder.bitcast(pointer, number.as_pointer())
                one = builder.load(builder.gep(pointer, [at], inbounds=True))
                undefined = ir.Constant(register, ir.Undefined)
                one = builder.insert_element(undefined, one, _INT32(0))
                same = ir.Constant(ir.VectorType(_INT32, COLUMNS), [0] * COLUMNS)
                a = builder.shuffle_vector(one, one, same)
                pairs = zip(b, totals, strict=True)
                grown.append([grown_by(builder, a, numbers, total) for numbers, total in pairs])
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
