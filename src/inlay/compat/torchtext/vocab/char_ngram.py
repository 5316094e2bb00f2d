"""torchtext's `CharNGram`: the vector of a word out of those of its n-grams of characters."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from inlay.checks import flag, many_tokens
from inlay.compat.torchtext.vocab.vectors import CACHE, Vectors
from inlay.errors import MissingFileError

if TYPE_CHECKING:
    from torch import Tensor

FILE = "charNgram.txt"
SIZES = (2, 3, 4)
COMPOSES = "inlay.load('cc.en.300.bin'), fastText's model, which composes the vector of any word"


class CharNGram(Vectors):
    r"""Vectors of n-grams of characters, whose mean is the vector of any word.

    The file is not published under an address that could be trusted any more, so nothing is
    downloaded: it has to be here, as torchtext left it. `itos`, `stoi` and `in` know its n-grams,
    such as `3gram-cat`, and no words.

    Examples:
        >>> from pathlib import Path; from tempfile import mkdtemp
        >>> path = Path(mkdtemp(), "charNgram.txt")
        >>> _ = path.write_text("2gram-#BEGIN#a 1 0\n2gram-a#END# 0 1\n3gram-abc 5 5\n")
        >>> CharNGram(cache=path.parent)["a"]
        tensor([[0.5000, 0.5000]])

    Source: Hashimoto et al. 2017, "A Joint Many-Task Model", section 2.1.
    """

    def __init__(
        self,
        *,
        cache: str | os.PathLike[str] | None = None,
        unk_init: Any = None,
        max_vectors: int | None = None,
    ) -> None:
        """Open `charNgram.txt`.

        Args:
            cache: The folder that it is in. None: `.vector_cache`, or the working folder.
            unk_init: What fills a tensor `(1, dim)` for a word without a known n-gram. None: zeros.
            max_vectors: Read so many n-grams, from the first. None: all.

        Raises:
            MissingPackageError: PyTorch is not installed.
            MissingFileError: There is no such file.
        """
        try:
            super().__init__(FILE, cache, None, unk_init, max_vectors)
        except MissingFileError:
            raise MissingFileError(
                FILE,
                expected=f"the file in {CACHE if cache is None else os.fspath(cache)!r}, or here",
                got="nothing there",
                hint=COMPOSES,
            ) from None

    def __getitem__(self, token: str) -> "Tensor":
        """The vector of a word, a tensor `(1, dim)` as in torchtext."""
        import torch

        (word,) = many_tokens("token", [token])
        rows = self.table.tokens.find_many(list(_ngrams(word)))
        known = self.vectors[torch.from_numpy(rows[rows >= 0])]
        if word != "<unk>" and len(known):
            return known.mean(0, keepdim=True)
        empty = torch.zeros(1, self.dim)
        return empty if self.unk_init is None else self._filled(empty)

    def get_vecs_by_tokens(
        self, tokens: str | Sequence[str], lower_case_backup: bool = False
    ) -> "Tensor":
        """The vectors of a word `(1, dim)`, or of several `(len(tokens), 1, dim)`, as in torchtext.

        Args:
            tokens: A word, or a list of them.
            lower_case_backup: Whether to take a word in lower case unless it is an n-gram.

        Raises:
            ArgumentTypeError: Something that is no string.
        """
        import torch

        listed = many_tokens("tokens", [tokens] if isinstance(tokens, str) else tokens)
        if flag("lower_case_backup", lower_case_backup):
            listed = [token if token in self else token.lower() for token in listed]
        found = [self[token] for token in listed]
        if isinstance(tokens, str):
            return found[0]
        return torch.stack(found) if found else torch.zeros(0, 1, self.dim)


def _ngrams(word: str) -> Iterator[str]:
    signs = ["#BEGIN#", *word, "#END#"]
    for size in SIZES:
        for start in range(len(signs) - size + 1):
            yield f"{size}gram-{''.join(signs[start : start + size])}"
