"""gensim's models and KeyedVectors, of versions 0.12 to 4: a pickle, and arrays beside it.

The pickle is read by a machine that makes none of gensim's objects (`inlay.bytes.pickles`): what
is looked for are the attributes in which each version kept its words and vectors. Arrays of ten
megabytes and more are files of their own beside it, as `m.model.wv.vectors.npy`, and are mapped.

Sources: `gensim.utils.SaveLoad`, and the `_load_specials` of gensim's models, which say what
older versions called things.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content, open_content
from inlay.bytes.pickles import Inert, brief, numpy_array, read_pickle
from inlay.checks import choice
from inlay.containers.numpy import NumpyArchive, NumpyArray
from inlay.containers.protocol import Container, wrong
from inlay.core import Table, Tokens
from inlay.errors import FormatError
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.gensim_subwords import OWN, composed, subwords_of
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.selection import packed_tokens, table_of

# Protocols 0 and 1 have no mark of their own: they begin with how an object is made, or its class.
START = re.compile(
    rb"(?:\x80[\x02-\x05].{0,40}|c(?:copy_reg|copyreg)\n_reconstructor\n.{0,20}\(c|\(?[ci])gensim",
    re.DOTALL,
)
# What the versions called the words, their vectors, and the object that has both.
KEYS = ("index_to_key", "index2word", "index2entity", "index2doctag")
MATRICES = {"words": ("vectors", "syn0"), "documents": ("vectors_docs", "doctag_syn0", "vectors")}
PARTS = {"words": ("wv", "kv"), "documents": ("dv", "docvecs")}


@options
class Gensim(NumbersFormat):
    """What gensim's `save` writes, of Word2Vec, FastText, Doc2Vec, Poincare or KeyedVectors.

    The table of a FastText has vectors for words that it does not hold, as the model has.

    Args:
        nonfinite: Whether NaN and infinity are errors.
        part: `"documents"` reads the vectors of the documents that a Doc2Vec was trained on,
            whose tokens are their tags; a tag that is a number becomes a string.
    """

    part: Literal["words", "documents"] = "words"

    name: ClassVar[str] = "gensim"
    suffixes: ClassVar[tuple[str, ...]] = (".kv", ".model")

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("part", self.part, ("words", "documents"))

    def sniff(self, head: bytes, path: Path) -> bool:
        return START.match(head) is not None

    def read(self, source: Content, options: ReadOptions) -> Table:
        """The counts are those of the training; gensim's own numbers for want of any are left."""
        root, _ = read_pickle(options.content(source), where=source.name)
        saved = _the_part(root, source, options, self.part)
        tokens = saved.tokens()
        subwords = subwords_of(saved.state, saved.array, source.name)
        if saved.has(OWN) and not saved.has("vectors", "syn0"):
            own = saved.matrix((OWN,), len(tokens))
            if subwords is not None and own.shape[1] != subwords.rows.shape[1]:
                raise wrong(source.name, "rows of one width", "those of n-grams of another")
            rows = composed(own, subwords, tokens)
        else:
            rows = saved.matrix(MATRICES[self.part], len(tokens)).__getitem__
        counts, invented = saved.counts(tokens), False
        if counts is not None and np.array_equal(counts, np.arange(len(counts), 0, -1)):
            counts, invented = None, True
        return table_of(
            source,
            options,
            self,
            tokens,
            rows,
            counts=counts,
            subwords=subwords,
            saved_by=str(root.name),
            part=self.part,
            invented_counts_left_out=invented,
        )

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


class _Saved(NamedTuple):
    """An object that has words and vectors.

    Attributes:
        state: Its attributes.
        prefix: What the names of its arrays' files have behind the name of the model's.
        source: The model's file.
        options: How it is read.
    """

    state: Mapping[str, Any]
    prefix: str
    source: Content
    options: ReadOptions

    def tokens(self) -> Tokens:
        """The words, or the tags of documents."""
        keys = next((self.state[name] for name in KEYS if name in self.state), None)
        name = self.source.name
        if keys is None:
            keys = self._tags()
        if type(keys) is not list:
            raise wrong(name, "a list of words", type(keys).__name__)
        kinds = set(map(type, keys))
        if not kinds <= {str, int}:
            strange = next(key for key in keys if type(key) not in (str, int))
            raise wrong(name, "words that are strings", brief(strange))
        return packed_tokens(list(map(str, keys)) if int in kinds else keys, name)

    def _tags(self) -> list[Any]:
        """The tags of documents as gensim had them up to 3.8: numbers, and then names."""
        last, names = self.state.get("max_rawint", -1), self.state.get("offset2doctag", [])
        doctags, count = self.state.get("doctags", {}), self.state.get("count", 0)
        if type(last) is not int or not isinstance(names, list) or last + 1 + len(names) != count:
            return list(doctags) if isinstance(doctags, dict) else []
        if last >= self.matrix(MATRICES["documents"], 0).shape[0]:
            raise wrong(self.source.name, "a vector for each document", f"number {last}")
        return [*range(last + 1), *names]

    def matrix(self, names: tuple[str, ...], n: int) -> Array:
        """The first of these arrays that there is, of `n` rows or more."""
        found = next((array for name in names if (array := self.array(name)) is not None), None)
        if found is None:
            raise wrong(self.source.name, f"an array of vectors ({' or '.join(names)})", "none")
        if found.ndim != 2 or found.dtype.kind != "f" or not found.shape[1]:
            got = f"{found.dtype} of shape {found.shape}"
            raise wrong(self.source.name, "a matrix of floating-point numbers", got)
        if len(found) < n:
            raise wrong(self.source.name, f"a vector for each of {n} words", str(len(found)))
        # Bytes of a pickle cannot be written to, and frameworks may ask for that.
        return np.require(found, found.dtype.newbyteorder("="), ["C", "W"])

    def counts(self, tokens: Tokens) -> Array | None:
        """How often each word was seen."""
        expandos, vocab = self.state.get("expandos"), self.state.get("vocab")
        if isinstance(expandos, dict):
            counts = numpy_array(expandos.get("count"), self.source.name)
        elif isinstance(vocab, dict):
            found = [_count(vocab.get(token)) for token in tokens]
            counts = None if None in found else np.array(found, np.int64)
        else:
            return None
        if counts is None or counts.shape != (len(tokens),) or counts.dtype.kind not in "iu":
            return None
        return counts.astype(np.int64) if counts.min(initial=0) >= 0 else None

    def has(self, *names: str) -> bool:
        """Whether there is an array of one of these names."""
        inside = (numpy_array(self.state.get(name), self.source.name) for name in names)
        return any(name in self._listed("__numpys") for name in names) or any(
            array is not None for array in inside
        )

    def array(self, name: str) -> Array | None:
        """An attribute that is an array: in the pickle, or in a file beside it."""
        found = numpy_array(self.state.get(name), self.source.name)
        if found is not None or name not in self._listed("__numpys"):
            return found
        stems = dict.fromkeys((self.source.path.name, self.source.inner))
        names = [f"{stem}{self.prefix}.{name}.{kind}" for stem in stems for kind in ("npy", "npz")]
        paths = [self.source.path.with_name(beside) for beside in names]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise FormatError(
                self.source.name,
                expected=f"its vectors beside it, in {names[0]}",
                got="no such file",
                hint="all files that gensim saved, in one folder",
            )
        source = open_content(path, what="an array of gensim's")
        kind = NumpyArray if source.inner.endswith(".npy") else NumpyArchive
        arrays: Container = kind(self.options.content(source), source.name)
        return next(iter(arrays.values()))[...] if arrays else None

    def _listed(self, name: str) -> list[Any]:
        listed = self.state.get(name)
        return listed if isinstance(listed, list) else []


def _the_part(root: Any, source: Content, options: ReadOptions, part: str) -> _Saved:
    """The object of a model that has the words, or the documents."""
    state = root.state if type(root) is Inert else None
    if not isinstance(state, dict):
        raise wrong(source.name, "an object of gensim's", f"{type(root).__name__}")
    if part == "words" and any(key in state for key in KEYS):
        return _Saved(state, "", source, options)
    for name in PARTS[part]:
        inner = state.get(name)
        if type(inner) is Inert and isinstance(inner.state, dict):
            return _Saved(inner.state, f".{name}", source, options)
    raise FormatError(
        source.name,
        expected=f"a model with vectors of {part}",
        got=f"a {root.name}, which has none",
        hint="the Word2Vec, FastText or KeyedVectors that it belongs to",
    )


def _count(word: Any) -> int | None:
    """The count of a word, as gensim kept it up to 3.8."""
    state = word.state if type(word) is Inert else None
    count = state.get("count") if isinstance(state, dict) else None
    return count if type(count) is int and 0 <= count < 2**63 else None
