"""Folders of sentence-transformers: every mode of pooling, and the steps behind it."""

import json
import math

import numpy as np
import pytest

from inlay.encode import load_encoder
from inlay.encode.transformer import Transformer
from inlay.errors import FormatError, InlayWarning
from tests.data import minilm
from tests.encode.transformer.making import make_sentences, write_json

TEXT = "a good film, unbelievable"
RNG = np.random.default_rng(5)
# In float64, as the documentation of sentence-transformers has them: over all pieces.
MODES = {
    "cls": lambda rows: rows[0],
    "max": lambda rows: rows.max(0),
    "mean": lambda rows: rows.mean(0),
    "mean_sqrt_len_tokens": lambda rows: rows.sum(0) / math.sqrt(len(rows)),
    "weightedmean": lambda rows: np.average(rows, axis=0, weights=np.arange(len(rows)) + 1),
    "lasttoken": lambda rows: rows[-1],
}
OLD = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def rows_of(folder, text=TEXT):
    """The last layer, special pieces included."""
    plain = Transformer.load(folder, pool="mean")
    ids = [plain._pieces.before, *plain._pieces.ids([text]), plain._pieces.after]
    return plain._network([np.concatenate(ids)], [4])[0].astype(float)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("old", [True, False])
def test_modes(tmp_path, mode, old):
    config = {OLD[mode]: True} if old else {"pooling_mode": mode}
    make_sentences(tmp_path, ("Pooling", config, {}))
    encoder = load_encoder(tmp_path)
    assert isinstance(encoder, Transformer)
    expected = MODES[mode](rows_of(tmp_path))
    np.testing.assert_allclose(encoder.encode([TEXT])[0], expected, atol=2e-6)
    assert len(encoder.pools) == 6


def test_several_modes_lie_side_by_side_in_their_order(tmp_path):
    config = {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}
    make_sentences(tmp_path, ("Pooling", config, {}))
    encoder = Transformer.load(tmp_path)
    assert encoder.pools == ("cls+mean",)
    rows = rows_of(tmp_path)
    np.testing.assert_allclose(encoder.encode([TEXT])[0], [*rows[0], *rows.mean(0)], atol=2e-6)


@pytest.mark.parametrize("activation", ["Tanh", "Identity", "ReLU", "Sigmoid", "GELU"])
def test_dense_layer_norm_and_normalize(tmp_path, activation):
    functions = {
        "Tanh": np.tanh,
        "Identity": lambda x: x,
        "ReLU": lambda x: np.maximum(x, 0),
        "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "GELU": lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    }
    linear = {
        "linear.weight": RNG.normal(size=(6, 32)).astype(np.float32),
        "linear.bias": RNG.normal(size=6).astype(np.float32),
    }
    norm = {name: RNG.normal(size=6).astype(np.float32) for name in ("norm.weight", "norm.bias")}
    name = f"torch.nn.modules.activation.{activation}"
    make_sentences(
        tmp_path,
        ("Pooling", {"pooling_mode": "mean"}, {}),
        ("Dense", {"activation_function": name}, linear),
        ("sentence_transformers.sentence_transformer.modules.layer_norm.LayerNorm", {}, norm),
        ("Dropout", {}, {}),
        ("Normalize", {}, {}),
    )
    encoder = Transformer.load(tmp_path)
    y = rows_of(tmp_path).mean(0) @ linear["linear.weight"].T + linear["linear.bias"]
    y = functions[activation](y)
    y = (y - y.mean()) / np.sqrt(y.var() + 1e-5) * norm["norm.weight"] + norm["norm.bias"]
    found = encoder.encode([TEXT, "x", TEXT])
    np.testing.assert_allclose(found[0], y / np.linalg.norm(y), atol=3e-6)
    assert found[0].tobytes() == found[2].tobytes() == encoder.encode([TEXT])[0].tobytes()


def test_special_pieces_count_as_asked(tmp_path):
    make_sentences(tmp_path, ("Pooling", {"pooling_mode": "mean"}, {}))
    rows = rows_of(tmp_path)
    encoder = Transformer.load(tmp_path, special_tokens=False)
    np.testing.assert_allclose(encoder.encode([TEXT])[0], rows[1:-1].mean(0), atol=2e-6)
    assert not encoder.encode([""]).any()
    assert Transformer.load(tmp_path).encode([""]).any()


def test_letters_are_lowered_where_the_files_say_so(tmp_path):
    make_sentences(tmp_path, ("Pooling", {"pooling_mode": "mean"}, {}))
    write_json(tmp_path / "tokenizer_config.json", {"do_lower_case": False})
    with pytest.warns(InlayWarning, match="such as 'A'"):
        low, high = Transformer.load(tmp_path).encode(["a good film", "A GOOD film"])
    assert np.abs(low - high).max() > 0.1
    write_json(tmp_path / "sentence_bert_config.json", {"do_lower_case": True})
    np.testing.assert_array_equal(Transformer.load(tmp_path).encode(["A GOOD film"])[0], low)


@pytest.mark.parametrize("include", [True, False])
def test_prompts(tmp_path, include):
    make_sentences(tmp_path, ("Pooling", {"pooling_mode": "mean", "include_prompt": include}, {}))
    prompts = {"prompts": {"query": "the film: ", "doc": ""}, "default_prompt_name": "query"}
    write_json(tmp_path / "config_sentence_transformers.json", prompts)
    encoder = Transformer.load(tmp_path)
    assert encoder.prompt == "the film: "
    rows = rows_of(tmp_path, "the film: a good")
    expected = rows if include else rows[4:]  # [CLS], and three pieces of the prompt
    np.testing.assert_allclose(encoder.encode(["a good"])[0], expected.mean(0), atol=2e-6)
    np.testing.assert_allclose(encoder.encode([["a", "good"]])[0], expected.mean(0), atol=2e-6)
    assert encoder.tokenize("a good") == encoder.tokenize(["a", "good"]) == ["a", "good"]
    vectors, _ = encoder.tokens(["a good", ["a", "good"]])
    np.testing.assert_allclose(vectors, [rows[4:6]] * 2, atol=2e-6)
    assert Transformer.load(tmp_path, prompt="doc").prompt == ""
    assert Transformer.load(tmp_path, prompt="bad: ").prompt == "bad: "
    assert Transformer.load(tmp_path, prompt="").prompt == ""


DENSE = {"linear.weight": np.zeros((6, 9), np.float32)}
BAD = {
    "CNN": ([("Pooling", {}, {}), ("CNN", {}, {})], "Pooling, Dense.* got CNN.*pool='mean'"),
    "none": ([("Normalize", {}, {})], "behind one Pooling, got Normalize"),
    "empty": ([], "expected a Pooling module, got none"),
    "mode": ([("Pooling", {"pooling_mode": "median"}, {})], "expected pooling by mean, cls"),
    "size": ([("Pooling", {}, {}), ("Dense", {}, DENSE)], "expected a Dense of 32 numbers"),
    "code": ([("mine.Pooling", {}, {})], "got mine.Pooling, which is code of the model's own"),
    "activation": (
        [("Pooling", {}, {}), ("Dense", {"activation_function": "os.system"}, DENSE)],
        "an activation of Identity, .* got str 'os.system'",
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_modules_that_are_not_known(tmp_path, bad):
    modules, match = BAD[bad]
    make_sentences(tmp_path, *modules)
    with pytest.raises(FormatError, match=match):
        Transformer.load(tmp_path)


@pytest.mark.parametrize("path", ["../out", "/etc"])
def test_modules_outside_the_folder(tmp_path, path):
    make_sentences(tmp_path, ("Pooling", {}, {}))
    listed = json.loads((tmp_path / "modules.json").read_text())
    listed[1]["path"] = path
    write_json(tmp_path / "modules.json", listed)
    with pytest.raises(FormatError, match="expected folders within this one"):
        Transformer.load(tmp_path)


# The first numbers of the vectors that sentence-transformers 6.2 gives.
SAID = {
    "This film is really fun.": [-0.026625, -0.020739, 0.040595, -0.000789],
    "영화가 정말 재미있다": [-0.045324, 0.118591, 0.037804, 0.004193],
    "这部电影很好看": [0.009981, 0.088007, 0.054665, 0.036966],
    "😀 great": [-0.067591, -0.009458, 0.030321, -0.020134],
    "": [-0.118838, 0.048299, -0.002548, -0.011011],
}


def test_minilm_is_what_sentence_transformers_says():
    encoder = Transformer.load(minilm(), workers=1)
    with pytest.warns(InlayWarning, match="words that this model does not know"):
        vectors = encoder.encode(list(SAID))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert encoder.longest == 256
    np.testing.assert_allclose(vectors[:, :4], list(SAID.values()), atol=1e-5)
    a, b, c = encoder.encode(["A man is eating food.", "A man eats something.", "The sky is blue."])
    assert a @ b > 0.7 > 0.2 > a @ c
    with pytest.warns(InlayWarning, match="max_length=256"):
        Transformer.load(minilm(), max_length=256).encode(["good " * 300])
