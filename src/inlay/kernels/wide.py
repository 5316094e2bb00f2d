"""As many float32 at once as the processor can: 16 with AVX-512, else the 8 of `lanes`."""

from inlay.kernels import lanes
from inlay.kernels.compiled import processor_has
from inlay.kernels.registers import registers

WIDTH = 16 if processor_has("avx512f") else lanes.WIDTH  # floats in a register
_all = registers(WIDTH) if WIDTH > lanes.WIDTH else lanes
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
