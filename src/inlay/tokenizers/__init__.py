"""Text to tokens: by a name that is saved with whatever was made, or by a callable."""

from inlay.tokenizers.auto import doubts, settled
from inlay.tokenizers.characters import characters
from inlay.tokenizers.named import (
    DEFAULT,
    check_tokenizer,
    get_tokenizer,
    saved_tokenizer,
    tokenizer_name,
)
from inlay.tokenizers.protocol import (
    Checked,
    NotOpened,
    Tokenizer,
    TokenizerLike,
    batched,
    is_local,
)
from inlay.tokenizers.words import lower, split, words

__all__ = [
    "DEFAULT",
    "Checked",
    "NotOpened",
    "Tokenizer",
    "TokenizerLike",
    "batched",
    "characters",
    "check_tokenizer",
    "doubts",
    "get_tokenizer",
    "is_local",
    "lower",
    "saved_tokenizer",
    "settled",
    "split",
    "tokenizer_name",
    "words",
]
