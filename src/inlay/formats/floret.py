"""floret's vectors as spaCy keeps them: rows of n-grams alone, of which any word is composed.

Source: spaCy 3, `spacy/vectors.pyx`, `Vectors.get_batch`; floret, `src/dictionary.cc`.
"""

from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.containers.protocol import wrong
from inlay.core import Table, Tokens
from inlay.core.other_ngrams import FLORET, MOST_HASHES, OtherNgrams
from inlay.core.subwords import LONGEST_NGRAM, Subwords
from inlay.errors import FormatError
from inlay.formats.format_options import NumbersFormat
from inlay.formats.native_subwords import are_marks

# What spaCy takes where its settings say nothing, and the numbers that can be.
DEFAULTS = {"minn": 0, "maxn": 0, "hash_count": 1, "hash_seed": 0}
LIMITS = {
    "minn": (1, LONGEST_NGRAM),
    "maxn": (1, LONGEST_NGRAM),
    "hash_count": (1, MOST_HASHES),
    "hash_seed": (0, 2**32 - 1),
}


def table_of_floret(
    source: Content, format: NumbersFormat, matrix: Array, settings: dict[str, Any], name: str
) -> Table:
    """A table without tokens, which composes all words.

    Args:
        source: Where the matrix comes from.
        format: Its name goes into the provenance; it says what NaN and infinity do.
        matrix: The rows of n-grams.
        settings: What is said of them.
        name: The file that says it, for messages.

    Raises:
        FormatError: Settings that cannot be, no rows, or NaN and infinity.
    """
    ngrams = _ngrams(settings, len(matrix), name)
    if format.nonfinite == "error" and not np.isfinite(matrix).all():
        row = int(np.argmin(np.isfinite(matrix).all(axis=1)))
        hint = f"{format.saying('nonfinite', 'keep')} to read them as they are"
        where, got = f"{source.name}, row {row}", "NaN or infinity"
        raise FormatError(where, expected="finite numbers", got=got, hint=hint)
    said = {key: settings.get(key, default) for key, default in DEFAULTS.items()}
    return Table._unchecked(
        Tokens.from_list([]),
        np.empty((0, matrix.shape[1]), np.float32),
        provenance={
            "source": source.name,
            "format": format.name,
            "rows": 0,
            "ngram_rows": len(matrix),
            "settings": said | {"mode": FLORET},
        },
        subwords=Subwords(ngrams, np.require(matrix, np.float32, ["C", "A"])),
    )


def _ngrams(settings: dict[str, Any], n: int, name: str) -> OtherNgrams:
    found = {}
    for key, (least, most) in LIMITS.items():
        value = found[key] = settings.get(key, DEFAULTS[key])
        if type(value) is not int or not least <= value <= most:
            raise wrong(name, f"{key} from {least} to {most}", f"{value!r:.40}")
    marks = [settings.get("bow", "<"), settings.get("eow", ">")]
    if not are_marks(marks):
        raise wrong(name, "short strings as the marks of a word", f"{marks!r:.80}")
    if not n:
        raise wrong(name, "a matrix of rows of n-grams", "none")
    return OtherNgrams(
        FLORET,
        found["minn"],
        found["maxn"],
        n,
        hashes=(found["hash_count"], found["hash_seed"]),
        marks=(marks[0], marks[1]),
    )
