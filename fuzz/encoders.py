"""Small folders of encoders, of random numbers: ours, of model2vec, of transformers, of USE."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fuzz.others import VECTORS, WORDS, safetensors_of
from inlay import Table
from inlay.encode import load_encoder, stack
from inlay.encode.static import StaticEncoder
from inlay.encode.use.weights import Shape

Files = dict[str, bytes]
TEXTS = ["a good film", "", "good!"]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "good", "film", "##s"]
BERT = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 4,
    "intermediate_size": 6,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 8,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "type_vocab_size": 2,
    "pad_token_id": 0,
    "vocab_size": len(PIECES),
}
MODULES = [
    {"path": "", "type": "sentence_transformers.models.Transformer"},
    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
POOLING = {"word_embedding_dimension": 4, "pooling_mode_mean_tokens": True}


def encoded(folder: Path) -> object:
    """What an encoder in a folder makes of some texts, and its name."""
    encoder = load_encoder(folder)
    return encoder.encode(TEXTS), encoder.hash


def folders(*saves: Callable[[Path], None]) -> list[Files]:
    """The files that each of these writes."""
    found = []
    for save in saves:
        with TemporaryDirectory() as parent:
            folder = Path(parent, "e")
            save(folder)
            files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
            found.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
    return found


def static_seeds() -> list[Files]:
    """One that pools, one that has learned, and several in a stack."""
    table = Table(WORDS, VECTORS)
    mean = StaticEncoder(table, pool=("mean", "max"))
    learned = StaticEncoder(table, pool="sif").fit(TEXTS)
    return folders(mean.save, learned.save, stack([mean, learned]).save)


def model2vec_folders() -> list[Files]:
    """With and without a configuration of its own."""
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
    model |= {"vocab": {piece: i for i, piece in enumerate(PIECES)}}
    model |= {"max_input_chars_per_word": 100}
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": []}
    tokenizer |= {"normalizer": None, "pre_tokenizer": {"type": "BertPreTokenizer"}}
    tokenizer |= {"post_processor": None, "decoder": None, "model": model}
    vectors = _random(len(PIECES), 3)
    files = {
        "model.safetensors": safetensors_of(embeddings=vectors),
        "tokenizer.json": json.dumps(tokenizer).encode(),
        "config.json": json.dumps({"model_type": "model2vec", "normalize": True}).encode(),
    }
    modules = [{"path": "", "type": "sentence_transformers.models.StaticEmbedding"}]
    return [files, files | {"modules.json": json.dumps(modules).encode()}]


def transformer_seeds() -> list[Files]:
    """BERT alone, and within what sentence-transformers writes."""
    files = {
        "config.json": json.dumps(BERT).encode(),
        "vocab.txt": "\n".join(PIECES).encode(),
        "tokenizer_config.json": b'{"do_lower_case": true}',
        "model.safetensors": safetensors_of(**_bert()),
    }
    around = {
        "modules.json": json.dumps(MODULES).encode(),
        "1_Pooling/config.json": json.dumps(POOLING).encode(),
        "sentence_bert_config.json": b'{"max_seq_length": 8, "do_lower_case": true}',
    }
    return [files, files | around]


def use_seeds() -> list[Files]:
    """As the package has it, and as inlay saves it."""
    shape, rng = Shape(51, 6, (2, 3, 5), 4, 5, 4, 5, 7), np.random.default_rng(0)
    arrays: dict[str, NDArray[np.generic]] = {
        f"q{i}": rng.integers(0, 64, (17, 6)).astype(np.uint8) for i in (1, 2, 3)
    }
    arrays |= {"lo": np.float32([-1, -2, -3]), "scale": np.float32([0.1, 0.05, 0.02])}
    arrays |= {name: _random(*size) for name, size in shape.arrays()}
    arrays |= {"bits": np.array([6], np.int8), "eps": np.array(0.01)}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # numpy's stub has one more
    files = {"weights.npz": file.getvalue(), "sp.model": _sentencepiece()}
    with TemporaryDirectory() as parent:
        for name, content in files.items():
            Path(parent, name).write_bytes(content)
        return [files, *folders(load_encoder(parent).save)]  # type: ignore[attr-defined]


def _sentencepiece() -> bytes:
    import sentencepiece

    lines, file = ["a good film", "the film is good", "zyx wvu"] * 9, io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=file,
        vocab_size=40,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return file.getvalue()


def _bert() -> dict[str, NDArray[np.float32]]:
    inner, sizes = 6, {"word": len(PIECES), "position": 8, "token_type": 2}
    found = {f"embeddings.{name}_embeddings.weight": _random(n, 4) for name, n in sizes.items()}
    at = "encoder.layer.0"
    dense = {f"{at}.attention.self.{part}": (4, 4) for part in ("query", "key", "value")}
    dense |= {f"{at}.attention.output.dense": (4, 4), f"{at}.intermediate.dense": (inner, 4)}
    dense |= {f"{at}.output.dense": (4, inner)}
    norms = "embeddings", f"{at}.attention.output", f"{at}.output"
    for name, size in dense.items():
        found |= {f"{name}.weight": _random(*size), f"{name}.bias": _random(size[0])}
    for name in norms:
        found |= {f"{name}.LayerNorm.{part}": _random(4) for part in ("weight", "bias")}
    return found


def _random(*size: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(size)).normal(0, 0.3, size).astype(np.float32)
