"""Advice of the readers of files, in the arguments of `load_word2vec_format`."""

import contextlib
import re
from collections.abc import Iterator

from inlay.errors import InlayError

ARGUMENTS = {"errors": "unicode_errors", "dtype": "datatype", "encoding": "encoding"}
PHRASES = {
    r"format='glove'": "no_header=True",
    r"(let load recognise the format: )?leave format= out": "{opposite}",
    r"format=\w+\((encoding|dtype)=('[^']*')\)": r"\1=\2",
    r"format=\w+\(errors=('[^']*')\)": r"unicode_errors=\1",
    r"format=(\w+\(\w+=[^()]*\))": r"KeyedVectors(inlay.load(path, format=\1))",
}


@contextlib.contextmanager
def in_gensims_words(binary: bool) -> Iterator[None]:
    """Raise an error of a reader again, with a hint that can be followed by gensim's arguments.

    Args:
        binary: How the file was read.
    """
    try:
        yield
    except InlayError as error:
        hint = error.hint
        for pattern, words in PHRASES.items():
            hint = re.sub(pattern, words.format(opposite=f"binary={not binary}"), hint)
        where = ARGUMENTS.get(error.where, error.where)
        raise type(error)(where, expected=error.expected, got=error.got, hint=hint) from None
