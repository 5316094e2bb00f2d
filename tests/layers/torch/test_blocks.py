"""Blocks over padded texts in PyTorch: a text in a batch is what it is alone."""

import numpy as np
import pytest

from inlay import to_torch
from inlay.errors import ArgumentError, ArgumentTypeError

torch = pytest.importorskip("torch")

from inlay.layers.torch.blocks import (  # noqa: E402
    AttentionPooling,
    MaskedConv1d,
    MaskedLSTM,
    MaxPooling,
    MeanPooling,
    mask_of,
)

LENGTHS = (3, 1, 4, 0, 2)
ATTENTION = AttentionPooling(4, 6)
# What each makes of one text without padding, by numpy and by PyTorch's own layers.
POOLS = {
    "mean": (MeanPooling(), lambda text: text.mean(0)),
    "max": (MaxPooling(), lambda text: text.amax(0)),
    "attention": (ATTENTION, lambda text: _attention(text)),
}
CONVS = [
    dict(kernel_size=k, padding=padding, dilation=dilation)
    for k in (1, 2, 3)
    for padding in ("same", "valid")
    for dilation in (1, 2)
]


def _attention(text):
    scores = ATTENTION.query(ATTENTION.hidden(text).tanh())
    return (scores.exp() / scores.exp().sum() * text).sum(0)


def batch(extra=0, front=0, fill=float("nan"), dtype=torch.float32):
    """Texts of negative numbers alone; padding is what must not be seen.

    Returns:
        `(texts, vectors, mask)`, with `front` places of padding before each text, and `extra` after
        the longest.
    """
    rng = np.random.default_rng(0)
    texts = [torch.tensor(-rng.random((n, 4)) - 0.1, dtype=dtype) for n in LENGTHS]
    width = front + max(LENGTHS) + extra
    vectors = torch.full((len(texts), width, 4), fill, dtype=dtype)
    mask = torch.zeros(len(texts), width, dtype=torch.bool)
    for i, text in enumerate(texts):
        vectors[i, front : front + len(text)] = text
        mask[i, front : front + len(text)] = True
    return texts, vectors, mask


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize(("extra", "front"), [(0, 0), (5, 0), (0, 3)])
def test_a_pooled_text_is_what_it_is_alone(name, extra, front):
    pool, alone = POOLS[name]
    texts, vectors, mask = batch(extra, front)
    found = pool(vectors, mask)
    for text, vector in zip(texts, found, strict=True):
        wanted = alone(text) if len(text) else torch.zeros(4)
        torch.testing.assert_close(vector, wanted, rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("settings", CONVS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize(("extra", "front"), [(0, 0), (5, 0), (0, 3)])
def test_a_convolved_text_is_what_it_is_alone(settings, extra, front):
    torch.manual_seed(0)
    layer = MaskedConv1d(4, 5, **settings)
    plain = torch.nn.Conv1d(4, 5, **settings)
    plain.load_state_dict(layer.state_dict())
    texts, vectors, mask = batch(extra, front)
    found, left = layer(vectors, mask)
    reach = (
        0 if settings["padding"] == "same" else settings["dilation"] * (layer.kernel_size[0] - 1)
    )
    assert found.shape == (5, max(mask.shape[1] - reach, 1), 5)
    assert left.shape == found.shape[:2]
    assert not found[~left].any()
    for i, text in enumerate(texts):
        n = max(len(text) - reach, 0)
        assert left[i].sum() == n
        assert left[i, front : front + n].all()
        if n:
            wanted = plain(text.T[None])[0].T
            torch.testing.assert_close(found[i][left[i]], wanted, rtol=0, atol=1e-6)


def test_texts_shorter_than_the_window_are_as_without_words():
    _, vectors, mask = batch()
    found, left = MaskedConv1d(4, 5, 7)(vectors, mask)
    assert found.shape == (5, 1, 5)
    assert not left.any()
    assert not found.any()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("extra", "front"), [(0, 0), (5, 0), (0, 3)])
def test_an_lstm_reads_a_text_as_alone(bidirectional, extra, front):
    torch.manual_seed(0)
    lstm = MaskedLSTM(4, 3, num_layers=2, bidirectional=bidirectional)
    plain = torch.nn.LSTM(4, 3, num_layers=2, bidirectional=bidirectional, batch_first=True)
    plain.load_state_dict(lstm.state_dict())
    texts, vectors, mask = batch(extra, front)
    start = torch.rand(2, 2 * (1 + bidirectional), 5, 3)
    for hx in (None, tuple(start)):
        outputs, states = lstm(vectors, mask, hx)
        assert not outputs[~mask].any()
        for i, text in enumerate(texts):
            begin = None if hx is None else tuple(state[:, i : i + 1] for state in hx)
            if len(text):
                wanted, ends = plain(text[None], begin)
                torch.testing.assert_close(outputs[i][mask[i]], wanted[0], rtol=0, atol=1e-6)
            else:
                ends = begin or (torch.zeros(len(states[0]), 1, 3),) * 2
            for state, end in zip(states, ends, strict=True):
                torch.testing.assert_close(state[:, i : i + 1], end, rtol=0, atol=1e-6)


def test_an_lstm_passes_over_padding_between_words():
    lstm = MaskedLSTM(4, 3)
    vectors, mask = torch.rand(1, 4, 4), torch.tensor([[True, False, True, True]])
    outputs, (state, _) = lstm(vectors, mask)
    wanted, (end, _) = lstm(vectors[:, [0, 2, 3]], torch.ones(1, 3, dtype=torch.bool))
    torch.testing.assert_close(outputs[:, [0, 2, 3]], wanted)
    torch.testing.assert_close(state, end)
    assert not outputs[0, 1].any()


BLOCKS = [*(pool for pool, _ in POOLS.values()), MaskedLSTM(4, 4)]
BLOCKS += [MaskedConv1d(4, 4, 3, padding=padding) for padding in ("valid", "same")]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_gradients_are_numbers_and_none_for_padding(block):
    _, vectors, mask = batch(extra=2)
    vectors.requires_grad = True
    found = block(vectors, mask)
    (found[0] if isinstance(found, tuple) else found).square().sum().backward()
    assert not vectors.grad[~mask].any()
    assert vectors.grad[mask].any()
    assert vectors.grad.isfinite().all()
    assert all(weight.grad.isfinite().all() for weight in block.parameters())


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_texts_of_no_words_and_of_no_places_are_zeros(block):
    for width in (0, 2):
        mask = torch.zeros(3, width, dtype=torch.bool)
        found = block(torch.full((3, width, 4), torch.nan), mask)
        assert not (found[0] if isinstance(found, tuple) else found).any()


def test_the_weights_of_a_text_sum_to_one_and_those_of_padding_are_zero():
    _, vectors, mask = batch(extra=2)
    weights = ATTENTION.attention(vectors, mask)
    assert not weights[~mask].any()
    torch.testing.assert_close(weights.sum(1), mask.any(1).float())


@pytest.mark.parametrize("name", POOLS)
def test_numbers_of_16_bits_are_summed_in_32(name):
    pool = POOLS[name][0]
    vectors = torch.full((1, 3000, 4), 60.0, dtype=torch.float16)
    pool = pool if name != "attention" else AttentionPooling(4).half()
    found = pool(vectors, torch.ones(1, 3000, dtype=torch.bool))
    assert found.dtype == torch.float16
    torch.testing.assert_close(found, torch.full((1, 4), 60.0).half(), rtol=0, atol=0.1)


def test_the_mask_is_that_of_the_layer(padded):
    layer, ids = to_torch(padded), torch.tensor([[3, 2, 2], [0, 1, 2]])
    mask = mask_of(layer, ids)
    assert mask.tolist() == [[True, False, False], [True, True, False]]
    assert torch.equal(mask_of(2, ids), mask)
    torch.testing.assert_close(MaxPooling()(layer(ids), mask)[0], torch.tensor(padded.vectors[3]))


def test_what_is_wrong_is_said():
    _, vectors, mask = batch()
    for call, error, named in [
        (
            lambda: MeanPooling()(vectors, None),
            ArgumentError,
            "MeanPooling: expected a mask.*mask_of",
        ),
        (lambda: MaxPooling()(vectors, mask.int()), ArgumentTypeError, r"int32.*mask\.bool\(\)"),
        (lambda: MaxPooling()(vectors, mask.numpy()), ArgumentTypeError, "a tensor of bool"),
        (lambda: MaskedLSTM(4, 3)(vectors, mask[:, 1:]), ArgumentError, r"\(5, 4\).*\(5, 3\)"),
        (lambda: MaskedConv1d(4, 3, 2)(vectors[0], mask), ArgumentError, r"\(texts, tokens, dim\)"),
        (lambda: MaskedConv1d(4, 3, 2, padding=1), ArgumentError, "'valid' or 'same'"),
        (lambda: MaskedLSTM(4, 3, batch_first=False), ArgumentError, "batch_first"),
        (lambda: mask_of(torch.nn.Embedding(3, 2), vectors), ArgumentError, "padding_idx=None"),
        (lambda: mask_of("0", vectors), ArgumentTypeError, "a whole number"),
    ]:
        with pytest.raises(error, match=named):
            call()


EXPORTS = pytest.mark.skipif(
    not hasattr(torch.compiler, "is_exporting"), reason="not known in this PyTorch"
)
TRACED = pytest.mark.filterwarnings(
    "ignore:.torch.jit:DeprecationWarning", "ignore::torch.jit.TracerWarning"
)
WORDS = torch.nn.Embedding(6, 4, padding_idx=2)
SHORT = torch.tensor([[1, 5, 3, 2], [4, 0, 3, 2]])
LONG = torch.tensor([[0, 1, 2, 2, 2, 2], [5, 3, 1, 1, 2, 2], [2, 2, 2, 2, 2, 2]])


class Model(torch.nn.Module):
    """Ids to what each of some blocks makes of their vectors and mask."""

    def __init__(self, blocks):
        super().__init__()
        self.words, self.blocks = WORDS, torch.nn.ModuleList(blocks)

    def forward(self, ids):
        vectors, mask = self.words(ids), mask_of(self.words, ids)
        return tuple(block(vectors, mask) for block in self.blocks)


def check_same(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("is_lstm", [False, True])
def test_blocks_are_compiled(is_lstm):
    """All in one graph but for an LSTM, which PyTorch runs outside of its graphs."""
    torch._dynamo.reset()
    model = Model(block for block in BLOCKS if isinstance(block, MaskedLSTM) is is_lstm)
    compiled = torch.compile(model, backend="eager", fullgraph=not is_lstm, dynamic=True)
    for ids in (SHORT, LONG):
        check_same(compiled(ids), model(ids))


@EXPORTS
def test_blocks_are_exported_for_texts_of_any_length():
    model = Model(block for block in BLOCKS if not isinstance(block, MaskedLSTM))
    size = torch.export.Dim.AUTO
    program = torch.export.export(model, (SHORT,), dynamic_shapes=({0: size, 1: size},)).module()
    for ids in (SHORT, LONG):
        check_same(program(ids), model(ids))


@TRACED
@pytest.mark.parametrize("kernel", [2, 5])
def test_a_traced_convolution_takes_texts_of_any_length(kernel):
    model = Model([MaskedConv1d(4, 4, kernel)])
    traced = torch.jit.trace(model, SHORT)
    for ids in (SHORT, LONG, SHORT[:, :1]):
        check_same(traced(ids), model(ids))


@EXPORTS
@TRACED
def test_an_lstm_is_neither_traced_nor_exported():
    model = Model([MaskedLSTM(4, 3)])
    for take_down in (
        lambda: torch.export.export(model, (SHORT,)),
        lambda: torch.jit.trace(model, SHORT),
    ):
        with pytest.raises(ArgumentError, match=r"MaskedLSTM, which takes as many steps.*nn\.LSTM"):
            take_down()
