"""Strings to ids inside a graph of TensorFlow: what a `TextToIds` makes of the same texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from inlay.checks import described, flag, shown, text_or_none
from inlay.core import HashingVocabulary, TextToIds, Vocabulary
from inlay.core.numericalizer import token_lists
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.layers.tensorflow.tokens import Tokens
from inlay.tokenizers import tokenizer_name
from inlay.tokenizers.letters import lettered

IN_GRAPH = (
    "'words', 'lower', 'split', 'characters' or 'ngrams:2', also behind 'lower+', 'nfc+' or 'nfkc+'"
)
POLYNOMIAL = 0xEDB88320  # of CRC-32


class TextModule(tf.Module):  # type: ignore[misc]  # TensorFlow is optional, so untyped here
    """Strings to ids: in eager code, a `tf.function`, a `tf.data` pipeline and a SavedModel.

    The ids are those of the `TextToIds`, whatever the texts: the module has the tables of the
    Python that makes it, and a SavedModel takes them along. Bytes that are no UTF-8 count as
    U+FFFD, as `bytes.decode("utf-8", "replace")` has it.

    Args:
        to_ids: Vocabulary, tokenizer, length and sides. The tokens are held once more, in a hash
            table of TensorFlow's.
        ragged: Whether the result is a `tf.RaggedTensor`: cut, but not padded.
        in_python: Whether TensorFlow calls back into Python to split each batch of texts. That
            works with any tokenizer, but only in the process that made the module, one batch at a
            time; and a SavedModel refuses it.
        name: Of the module.

    Raises:
        ArgumentError: The tokenizer is none of those that have a form in a graph: `"words"`,
            `"lower"`, `"split"`, `"characters"` and `"ngrams:2"`, also behind `lower+`, `nfc+` and
            `nfkc+`.

    Examples:
        >>> from inlay import Vocabulary
        >>> module = TextModule(TextToIds(Vocabulary(["good", "film"]), max_length=4))
        >>> module(["a good film", "film"]).numpy()
        array([[1, 2, 3, 0],
               [3, 0, 0, 0]], dtype=int32)
    """

    def __init__(
        self,
        to_ids: TextToIds,
        *,
        ragged: bool = False,
        in_python: bool = False,
        name: str | None = None,
    ) -> None:
        if not isinstance(to_ids, TextToIds):
            raise ArgumentTypeError(
                "to_ids",
                expected="a TextToIds",
                got=described(to_ids),
                hint="TextToIds(vocab, max_length=...)",
            )
        super().__init__(name=text_or_none("name", name))
        self.to_ids, self.ragged = to_ids, flag("ragged", ragged)
        self.in_python, vocab = flag("in_python", in_python), to_ids.vocab
        self._split = _in_python(vocab) if in_python else Tokens(_lettered(vocab))
        with tf.init_scope():  # out of a function that is being made
            self._find = _Hashed(vocab) if isinstance(vocab, HashingVocabulary) else _Listed(vocab)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def __call__(self, texts: Any) -> Any:
        """Turn texts into ids.

        Args:
            texts: Strings `(n,)`, or `(n, 1)`, which says the same; or one string, `()`.

        Returns:
            int32 `(n, tokens)`, or `(tokens,)` of one string. If `ragged`, a ragged `(n, None)`.

        Raises:
            ArgumentTypeError: No strings.
            ArgumentError: Strings in another shape.
        """
        texts = strings(texts)
        tokens = self._split(tf.reshape(texts, [-1]))
        length = self.to_ids.max_length
        if length is not None:
            at_end = self.to_ids.truncate == "end"
            tokens = tokens[:, :length] if at_end else tokens[:, -length:]
        ids = tokens.with_values(self._find(tokens.values))
        if not self.ragged:
            ids = self._padded(ids)
        return ids if texts.shape.rank else ids[0]

    def _padded(self, ids: Any) -> Any:
        pad_id, length = self.to_ids.vocab.pad_id, self.to_ids.max_length
        if pad_id is None:
            width = ids.bounding_shape()[1] if length is None else length
            fits = tf.reduce_all(ids.row_lengths() == tf.cast(width, tf.int64))
            said = "encode: expected texts of as many tokens each, for there is no pad id, got"
            with tf.control_dependencies([tf.debugging.Assert(fits, [said, ids.row_lengths()])]):
                return ids.to_tensor(shape=(None, length))
        if self.to_ids.pad_side == "end":
            return ids.to_tensor(pad_id, shape=(None, length))
        return ids[:, ::-1].to_tensor(pad_id, shape=(None, length))[:, ::-1]

    def _trackable_children(self, save_type: str = "checkpoint", **kwargs: Any) -> Any:
        """Refuse to be part of a SavedModel that could not run."""
        if self.in_python and save_type == "savedmodel":
            raise ArgumentError(
                "in_python",
                expected="False in a SavedModel, where there is no Python to call",
                got="True",
                hint=f"one of {IN_GRAPH}; or a model that takes ids, and to_ids.save(path) for the "
                "program that serves it",
            )
        return super()._trackable_children(save_type, **kwargs)


class _Listed(tf.Module):  # type: ignore[misc]
    """The ids of tokens by a list of them."""

    def __init__(self, vocab: Vocabulary) -> None:
        super().__init__()
        keys = np.array([token.encode() for token in vocab.tokens], object)
        self._refuses = vocab.unk_id is None
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(keys, np.arange(len(keys)), tf.string, tf.int32),
            -1 if vocab.unk_id is None else vocab.unk_id,
        )

    def __call__(self, tokens: Any) -> Any:
        ids = self._table.lookup(tokens)
        if not self._refuses:
            return ids
        said = "vocabulary: expected known tokens, for there is no unk token, got"
        unknown = tf.boolean_mask(tokens, ids < 0)
        with tf.control_dependencies([tf.debugging.Assert(tf.size(unknown) == 0, [said, unknown])]):
            return tf.identity(ids)


class _Hashed(tf.Module):  # type: ignore[misc]
    """The ids of tokens by CRC-32, of which TensorFlow has no operation: a step for each byte."""

    def __init__(self, vocab: HashingVocabulary) -> None:
        super().__init__()
        self._n = len(vocab) - 1
        table = np.arange(256, dtype=np.int64)
        for _ in range(8):
            table = np.where(table & 1, POLYNOMIAL ^ (table >> 1), table >> 1)
        self._table = table

    def __call__(self, tokens: Any) -> Any:
        sizes = tf.strings.length(tokens)
        every = tf.cast(tf.io.decode_raw(tf.strings.reduce_join(tokens), tf.uint8), tf.int64)
        starts = tf.cumsum(sizes, exclusive=True)

        def step(i: Any, crc: Any) -> tuple[Any, Any]:
            byte = tf.gather(every, tf.minimum(starts + i, tf.size(every) - 1))
            known = tf.gather(self._table, tf.bitwise.bitwise_xor(crc, byte) % 256)
            return i + 1, tf.where(i < sizes, tf.bitwise.bitwise_xor(known, crc // 256), crc)

        ones = tf.constant(0xFFFFFFFF, tf.int64)
        longest = tf.reduce_max(tf.concat([[0], sizes], 0))
        begin = tf.constant(0), tf.fill(tf.shape(sizes), ones)
        _, crc = tf.while_loop(lambda i, _: i < longest, step, begin)
        return tf.cast(1 + tf.bitwise.bitwise_xor(crc, ones) % self._n, tf.int32)


def _lettered(vocab: Vocabulary | HashingVocabulary) -> Any:
    found = None if vocab.tokenizer is None else lettered(vocab.tokenizer)
    if found is None:
        name = None if vocab.tokenizer is None else tokenizer_name(vocab.tokenizer)
        raise ArgumentError(
            "tokenizer",
            expected=f"one that a graph of TensorFlow can run: {IN_GRAPH}",
            got=shown(name) if name else "a function",
            hint="in_python=True, with which no SavedModel can be written; or to_ids(texts), and "
            "a model that takes ids",
        )
    return found


def _in_python(vocab: Vocabulary | HashingVocabulary) -> Callable[[Any], Any]:
    def split(texts: Any) -> tuple[Any, Any]:
        decoded = [text.decode("utf-8", "replace") for text in texts]
        lists = list(token_lists(decoded, vocab._tokenizer()))
        flat = [token.encode("utf-8", "replace") for tokens in lists for token in tokens]
        return np.array(flat, object), np.array([len(tokens) for tokens in lists], np.int64)

    def tokens(texts: Any) -> Any:
        values, sizes = tf.numpy_function(split, [texts], [tf.string, tf.int64])
        values.set_shape([None])
        sizes.set_shape([None])
        return tf.RaggedTensor.from_row_lengths(values, sizes, validate=False)

    return tokens


def strings(texts: Any) -> Any:
    """The texts as a tensor of `()`, `(n,)` or `(n, 1)`."""
    try:
        found = tf.convert_to_tensor(texts, tf.string)
    except (TypeError, ValueError):  # which TensorFlow raises of numbers, None, half a surrogate
        got, hint = described(texts), "tf.constant(texts)"
        raise ArgumentTypeError("texts", expected="strings (n,)", got=got, hint=hint) from None
    if found.shape.rank == 2 and found.shape[1] in (1, None):
        return tf.ensure_shape(found, [None, 1])
    if found.shape.rank not in (0, 1):
        hint = "one string for each text, and no lists of tokens"
        got = f"strings {found.shape}"
        raise ArgumentError("texts", expected="strings (n,) or (n, 1)", got=got, hint=hint)
    return found
