"""Corpora: from files or streams of text to numbered words on disk."""

from inlay.text.corpus import Corpus, encode_corpus

__all__ = ["Corpus", "encode_corpus"]
