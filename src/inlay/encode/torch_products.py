"""Products by PyTorch: matrices that oneDNN has laid out, in float32, bfloat16 or int8."""

import numpy as np
import torch
from torch import Tensor

from inlay.aliases import Array
from inlay.encode.products import Pack
from inlay.errors import ArgumentError

ROWS = 32  # for which oneDNN chooses its layout; others work as well


class FloatProduct:
    """float32, or bfloat16 with sums in float32.

    A processor without bfloat16 has no layout of its own for it, and the product is a plain one.
    """

    def __init__(self, matrix: Array, dtype: torch.dtype) -> None:
        self._dtype = dtype
        weight = torch.from_numpy(np.ascontiguousarray(matrix.T)).to(dtype)
        try:
            self._packed = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
        except (RuntimeError, AttributeError):  # not on this processor, or not in this torch
            self._packed, self._plain = weight, True
        else:
            self._plain = False

    def __call__(self, left: Array, out: Array) -> None:
        x = torch.from_numpy(left).to(self._dtype)
        with torch.inference_mode():
            if self._plain:
                y = torch.nn.functional.linear(x, self._packed)
            else:
                y = torch.ops.mkldnn._linear_pointwise(x, self._packed, None, "none", [], "")
            torch.from_numpy(out).add_(y)


class Int8Product:
    """int8: a scale for each column of the matrix and for each row of the left side."""

    def __init__(self, matrix: Array) -> None:
        from inlay.kernels.quantise import ZERO, quantise_columns

        whole, self._scales = quantise_columns(matrix)
        weight = torch.from_numpy(np.ascontiguousarray(whole.T))
        try:
            self._packed = torch.ops.onednn.qlinear_prepack(weight, [ROWS, len(matrix)])
        except (RuntimeError, AttributeError) as error:
            raise ArgumentError(
                "precision",
                expected="a torch with oneDNN for int8",
                got=f"{error!s:.100}",
                hint="engine='onnxruntime', or float32",
            ) from error
        width = matrix.shape[1]
        ones, zeros = torch.ones(width), torch.zeros(width, dtype=torch.int32)
        # No scale of the left side, its zero; and one for each column, each with zero 0.
        self._left, self._right = (1.0, ZERO), (ones, zeros)

    def __call__(self, left: Array, out: Array) -> None:
        from inlay.kernels.quantise import add_scaled, quantise_rows

        whole, scales = np.empty(left.shape, np.uint8), np.empty(len(left), np.float32)
        quantise_rows(left, whole, scales)
        with torch.inference_mode():
            product: Tensor = torch.ops.onednn.qlinear_pointwise(
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
            )
        add_scaled(product.numpy(), scales, self._scales, out)


PACKERS: dict[str, Pack] = {
    "float32": lambda matrix: FloatProduct(matrix, torch.float32),
    "bfloat16": lambda matrix: FloatProduct(matrix, torch.bfloat16),
    "int8": Int8Product,
}
