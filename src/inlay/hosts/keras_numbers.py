"""Where a Keras layer's config says that its numbers are not in it."""

from typing import Any, Self


class Numbers(str):
    """A line of a config that JSON reads as text, and `clone_model` as the layer to copy from."""

    __slots__ = ("layer",)
    layer: Any
    text = "in the weights"

    def __new__(cls, layer: Any) -> Self:
        """Stand for a layer's numbers."""
        self = super().__new__(cls, cls.text)
        self.layer = layer
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self  # Keras copies configs; that must not copy matrices

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return str, (str(self),)
