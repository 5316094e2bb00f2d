"""ELMo: Peters et al. 2018, "Deep contextualized word representations"."""

from inlay.encode.elmo.characters import batch_to_ids, character_ids
from inlay.encode.elmo.encoder import Elmo
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.encode.mix import Mix

__all__ = ["Elmo", "Mix", "Options", "Weights", "batch_to_ids", "character_ids"]
