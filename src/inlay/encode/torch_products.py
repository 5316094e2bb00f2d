"""Products by PyTorch: matrices that oneDNN has laid out, in float32, bfloat16 or int8."""

import contextlib

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array
from inlay.encode.products import Pack
from inlay.errors import ArgumentError

ROWS = 32  # for which oneDNN chooses its layout; others work as well
# What calls that are no part of PyTorch's interface may raise, in a release that lacks them or
# wants other arguments, or on a processor for which oneDNN has none.
LACKING = (RuntimeError, AttributeError, TypeError, NotImplementedError)


class FloatProduct:
    """float32, or bfloat16 with sums in float32.

    A processor without bfloat16 has no layout of its own for it, and the product is a plain one.
    """

    def __init__(self, matrix: Array, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._weight = torch.from_numpy(np.array(matrix.T, order="C")).to(dtype)
        self._product = torch.nn.functional.linear
        with contextlib.suppress(*LACKING):
            packed = torch.ops.mkldnn._reorder_linear_weight(self._weight, ROWS)
            _packed_product(torch.zeros(1, len(matrix), dtype=dtype), packed)
            self._weight, self._product = packed, _packed_product

    def __call__(self, left: Array, out: Array, bias: Array | None = None) -> None:
        with torch.inference_mode():
            y = self._product(torch.from_numpy(left).to(self._dtype), self._weight)
            target = torch.from_numpy(out)
            torch.add(target if bias is None else torch.from_numpy(bias), y, out=target)


def _packed_product(x: Tensor, packed: Tensor) -> Tensor:
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")
    return y


class Int8Product:
    """int8: a scale for each column of the matrix and for each row of the left side."""

    def __init__(self, matrix: Array) -> None:
        from inlay.kernels.quantise import ZERO, quantise_columns

        whole, self._scales = quantise_columns(matrix)
        weight = torch.from_numpy(np.ascontiguousarray(whole.T))
        width = matrix.shape[1]
        ones, zeros = torch.ones(width), torch.zeros(width, dtype=torch.int32)
        # No scale of the left side, its zero; and one for each column, each with zero 0.
        self._left, self._right = (1.0, ZERO), (ones, zeros)
        try:
            self._packed = torch.ops.onednn.qlinear_prepack(weight, [ROWS, len(matrix)])
            self._product(np.zeros((1, len(matrix)), np.uint8))
        except LACKING as error:
            raise ArgumentError(
                "precision",
                expected="a torch with oneDNN for int8",
                got=f"{error!s:.100}",
                hint="engine='onnxruntime', or float32",
            ) from error

    def __call__(self, left: Array, out: Array, bias: Array | None = None) -> None:
        from inlay.kernels.quantise import quantise_rows, scale_sums

        whole, scales = np.empty(left.shape, np.uint8), np.empty(len(left), np.float32)
        quantise_rows(left, whole, scales)
        first = out if bias is None else bias
        scale_sums(self._product(whole), scales, self._scales, first, out)

    def _product(self, whole: Array) -> Array:
        with torch.inference_mode():
            product: Array = torch.ops.onednn.qlinear_pointwise(
                torch.from_numpy(whole),
                *self._left,
                self._packed,
                *self._right,
                None,
                1.0,
                0,
                torch.float32,
                "none",
                [],
                "",
            ).numpy()
        return product


PACKERS: dict[str, Pack] = {
    "float32": lambda matrix: FloatProduct(matrix, torch.float32),
    "bfloat16": lambda matrix: FloatProduct(matrix, torch.bfloat16),
    "int8": Int8Product,
}
