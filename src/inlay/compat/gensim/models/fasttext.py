"""gensim.models.fasttext: the vectors of fastText's own models."""

import os

from inlay import formats
from inlay.compat.gensim.models.keyedvectors import KeyedVectors
from inlay.compat.gensim.refused import OF_FASTTEXT
from inlay.compat.refusals import refuses

__all__ = ["load_facebook_vectors"]


def load_facebook_vectors(path: str | os.PathLike[str], encoding: str = "utf-8") -> KeyedVectors:
    """Map a model of fastText's, which composes the vectors of words that it has not seen.

    Args:
        path: The `.bin` or `.ftz` file.
        encoding: What its words are written in.

    Raises:
        FormatError: It is damaged, or no such model.
        MissingFileError: There is no such file.
    """
    return KeyedVectors(formats.load(path, format=formats.FastText(encoding=encoding)))


__getattr__ = refuses(__name__, OF_FASTTEXT)
