"""Any architecture that the `transformers` library has, as a network that runs ids of pieces."""

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inlay.aliases import Array
from inlay.encode.batching import padded_batches
from inlay.errors import FormatError
from inlay.optional import require

NEED = "a transformer of this architecture"
TOKENS = 4096  # of a batch, with its padding
# What a checkpoint may lack: a pooler is not used here.
UNUSED = ("pooler.", "position_ids")
HALVES = {"t5": "T5EncoderModel", "mt5": "MT5EncoderModel"}


def library(need: str = NEED) -> Any:
    """The `transformers` library."""
    return require("transformers", extra="transformers", need=need)


def read_model(folder: Path, family: str) -> Any:
    """The model of a folder, as the library's `AutoModel`; no code of the folder is run.

    Args:
        folder: Where it is.
        family: Its `model_type`; of those with a decoder, the encoder is read.

    Raises:
        FormatError: The library cannot read it, or numbers are missing.
        MissingPackageError: The library is not installed.
    """
    transformers = library()
    kind = getattr(transformers, HALVES.get(family, "AutoModel"))
    try:
        with _quiet(transformers):
            model, report = kind.from_pretrained(
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:  # whatever it raises over the years
        got = f"{type(error).__name__}: {str(error).strip():.200}"
        raise FormatError(
            str(folder), expected="a model that `transformers` reads", got=got
        ) from error
    missing = [name for name in report["missing_keys"] if not any(u in name for u in UNUSED)]
    if missing or report.get("mismatched_keys"):
        got = f"none for {sorted(missing)[0]}" if missing else "some of another shape"
        raise FormatError(str(folder), expected="numbers for the whole model", got=got)
    return model.float().eval()


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Without its bar and its remarks."""
    logging = transformers.utils.logging
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()


class TorchNetwork:
    """A `Network` by the library's own model; texts of like lengths are padded together.

    Args:
        folder: Where the model is.
        family: Its `model_type`.
        precision: "float32" or "bfloat16".
    """

    def __init__(self, folder: Path, family: str, precision: str) -> None:
        self._model = read_model(folder, family)
        if precision == "bfloat16":
            self._model = self._model.to(torch.bfloat16)
        said = self._model.config.pad_token_id
        self._pad = said if isinstance(said, int) else 0

    def __call__(self, texts: list[Array], keep: Collection[int]) -> Array:
        """See `Network`."""
        found: list[Any] = [None] * len(texts)
        for batch in padded_batches([len(text) for text in texts], tokens=TOKENS):
            width = max(len(texts[i]) for i in batch)
            ids = np.full((len(batch), width), self._pad, np.int64)
            mask = np.zeros(ids.shape, np.int64)
            for row, i in enumerate(batch):
                ids[row, : len(texts[i])], mask[row, : len(texts[i])] = texts[i], 1
            with torch.inference_mode():
                hidden = self._model(
                    input_ids=torch.from_numpy(ids),
                    attention_mask=torch.from_numpy(mask),
                    output_hidden_states=True,
                ).hidden_states
                kept = torch.stack([hidden[k] for k in sorted(keep)]).float().numpy()
            for row, i in enumerate(batch):
                found[i] = kept[:, row, : len(texts[i])]
        joined: Array = np.concatenate(found, axis=1)
        return joined
