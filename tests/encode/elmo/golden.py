"""The two sets of reference outputs: a small one in the project, and AllenNLP's own."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inlay.encode.elmo.characters import batch_to_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from tests.data import shared

HERE = Path(__file__).parent / "golden"
ATOL = 2e-6  # what every implementation of ours must meet


@dataclass(frozen=True)
class Batch:
    """Texts and what the reference implementation makes of them.

    Attributes:
        sentences: Lists of tokens.
        char_ids: int32 `(n, T, 50)`.
        layers: float32 `(3, n, T + 2, 2P)`, the marks around each text included.
        mask: bool `(n, T + 2)`.
    """

    sentences: list[list[str]]
    char_ids: np.ndarray
    layers: np.ndarray
    mask: np.ndarray

    @property
    def token_layers(self) -> np.ndarray:
        """float32 `(3, n, T, 2P)`: without the marks, 0 where a text has ended."""
        return self.layers[:, :, 1:-1] * self.token_mask[None, :, :, None]

    @property
    def token_mask(self) -> np.ndarray:
        """Bool `(n, T)`."""
        return self.mask[:, 2:]


@dataclass(frozen=True)
class Golden:
    """Random weights with clips that bite; the second batch continues the first's states.

    Attributes:
        folder: Holds a_options.json and a_weights.hdf5.
        batches: In order, with state carried.
        stateless_top: `(n, T + 2, 2P)`: the second batch's top layer from zero states.
        norm_mixes: Two `(n, T, 2P)`: mixes of the first batch with layer norm.
        norm_scalars: `(s, gamma)` of each of these mixes.
    """

    folder: Path
    options: Options
    weights: Weights
    batches: tuple[Batch, Batch]
    stateless_top: np.ndarray
    norm_mixes: tuple[np.ndarray, np.ndarray]
    norm_scalars: tuple[tuple[list[float], float], ...]


@dataclass(frozen=True)
class Official:
    """AllenNLP's fixture: ten batches of three texts, run in order with state carried.

    Attributes:
        folder: Holds options.json and lm_weights.hdf5.
        batches: `batches[k]`: three lists of tokens.
        top: `top[k][row]`: `(n_tokens, 2P)`, the top layer without marks; all that was published.
        words: Distinct words.
        word_vectors: `(len(words), P)`: what the character network makes of them.
    """

    folder: Path
    options: Options
    weights: Weights
    batches: list[list[list[str]]]
    top: list[list[np.ndarray]]
    words: list[str]
    word_vectors: np.ndarray


def load_golden() -> Golden:
    """Read the set that lies beside this file."""
    options = Options.load(HERE / "a_options.json")
    texts = json.loads((HERE / "sentences.json").read_text(encoding="utf-8"))
    with np.load(HERE / "a_expected.npz") as file:
        batches = tuple(
            Batch(
                texts[k],
                file[f"batch{k}_char_ids"].astype(np.int32),
                np.stack([file[f"batch{k}_layer{layer}"] for layer in range(3)]),
                file[f"batch{k}_mask"],
            )
            for k in range(2)
        )
        return Golden(
            HERE,
            options,
            Weights.load(HERE / "a_weights.hdf5", options),
            batches,
            file["batch1_stateless_layer2"],
            tuple(file[f"batch0_mix_layernorm_{k}"] for k in range(2)),
            (([-0.2, 0.0, 0.2], 1.1), ([-0.4, 0.0, 0.4], 0.88)),
        )


def load_official() -> Official:
    """Read AllenNLP's fixture; skips the test where the real data are not."""
    import h5py

    folder = shared("elmo-allennlp")
    options = Options.load(folder / "options.json")
    rows = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    n_batches = len(rows[0])
    top = [[] for _ in range(n_batches)]
    for row in range(len(rows)):
        with h5py.File(folder / f"lm_embeddings_{row}.hdf5") as file:
            for k in range(n_batches):
                top[k].append(np.concatenate(file[str(k)][()], axis=-1))
    with h5py.File(folder / "elmo_token_embeddings.hdf5") as file:
        word_vectors = file["embedding"][()]
    return Official(
        folder,
        options,
        Weights.load(folder / "lm_weights.hdf5", options),
        [[row[k].split() for row in rows] for k in range(n_batches)],
        top,
        (folder / "vocab_test.txt").read_text(encoding="utf-8").split(),
        word_vectors,
    )


def ids_of(sentences: list[list[str]], left: int = 0, right: int = 0) -> np.ndarray:
    """Character ids `(n, left + T + right, 50)` with columns of padding on either side."""
    return np.pad(batch_to_ids(sentences), ((0, 0), (left, right), (0, 0)))
