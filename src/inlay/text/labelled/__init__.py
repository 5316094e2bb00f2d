"""Labelled text from wherever it lies."""

from inlay.text.labelled.readers import read_labelled
from inlay.text.labelled.texts import LabelledTexts

__all__ = ["LabelledTexts", "read_labelled"]
