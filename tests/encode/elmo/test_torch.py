import copy
import io
from dataclasses import asdict, replace

import numpy as np
import pytest

import inlay
from inlay import Table, Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from tests.encode.elmo.golden import ATOL, ids_of
from tests.encode.elmo.reference import reference_layers
from tests.encode.elmo.test_torch_bilm import TINY, lively

torch = pytest.importorskip("torch")
from inlay.encode import elmo  # noqa: E402
from inlay.encode.elmo.torch import ScalarMix  # noqa: E402
from inlay.encode.mix import Mix  # noqa: E402

DEPRECATED = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
TEXTS = [["the", "cat", "sat"], ["영화"], ["a", "b", "c", "d", "e"], []]
KEYS = ("word_emb", "lstm_outputs1", "lstm_outputs2", "elmo", "default")


def module_of(options, weights, **settings):
    return elmo.Elmo(options, weights).to_torch(**settings)


def make(**settings):
    return module_of(TINY, lively(TINY), **settings)


def ids(texts=TEXTS, left=0, right=0):
    return torch.from_numpy(ids_of(texts, left, right))


def array(tensor):
    return tensor.detach().numpy()


def layers_of(out):
    """The LSTM layers of a result, and the words' own layer, as AllenNLP has them."""
    words = array(out["word_emb"])
    lstm = [array(out[f"lstm_outputs{k}"]) for k in (1, 2)]
    return np.stack([np.concatenate([words, words], axis=-1), *lstm])


# What the reference implementations give.


def test_golden_layers(golden):
    elmo = module_of(golden.options, golden.weights, stateful=True).eval()
    for batch in golden.batches:
        out = elmo(torch.from_numpy(batch.char_ids))
        np.testing.assert_allclose(layers_of(out), batch.token_layers, atol=ATOL)
        np.testing.assert_array_equal(out["mask"], batch.token_mask)
        mixed = batch.token_layers.mean(0)
        np.testing.assert_allclose(array(out["elmo"]), mixed, atol=ATOL)
        means = mixed.sum(1) / batch.token_mask.sum(1)[:, None]
        np.testing.assert_allclose(array(out["default"]), means, atol=ATOL)


def test_golden_boundaries(golden):
    elmo = module_of(golden.options, golden.weights, keep_sentence_boundaries=True, stateful=True)
    for batch in golden.batches:
        out = elmo.eval()(torch.from_numpy(batch.char_ids))
        np.testing.assert_allclose(layers_of(out), batch.layers, atol=ATOL)
        np.testing.assert_array_equal(out["mask"], batch.mask)
        means = batch.token_layers.mean(0).sum(1) / batch.token_mask.sum(1)[:, None]
        np.testing.assert_allclose(array(out["default"]), means, atol=ATOL)


def test_golden_stateless(golden):
    elmo = module_of(golden.options, golden.weights)
    for batch in golden.batches:  # the first leaves nothing behind
        out = elmo(torch.from_numpy(batch.char_ids))
    wanted = golden.stateless_top[:, 1:-1] * batch.token_mask[..., None]
    np.testing.assert_allclose(array(out["lstm_outputs2"]), wanted, atol=ATOL)


@pytest.mark.parametrize("fixed", [False, True])
def test_golden_mixes_of_normalised_layers(golden, fixed):
    batch = golden.batches[0]
    settings = dict(do_layer_norm=True, num_output_representations=2)
    for (scalars, gamma), wanted in zip(golden.norm_scalars, golden.norm_mixes, strict=True):
        elmo = module_of(
            golden.options,
            golden.weights,
            scalar_mix_parameters=scalars if fixed else None,
            **settings,
        ).eval()
        with torch.no_grad():
            elmo.mixes[1].gamma.fill_(gamma)
            elmo.mixes[1].scalars.copy_(torch.tensor(scalars))
        out = elmo(torch.from_numpy(batch.char_ids))
        np.testing.assert_allclose(array(out["elmo_representations"][1]), wanted, atol=ATOL)


def test_the_official_fixture(official):
    elmo = module_of(official.options, official.weights, stateful=True)
    for texts, wanted in zip(official.batches, official.top, strict=True):
        top = array(elmo(ids(texts))["lstm_outputs2"])
        for row, vectors in enumerate(wanted):
            np.testing.assert_allclose(top[row, : len(vectors)], vectors, atol=ATOL)
            assert not top[row, len(vectors) :].any()


def test_the_official_words(official):
    found = module_of(official.options, official.weights)(ids([official.words]))
    np.testing.assert_allclose(array(found["word_emb"][0]), official.word_vectors, atol=ATOL)


# The same text, the same vector.


@pytest.mark.parametrize(("left", "right"), [(3, 0), (0, 2), (2, 5)])
def test_padding_changes_nothing(left, right):
    elmo = make().eval()
    plain, padded = elmo(ids()), elmo(ids(left=left, right=right))
    inside = slice(left, left + 5)
    for key in KEYS[:-1]:
        np.testing.assert_allclose(array(padded[key][:, inside]), array(plain[key]), atol=1e-6)
        outside = [padded[key][:, :left], padded[key][:, left + 5 :]]
        assert not torch.cat(outside, 1).any()
    np.testing.assert_allclose(array(padded["default"]), array(plain["default"]), atol=1e-6)
    assert torch.equal(padded["mask"][:, inside], plain["mask"])
    assert padded["mask"].sum() == plain["mask"].sum() == 9


@pytest.mark.parametrize("keep", [False, True])
def test_more_dimensions_before_the_tokens(keep):
    """`(batch, sentences, tokens, 50)`, as AllenNLP's module takes them, and results likewise."""
    words = ["", "a", "film"]
    elmo = make(keep_sentence_boundaries=keep, num_output_representations=2, vocab_to_cache=words)
    elmo = elmo.eval()
    flat = torch.stack([ids(), ids()[[3, 2, 1, 0]]]).flatten(0, 1)  # 8 texts
    numbers = torch.tensor([[1, 2, 0, 0, 0], [9, 1, 2, 1, 2]] * 4)
    for before in ((2, 4), (2, 1, 4), (8, 1)):
        given = [(flat, None), (None, numbers % 3), (flat, numbers)]
        for chars, cached in given:
            many = [x if x is None else x.unflatten(0, before) for x in (chars, cached)]
            plain, found = elmo(chars, cached), elmo(*many)
            for key in ("elmo", "default", "mask", "word_emb", "lstm_outputs1"):
                assert torch.equal(found[key], plain[key].unflatten(0, before)), key
            two = zip(found["elmo_representations"], plain["elmo_representations"], strict=True)
            assert all(torch.equal(a, b.unflatten(0, before)) for a, b in two)
    none = elmo(flat[:0].reshape(0, 3, 5, 50))
    assert none["default"].shape == (0, 3, elmo.dim)
    with pytest.raises(ArgumentTypeError, match=r"inputs: expected ids \(2, 4, 5, 50\), as word_i"):
        elmo(flat, numbers.unflatten(0, (2, 4)))


def test_padding_in_the_middle_is_no_token():
    elmo = make().eval()
    with_holes = torch.zeros(1, 6, 50, dtype=torch.int32)
    with_holes[:, [1, 3, 4]] = ids([["the", "cat", "sat"]])
    found, wanted = elmo(with_holes), elmo(ids([["the", "cat", "sat"]]))
    assert found["mask"].tolist() == [[False, True, False, True, True, False]]
    for key in KEYS[:-1]:
        np.testing.assert_allclose(array(found[key][:, [1, 3, 4]]), array(wanted[key]), atol=1e-6)
    np.testing.assert_allclose(array(found["default"]), array(wanted["default"]), atol=1e-6)


def test_order_and_size_of_batches_change_nothing():
    elmo = make().eval()
    whole = elmo(ids())
    turned = elmo(ids(TEXTS[::-1]))
    for row, text in enumerate(TEXTS):
        alone, n = elmo(ids([text])), len(text)
        for key in KEYS[:-1]:
            wanted = array(whole[key][row, :n])
            np.testing.assert_allclose(array(turned[key][-1 - row, :n]), wanted, atol=1e-6)
            np.testing.assert_allclose(array(alone[key][0]), wanted, atol=1e-6)
        np.testing.assert_allclose(
            array(alone["default"][0]), array(whole["default"][row]), atol=1e-6
        )


def test_states_follow_their_rows():
    batches = [[["a", "b"], ["c"]], [["d"]], [["e", "f"], ["g"], ["h", "i"]]]
    elmo, kept = make(stateful=True).eval(), {}
    for texts in batches:
        wanted = reference_layers(TINY, lively(TINY), texts, kept)
        found = layers_of(elmo(ids(texts)))
        for row, layers in enumerate(wanted):
            n = len(texts[row])
            np.testing.assert_allclose(found[:, row, :n], layers[:, 1:-1], atol=ATOL)
    elmo.reset_states()
    wanted = make()(ids(batches[0]))["lstm_outputs2"]
    np.testing.assert_allclose(array(elmo(ids(batches[0]))["lstm_outputs2"]), array(wanted))


def test_states_are_not_saved_and_may_come_from_inference_mode():
    elmo = make(stateful=True, trainable="all")
    names = set(elmo.state_dict())
    with torch.inference_mode():
        elmo(ids())
    assert set(elmo.state_dict()) == names
    elmo(ids())["default"].sum().backward()
    first = copy.deepcopy(elmo).eval()(ids())["elmo"]
    assert torch.equal(elmo.eval()(ids())["elmo"], first)


# Texts of all kinds.


def test_no_texts_and_texts_without_tokens():
    elmo = make(do_layer_norm=True).eval()
    for texts, shape in (([], (0, 0)), ([[], []], (2, 0))):
        out = elmo(ids(texts))
        assert out["elmo"].shape == (*shape, 6)
        assert out["mask"].shape == shape
        assert out["default"].shape == (shape[0], 6)
        assert not out["default"].any()
    out = elmo(ids([[], ["a"]], right=1))
    assert not out["elmo"][0].any()
    assert not out["default"][0].any()
    assert out["elmo"].isfinite().all()
    out = make(keep_sentence_boundaries=True).eval()(ids([[], ["a"]]))
    assert out["mask"].tolist() == [[True, True, False], [True, True, True]]
    assert not out["default"][0].any()


def test_words_of_all_kinds():
    texts = [["<S>", "</S>", "", "😀", "x" * 60, "x" * 48, "\ud83d", "--PAD--", "A", "a"]]
    found = layers_of(make()(ids(texts)))[:, 0]
    wanted = reference_layers(TINY, lively(TINY), texts)[0][:, 1:-1]
    np.testing.assert_allclose(found, wanted, atol=ATOL)


def test_a_text_of_5000_words():
    text = [f"w{n % 300}" for n in range(5000)]
    found = layers_of(make()(ids([text, text[:3]])))
    wanted = reference_layers(TINY, lively(TINY), [text, text[:3]])
    np.testing.assert_allclose(found[:, 0], wanted[0][:, 1:-1], atol=ATOL)
    np.testing.assert_allclose(found[:, 1, :3], wanted[1][:, 1:-1], atol=ATOL)


@pytest.mark.parametrize("dtype", [torch.int16, torch.int32, torch.int64])
def test_any_whole_numbers(dtype):
    assert torch.equal(make().eval()(ids().to(dtype))["elmo"], make().eval()(ids())["elmo"])


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (torch.full((1, 2, 50), 262), IdError, r"inputs\[0, 0, 0\]: .* 0 to 261, got 262"),
        (torch.full((1, 2, 50), -1), IdError, "got -1"),
        (torch.zeros(1, 2, 50), IdError, "whole-number ids, got torch.float32"),
        (torch.zeros(1, 2, 50, dtype=torch.bool), IdError, "got torch.bool"),
        (torch.zeros(2, 50, dtype=torch.int64), ArgumentTypeError, r"shape \(2, 50\)"),
        (torch.zeros(1, 2, 49, dtype=torch.int64), ArgumentTypeError, r"shape \(1, 2, 49\)"),
        (None, ArgumentTypeError, "got none"),
    ],
)
def test_wrong_ids(inputs, error, message):
    with pytest.raises(error, match=message):
        make()(inputs)


# The mix, training, saving.


def test_a_mix_is_a_weighted_mean_times_gamma():
    mix = ScalarMix(3)
    with torch.no_grad():
        mix.scalars.copy_(torch.log(torch.tensor([1.0, 2.0, 5.0])))
        mix.gamma.fill_(3)
    layers = [torch.full((2,), float(n)) for n in (1, 10, 100)]
    np.testing.assert_allclose(array(mix(layers)), [3 * 521 / 8] * 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "trained"),
    [
        ({}, {"scalars", "gamma"}),
        ({"trainable": "mix"}, {"scalars", "gamma"}),
        ({"trainable": False}, set()),
        ({"scalar_mix_parameters": [1, 2, 3]}, {"gamma"}),
        ({"scalar_mix_parameters": [1, 2, 3], "trainable": False}, set()),
        ({"requires_grad": False}, {"scalars", "gamma"}),
        ({"trainable": "all"}, None),
        ({"requires_grad": True}, None),
    ],
)
def test_what_is_trained(settings, trained):
    elmo = make(dropout=0, **settings)
    for mode in (elmo.train(), elmo.eval(), elmo.train()):
        names = {name for name, p in mode.named_parameters() if p.requires_grad}
        everything = dict(mode.named_parameters())
        wanted = {f"mixes.0.{name}" for name in trained} if trained is not None else set(everything)
        assert names == wanted
    if names:
        weight = torch.randn(4, 6)
        (elmo(ids())["default"] * weight).sum().backward()
        assert {n for n, p in elmo.named_parameters() if p.grad is not None} == names
        assert all(everything[name].grad.any() for name in names)


def test_gradients_of_everything():
    options = replace(TINY, dim=3, projection_dim=2, filters=((1, 2), (3, 2)), n_layers=1)
    elmo = module_of(
        options, lively(options), trainable="all", dropout=0, do_layer_norm=True
    ).double()
    small = [["ab", "c", "ab"], ["c"]]
    names = [name for name, _ in elmo.named_parameters()]
    parameters = [parameter.detach().requires_grad_() for parameter in elmo.parameters()]
    # Only the characters that are read, for each of the table's numbers takes two runs.
    table = names.index("char_cnn.char_embed.weight")
    whole = parameters[table].detach()
    rows = torch.unique(
        torch.cat([ids(small)[0, 0], ids(small)[0, 1], elmo._marks.flatten()])
    ).long()
    parameters[table] = whole[rows].clone().requires_grad_()

    def outputs(*values):
        values = list(values)
        values[table] = whole.index_copy(0, rows, values[table])
        out = torch.func.functional_call(elmo, dict(zip(names, values, strict=True)), (ids(small),))
        return out["elmo"], out["default"]

    assert torch.autograd.gradcheck(outputs, parameters)


@pytest.mark.parametrize("number", [1, np.float64(1), np.int64(1)])
def test_a_mix_of_any_numbers(number):
    encoder = elmo.Elmo(TINY, lively(TINY), mix=Mix((0, 0, number), gamma=2 * number))
    module = encoder.to_torch().eval()
    assert module.mixes[0].scalars.dtype == module.mixes[0].gamma.dtype == torch.float32
    found = array(module(ids(TEXTS[:1]))["elmo"])[0]
    np.testing.assert_allclose(found, encoder.tokens(TEXTS[:1])[0][0], atol=ATOL)


def test_stateful_under_autocast():
    exact, fast = make(stateful=True, dropout=0.0), make(stateful=True, dropout=0.0)
    for texts in (TEXTS, TEXTS[:2], TEXTS):
        wanted = exact(ids(texts))["elmo"]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = fast(ids(texts))["elmo"]
        torch.testing.assert_close(found.float(), wanted, atol=0.03, rtol=0.03)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_layer_norm_of_many_words_in_half(dtype):
    elmo = make(do_layer_norm=True, dropout=0.0)
    many = ids([["a", "good", "film"] * 2500] * 3)  # more numbers than half can count
    wanted = elmo(many)["elmo"]
    found = elmo.to(dtype)(many)["elmo"]
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), wanted, atol=0.1, rtol=0.1)


def test_ids_of_a_byte():
    words = [f"w{i}" for i in range(300)]
    elmo = make(vocab_to_cache=words).eval()
    found, wanted = (
        elmo(None, word_inputs=torch.tensor([[200, 7]], dtype=dtype))["elmo"]
        for dtype in (torch.uint8, torch.int64)
    )
    torch.testing.assert_close(found, wanted, atol=0, rtol=0)


def test_dropout_in_training_alone():
    elmo = make(dropout=0.5, num_output_representations=2)
    torch.manual_seed(0)
    texts = [["a", "b", "c", "d"]] * 20
    trained = elmo.train()(ids(texts))
    plain = elmo.eval()(ids(texts))
    dropped = trained["elmo"] == 0
    assert 0.4 < dropped.float().mean() < 0.6
    kept = trained["elmo"][~dropped] / plain["elmo"][~dropped]
    np.testing.assert_allclose(array(kept), 2, rtol=1e-5)
    first, second = trained["elmo_representations"]
    assert not torch.equal(first == 0, second == 0)
    for key in ("word_emb", "lstm_outputs1", "lstm_outputs2"):
        assert torch.equal(trained[key], plain[key])


def test_several_mixes_of_one_run():
    elmo = make(num_output_representations=3).eval()
    with torch.no_grad():
        elmo.mixes[2].gamma.fill_(2)
    out = elmo(ids())
    first, second, third = out["elmo_representations"]
    assert torch.equal(first, second)
    torch.testing.assert_close(third, 2 * first)
    assert out["elmo"] is first


def test_learns_and_comes_back():
    elmo = make(trainable="all", dropout=0)
    optimiser = torch.optim.Adam(elmo.parameters(), 0.01)
    target = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    losses = []
    for _ in range(8):
        optimiser.zero_grad()
        loss = (elmo(ids())["default"] - target).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.02
    wanted = elmo.eval()(ids())["elmo"]
    again = module_of(TINY, elmo.to_weights()).eval()
    again.mixes.load_state_dict(elmo.mixes.state_dict())
    assert torch.equal(again(ids())["elmo"], wanted)
    assert not torch.equal(make().eval()(ids())["elmo"], wanted)


@pytest.mark.parametrize("words", [None, ["", "the", "cat", "sat"]])
def test_a_state_dict_holds_everything(words):
    elmo = make(vocab_to_cache=words).eval()
    with torch.no_grad():
        elmo.mixes[0].scalars.copy_(torch.tensor([1.0, 2.0, 3.0]))
    file = io.BytesIO()
    torch.save(elmo.state_dict(), file)
    file.seek(0)
    other = module_of(TINY, lively(TINY, seed=9), vocab_to_cache=words).eval()
    inputs = ids() if words is None else torch.tensor([[1, 2, 0], [3, 0, 0]])
    assert not torch.equal(other(inputs)["elmo"], elmo(inputs)["elmo"])
    other.load_state_dict(torch.load(file))
    assert torch.equal(other(inputs)["elmo"], elmo(inputs)["elmo"])


def test_a_state_dict_holds_parameters_alone():
    elmo = make(vocab_to_cache=["", "a"])
    assert list(elmo.state_dict()) == [name for name, _ in elmo.named_parameters()]


def test_copies_and_pickles():
    elmo = make(vocab_to_cache=["", "a"]).eval()
    wanted = elmo(ids())["elmo"]
    file = io.BytesIO()
    torch.save(elmo, file)
    file.seek(0)
    for other in (copy.deepcopy(elmo), torch.load(file, weights_only=False)):
        assert torch.equal(other(ids())["elmo"], wanted)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # torch looks, not we
@pytest.mark.parametrize("trainable", ["mix", "all"])
def test_it_runs_inside_of_what_is_compiled(trainable):
    elmo = make(trainable=trainable, dropout=0)
    head = torch.nn.Linear(6, 2)
    compiled = torch.compile(lambda x: head(elmo(x)["default"]).tanh(), backend="eager")
    for texts in (TEXTS, TEXTS[:1], [["new", "ones"]] * 5):
        compiled(ids(texts)).sum().backward()
        found = {name: p.grad.clone() for name, p in elmo.named_parameters() if p.requires_grad}
        elmo.zero_grad()
        head(elmo(ids(texts))["default"]).tanh().sum().backward()
        for name, p in elmo.named_parameters():
            if p.requires_grad:
                np.testing.assert_allclose(found[name], p.grad, atol=1e-6)
        elmo.zero_grad()


@pytest.mark.parametrize("name", ["inputs", "word_inputs"])
@pytest.mark.parametrize("given", ["a film", [["a"]], ids_of(TEXTS)])
def test_what_is_no_tensor_is_told_how_to_become_one(name, given):
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: expected ids in a tensor"):
        make()(**{"inputs": None, name: given})


class Head(torch.nn.Module):
    """A model of a user's: traced, it would hold the lengths of the texts it was traced with."""

    def __init__(self):
        super().__init__()
        self.elmo = make()

    def forward(self, x):
        return self.elmo(x)["default"]


@DEPRECATED
@pytest.mark.parametrize(
    "take_down",
    [
        torch.jit.script,
        lambda model: torch.jit.trace(model, ids()),
        pytest.param(
            lambda model: torch.export.export(model, (ids(),)),
            marks=pytest.mark.skipif(
                not hasattr(torch.compiler, "is_exporting"), reason="not known in this PyTorch"
            ),
        ),
    ],
)
def test_it_is_not_taken_down(take_down):
    with pytest.raises(ArgumentError, match="an ELMo, whose steps depend on the texts"):
        take_down(Head())


def test_precisions_and_no_grad():
    wanted = array(make().eval()(ids())["elmo"])
    for dtype, atol in ((torch.float64, 1e-6), (torch.bfloat16, 0.03)):
        with torch.no_grad():
            found = make(stateful=True).to(dtype).eval()(ids())["elmo"]
        assert found.dtype == dtype
        assert not found.requires_grad
        np.testing.assert_allclose(found.double().numpy(), wanted, atol=atol)
    elmo = make(stateful=True).eval()
    elmo(ids())
    assert elmo.double()(ids())["elmo"].dtype == torch.float64  # states come along


def test_settings_are_shown_and_names_are_checked():
    assert "num_output_representations=2" in repr(make(num_output_representations=2))
    assert make().dim == make().get_output_dim() == 6
    with pytest.raises(TypeError, match="dropot"):
        make(dropot=0.5)


def test_from_an_encoder():
    encoder = elmo.Elmo(TINY, lively(TINY), mix=Mix((0.0, 1.0, 2.0), 3.0))
    texts = TEXTS[:3]
    module = encoder.to_torch(num_output_representations=2).eval()
    np.testing.assert_allclose(
        array(module(ids(texts))["default"]), encoder.encode(texts), atol=ATOL
    )
    fixed = encoder.to_torch(scalar_mix_parameters=[3, 2, 1])
    assert fixed.mixes[0].scalars.tolist() == [3, 2, 1]
    assert asdict(fixed.settings)["scalar_mix_parameters"] == (3, 2, 1)


def test_an_encoder_is_frozen_as_a_table_is():
    encoder = elmo.Elmo(TINY, lively(TINY))
    vocab = Vocabulary.from_texts(TEXTS[:3])
    rows = torch.from_numpy(vocab.encode(TEXTS[:1]))
    frozen = inlay.to_torch(encoder, vocab).eval()
    np.testing.assert_allclose(array(frozen(rows)["default"]), encoder.encode(TEXTS[:1]), atol=ATOL)
    assert not any(part.requires_grad for part in frozen.parameters())
    trained = inlay.to_torch(encoder, trainable=True)
    assert all(part.requires_grad for part in trained.parameters())


# Words of a vocabulary, computed once.


def test_a_list_of_cached_words():
    elmo = make(vocab_to_cache=["the", "cat", "sat"]).eval()
    found = elmo(torch.tensor([[0, 1, 2], [1, 0, 0]]))
    wanted = elmo(ids([["cat", "sat"], ["cat"]], left=1))
    assert found["mask"].tolist() == [[False, True, True], [True, False, False]]
    for key in KEYS[:-1]:
        np.testing.assert_allclose(array(found[key][0]), array(wanted[key][0]), atol=1e-6)
        np.testing.assert_allclose(array(found[key][1, 0]), array(wanted[key][1, 1]), atol=1e-6)
    np.testing.assert_allclose(array(found["default"]), array(wanted["default"]), atol=1e-6)


def test_a_vocabulary_of_cached_words():
    vocab = Vocabulary(["the", "cat", "sat"], pad_id=1, unk_id=0)
    elmo = make(vocab_to_cache=vocab).eval()
    texts = [["the", "cat", "sat"], ["cat"]]
    encoded = torch.from_numpy(vocab.encode(texts))
    wanted = elmo(ids(texts))
    for found in (elmo(encoded), elmo(None, encoded), elmo(ids(texts), word_inputs=encoded)):
        assert torch.equal(found["mask"], wanted["mask"])
        for key in KEYS:
            np.testing.assert_allclose(array(found[key]), array(wanted[key]), atol=1e-6)
    assert not elmo.cached.weight.requires_grad


def test_cached_words_with_ids_of_their_own_keep_them():
    # The order in which a dict was filled is no id.
    table = Table(["the", "<pad>", "cat"], np.array([[1], [0], [1]], np.float32), pad_id=1)
    wanted = make().eval()(ids([["cat", "the"]]))
    for given, pad in (({"cat": 2, "<pad>": 1, "the": 0}, False), (table, True)):
        elmo = make(vocab_to_cache=given).eval()
        found = elmo(torch.tensor([[2, 0]]))
        assert found["mask"].all()
        np.testing.assert_allclose(array(found["elmo"]), array(wanted["elmo"]), atol=1e-6)
        assert elmo(torch.tensor([[1]]))["mask"].item() is not pad


def test_new_words_are_read_by_their_characters():
    vocab = Vocabulary(["the", "cat"])
    texts = [["the", "film"], ["film", "cat", "movie"]]
    elmo = make(vocab_to_cache=vocab).eval()
    wanted, encoded = elmo(ids(texts)), torch.from_numpy(vocab.encode(texts))
    np.testing.assert_allclose(
        array(elmo(ids(texts), encoded)["elmo"]), array(wanted["elmo"]), atol=1e-6
    )
    listed = make(vocab_to_cache=["", "the", "cat"]).eval()
    encoded = torch.tensor([[1, 7, 0], [9, 2, 11]])
    found = listed(ids(texts), encoded)
    np.testing.assert_allclose(array(found["elmo"]), array(wanted["elmo"]), atol=1e-6)


def test_the_cache_spares_the_character_network(monkeypatch):
    elmo = make(vocab_to_cache=["", "a", "b"])
    monkeypatch.setattr(elmo.char_cnn, "forward", None)
    assert elmo(torch.tensor([[1, 2]]))["elmo"].shape == (1, 2, 6)


def test_a_vocabulary_without_padding_has_no_missing_tokens():
    vocab = Vocabulary(["the", "cat"], pad=None, unk=None)
    elmo = make(vocab_to_cache=vocab).eval()
    found = elmo(torch.tensor([[0, 1]]))
    assert found["mask"].all()
    np.testing.assert_allclose(
        array(found["elmo"]), array(elmo(ids([["the", "cat"]]))["elmo"]), atol=1e-6
    )


def test_word_ids_that_cannot_be():
    elmo = make(vocab_to_cache=["", "a", "b"])
    with pytest.raises(IdError, match=r"word_inputs\[0, 1\]: expected an id from 0 to 2, got 3"):
        elmo(torch.tensor([[1, 3]]))
    with pytest.raises(IdError, match="an id from 0, got -1"):
        elmo(ids([["a"]]), torch.tensor([[-1]]))
    with pytest.raises(ArgumentTypeError, match=r"as word_inputs, got shape \(1, 2, 50\)"):
        elmo(ids([["a", "b"]]), torch.tensor([[1]]))
    with pytest.raises(ArgumentTypeError, match=r"word_inputs: .*\(batch, tokens\)"):
        elmo(None, torch.tensor([1]))
    with pytest.raises(ArgumentError, match="without"):
        make()(None, torch.tensor([[1]]))
    with pytest.raises(ArgumentError, match="do not learn"):
        make(vocab_to_cache=["", "a"], trainable="all")
    with pytest.raises(ArgumentTypeError, match="vocab_to_cache: expected a list of tokens"):
        make(vocab_to_cache="abc")


def test_word_ids_are_ignored_without_a_cache():
    # As in AllenNLP, so that code which passes both runs.
    found = make().eval()(ids(), torch.zeros(4, 5, dtype=torch.int64))
    assert torch.equal(found["elmo"], make().eval()(ids())["elmo"])
