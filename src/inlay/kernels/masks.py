"""Sixty-four bytes at once: which of them are a given one, as the bits of one number.

A search for a byte takes one comparison for 64 of them, and knows where the first is without
looking at each. As in `inlay.kernels.lanes`, each function has a body in plain numpy, which is its
definition and what `.py_func` runs, and an LLVM one for compiled code. LLVM chooses the
instructions (one comparison with AVX-512, two with AVX2, four with SSE2 or NEON).

Source: Langdale and Lemire 2019, "Parsing gigabytes of JSON per second", section 3.1.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload

WIDTH = 64  # bytes in a mask

_BYTE, _INT1, _INT32, _INT64 = (ir.IntType(bits) for bits in (8, 1, 32, 64))
_BYTES = ir.VectorType(_BYTE, WIDTH)


def equal64(array, at, byte):
    """The uint64 whose bit `i` says whether `array[at + i] == byte`, of a uint8 array.

    64 bytes must follow `at`, which is not negative: nothing checks it.
    """
    same = array[int(at) : int(at) + WIDTH] == byte
    return np.packbits(same, bitorder="little").view("<u8")[0]


def within64(array, at, low, high):
    """The uint64 whose bit `i` says whether `low <= array[at + i] <= high`; as `equal64`."""
    found = array[int(at) : int(at) + WIDTH]
    return np.packbits((low <= found) & (found <= high), bitorder="little").view("<u8")[0]


def lowest(mask):
    """The place of the lowest bit that is set, uint64; 64 if there is none."""
    mask = int(mask)
    return np.uint64((mask & -mask).bit_length() - 1 if mask else WIDTH)


def _load(context, builder, kind, array, at):
    data = context.make_array(kind)(context, builder, array).data
    start = builder.bitcast(builder.gep(data, [at], inbounds=True), _BYTES.as_pointer())
    return builder.load(start, align=1)


def _splat(builder, byte):
    one = builder.insert_element(ir.Constant(_BYTES, ir.Undefined), byte, _INT32(0))
    zeros = ir.Constant(ir.VectorType(_INT32, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(one, one, zeros)


@intrinsic
def _equal64(typing, array, at, byte):
    def emit(context, builder, signature, arguments):
        array, at, byte = arguments
        loaded = _load(context, builder, signature.args[0], array, at)
        same = builder.icmp_unsigned("==", loaded, _splat(builder, byte))
        return builder.bitcast(same, _INT64)

    return types.uint64(array, types.uint64, types.uint8), emit


@intrinsic
def _within64(typing, array, at, low, high):
    def emit(context, builder, signature, arguments):
        array, at, low, high = arguments
        loaded = _load(context, builder, signature.args[0], array, at)
        above = builder.sub(loaded, _splat(builder, low))
        inside = builder.icmp_unsigned("<=", above, _splat(builder, builder.sub(high, low)))
        return builder.bitcast(inside, _INT64)

    return types.uint64(array, types.uint64, types.uint8, types.uint8), emit


@intrinsic
def _lowest(typing, mask):
    def emit(context, builder, signature, arguments):
        return builder.cttz(arguments[0], _INT1(0))

    return types.uint64(types.uint64), emit


@overload(equal64)
def _equal64_compiled(array, at, byte):
    return lambda array, at, byte: _equal64(array, at, byte)


@overload(within64)
def _within64_compiled(array, at, low, high):
    return lambda array, at, low, high: _within64(array, at, low, high)


@overload(lowest)
def _lowest_compiled(mask):
    return lambda mask: _lowest(mask)
