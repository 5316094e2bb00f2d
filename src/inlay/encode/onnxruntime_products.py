"""Products by ONNX Runtime: a graph of one node, its matrix laid out when it is made."""

from typing import Any

import numpy as np
import onnxruntime

from inlay.aliases import Array
from inlay.encode.products import Pack


class FloatProduct:
    """float32."""

    def __init__(self, matrix: Array) -> None:
        self._session = _session("MatMul", "FLOAT", [], matrix=matrix)

    def __call__(self, left: Array, out: Array, bias: Array | None = None) -> None:
        y = self._session.run(None, {"left": left})[0]
        np.add(out if bias is None else bias, y, out=out)


class Int8Product:
    """int8: a scale for each column of the matrix and for each row of the left side."""

    def __init__(self, matrix: Array) -> None:
        from inlay.kernels.quantise import ZERO, quantise_columns

        whole, self._scales = quantise_columns(matrix)
        zero = np.array(ZERO, np.uint8)
        self._session = _session("MatMulInteger", "UINT8", ["zero"], matrix=whole, zero=zero)

    def __call__(self, left: Array, out: Array, bias: Array | None = None) -> None:
        from inlay.kernels.quantise import quantise_rows, scale_sums

        whole, scales = np.empty(left.shape, np.uint8), np.empty(len(left), np.float32)
        quantise_rows(left, whole, scales)
        sums = self._session.run(None, {"left": whole})[0]
        scale_sums(sums, scales, self._scales, out if bias is None else bias, out)


def _session(operator: str, left: str, more: list[str], **constants: Array) -> Any:
    """`out = operator(left, matrix, *more)` with constants."""
    import onnx

    helper, types = onnx.helper, onnx.TensorProto
    depth, width = constants["matrix"].shape
    out = types.FLOAT if left == "FLOAT" else types.INT32
    graph = helper.make_graph(
        [helper.make_node(operator, ["left", "matrix", *more], ["out"])],
        "product",
        [helper.make_tensor_value_info("left", getattr(types, left), ["rows", depth])],
        [helper.make_tensor_value_info("out", out, ["rows", width])],
        [
            onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
            for name, array in constants.items()
        ],
    )
    # Versions of 2022, so that old runtimes read it too.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    # Threads are the encoder's: each runs sentences of its own.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


PACKERS: dict[str, Pack] = {"float32": FloatProduct, "int8": Int8Product}
