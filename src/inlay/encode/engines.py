"""Which engine multiplies, and how exactly."""

from typing import Literal

from inlay.encode.products import Pack, PanelProduct
from inlay.errors import ArgumentError
from inlay.optional import require

Engine = Literal["numba", "torch", "onnxruntime"]
Precision = Literal["float32", "bfloat16", "int8"]
# What each engine can do, the exact first.
PRECISIONS: dict[Engine, tuple[Precision, ...]] = {
    "numba": ("float32",),
    "torch": ("float32", "bfloat16", "int8"),
    "onnxruntime": ("float32", "int8"),
}


def packer(engine: Engine = "numba", precision: Precision = "float32") -> Pack:
    """What turns a float32 matrix into a product.

    Args:
        engine: "numba" needs nothing else and gives each row the same numbers to the last bit,
            whatever stands beside it; "torch" is oneDNN's kernels; "onnxruntime" those of ONNX
            Runtime.
        precision: Of the matrix and of the left side during the product; sums are float32 or,
            for "int8", int32. "int8" has a scale for each column of the matrix and for each
            row of the left side. Which of these is faster than float32 depends on the
            processor: see `benchmarks/elmo.py`.

    Raises:
        ArgumentError: No such engine, or it lacks the precision.
        MissingPackageError: The engine is not installed.
    """
    if engine not in PRECISIONS:
        raise ArgumentError("engine", expected=" or ".join(PRECISIONS), got=repr(engine))
    if precision not in PRECISIONS[engine]:
        raise ArgumentError(
            "precision",
            expected=f"{' or '.join(PRECISIONS[engine])} with engine={engine!r}",
            got=repr(precision),
            hint=" or ".join(f"engine={e!r}" for e, can in PRECISIONS.items() if precision in can),
        )
    match engine:
        case "torch":
            require("torch", extra="torch", need="the torch engine")
            from inlay.encode.torch_products import PACKERS

            return PACKERS[precision]
        case "onnxruntime":
            for module in ("onnxruntime", "onnx"):
                require(module, extra="onnxruntime", need="the ONNX Runtime engine")
            from inlay.encode.onnxruntime_products import PACKERS

            return PACKERS[precision]
    return PanelProduct
