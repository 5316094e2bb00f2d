"""Folders of Hugging Face models: the rows of the input embedding with the tokenizer's tokens."""

import json

import numpy as np
import pytest

from inlay import load
from inlay.containers.safetensors import write_to
from inlay.errors import FormatError
from inlay.formats import find_table

TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "Ġgood", "film", "▁plot", "[MASK]"]
IDS = {token: i for i, token in enumerate(TOKENS)}
ROWS = np.random.default_rng(0).standard_normal((12, 3)).astype(np.float32)
ROWS[1] = 0  # that of padding
NAME = "model.embed_tokens.weight"
PIECES = ["<unk>", "<s>", "</s>", "▁a", "film", "▁plot"]


def sentencepiece(pieces):
    def message(*fields):
        return b"".join(bytes([n << 3 | 2, len(v)]) + v for n, v in fields)

    return message(*((1, message((1, piece.encode()))) for piece in pieces), (2, b""))


@pytest.fixture
def model(tmp_path):
    """A function that writes a folder: arrays, and files that are JSON, lines or bytes."""

    def make(arrays=None, kind="llama", **files):
        with (tmp_path / "model.safetensors").open("wb") as out:
            write_to(out, arrays or {NAME: ROWS})
        (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                lines = isinstance(content, list)
                text = "\n".join(content) + "\n" if lines else json.dumps(content)
                path.write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("kind", "name", "others"),
    [
        ("bert", "bert.embeddings.word_embeddings", ["cls.predictions.decoder"]),
        ("distilbert", "distilbert.embeddings.word_embeddings", ["vocab_transform"]),
        ("xlm-roberta", "roberta.embeddings.word_embeddings", ["lm_head.dense"]),
        ("modernbert", "model.embeddings.tok_embeddings", ["decoder"]),
        ("gpt2", "wte", ["wpe"]),
        ("gpt2", "transformer.wte", ["transformer.wpe", "lm_head"]),
        ("openai-gpt", "transformer.tokens_embed", ["transformer.positions_embed"]),
        ("gpt_neox", "gpt_neox.embed_in", ["embed_out"]),
        ("bloom", "transformer.word_embeddings", ["lm_head"]),
        ("opt", "model.decoder.embed_tokens", ["model.decoder.embed_positions"]),
        ("t5", "shared", ["encoder.embed_tokens", "decoder.embed_tokens", "lm_head"]),
        ("bart", "model.shared", ["model.encoder.embed_tokens", "model.decoder.embed_tokens"]),
        ("llama", "model.embed_tokens", ["lm_head"]),
        ("xlnet", "transformer.word_embedding", ["lm_loss"]),
        ("mamba", "backbone.embeddings", ["lm_head"]),
        ("rwkv", "rwkv.embeddings", ["head"]),
        ("clip", "text_model.embeddings.token_embedding", ["text_projection"]),
    ],
)
def test_the_input_embedding_of_each_kind(model, kind, name, others):
    arrays = {f"{other}.weight": ROWS + 1 for other in others} | {f"{name}.weight": ROWS}
    folder = model(arrays, kind, tokenizer__json={"model": {"type": "BPE", "vocab": IDS}})
    array, named = find_table(folder)
    assert (array.name, named.tokens.tolist()) == (f"{name}.weight", TOKENS)
    assert (named.origin, named.without) == ("tokenizer.json (BPE)", 4)
    assert np.array_equal(load(folder).matrix, ROWS[:8])


SPECIAL = {"pad_token": "<pad>", "unk_token": {"content": "<unk>"}}
ADDED = {"added_tokens_decoder": {"8": {"content": "<x>"}, "1": {"content": "<pad>"}, "y": 1}}


@pytest.mark.parametrize(
    ("files", "origin", "tokens"),
    [
        ({"vocab__txt": TOKENS}, "vocab.txt", TOKENS),
        ({"vocab__json": IDS, "merges__txt": ["#version: 0.2", "f i"]}, "vocab.json (BPE)", TOKENS),
        (
            {"vocab__json": IDS, "added_tokens__json": {"<a>": 9, "<b>": 8}},
            "vocab.json",
            [*TOKENS, "<b>", "<a>"],
        ),
        ({"vocab__txt": TOKENS, "tokenizer_config__json": ADDED}, "vocab.txt", [*TOKENS, "<x>"]),
        ({"tokenizer__model": sentencepiece(PIECES)}, "tokenizer.model (SentencePiece)", PIECES),
        (
            {"spm__model": sentencepiece(PIECES), "added_tokens__json": {"[MASK]": 6}},
            "spm.model (SentencePiece)",
            [*PIECES, "[MASK]"],
        ),
    ],
)
def test_tokenizers_without_a_tokenizer_json(model, files, origin, tokens):
    table = load(model(**files, special_tokens_map__json=SPECIAL))  # a warning would be an error
    assert table.tokens.tolist() == tokens
    assert np.array_equal(table.matrix, ROWS[: len(tokens)])
    pad = tokens.index("<pad>") if "<pad>" in tokens else None
    assert (table.pad_id, table.unk_id) == (pad, tokens.index("<unk>"))
    facts = table.provenance
    assert (facts["tokens_from"], facts["rows_without_token"]) == (origin, 12 - len(tokens))


def test_xlm_roberta_has_its_pieces_one_row_later(model):
    file = {"sentencepiece__bpe__model": sentencepiece(PIECES)}
    table = load(model(kind="xlm-roberta", **file))
    assert table.tokens.tolist() == [
        "<s>", "<pad>", "</s>", "<unk>", "▁a", "film", "▁plot", "<mask>"
    ]  # fmt: skip
    assert np.array_equal(table["film"], ROWS[5])
    with pytest.raises(FormatError, match=r"that of a camembert, .* Try: the tokenizer\.json"):
        load(model(kind="camembert", **file))


def test_without_a_model_around_it_nothing_is_added(model):
    folder = model(vocab__txt=TOKENS, added_tokens__json={"<a>": 8})
    (folder / "config.json").write_text("{}")
    with pytest.raises(FormatError, match="expected 12 tokens, for"):
        load(folder, name=NAME)


def test_a_gap_behind_the_last_token_is_told(model):
    with pytest.warns(UserWarning, match=r"3 of the 12 rows .* have no token .*: 8, 9, 10"):
        table = load(model(vocab__txt=TOKENS, added_tokens__json={"<x>": 11}))
    assert np.array_equal(table["<x>"], ROWS[11])
