from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inlay.encode.elmo.options import Options
from inlay.encode.elmo.torch_bilm import BiLM
from inlay.encode.elmo.torch_words import CharCNN
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.text import encode_corpus
from inlay.train.elmo import torch_trainer
from inlay.train.elmo.stream import Batch, Stream, Texts, Words
from inlay.train.elmo.torch_trainer import (
    BIAS,
    WEIGHTS,
    Trainer,
    TrainerSettings,
    device_for,
    threads,
)

OPTIONS = Options(6, 4, 3, None, None, True, 3, ((1, 3), (2, 2), (4, 5)), 2, "relu")
TEXTS = ["a bb a ccc bb 라 a bb", "bb bb ccc a a a 라 a", "ccc a x y z a a a"]  # 8 words each


def plan(**changed):
    settings = dict(
        learning_rate=0.01, clip_norm=1e9, dropout=0.0, n_samples=None, steps=50, seed=0
    )
    return TrainerSettings(**settings | changed)


@pytest.fixture
def trainer(monkeypatch):
    """Makes trainers on a corpus of three texts, each of which is a row."""
    monkeypatch.setattr("inlay.train.elmo.stream.LEAST", 1)
    corpus = encode_corpus(TEXTS, min_count=1)
    texts = Texts.of(corpus.ids)
    words = Words.of(corpus, len(texts.begins), min_count=1, max_size=8)
    with threads(2) as pool:

        def make(unroll=5, **changed):
            stream = Stream(corpus.ids, texts, words, rows=3, steps=unroll, seed=0)
            return Trainer(OPTIONS, words, plan(**changed), stream.rows, pool), stream

        yield make


def test_the_loss_and_every_gradient_are_those_of_the_layers(trainer, monkeypatch):
    it, stream = trainer()
    batch = stream.batch(0)
    assert batch.inputs.shape == (2, 5, 3)
    assert batch.fresh.sum() == 3  # in the first step alone
    cnn, bilm = (network.from_weights(OPTIONS, it.weights()) for network in (CharCNN, BiLM))
    softmax = [it.parameters[name].clone().requires_grad_() for name in (WEIGHTS, BIAS)]
    loss = 0
    for direction in range(2):
        numbers = batch.inputs[direction].T
        x = cnn(torch.from_numpy(it.words.characters[numbers].astype(np.int64)))
        x = x.flip(1) if direction else x
        top = bilm(x)[0][-1].chunk(2, 2)[direction]
        top = top.flip(1) if direction else top
        target = torch.from_numpy(batch.targets[direction].T.astype(np.int64))
        scores = top @ softmax[0].T + softmax[1]
        loss = loss + torch.nn.functional.cross_entropy(scores.flatten(0, 1), target.flatten()) / 2
    loss.backward()
    expected = {name: p.grad for part in (cnn, bilm) for name, p in part.named_parameters()}
    expected |= {WEIGHTS: softmax[0].grad, BIAS: softmax[1].grad}

    taken = {}

    def apply(gradients, rows, *, scale, **others):
        taken.update({name: scale * gradient for name, gradient in gradients.items()})

    monkeypatch.setattr(it.adam, "apply", apply)
    assert it.step(0, batch) == pytest.approx(loss.item(), rel=1e-5)
    assert taken.keys() == expected.keys() == it.parameters.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(taken[name], gradient, atol=2e-6, rtol=1e-4, msg=name)


def numbers_of(stream):
    texts = zip(*stream.texts, strict=True)
    return [stream.words.number[stream.ids[at : at + n]] for at, n in texts]


def test_state_is_carried_from_piece_to_piece(trainer, monkeypatch):
    whole, stream = trainer(unroll=9)
    pieces, short = trainer(unroll=4)
    assert (stream.pieces, short.pieces) == (1, 3)
    monkeypatch.setattr(whole.adam, "apply", lambda *_, **__: None)
    monkeypatch.setattr(pieces.adam, "apply", lambda *_, **__: None)
    batches = [short.batch(number) for number in range(3)]
    losses = [pieces.step(number, batch) * batch.words for number, batch in enumerate(batches)]
    expected = whole.step(0, stream.batch(0))
    assert sum(losses) / sum(batch.words for batch in batches) == pytest.approx(expected, rel=1e-5)
    # Each text is a row, so a step's loss is what the encoder's network has for the texts.
    assert whole.perplexity(numbers_of(stream))["mean"] == pytest.approx(np.exp(expected), rel=1e-5)


def without_kernels(monkeypatch):
    """As on a graphics card, by PyTorch's own operations."""
    for module in ("torch_lstm", "torch_words"):
        monkeypatch.setattr(f"inlay.encode.elmo.{module}.kernel_serves", lambda tensor: False)
    for module in ("torch_adam", "torch_softmax"):
        monkeypatch.setattr(f"inlay.train.elmo.{module}.kernel_serves", lambda tensor: False)


def test_nothing_is_made_where_it_does_not_train(trainer, monkeypatch):
    """What does not say where it is made would be on another device than the rest."""
    without_kernels(monkeypatch)
    (it, stream), (other, _) = (trainer(n_samples=4, dropout=0.1) for _ in range(2))
    expected = it.step(0, stream.batch(0))
    monkeypatch.setattr(other, "pool", SimpleNamespace(map=map))  # here, not in other threads
    with torch.device("meta"):
        assert other.step(0, stream.batch(0)) == expected


@pytest.mark.parametrize("n_samples", [None, 4])
def test_without_our_kernels_it_is_the_same(trainer, monkeypatch, n_samples):
    runs = []
    for kernels in (True, False):
        with monkeypatch.context() as patch:
            if not kernels:
                without_kernels(patch)
            it, stream = trainer(n_samples=n_samples, dropout=0.1, clip_norm=0.5)
            losses = [it.step(number, stream.batch(number % 2)) for number in range(6)]
            runs.append((losses, it.state()))
    (losses, state), (own, other) = runs
    np.testing.assert_allclose(own, losses, rtol=1e-5)
    for name, array in state.items():
        scale = np.abs(array).max()
        np.testing.assert_allclose(other[name], array, rtol=0, atol=1e-3 * scale, err_msg=name)


def test_where_it_trains(monkeypatch):
    assert device_for("cpu") == torch.device("cpu")
    for found, expected in ((False, "cpu"), (True, "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=found: found)
        assert device_for(None) == torch.device(expected)
    assert device_for(torch.device("cpu")) == torch.device("cpu")
    for wrong in ("gpu", "meta", ""):
        with pytest.raises(
            ArgumentError, match=rf"device: .*such as 'cpu', got str '{wrong}' \(.*[^.]\)\.$"
        ):
            device_for(wrong)
    for wrong in (5, 3.5, True):
        with pytest.raises(ArgumentTypeError, match=rf"device: expected .* got .*{wrong}\.$"):
            device_for(wrong)


def test_a_fresh_text_knows_nothing_of_the_one_before(trainer, monkeypatch):
    (whole, stream), *halves = (trainer(unroll=4) for _ in range(3))
    batch = stream.batch(0)
    batch.fresh[2] = True
    losses = []
    for (it, _), some in zip(halves, (slice(0, 2), slice(2, 4)), strict=True):
        monkeypatch.setattr(it.adam, "apply", lambda *_, **__: None)
        part = batch.inputs[:, some], batch.targets[:, some], batch.fresh[some], batch.words // 2
        losses.append(it.step(0, Batch(*part)))
    assert whole.step(0, batch) == pytest.approx(np.mean(losses), rel=1e-5)


def test_a_step_goes_down(trainer):
    it, stream = trainer(n_samples=6, learning_rate=0.05, steps=60)
    before = it.perplexity(numbers_of(stream))["mean"]
    for number in range(60):
        it.step(number, stream.batch(number))
    assert it.perplexity(numbers_of(stream))["mean"] < before / 1.5


def test_every_step_draws_anew_and_the_same_step_the_same(trainer, monkeypatch):
    it, stream = trainer(n_samples=4, dropout=0.2)
    samples = [it._sample(number).classes.tolist() for number in (0, 1, 2, 3, 4, 5, 0)]
    assert samples[0] == samples[-1]
    assert len({tuple(sample) for sample in samples}) > 3
    seeds = []
    real = torch_trainer.Dropout
    monkeypatch.setattr(
        torch_trainer,
        "Dropout",
        lambda share, seed, on: (seeds.append(seed), real(share, seed, on))[1],
    )
    for number in range(3):
        it.step(number, stream.batch(number))
    assert len(set(seeds)) == 6  # two directions


def test_a_loss_that_is_not_finite_changes_nothing(trainer):
    it, stream = trainer()
    with torch.no_grad():
        it.parameters[BIAS][1] = float("nan")
    before = {name: tensor.detach().clone() for name, tensor in it.parameters.items()}
    assert not np.isfinite(it.step(0, stream.batch(0)))
    for name, tensor in it.parameters.items():
        torch.testing.assert_close(tensor.detach(), before[name], equal_nan=True)


def test_long_gradients_are_made_shorter(trainer, monkeypatch):
    from inlay.kernels import adam

    scales = []
    real = adam.adam
    monkeypatch.setattr(
        adam, "adam", lambda *args: (scales.append((float(args[8]), args[2])), real(*args))[1]
    )
    for clip_norm in (1e9, 1e-3):
        it, stream = trainer(clip_norm=clip_norm)
        it.step(0, stream.batch(0))
    n = len(it.parameters)
    assert {round(scale * 30, 5) for scale, _ in scales[:n]} == {1}
    lengths = [scale * np.linalg.norm(gradient) for scale, gradient in scales[n:]]
    assert np.linalg.norm(lengths) == pytest.approx(1e-3, rel=1e-4)


def test_the_learning_rate_rises_and_falls():
    rates = [plan(steps=1000).rate(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.0001)
    assert max(rates) == rates[99] == pytest.approx(0.01)
    assert 0 < rates[-1] < 2e-5
    assert plan(steps=1).rate(0) == 0.01


def test_large_shares_and_small_ones(trainer):
    assert trainer()[0].shares == [(0, slice(0, 3)), (1, slice(0, 3))]
    rows = torch_trainer._shares(130, 64)
    assert [part.stop - part.start for _, part in rows] == [64, 64, 2] * 2
