"""Small models of random numbers, as `transformers` writes them; and the real MiniLM."""

import json
from pathlib import Path
from typing import Any

import numpy as np

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["a", "good", "film", "the", "was", "bad", "long", "un", "be", "##liev", "##able", "##s"]
LETTERS = [*"abcdefghijklmnopqrstuvwxyz.,!", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
PIECES = [*SPECIAL, *dict.fromkeys([*WORDS, *LETTERS]), "아", "주", "房", "间", "😀"]
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 32,
    "intermediate_size": 48,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 24,
    "num_attention_heads": 2,
    "num_hidden_layers": 4,
    "type_vocab_size": 2,
    "pad_token_id": 0,
    "vocab_size": len(PIECES),
}


def bert_arrays(config: dict[str, Any] = CONFIG, seed: int = 0) -> dict[str, Any]:
    """Numbers for BERT by the names of its files; no library is needed."""
    rng, dim = np.random.default_rng(seed), config["hidden_size"]
    inner = config["intermediate_size"]

    def linear(name, width, depth):
        return {
            f"{name}.weight": rng.normal(size=(width, depth)) / depth**0.5,
            f"{name}.bias": rng.normal(size=width) * 0.1,
        }

    def norm(name):
        return {
            f"{name}.weight": 1 + rng.normal(size=dim) * 0.1,
            f"{name}.bias": rng.normal(size=dim) * 0.1,
        }

    rows = {
        "word": config["vocab_size"],
        "position": config["max_position_embeddings"],
        "token_type": config["type_vocab_size"],
    }
    found = {
        f"embeddings.{name}_embeddings.weight": rng.normal(size=(n, dim))
        for name, n in rows.items()
    } | norm("embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{i}"
        for part in ("query", "key", "value"):
            found |= linear(f"{at}.attention.self.{part}", dim, dim)
        found |= linear(f"{at}.attention.output.dense", dim, dim)
        found |= norm(f"{at}.attention.output.LayerNorm")
        found |= linear(f"{at}.intermediate.dense", inner, dim)
        found |= linear(f"{at}.output.dense", dim, inner) | norm(f"{at}.output.LayerNorm")
    return {name: np.float32(array) for name, array in found.items()}


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def make_bert(folder: Path, **config: Any) -> Path:
    """Write a folder of `transformers`; `config` changes CONFIG."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    said = CONFIG | config
    write_json(folder / "config.json", said)
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True})
    save_file(bert_arrays(said), folder / "model.safetensors", {"format": "pt"})
    return folder


def make_sentences(folder: Path, *modules: tuple[str, dict[str, Any], dict[str, Any]]) -> Path:
    """Write a folder of sentence-transformers: each module's type, settings and numbers."""
    from safetensors.numpy import save_file

    make_bert(folder)
    listed = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
    ]
    for i, (kind, config, arrays) in enumerate(modules, 1):
        path = f"{i}_{kind}"
        write_json(folder / path / "config.json", config)
        if arrays:
            save_file(arrays, folder / path / "model.safetensors")
        kind = kind if "." in kind else f"sentence_transformers.models.{kind}"
        listed.append({"idx": i, "name": str(i), "path": path, "type": kind})
    write_json(folder / "modules.json", listed)
    return folder
