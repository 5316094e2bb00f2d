"""Small files that stand beside the one with the vectors: JSON, keys, a tokenizer's vocabulary."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import open_content
from inlay.bytes.damage import damage_reported
from inlay.bytes.limits import UNPACKED
from inlay.containers.protocol import wrong

TOKENIZER = "tokenizer.json"


def bytes_of(path: Path) -> Array:
    """A file as uint8 `(bytes,)`, mapped.

    Raises:
        MissingFileError: It is not there.
        FormatError: It is larger than what may be in memory.
    """
    source = open_content(path, what="a file beside the vectors", choosable=False)
    if path.stat().st_size > UNPACKED.bytes():
        raise UNPACKED.exceeded(path.name)
    return source.array().view(np.ndarray)


def json_of(path: Path) -> Any:
    """What a file of JSON holds.

    Raises:
        MissingFileError: It is not there.
        FormatError: It is no JSON.
    """
    with damage_reported(path.name, expected="JSON"):
        return json.loads(bytes_of(path).tobytes())


def vocabulary_of(found: Any, name: str) -> tuple[list[str], Array]:
    """The tokens of a `tokenizer.json`, in the order of their ids, and those ids.

    The file says how texts are split, and for that it has the vocabulary of whatever model does
    it: WordPiece, BPE, Unigram or whole words, and tokens that were added. An added token takes the
    place of the model's token of the same id.

    Args:
        found: What the file holds.
        name: What to call it in messages.

    Returns:
        Tokens, and int64 `(len(tokens),)`, rising: ids need not follow upon each other.

    Raises:
        FormatError: No vocabulary, or one in which an id is no whole number, 0 or more.

    Source: https://huggingface.co/docs/tokenizers, the serialised form of each model.
    """
    model = found.get("model") if isinstance(found, dict) else None
    vocab = model.get("vocab") if isinstance(model, dict) else None
    if isinstance(vocab, list):  # Unigram: the token and its score
        pairs = [(item[0] if isinstance(item, list) and item else item) for item in vocab]
        ids: dict[Any, Any] = dict(enumerate(pairs))
    elif isinstance(vocab, dict):
        ids = {i: token for token, i in vocab.items() if isinstance(i, int)}
        if len(ids) < len(vocab):
            raise wrong(name, "a vocabulary in which each token has an id", "others")
    else:
        raise wrong(name, "a tokenizer with a vocabulary", f"{type(vocab).__name__}")
    for added in found.get("added_tokens") or []:
        if isinstance(added, dict):
            ids[added.get("id")] = added.get("content")
    for i, token in ids.items():
        if type(i) is not int or not 0 <= i < 2**31 or not isinstance(token, str):
            raise wrong(name, "tokens and their ids", f"{token!r:.40} with {i!r:.40}")
    order = sorted(ids)
    return [ids[i] for i in order], np.array(order, np.int64)
