"""Eight float32 at once: a register that every processor has, or as good as."""

from inlay.kernels.registers import registers

WIDTH = 8  # floats in a register
_all = registers(WIDTH)
zeros = _all.zeros
splat = _all.splat
spread = _all.spread
load = _all.load
store = _all.store
fma = _all.fma
lower_half = _all.lower_half
greater = _all.greater
smaller = _all.smaller
over_root = _all.over_root
total = _all.total
store_sums = _all.store_sums
prefetch = _all.prefetch
prefetch_far = _all.prefetch_far
