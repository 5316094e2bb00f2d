"""A transformer as a module of PyTorch: the vectors of `encode`, and training through it."""

import numpy as np
import pytest

import inlay
from inlay.encode.mix import Mix
from inlay.encode.transformer import Transformer
from inlay.errors import ArgumentTypeError, InlayWarning
from tests.encode.transformer.making import make_bert, make_sentences

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

TEXTS = ["a good film", "unbelievable, and so long!", ["bad", "films"]]
RNG = np.random.default_rng(2)
DENSE = {
    "linear.weight": RNG.normal(size=(6, 32)).astype(np.float32),
    "linear.bias": RNG.normal(size=6).astype(np.float32),
}
NORM = {name: RNG.normal(size=6).astype(np.float32) for name in ("norm.weight", "norm.bias")}
STEPS = [("Dense", {}, DENSE), ("LayerNorm", {}, NORM), ("Normalize", {}, {})]
WAYS = {
    "mean": {},
    "special": {"special_tokens": True},
    "layer": {"layer": 2},
    "last4": {"layer": "last4"},
    "mix": {"layer": Mix((0.1, 0.5, -1.0, 0.3, 2.0), 1.5)},
    "joined": {"pool": "cls+max+mean_sqrt_len+weightedmean+lasttoken"},
}


@pytest.mark.parametrize("way", WAYS)
def test_vectors_are_those_of_encode(tmp_path, way):
    encoder = Transformer.load(make_bert(tmp_path), **WAYS[way])
    module = inlay.to_torch(encoder)
    assert module.dim == encoder.dim
    with torch.no_grad():
        found = module.train()(TEXTS)  # nothing is dropped from a frozen one
    np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=5e-6)
    np.testing.assert_array_equal(module(torch.from_numpy(encoder.piece_ids(TEXTS))), found)
    assert not any(p.requires_grad for p in module.parameters())


@pytest.mark.parametrize("include", [True, False])
def test_steps_and_prompts_of_sentence_transformers(tmp_path, include):
    pooling = {"pooling_mode": ["mean"], "include_prompt": include}
    make_sentences(tmp_path, ("Pooling", pooling, {}), *STEPS)
    encoder = Transformer.load(tmp_path, prompt="the film: ")
    with torch.no_grad():
        found = encoder.to_torch()(TEXTS)
    np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=5e-6)


def test_it_learns_and_is_saved(tmp_path):
    make_bert(tmp_path / "before", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    encoder = Transformer.load(tmp_path / "before")
    module = inlay.to_torch(encoder, trainable=True)
    optimizer = torch.optim.Adam(module.parameters(), 1e-2)
    before = encoder.encode(TEXTS)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = module(TEXTS).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
    encoder.save(tmp_path / "after")
    module.model.save_pretrained(tmp_path / "after")
    after = inlay.load_encoder(tmp_path / "after").encode(TEXTS)
    with torch.no_grad():
        np.testing.assert_allclose(after, module.eval()(TEXTS), atol=5e-6)
    assert np.abs(after - before).max() > 0.1


def test_long_texts_are_cut_with_a_warning(tmp_path):
    encoder = Transformer.load(make_bert(tmp_path))
    with pytest.warns(InlayWarning, match=r"the text has more than 24 pieces"):
        ids = encoder.piece_ids(["good " * 50])
    assert ids.shape == (1, 24)
    assert encoder.piece_ids(["", "a"]).tolist() == [[2, 3, -1], [2, 5, 3]]
    assert encoder.piece_ids([]).shape == (0, 0)
    with pytest.raises(ArgumentTypeError, match=r"ids \(batch, pieces\), got torch.int64 of shape"):
        encoder.to_torch()(torch.arange(3))


def test_an_attention_mask_of_others(tmp_path):
    encoder = Transformer.load(make_bert(tmp_path))
    ids = torch.from_numpy(encoder.piece_ids(["a", "a good film"]))
    module = encoder.to_torch()
    with torch.no_grad():
        found = module(ids.clamp(min=0), (ids >= 0).long())
    np.testing.assert_allclose(found, encoder.encode(["a", "a good film"]), atol=5e-6)
