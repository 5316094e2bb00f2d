"""Table, Vocabulary and what binds them; numpy only."""

from inlay.core.alignment import Coverage
from inlay.core.hashing import HashingVocabulary
from inlay.core.table import Table
from inlay.core.text_to_ids import TextToIds
from inlay.core.tokens import Tokens
from inlay.core.vocabulary import Vocabulary

__all__ = [
    "Coverage",
    "HashingVocabulary",
    "Table",
    "TextToIds",
    "Tokens",
    "Vocabulary",
]
