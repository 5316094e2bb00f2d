"""Any encoder into a table: each word alone through the encoder, fewer numbers, a weight."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import choice, number, warn, whole, whole_or_none
from inlay.core import HashingVocabulary, Table, Vocabulary
from inlay.core.agreement import split_by
from inlay.core.alignment import as_vocabulary
from inlay.encode import as_encoder
from inlay.encode.principal import project
from inlay.encode.protocol import Encoder, hash_of, settings_of
from inlay.encode.remembering import encoded
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.stop import on_stop
from inlay.version import __version__

Weighting = Literal["sif", "zipf"]
BLOCK = 4096  # words given to the encoder at once
SIF = 1e-4

# model2vec's words, and those of others.
FOREIGN = {
    **dict.fromkeys(("model", "model_name"), "distil(encoder, vocab): first and unnamed"),
    **dict.fromkeys(("vocabulary", "words", "tokens"), "distil(encoder, vocab): second"),
    **dict.fromkeys(("pca_dims", "n_components", "vector_size", "output_dim"), "dim="),
    **dict.fromkeys(("apply_zipf", "use_zipf"), "weighting='zipf'"),
    **dict.fromkeys(("sif_coefficient", "alpha", "smoothing"), "a="),
    "pooling": "an encoder of that pool, as of inlay.encode.transformer.Transformer.load",
    "quantize_to": "inlay.load(path, dtype='int8') of the saved table",
    "token_remove_pattern": "a vocabulary without them",
}


@refuses_unknown(FOREIGN)
def distil(
    encoder: Encoder | Table | str | os.PathLike[str] | Callable[[list[Any]], Any],
    vocab: Vocabulary | Table | Mapping[str, int] | Sequence[str],
    *,
    dim: int | None = None,
    weighting: Weighting | None = "sif",
    a: float = SIF,
    batch_size: int | None = None,
    progress: bool | None = None,
) -> Table:
    """Make a table of word vectors out of an encoder.

    Each word of the vocabulary goes through the encoder alone. The vectors are reduced to their
    principal components, and those of frequent words are shortened, so that the mean of a text's
    vectors says what the text is about. The table needs the encoder no longer: a text then costs
    a look-up for each word. What a word means beside others is lost.

    Args:
        encoder: What `inlay.load_encoder` gives, or its path or name; or any object with
            `dim`, `hash` and `encode(texts)`, or a function from a list of texts to an array.
        vocab: The words: a `Vocabulary`, another table, or a list with the most frequent word
            first. A word with spaces or underscores in it is a phrase, and is encoded as its
            words with spaces between them.
        dim: Keep this many principal components, at most as many as there are words. They are
            centred: the mean of all words is zero. None: the encoder's own vectors as they are.
        weighting: What a vector is multiplied by. `"sif"`: `a / (a + p)`, where `p` is the
            frequency of the word; `"zipf"`: `log(1 + rank)`, where the most frequent word has
            rank 1. None: nothing. Frequencies and ranks are those of the vocabulary's counts;
            without counts, the words are taken to come by falling frequency, and the word of rank
            `r` to have a frequency in proportion to `1 / (r + 1)`.
        a: The `a` of `"sif"`. The smaller it is, the less frequent words count.
        batch_size: How many words the encoder is given at once, at most. None: as many as suit
            it.
        progress: Whether to show a bar with words a second. None: only on a terminal.

    Returns:
        float32 `(len(vocab), dim)`, in the order of the vocabulary, with its counts and special
        ids. The row of padding is all zeros, and so is that of a word of which the encoder knows
        nothing; the row of unknown words is the mean of all others. Its provenance has the
        encoder's hash and settings, the tokenizer of the vocabulary, and the share of the variance
        that was kept. Allocates one matrix, float32 `(len(vocab), encoder.dim)`.

    Raises:
        ArgumentError: A setting out of bounds, a vocabulary without words, an encoder that
            remembers texts or whose vectors are not of its `dim`.
        ArgumentTypeError: No encoder, or no vocabulary.

    Examples:
        >>> class Letters:
        ...     dim, hash = 3, "letters"
        ...     def encode(self, texts):
        ...         counts = [[text.count(c) for c in "abc"] for text in texts]
        ...         return np.array(counts, np.float32)
        >>> table = distil(Letters(), ["a", "ab", "new_cab"], weighting=None)
        >>> table["new_cab"], table.dim
        (array([1., 1., 1.], dtype=float32), 3)

    Source: Arora et al. 2017, "A simple but tough-to-beat baseline for sentence embeddings", for
    the weights. The recipe is model2vec's, of which `weighting="zipf"` was the earlier one. There
    it is applied to the pieces of the model's own tokenizer, to means over the last layer, before
    any layer that the encoder has above it; `dim` is 256, and frequencies are always Zipf's.
    """
    model = as_encoder(encoder)
    settings = settings_of(model)
    if isinstance(vocab, HashingVocabulary):
        got = "a HashingVocabulary, whose ids have none"
        raise ArgumentTypeError("vocab", expected="a vocabulary with words", got=got)
    words = as_vocabulary(vocab)
    special = [i for i in (words.pad_id, words.unk_id) if i is not None]
    ids = np.setdiff1d(np.arange(len(words)), special)
    if not len(ids):
        raise ArgumentError("vocab", expected="words", got=f"{len(words)} special tokens")
    width = model.dim
    if dim is not None:
        dim, most = whole("dim", dim), min(width, len(ids))
        if dim > most:
            why = "words there are" if most < width else "numbers the encoder's vectors have"
            expected = f"at most {most}, which is how many {why}"
            raise ArgumentError("dim", expected=expected, got=f"{dim}")
    if weighting is not None:
        choice("weighting", weighting, ("sif", "zipf", None))
    a, size = number("a", a, above=0), whole_or_none("batch_size", batch_size)

    matrix = np.zeros((len(words), width), np.float32)
    with (
        on_stop(lambda: "Stopped; nothing is kept of a table that is not complete."),
        show_progress(len(ids), unit=" words", desc="distilling", enabled=progress) as report,
    ):
        for start in range(0, len(ids), BLOCK):
            block = ids[start : start + BLOCK]
            texts = [_spoken(words.tokens[i]) for i in block]
            matrix[block] = encoded(model, texts, batch_size=size)
            report.update(len(block))
    known = np.asarray(matrix.any(axis=1))
    if 2 * (without := int(len(ids) - known.sum())) > len(ids):
        warn(
            f"vocab: the encoder knows nothing of {without:,} of {len(ids):,} words, whose vectors "
            "are zeros. Try: an encoder of their language"
        )
    share = None
    if dim is not None and known.sum() > 1:
        share = project(matrix, dim, known)
    if weighting is not None:
        counts = None if words.counts is None else words.counts[ids]
        by = np.zeros(len(words), np.float32)
        by[ids] = weights(len(ids), counts, weighting, a)
        matrix *= by[:, None]
    if words.unk_id is not None and known.any():
        matrix[words.unk_id] = matrix.sum(axis=0, dtype=np.float64) / known.sum()
    made = {
        "model": "distilled",
        "encoder": {"hash": hash_of(model), "dim": width, **settings},
        "dim": dim,
        "explained_variance": share,
        "weighting": weighting,
        "a": a if weighting == "sif" else None,
        "without_vector": without,
        "inlay": __version__,
    }
    if (splits := split_by(vocab, None)) is not None:
        made["tokenizer"] = splits
    return Table(
        words.tokens,
        matrix,
        counts=words.counts,
        pad_id=words.pad_id,
        unk_id=words.unk_id,
        provenance=made,
    )


def weights(n: int, counts: Array | None, weighting: Weighting, a: float = SIF) -> Array:
    """What the vectors of words are multiplied by.

    Args:
        n: How many words there are.
        counts: How often each was seen, `(n,)`. None, or all zero: by Zipf's law over their order.
        weighting: As in `distil`.
        a: As in `distil`.

    Returns:
        float32 `(n,)`.

    Examples:
        >>> weights(3, np.array([1, 98, 1]), "sif", 0.01).round(2)
        array([0.5 , 0.01, 0.5 ], dtype=float32)
    """
    if counts is not None and not counts.any():
        counts = None
    rank = np.arange(1, n + 1)
    if weighting == "zipf":
        if counts is not None:
            rank[np.argsort(-counts, kind="stable")] = rank.copy()
        return np.log1p(rank).astype(np.float32)
    seen = 1 / (rank + 1) if counts is None else counts
    found: Array = (a / (a + seen / seen.sum())).astype(np.float32)
    return found


def _spoken(token: str) -> str:
    """A word as it stands in a text: the words of a phrase with spaces between them."""
    return " ".join(token.replace("_", " ").split()) or token
