"""What is done to a text before it is split, where the name asks for it: `"nfkc+words"`."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from inlay.tokenizers.protocol import Named, Tokenizer, batched, is_local
from inlay.tokenizers.scripts import SPACELESS


@cache
def _wrapped() -> re.Pattern[str]:
    """A line's end between two letters (or a mark of punctuation) of a script without spaces."""
    letters = rf"{SPACELESS}\u3000-\u303f\uff01-\uff65"
    return re.compile(rf"(?<=[{letters}])[ \t]*\r?\n[ \t]*(?=[{SPACELESS}])")


def _nfkc(text: str) -> str:
    """NFKC, but for the single letters of Hangul as people type them.

    Of `ㅋㅋㅋ` it would make the letters of which old Hangul is composed: they look alike, and
    are in no vectors.
    """
    return _LETTERS.sub(lambda others: unicodedata.normalize("NFKC", others[0]), text)


_LETTERS = re.compile("[^\u3131-\u3163\u3165-\u318e]+")

STEPS: dict[str, Callable[[str], str]] = {
    "nfc": partial(unicodedata.normalize, "NFC"),
    "nfkc": _nfkc,
    "lower": str.lower,
    "unwrap": lambda text: _wrapped().sub("", text),
}


@dataclass(frozen=True)
class Normalised(Named):
    """Another tokenizer, of texts that are put into one form first.

    The forms are Unicode's: `nfc` composes (Hangul from file names of macOS, accents as marks)
    and loses nothing; `nfkc` makes full-width letters, ligatures and the like plain as well, and
    leaves the single letters of Hangul (ㅋㅋㅋ) as they are.
    `lower` lower-cases. `unwrap` joins lines where a text without spaces was broken into them.

    Args:
        steps: Names of what is done, in this order.
        tokenizer: What splits the result.
        name: The name of the whole, steps included.
    """

    steps: tuple[str, ...]
    tokenizer: Tokenizer
    name: str

    @property
    def is_local(self) -> bool:  # type: ignore[override]
        """Whether it never looks across white space."""
        return "unwrap" not in self.steps and is_local(self.tokenizer)

    def _batch(self, texts: Iterable[str]) -> Iterator[list[str]]:
        return batched(self.tokenizer, map(self._normal, texts))

    def _split(self, text: str) -> list[str]:
        return self.tokenizer(self._normal(text))

    def _normal(self, text: str) -> str:
        for step in self.steps:
            text = STEPS[step](text)
        return text
