"""Encoders: texts in, vectors out, for each token or for the whole."""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.encode.elmo.encoder import Elmo

__all__ = ["load_encoder"]


def load_encoder(
    path: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None = None,
    **settings: Any,
) -> "Elmo":
    """Read an encoder from this machine's files: today an ELMo.

    Args:
        path: A folder with `options.json` and `weights.hdf5`, as AllenNLP published them and
            `inlay train bilm` writes them; or the options' file; or a TensorFlow checkpoint of
            bilm-tf; or the folder of a TF Hub module; or a PyTorch state_dict of a model of
            AllenNLP's that has an ELMo inside.
        weights: The weights' file, if `path` is the options'.
        **settings: Of `inlay.encode.elmo.Elmo`: `tokenizer` (for what `inlay.train.bilm` made: the
            one it was trained with, if it has a name; else "split"), `mix`, `pad_token`,
            `max_length`, `engine`, `precision`, `workers`, `stateful`, `vocab_to_cache`.

    Returns:
        An encoder with `encode(texts) -> (n, dim)`, `tokens(texts) -> (n, tokens, dim), mask`,
        `outputs(texts)`, `layers(texts)`, and `to_torch()` and `to_keras()`. The weights are
        mapped, not copied; when it first runs it lays them out in memory, once.

    Raises:
        MissingFileError: Nothing of the kind is there.
        FormatError: Options or weights that are damaged or do not fit each other.
        MissingPackageError: h5py (or TensorFlow, PyTorch) is not installed.

    Source: Peters et al. 2018, "Deep contextualized word representations".
    """
    from inlay.encode.elmo.encoder import Elmo

    return Elmo.load(path, weights, **settings)
