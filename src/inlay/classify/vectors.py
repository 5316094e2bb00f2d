"""The vectors of a classifier: where training starts, and what it knows in the end."""

import numpy as np

from inlay.aliases import Array
from inlay.core import Table, Vocabulary
from inlay.errors import ArgumentError
from inlay.tokenizers import DEFAULT, NotOpened, TokenizerLike, saved_tokenizer

PAD_ID, UNK_ID = 0, 1  # of every vocabulary that a classifier builds
RANDOM_BOUND = 0.05  # Keras' own; with the 0.25 of Kim's code, words seen once are mostly noise
DIM = 300  # of random vectors, where no other is asked for


def check_dim(dim: int | None, given: Table | None) -> None:
    """Refuse a number that the embedding contradicts.

    Raises:
        ArgumentError: It has another dim.
    """
    if given is not None and dim not in (None, given.dim):
        expected = f"{given.dim}, as the embedding has, or None"
        raise ArgumentError("dim", expected=expected, got=f"{dim}")


def tokenizer_for(said: TokenizerLike | None, given: Table | None) -> TokenizerLike:
    """The tokenizer that was asked for; else that of the embedding's texts; else `"words"`.

    Raises:
        InlayError: That of the embedding cannot be had by its name alone.
    """
    if said is not None or given is None or given.tokenizer is None:
        return DEFAULT if said is None else said
    found = saved_tokenizer(given.tokenizer, hint="TextClassifier(table, tokenizer=...)")
    if isinstance(found, NotOpened):
        raise found.error
    return found or DEFAULT


def start(given: Table | None, vocab: Vocabulary, dim: int | None, seed: int) -> Table:
    """A vector for each word of the texts, and zeros for any word that they do not have.

    Returns:
        float32 `(len(vocab), dim)` with the dim of `given` if there is one. Words that `given`
        lacks are random with the variance of those it has.

    """
    if given is not None:
        aligned = given.align(vocab, unknown="uniform", seed=seed)
        matrix = np.array(aligned.matrix)
        matrix[UNK_ID] = 0
        return Table._unchecked(
            vocab.tokens,
            matrix,
            counts=vocab.counts,
            pad_id=PAD_ID,
            unk_id=UNK_ID,
            provenance=aligned.provenance,
            coverage=aligned.coverage,
        )
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(-RANDOM_BOUND, RANDOM_BOUND, (len(vocab), dim or DIM)).astype(np.float32)
    matrix[[PAD_ID, UNK_ID]] = 0
    return Table(vocab.tokens, matrix, pad_id=PAD_ID, unk_id=UNK_ID)


def with_rest(
    vocab: Vocabulary, vectors: Array, given: Table | None, *, max_size: int | None, times: float
) -> tuple[Vocabulary, Table]:
    """Add the words of `given` that the texts did not have, as far as `max_size` allows.

    In training they would have had no gradient, so their vectors are the given ones (`times`
    2 where the model adds two channels of them), and it was spared their weight.
    """
    counts = [0] * len(vocab) if vocab.counts is None else vocab.counts.tolist()
    tokens = vocab.tokens.tolist()
    if given is not None:
        room = len(given) if max_size is None else max(0, max_size - len(vocab))
        rows = np.flatnonzero(vocab.tokens.find_many(given.tokens.tolist()) < 0)[:room]
        tokens += [given.tokens[i] for i in rows]
        counts += [0] * len(rows)
        rest = np.asarray(given._rows[rows], np.float32) * np.float32(times)
        vectors = np.concatenate([vectors, rest])
    # `tokens` holds the special ones already, in their places.
    grown = Vocabulary(
        tokens, pad_id=PAD_ID, unk_id=UNK_ID, counts=counts, tokenizer=vocab.tokenizer
    )
    table = Table(grown.tokens, vectors, counts=grown.counts, pad_id=PAD_ID, unk_id=UNK_ID)
    return grown, table
