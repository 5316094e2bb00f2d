"""torchtext's `Vectors`, whose numbers are a tensor in the memory of a table."""

import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inlay.checks import described, flag, many_tokens, whole_or_none
from inlay.core import Table, Tokens
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.formats import load
from inlay.hosts.memory import aligned_copy, can_share
from inlay.optional import require
from inlay.paths import path_to_read
from inlay.sources import Source, find

if TYPE_CHECKING:
    from torch import Tensor

CACHE = ".vector_cache"  # torchtext's own, in the working folder
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
GLOVE = {"6B": (50, 100, 200, 300), "twitter.27B": (25, 50, 100, 200), "42B": (300,)}
GLOVE["840B"] = (300,)


class Vectors:
    r"""Vectors of a file, by their tokens; a token that is not here has zeros, or what you say.

    Attributes:
        table: The table itself, for `inlay.to_torch(vectors.table, vocab)` and so on.

    Examples:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp(), "tiny.txt")
        >>> _ = path.write_text("good 1 0 0\nfilm 0 0.5 0\n")
        >>> tiny = Vectors(path)
        >>> tiny["film"], tiny.get_vecs_by_tokens(["GOOD", "bad"], lower_case_backup=True)
        (tensor([0.0000, 0.5000, 0.0000]), tensor([[1., 0., 0.],
                [0., 0., 0.]]))
    """

    def __init__(
        self,
        name: str | os.PathLike[str],
        cache: str | os.PathLike[str] | None = None,
        url: str | None = None,
        unk_init: Any = None,
        max_vectors: int | None = None,
    ) -> None:
        """Open a file of any kind that `inlay.load` reads, or download one.

        Args:
            name: The file; or its name in `cache`, or in what is downloaded; or a name of the
                catalogue.
            cache: A folder in which torchtext may have left the file. None: `.vector_cache`. What
                is downloaded goes into inlay's own, which `INLAY_CACHE` says.
            url: Where to download it from, if it is not there: a file, or an archive.
            unk_init: What fills a tensor `(dim,)` for a token that is not here. None: zeros.
            max_vectors: Read so many, from the first. None: all.

        Raises:
            MissingPackageError: PyTorch is not installed.
            MissingFileError: There is no such file.
            FormatError: It is damaged, or holds no vectors.
            DownloadError: It could not be downloaded.
        """
        require("torch", extra="torch", need="torchtext's Vectors")
        if not (unk_init is None or callable(unk_init)):
            expected, hint = "a function of a tensor, or None", "torch.Tensor.normal_"
            got = described(unk_init)
            raise ArgumentTypeError("unk_init", expected=expected, got=got, hint=hint)
        self.unk_init, most = unk_init, whole_or_none("max_vectors", max_vectors, least=0)
        self.table: Table = load(_found(name, cache, url), limit=most or None)

    @cached_property
    def vectors(self) -> "Tensor":
        """All vectors, a float32 tensor `(len, dim)` in the memory of the table.

        Whoever writes to it changes the table too, but never the file. Numbers that are stored
        as something else are converted, in a copy.
        """
        from inlay.hosts.torch import as_tensor

        array = self.table.storage
        return as_tensor(
            array if can_share(array, "float32", aligned=False) else aligned_copy(array, "float32")
        )

    @property
    def stoi(self) -> dict[str, int]:
        """Token and row, as a dict that is made when it is first asked for."""
        return self.table.stoi

    @property
    def itos(self) -> Tokens:
        """The tokens in row order: a sequence, of which a slice is a list."""
        return self.table.tokens

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self.table.dim

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, token: object) -> bool:
        return token in self.table

    def __getitem__(self, token: str) -> "Tensor":
        """The vector of a token, a tensor `(dim,)`; of one that is not here, `unk_init`'s."""
        return self.get_vecs_by_tokens(token)

    def get_vecs_by_tokens(
        self, tokens: str | Sequence[str], lower_case_backup: bool = False
    ) -> "Tensor":
        """The vectors of a token `(dim,)`, or of several `(len(tokens), dim)`: a copy.

        Args:
            tokens: A token, or a list of them.
            lower_case_backup: Whether to look for a token in lower case where it is not here.

        Raises:
            ArgumentTypeError: Something that is no string.
        """
        import torch

        listed = many_tokens("tokens", [tokens] if isinstance(tokens, str) else tokens)
        rows = self.table.tokens.find_many(listed)
        if flag("lower_case_backup", lower_case_backup):
            missing = np.flatnonzero(rows < 0)
            rows[missing] = self.table.tokens.find_many([listed[i].lower() for i in missing])
        found: Tensor = torch.zeros(len(listed), self.dim)
        here = torch.from_numpy(np.flatnonzero(rows >= 0))
        found[here] = self.vectors[torch.from_numpy(rows)[here]]
        if self.unk_init is not None:
            for i in np.flatnonzero(rows < 0).tolist():
                found[i] = self._filled(torch.empty(self.dim))
        return found[0] if isinstance(tokens, str) else found

    def _filled(self, vector: "Tensor") -> "Tensor":
        """What `unk_init` makes of a tensor; whoever fills it in place may return nothing."""
        shape = tuple(vector.shape)
        made = self.unk_init(vector)
        made = vector if made is None else made
        if tuple(getattr(made, "shape", (None,))) != shape:
            expected, got = f"a tensor {shape} of unk_init", described(made)
            raise ArgumentTypeError("unk_init", expected=expected, got=got)
        return made


class GloVe(Vectors):
    """The vectors of GloVe, out of the catalogue."""

    def __init__(
        self,
        name: str = "840B",
        dim: int | str = 300,
        *,
        cache: str | os.PathLike[str] | None = None,
        unk_init: Any = None,
        max_vectors: int | None = None,
    ) -> None:
        """Download them, once, and open them.

        Args:
            name: `"6B"`, `"42B"`, `"840B"` or `"twitter.27B"`.
            dim: Numbers in a vector: 50, 100, 200 or 300 of 6B, 25, 50, 100 or 200 of the tweets,
                300 of the others.
            cache: As for `Vectors`.
            unk_init: What fills a tensor `(dim,)` for a token that is not here. None: zeros.
            max_vectors: Read so many, from the first. None: all.

        Raises:
            ArgumentError: There is no such GloVe.
            DownloadError: It could not be downloaded.
        """
        if str(dim) not in map(str, GLOVE.get(name, ())):
            expected = "; ".join(
                f"{n!r} with dim {', '.join(map(str, d))}" for n, d in GLOVE.items()
            )
            raise ArgumentError("GloVe", expected=expected, got=f"{name!r} with dim {dim}")
        super().__init__(f"glove.{name}.{dim}d.txt", cache, None, unk_init, max_vectors)


class FastText(Vectors):
    """fastText's vectors of Wikipedia, out of the catalogue."""

    def __init__(
        self,
        language: str = "en",
        *,
        cache: str | os.PathLike[str] | None = None,
        unk_init: Any = None,
        max_vectors: int | None = None,
    ) -> None:
        """Download them, once, and open them.

        Args:
            language: The code of the language, such as `"en"` or `"ko"`.
            cache: As for `Vectors`.
            unk_init: What fills a tensor `(dim,)` for a token that is not here. None: zeros.
            max_vectors: Read so many, from the first. None: all.

        Raises:
            ArgumentError: There is no such language.
            DownloadError: They could not be downloaded.
        """
        if find(f"wiki.{language}") is None:
            hint = "inlay catalogue fasttext lists them"
            expected = "the code of a language that fastText has, such as 'en'"
            raise ArgumentError("language", expected=expected, got=described(language), hint=hint)
        super().__init__(f"wiki.{language}.vec", cache, None, unk_init, max_vectors)


# torchtext's names for what it can download.
pretrained_aliases: dict[str, Callable[..., Vectors]] = {
    **{f"fasttext.{code}.300d": partial(FastText, language=code) for code in ("en", "simple")},
    **{
        f"glove.{name}.{dim}d": partial(GloVe, name=name, dim=dim)
        for name, dims in GLOVE.items()
        for dim in dims
    },
}


def _found(name: Any, cache: Any, url: str | None) -> Path | str | Source:
    """The file that is meant; else its source."""
    path = path_to_read("name", name)
    folder = path_to_read("cache", CACHE if cache is None else cache)
    for place in (path, folder / path):
        if place.is_file():
            return place
    if url is not None:
        member = os.fspath(name) if url.lower().endswith(ARCHIVES) else None
        return Source(name=path.name, url=url, member=member)
    stem = path.name.removesuffix(".txt").removesuffix(".vec")
    return find(path.name) or find(stem) or path
