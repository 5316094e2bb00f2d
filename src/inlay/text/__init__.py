"""Text in: corpora as numbered words on disk, texts with their labels."""

from inlay.text.corpus import Corpus, encode_corpus
from inlay.text.labelled import LabelledTexts, read_labelled

__all__ = ["Corpus", "LabelledTexts", "encode_corpus", "read_labelled"]
