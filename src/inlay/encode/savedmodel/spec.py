"""What a SavedModel takes and gives, in words that need no TensorFlow."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Spec:
    """The shape and dtype of what goes in or comes out.

    Attributes:
        shape: None: it is not known; a size that is None may be any.
    """

    shape: tuple[int | None, ...] | None
    dtype: str

    @classmethod
    def of(cls, tensor: Any) -> "Spec":
        """That of a tensor or a `TensorSpec`."""
        known = tensor.shape.rank is not None
        shape = tuple(tensor.shape.as_list()) if known else None
        return cls(shape, tensor.dtype.name)

    @classmethod
    def read(cls, saved: Mapping[str, Any]) -> "Spec":
        """What `as_dict` has given to JSON."""
        shape = saved["shape"]
        return cls(None if shape is None else tuple(shape), str(saved["dtype"]))

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        sizes = ["any shape"] if self.shape is None else [str(n or "?") for n in self.shape]
        return f"{self.dtype} ({', '.join(sizes)})"

    def known(self, shape: Sequence[int]) -> "Spec":
        """With what one run has shown: the rank, and the size of the last axis."""
        sizes = self.shape or (None,) * len(shape)
        return Spec((*sizes[:-1], shape[-1]) if shape else (), self.dtype)

    @property
    def is_vector(self) -> bool:
        """Whether it may be one vector for each text."""
        of_numbers = self.dtype in ("float16", "bfloat16", "float32", "float64")
        return of_numbers and (self.shape is None or len(self.shape) == 2)
