"""Universal Sentence Encoder among the kinds of encoders."""

from pathlib import Path
from typing import Any

from inlay.encode.folder import kind_in
from inlay.encode.protocol import Encoder


class UseKind:
    """The multilingual Universal Sentence Encoder, of a package or a folder of ours."""

    name = "use"
    files = "weights.npz + sp.model, or the folder of a saved one"
    names = ("use-multilingual",)  # that an error may propose
    takes = ("max_length", "engine", "precision", "workers", "verify")

    def named(self, name: str) -> Path | None:
        """Where the encoder of a name lies."""
        from inlay.encode.use.files import NAME, package_folder

        return package_folder() if name == NAME else None

    def sniff(self, path: Path) -> bool:
        """Whether the names of the files are those of one."""
        from inlay.encode.use.files import is_use

        return kind_in(path) == self.name or is_use(path)

    def load(self, path: Path, **settings: Any) -> Encoder:
        """See `Use.load`."""
        from inlay.encode.use.encoder import Use

        return Use.load(path, **settings)
