"""Which engine multiplies, and how exactly."""

from typing import Literal

from inlay.encode.products import PACKERS, Pack
from inlay.errors import ArgumentError
from inlay.jobs.threads import available_workers
from inlay.optional import look_for

Engine = Literal["numba", "torch", "onnxruntime"]
Precision = Literal["float32", "bfloat16", "int8"]
# What each engine can do, the exact first.
PRECISIONS: dict[Engine, tuple[Precision, ...]] = {
    "numba": ("float32", "int8"),
    "torch": ("float32", "bfloat16", "int8"),
    "onnxruntime": ("float32", "int8"),
}
# The packages of those that need some, with the extras that bring them, and what they are called.
PACKAGES: dict[Engine, tuple[dict[str, str], str]] = {
    "torch": ({"torch": "torch"}, "torch"),
    "onnxruntime": ({"onnxruntime": "onnxruntime", "onnx": "onnxruntime"}, "ONNX Runtime"),
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
            processor: the "int8" of "numba" needs one with VNNI, and is slow elsewhere. See
            `benchmarks/elmo.py` and `benchmarks/encoders.py`.

    Raises:
        ArgumentError: No such engine, or it lacks the precision.
        MissingPackageError: The engine is not installed.
    """
    check_engine(engine, precision)
    match engine:
        case "torch":
            from inlay.encode import torch_products

            return torch_products.PACKERS[precision]
        case "onnxruntime":
            from inlay.encode import onnxruntime_products

            return onnxruntime_products.PACKERS[precision]
    return PACKERS[precision]


def check_engine(engine: Engine, precision: Precision) -> None:
    """Look whether there is such an engine, without its import.

    Raises:
        ArgumentError: As `packer`.
        MissingPackageError: As `packer`.
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
    if engine in PACKAGES:
        packages, name = PACKAGES[engine]
        look_for(packages, need=f"the {name} engine")


def workers_of(engine: Engine, workers: int | None) -> int:
    """How many threads an encoder has on an engine. None: what serves it.

    PyTorch has threads of its own, and two kinds at once are in each other's way.
    """
    return 1 if engine == "torch" and workers is None else available_workers(workers)
