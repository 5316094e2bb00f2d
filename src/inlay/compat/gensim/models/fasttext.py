"""gensim.models.fasttext: the vectors of fastText's own models."""

import os

from inlay.compat.gensim.models.keyedvectors import KeyedVectors
from inlay.compat.gensim.refused import OF_FASTTEXT
from inlay.compat.refusals import refuses
from inlay.formats import load

__all__ = ["load_facebook_vectors"]


def load_facebook_vectors(path: str | os.PathLike[str]) -> KeyedVectors:
    """Map a model of fastText's, which composes the vectors of words that it has not seen.

    Args:
        path: The `.bin` or `.ftz` file.

    Raises:
        FormatError: It is damaged, or no such model.
        MissingFileError: There is no such file.
    """
    return KeyedVectors(load(path, format="fasttext"))


__getattr__ = refuses(__name__, OF_FASTTEXT)
