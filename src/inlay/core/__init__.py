"""Table, Vocabulary and what binds them; numpy only."""

from inlay.core.alignment import Coverage
from inlay.core.hashing import HashingVocabulary
from inlay.core.table import Table
from inlay.core.tokenizer import get_tokenizer, tokenizer_name, words
from inlay.core.tokens import Tokens
from inlay.core.vocabulary import Vocabulary

__all__ = [
    "Coverage",
    "HashingVocabulary",
    "Table",
    "Tokens",
    "Vocabulary",
    "get_tokenizer",
    "tokenizer_name",
    "words",
]
