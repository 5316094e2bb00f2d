"""Labelled texts as all readers give them."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

from inlay.checks import whole

RATED = re.compile(r"(?:.*/)?\d+_(\d+)\.\w+")


class Item(NamedTuple):
    """A text, its label, where it came from, and how many stars it was given if that is known.

    The label is a string, or the list of them where a text may have several.
    """

    text: str
    label: Any
    id: str
    rating: int | None = None


@dataclass(frozen=True)
class LabelledTexts:
    """Texts and their labels, position by position.

    It unpacks: `texts, labels = read_labelled(path)`. Pairs are `zip(*data)`.

    Attributes:
        texts: As they lie in the file.
        labels: A name for each; read with `several=True`, a list of names for each.
        ids: Where each text came from: `"pos/0_9.txt"`, or file name and line.
        ratings: From file names such as `0_9.txt` (text 0, rating 9) or a column `rating`, if
            all have one.
        skipped: What was not read, by name, and how much of it.
    """

    texts: list[str]
    labels: list[Any]
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
        rated = [_rating(item) for item in items]
        ratings = [rating for rating in rated if rating is not None]
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
        each = (label if isinstance(label, list) else [label] for label in self.labels)
        return sorted({name for names in each for name in names})

    def shuffled(self, seed: int = 0) -> "LabelledTexts":
        """The same texts in another order, which the seed and their number decide.

        Files are often sorted by label: shuffle before you cut a part off.

        Examples:
            >>> LabelledTexts(["a", "b", "c"], ["x", "x", "y"], ["1", "2", "3"]).shuffled().texts
            ['a', 'c', 'b']
        """
        order = list(range(len(self)))
        random.Random(whole("seed", seed, least=0)).shuffle(order)
        return replace(
            self,
            texts=[self.texts[i] for i in order],
            labels=[self.labels[i] for i in order],
            ids=[self.ids[i] for i in order],
            ratings=None if self.ratings is None else [self.ratings[i] for i in order],
        )

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[list[Any]]:
        """The texts, and then the labels, for unpacking."""
        return iter((self.texts, self.labels))

    def __repr__(self) -> str:
        shown = ", ".join(self.classes[:8])
        return f"LabelledTexts({len(self)} texts of {len(self.classes)} classes: {shown})"


def _rating(item: Item) -> int | None:
    found = RATED.fullmatch(item.id)
    return int(found[1]) if found else item.rating
