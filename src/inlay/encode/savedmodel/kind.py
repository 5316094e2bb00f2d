"""The kind of encoder that a SavedModel is."""

from pathlib import Path
from typing import Any

from inlay.encode.folder import kind_in
from inlay.encode.protocol import Encoder
from inlay.encode.savedmodel.files import NAME, is_savedmodel


class SavedModelKind:
    """A folder that TensorFlow or Keras wrote, or that was fetched from TF Hub."""

    name = NAME
    files = "a folder with saved_model.pb, of TensorFlow, Keras or TF Hub"
    takes = ()

    def sniff(self, path: Path) -> bool:
        """Whether it is a SavedModel, other than TF Hub's ELMo, which has a kind of its own."""
        from inlay.encode.elmo.files import is_elmo

        if (ours := kind_in(path)) is not None:
            return ours == NAME
        return is_savedmodel(path) and not is_elmo(path)

    def load(self, path: Path, **settings: Any) -> Encoder:
        """Read it; see `SavedModelEncoder.load`, which has more settings."""
        from inlay.encode.savedmodel.encoder import SavedModelEncoder

        return SavedModelEncoder.load(path, **settings)
