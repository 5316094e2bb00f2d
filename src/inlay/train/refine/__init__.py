"""Word vectors made better after training: each function takes a table and gives another.

Of what belongs to a table beside its rows, its `parts` and what composes the vectors of unknown
words, only `prune` takes along what stays true; all others change the vectors, and leave it out.
"""

from inlay.train.refine.choosing import merge, prune
from inlay.train.refine.linear import all_but_the_top, center, normalize, pca, whiten
from inlay.train.refine.retrofitting import retrofit
from inlay.train.refine.spaces import align_to, translate

__all__ = [
    "align_to",
    "all_but_the_top",
    "center",
    "merge",
    "normalize",
    "pca",
    "prune",
    "retrofit",
    "translate",
    "whiten",
]
