"""Words that a classifier does not know as they are written, and may know in another form."""

from collections.abc import Callable, Sequence

import numpy as np

from inlay.aliases import Array
from inlay.core import Tokens
from inlay.core.alignment import CASE, FALLBACKS, FORMS, find_rows


def find_forms(find: Callable[[Sequence[str]], Array], words: Sequence[str]) -> Array:
    """Where words are, as they are written or in another form; -1 for those that are nowhere.

    A text may begin with a word that all others have in lower case, and macOS stores letters in
    parts. So a word is looked for as in a table, and then in another case with its letters
    composed.

    Args:
        find: Looks up words as they are written.
        words: The words.
    """
    found, _ = find_rows(find, words, FORMS)
    composed = {i: FALLBACKS["nfc"](words[i]) for i in np.flatnonzero(found < 0).tolist()}
    at = [i for i, word in composed.items() if word != words[i]]
    found[at], _ = find_rows(find, [composed[i] for i in at], CASE)
    return found


def in_known_forms(words: Tokens, known: Tokens, counts: Array) -> Tokens:
    """Words, where those that are not known stand in a form that is, or else composed.

    Args:
        words: The words.
        known: Those that a classifier knows.
        counts: How often each word comes; those that never do stay as they are.
    """
    unknown = np.flatnonzero((known.find_all(words) < 0) & (counts > 0)).tolist()
    flat = [words[i] for i in unknown]
    found = find_forms(known.find_many, flat).tolist()
    forms = dict[int, str]()
    for i, word, at in zip(unknown, flat, found, strict=True):
        form = known[at] if at >= 0 else FALLBACKS["nfc"](word)
        if form != word:
            forms[i] = form
    if not forms:
        return words
    return Tokens.from_list([forms.get(i, word) for i, word in enumerate(words.tolist())])
