"""Labelled texts as all readers give them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

RATED = re.compile(r"(?:.*/)?\d+_(\d+)\.\w+")


class Item(NamedTuple):
    """A text, its label, and where it came from."""

    text: str
    label: str
    id: str


@dataclass(frozen=True)
class LabelledTexts:
    """Texts and their labels, position by position.

    It unpacks: `texts, labels = read_labelled(path)`. Pairs are `zip(*data)`.

    Attributes:
        texts: As they lie in the file.
        labels: A name for each.
        ids: Where each came from: `"pos/0_9.txt"`, or file name and line.
        ratings: From file names such as `0_9.txt` (text 0, rating 9), if all have one.
        skipped: What was not read, by name, and how much of it.
    """

    texts: list[str]
    labels: list[str]
    ids: list[str]
    ratings: list[int] | None = None
    skipped: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_items(
        cls, items: Sequence[Item], skipped: dict[str, int], max_length: int | None
    ) -> Self:
        """Collect what a reader gave; `max_length` as in `read_labelled`."""
        texts = [item.text for item in items]
        if max_length is not None:
            texts = [" ".join(text.split(maxsplit=max_length)[:max_length]) for text in texts]
        rated = [RATED.fullmatch(item.id) for item in items]
        ratings = [int(found[1]) for found in rated if found]
        return cls(
            texts,
            [item.label for item in items],
            [item.id for item in items],
            ratings if len(ratings) == len(items) else None,
            skipped,
        )

    @property
    def classes(self) -> list[str]:
        """The different labels, sorted."""
        return sorted(set(self.labels))

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[list[str]]:
        """The texts, and then the labels, for unpacking."""
        return iter((self.texts, self.labels))

    def __repr__(self) -> str:
        shown = ", ".join(self.classes[:8])
        return f"LabelledTexts({len(self)} texts of {len(self.classes)} classes: {shown})"
