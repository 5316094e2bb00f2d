import os
import re
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from inlay.kernels.registers import registers


def make(width):
    """All operations of registers, as a kernel."""
    of = vars(registers(width))
    zeros, splat, load, store, fma = (
        of[name] for name in ("zeros", "splat", "load", "store", "fma")
    )
    greater, smaller, over_root = of["greater"], of["smaller"], of["over_root"]
    total, store_sums, spread = of["total"], of["store_sums"], of["spread"]
    prefetch, prefetch_far = of["prefetch"], of["prefetch_far"]

    @njit
    def run(a, out):
        x, y = load(a, 3), load(a, 3 + width)
        prefetch(a, 3)
        prefetch_far(a, 3)
        store(out, 0, fma(x, y, spread(a, 0)))
        store(out, width, greater(x, y))
        store(out, 2 * width, smaller(x, y))
        store(out, 3 * width, over_root(x, fma(y, y, splat(a[2] * a[2]))))
        store_sums(x, y, zeros(), splat(a[1]), out, 4 * width)
        out[4 * width + 4] = total(x)

    return run


# LLVM makes two registers of one where it must.
KERNELS = {8: make(8), 16: make(16)}
widths = pytest.mark.parametrize("width", [8, 16])


@widths
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_registers_are_what_they_say(width, compiled):
    run = KERNELS[width] if compiled else KERNELS[width].py_func
    a = np.random.default_rng(0).normal(size=3 * width).astype(np.float32)
    out = np.full(4 * width + 6, 7, np.float32)
    run(a, out)
    x, y = a[3 : 3 + width], a[3 + width : 3 + 2 * width]
    np.testing.assert_allclose(out[:width], x * y + a[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(out[width : 2 * width], np.maximum(x, y))
    np.testing.assert_array_equal(out[2 * width : 3 * width], np.minimum(x, y))
    np.testing.assert_allclose(out[3 * width : 4 * width], x / np.sqrt(y**2 + a[2] ** 2), rtol=1e-6)
    sums = [x.sum(), y.sum(), 0, width * a[1], x.sum()]
    np.testing.assert_allclose(out[4 * width : 4 * width + 5], sums, rtol=1e-5, atol=2e-6)
    assert out[-1] == 7


@widths
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_the_lower_half_of_a_float_is_the_upper_half_of_another(width, compiled):
    of = registers(width)
    load, store, lower_half = of.load, of.store, of.lower_half

    @njit
    def run(a, out):
        store(out, 0, lower_half(load(a, 1)))

    values = np.random.default_rng(0).normal(size=(2, width + 1)).astype(np.float32)
    upper, lower = values.view(np.uint32) >> 16
    a, out = (upper << 16 | lower).view(np.float32), np.zeros(width + 1, np.float32)
    (run if compiled else run.py_func)(a, out)
    np.testing.assert_array_equal(out.view(np.uint32), np.append(lower[1:] << 16, 0))


@widths
def test_nan_and_infinity_stay_visible(width):
    a = np.zeros(3 * width, np.float32)
    a[1], a[3], a[4], a[4 + width] = 0, np.nan, np.inf, 2
    out = np.zeros(4 * width + 6, np.float32)
    KERNELS[width](a, out)
    assert np.isnan(out[0])
    assert out[1] == np.inf
    assert out[width : width + 2].tolist() == [0, np.inf]  # NaN is not greater
    assert out[2 * width : 2 * width + 2].tolist() == [0, 2]  # nor smaller
    assert np.isnan(out[3 * width])
    assert np.isnan(out[[4 * width, 4 * width + 4]]).all()


def test_far_is_the_second_cache():
    a = np.zeros(100, np.float32)
    KERNELS[8](a, a)
    code = KERNELS[8].inspect_llvm(KERNELS[8].signatures[0])
    # For reading, how near (3 is the first cache), and that it is data.
    asked = re.findall(r"call void @llvm.prefetch.* i32 0, i32 (\d), i32 1\)", code)
    assert asked == ["3", "2"]


@pytest.mark.parametrize(("features", "width"), [("+avx2,+fma", 8), ("+avx512f", 16)])
def test_registers_are_those_of_the_processor(features, width):
    # Only asked for, and nothing compiled: this processor need not have them.
    command = [sys.executable, "-c", "from inlay.kernels import wide; print(wide.WIDTH)"]
    environment = os.environ | {"NUMBA_CPU_FEATURES": features}
    assert int(subprocess.check_output(command, env=environment)) == width
