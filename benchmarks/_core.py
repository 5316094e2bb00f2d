"""What one core can do: products and sums of float32 in registers, which wait for no memory."""

import time

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

from inlay.kernels.tiles import COLUMNS, SIZES

CHAINS = (0,) * (len(SIZES[0]) * len(SIZES[1]))  # as many as a tile of ours has in flight
STEPS = 1_000_000
_FUSED = ("contract",)
_INT64, _REGISTER = ir.IntType(64), ir.VectorType(ir.FloatType(), COLUMNS)


@intrinsic
def _grow(typing, chains, steps, numbers):
    """`x = x * numbers[0] + numbers[1]`, in so many registers, so many times."""

    def emit(context, builder, signature, arguments):
        data = context.make_array(signature.args[2])(context, builder, arguments[2]).data
        place = builder.bitcast(data, _REGISTER.as_pointer())
        by = builder.load(place, align=4)
        more = builder.load(builder.gep(place, [_INT64(1)]), align=4)
        entry, loop, done = builder.block, *map(builder.append_basic_block, ("loop", "done"))
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(_INT64)
        step.add_incoming(_INT64(0), entry)
        sums = [builder.phi(_REGISTER) for _ in range(signature.args[0].count)]
        grown = [builder.fmul(x, by, flags=_FUSED) for x in sums]
        grown = [builder.fadd(x, more, flags=_FUSED) for x in grown]
        following = builder.add(step, _INT64(1))
        step.add_incoming(following, loop)
        for i in range(len(sums)):
            sums[i].add_incoming(ir.Constant(_REGISTER, [float(i)] * COLUMNS), entry)
            sums[i].add_incoming(grown[i], loop)
        builder.cbranch(builder.icmp_signed("<", following, arguments[1]), loop, done)
        builder.position_at_end(done)
        total = grown[0]
        for x in grown[1:]:
            total = builder.fadd(total, x)
        builder.store(total, place, align=4)
        return context.get_dummy_value()

    return types.void(chains, types.intp, numbers), emit


@njit
def _run(steps, numbers):
    _grow(CHAINS, steps, numbers)


def core_rate(repeats: int = 10) -> float:
    """Operations a second, a product and a sum each counted: the most of some runs."""
    _run(1, np.zeros(2 * COLUMNS, np.float32))
    best = np.inf
    for _ in range(repeats):
        begin = time.process_time()
        _run(STEPS, np.full(2 * COLUMNS, 0.5, np.float32))
        best = min(best, time.process_time() - begin)
    return 2 * COLUMNS * len(CHAINS) * STEPS / best
