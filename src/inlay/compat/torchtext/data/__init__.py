"""torchtext.data: tokenizers, n-grams, and lists for a `DataLoader`."""

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.data.functional import to_map_style_dataset
from inlay.compat.torchtext.data.utils import get_tokenizer, ngrams_iterator
from inlay.compat.torchtext.refused import OF_DATA

__all__ = ["get_tokenizer", "ngrams_iterator", "to_map_style_dataset"]

__getattr__ = refuses(__name__, OF_DATA)
