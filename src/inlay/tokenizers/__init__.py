"""Text to tokens: by a name that is saved with whatever was made, or by a callable."""

from inlay.tokenizers.named import Checked, Tokenizer, get_tokenizer, tokenizer_name
from inlay.tokenizers.words import lower, split, words

__all__ = [
    "Checked",
    "Tokenizer",
    "get_tokenizer",
    "lower",
    "split",
    "tokenizer_name",
    "words",
]
