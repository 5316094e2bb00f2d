"""Registers of float32, of 8 or of 16: what the training kernels are written in.

LLVM vectorises a plain loop over two rows well, but it must first prove at run time that the
rows do not overlap, and it keeps too few sums in flight. Rows of a hundred numbers are so short
that this costs as much as the arithmetic. With the few operations below a kernel says which
registers it wants; LLVM still chooses the instructions (AVX, AVX-512, two NEON halves).

Each function has a body in plain numpy, which is its definition and what `.py_func` runs, and
an LLVM one for compiled code. Offsets count floats in a flat C-contiguous float32 array, are
not negative, and leave a register to the end: nothing checks them.
"""

from types import SimpleNamespace

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model

_FLOAT = ir.FloatType()
_INT32 = ir.IntType(32)
# Sums may be reordered and fused; NaN and infinity keep their meaning.
_FLAGS = ("reassoc", "contract", "nsz", "arcp")
# A root or a quotient may be an estimate that is refined.
_ESTIMATED = (*_FLAGS, "afn")


class Register(types.Type):
    """The numba type of one register."""

    def __init__(self, width):
        self.width = width
        super().__init__(name=f"float32x{width}")


@register_model(Register)
class _RegisterModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(_FLOAT, kind.width))


def _pointer(context, builder, kind, array, at):
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [at], inbounds=True)


def _pick(builder, x, y, lanes):
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(_INT32, len(lanes)), lanes))


def _fold(builder, x, y, first, second):
    """The sum of two selections of lanes; those of y count on from those of x."""
    return builder.fadd(_pick(builder, x, y, first), _pick(builder, x, y, second), flags=_FLAGS)


def registers(width):
    """The operations on registers of so many floats, 8 or 16: zeros, splat, load and so on."""
    register = ir.VectorType(_FLOAT, width)

    kind = Register(width)

    def zeros():
        """As many zeros as a register has."""
        return np.zeros(width, np.float32)

    def splat(x):
        """The float32 `x` in every place."""
        return np.full(width, x, np.float32)

    def spread(array, at):
        """`array[at]` in every place."""
        return np.full(width, array[at], np.float32)

    def load(array, at):
        """`array[at : at + width]`."""
        return array[at : at + width].copy()

    def store(array, at, lanes):
        """`array[at : at + width] = lanes`."""
        array[at : at + width] = lanes

    def fma(x, y, z):
        """`x * y + z`, rounded once where the processor can."""
        return x * y + z

    def lower_half(x):
        """Floats whose upper 16 bits are the lower 16 of each of x: see `inlay.kernels.halves`."""
        return (x.view(np.uint32) << np.uint32(16)).view(np.float32)

    def greater(x, y):
        """The greater of each two; `y` where one of them is NaN."""
        return np.where(x > y, x, y)

    def smaller(x, y):
        """The smaller of each two; `y` where one of them is NaN."""
        return np.where(x < y, x, y)

    def over_root(x, y):
        """`x / sqrt(y)`, to a few units in the last place."""
        return x / np.sqrt(y)

    def total(x):
        """The sum of the register, a float32."""
        return x.sum()

    def store_sums(a, b, c, d, array, at):
        """`array[at : at + 4] = sum(a), sum(b), sum(c), sum(d)`."""
        array[at : at + 4] = a.sum(), b.sum(), c.sum(), d.sum()

    def prefetch(array, at):
        """Ask for the cache line of `array[at]`, to be read or written soon."""

    def prefetch_far(array, at):
        """`prefetch` into the second-level cache only: for what is needed later, or is much."""

    def _register_at(context, builder, array_kind, array, at):
        pointer = _pointer(context, builder, array_kind, array, at)
        return builder.bitcast(pointer, register.as_pointer())

    @intrinsic
    def _zeros(typing):
        def emit(context, builder, signature, arguments):
            return ir.Constant(register, [0.0] * width)

        return kind(), emit

    @intrinsic
    def _splat(typing, x):
        def emit(context, builder, signature, arguments):
            first = builder.insert_element(
                ir.Constant(register, ir.Undefined), arguments[0], _INT32(0)
            )
            return _pick(builder, first, first, [0] * width)

        return kind(types.float32), emit

    @intrinsic
    def _spread(typing, array, at):
        def emit(context, builder, signature, arguments):
            pointer = _pointer(context, builder, signature.args[0], *arguments)
            first = builder.insert_element(
                ir.Constant(register, ir.Undefined), builder.load(pointer), _INT32(0)
            )
            return _pick(builder, first, first, [0] * width)

        return kind(array, types.intp), emit

    @intrinsic
    def _load(typing, array, at):
        def emit(context, builder, signature, arguments):
            pointer = _register_at(context, builder, signature.args[0], *arguments)
            return builder.load(pointer, align=4)

        return kind(array, types.intp), emit

    @intrinsic
    def _store(typing, array, at, lanes):
        def emit(context, builder, signature, arguments):
            pointer = _register_at(context, builder, signature.args[0], *arguments[:2])
            builder.store(arguments[2], pointer, align=4)
            return context.get_dummy_value()

        return types.void(array, types.intp, kind), emit

    @intrinsic
    def _fma(typing, x, y, z):
        def emit(context, builder, signature, arguments):
            # Not llvm.fma: without the instruction that becomes calls of the C library.
            product = builder.fmul(arguments[0], arguments[1], flags=_FLAGS)
            return builder.fadd(product, arguments[2], flags=_FLAGS)

        return kind(kind, kind, kind), emit

    @intrinsic
    def _lower_half(typing, x):
        def emit(context, builder, signature, arguments):
            whole = ir.VectorType(_INT32, width)
            bits = builder.bitcast(arguments[0], whole)
            return builder.bitcast(builder.shl(bits, ir.Constant(whole, [16] * width)), register)

        return kind(kind), emit

    @intrinsic
    def _greater(typing, x, y):
        def emit(context, builder, signature, arguments):
            return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

        return kind(kind, kind), emit

    @intrinsic
    def _smaller(typing, x, y):
        def emit(context, builder, signature, arguments):
            return builder.select(builder.fcmp_ordered("<", *arguments), *arguments)

        return kind(kind, kind), emit

    @intrinsic
    def _over_root(typing, x, y):
        def emit(context, builder, signature, arguments):
            x, y = arguments
            of = ir.FunctionType(register, [register])
            name = f"llvm.sqrt.v{width}f32"
            root = cgutils.get_or_insert_function(builder.module, of, name)
            root = builder.call(root, [y], fastmath=_ESTIMATED)
            return builder.fdiv(x, root, flags=_ESTIMATED)

        return kind(kind, kind), emit

    @intrinsic
    def _total(typing, x):
        def emit(context, builder, signature, arguments):
            (x,) = arguments
            name = f"llvm.vector.reduce.fadd.v{width}f32"
            of = ir.FunctionType(_FLOAT, [_FLOAT, register])
            add = cgutils.get_or_insert_function(builder.module, of, name)
            return builder.call(add, [ir.Constant(_FLOAT, -0.0), x], fastmath=_FLAGS)

        return types.float32(kind), emit

    @intrinsic
    def _store_sums(typing, a, b, c, d, array, at):
        def emit(context, builder, signature, arguments):
            a, b, c, d, array, at = arguments
            if width == 16:
                low, high = list(range(8)), list(range(8, 16))
                a, b, c, d = (_fold(builder, x, x, low, high) for x in (a, b, c, d))
            # Fold halves, then quarters, then neighbours; all four sums share each step.
            halves = [0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]
            ac = _fold(builder, a, c, *halves)
            bd = _fold(builder, b, d, *halves)
            abcd = _fold(builder, ac, bd, [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15])
            sums = _fold(builder, abcd, abcd, [0, 2, 4, 6], [1, 3, 5, 7])
            pointer = _pointer(context, builder, signature.args[4], array, at)
            builder.store(sums, builder.bitcast(pointer, sums.type.as_pointer()), align=4)
            return context.get_dummy_value()

        return types.void(kind, kind, kind, kind, array, types.intp), emit

    def _prefetch_to(near):
        @intrinsic
        def _prefetch(typing, array, at):
            def emit(context, builder, signature, arguments):
                pointer = _pointer(context, builder, signature.args[0], *arguments)
                pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
                fetch = builder.module.declare_intrinsic(
                    "llvm.prefetch",
                    [pointer.type],
                    ir.FunctionType(ir.VoidType(), [pointer.type, _INT32, _INT32, _INT32]),
                )
                # For reading: a writer's claim would take the line from other threads. Of data.
                builder.call(fetch, [pointer, _INT32(0), _INT32(near), _INT32(1)])
                return context.get_dummy_value()

            return types.void(array, types.intp), emit

        return _prefetch

    _prefetch, _prefetch_far = _prefetch_to(3), _prefetch_to(2)

    @overload(zeros)
    def _zeros_compiled():
        return lambda: _zeros()

    @overload(splat)
    def _splat_compiled(x):
        return lambda x: _splat(x)

    @overload(spread)
    def _spread_compiled(array, at):
        return lambda array, at: _spread(array, at)

    @overload(load)
    def _load_compiled(array, at):
        return lambda array, at: _load(array, at)

    @overload(store)
    def _store_compiled(array, at, lanes):
        return lambda array, at, lanes: _store(array, at, lanes)

    @overload(fma)
    def _fma_compiled(x, y, z):
        return lambda x, y, z: _fma(x, y, z)

    @overload(lower_half)
    def _lower_half_compiled(x):
        return lambda x: _lower_half(x)

    @overload(greater)
    def _greater_compiled(x, y):
        return lambda x, y: _greater(x, y)

    @overload(smaller)
    def _smaller_compiled(x, y):
        return lambda x, y: _smaller(x, y)

    @overload(over_root)
    def _over_root_compiled(x, y):
        return lambda x, y: _over_root(x, y)

    @overload(total)
    def _total_compiled(x):
        return lambda x: _total(x)

    @overload(store_sums)
    def _store_sums_compiled(a, b, c, d, array, at):
        return lambda a, b, c, d, array, at: _store_sums(a, b, c, d, array, at)

    @overload(prefetch)
    def _prefetch_compiled(array, at):
        return lambda array, at: _prefetch(array, at)

    @overload(prefetch_far)
    def _prefetch_far_compiled(array, at):
        return lambda array, at: _prefetch_far(array, at)

    return SimpleNamespace(
        zeros=zeros,
        splat=splat,
        spread=spread,
        load=load,
        store=store,
        fma=fma,
        lower_half=lower_half,
        greater=greater,
        smaller=smaller,
        over_root=over_root,
        total=total,
        store_sums=store_sums,
        prefetch=prefetch,
        prefetch_far=prefetch_far,
    )
