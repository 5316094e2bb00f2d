"""What PyTorch's own tests ask of `nn.Embedding` and `nn.EmbeddingBag`, asked of ours.

The behaviours are those of its `test/nn/test_embedding.py`, one by one. What differs on purpose:

| PyTorch | here | because |
|---|---|---|
| sizes, and random rows | a table | the rows are somebody's vectors |
| `from_pretrained` of whole numbers keeps their type | float32 | `Table` keeps floats |
| a row of padding of any numbers | zeros, or refused | padding counts for nothing |
| `padding_idx=-2` counts from the end | refused | an id is never negative |
| shortens (`max_norm`) a frozen row | refused | what is frozen stays as it is |
| a bag has a weight, and `max_norm` | a layer's weight, without | one table serves both |
| weights of places for a sum alone | for a mean too | TF-IDF and SIF are means |
| `include_last_offset` | none | leave the last offset out |
| AssertionError, RuntimeError, ValueError | IdError, ArgumentError | they name the place |
"""

import itertools

import numpy as np
import pytest

from inlay import Table, to_torch
from inlay.errors import ArgumentError, IdError

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

from inlay.layers.torch.bags import EmbeddingBag  # noqa: E402

INTS = [torch.int32, torch.int64]
FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
# Where each text begins: one is empty, one in the middle is, and the last.
TEXTS, OFFSETS = [3, 1, 1, 1, 4, 0], [0, 0, 3, 3, 6]


def layer_of(n=10, dim=4, *, pad_id=None, trainable=True, **settings):
    matrix = np.random.default_rng(0).normal(size=(n, dim)).astype("float32")
    if pad_id is not None:
        matrix[pad_id] = 0
    table = Table([f"t{i}" for i in range(n)], matrix, pad_id=pad_id)
    return to_torch(table, trainable=trainable, **settings)


def counted(mode="sum", dtype=torch.float32, **settings):
    """A bag over the rows (1, 2), (3, 4), ... (9, 10)."""
    matrix = np.arange(1, 11, dtype="float32").reshape(5, 2)
    layer = to_torch(Table(list("abcde"), matrix), trainable=True, **settings)
    return EmbeddingBag(layer.to(dtype), mode)


# -- nn.Embedding ------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [[[0, 2, 4], [4, 3, 9]], 3, [], [[[1]]]])
def test_a_look_up_is_that_of_the_function(ids):
    layer, ids = layer_of(pad_id=2), torch.tensor(ids, dtype=torch.int64)
    wanted = F.embedding(ids, layer.weight, padding_idx=2)
    assert torch.equal(layer(ids), wanted)
    assert torch.equal(layer(ids.int()), wanted)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_layer_has_the_numbers_it_was_given(dtype):
    matrix = np.arange(6).reshape(2, 3).astype(dtype)
    layer = to_torch(Table(["a", "b"], matrix))
    assert layer.weight.dtype == torch.float32
    np.testing.assert_array_equal(layer.weight, matrix)
    np.testing.assert_array_equal(layer(torch.tensor([0, 1])), matrix)


@pytest.mark.parametrize("dtype", FLOATS)
def test_it_becomes_of_another_dtype(dtype):
    layer = layer_of(sparse=True).to(dtype)
    assert (layer.weight.dtype, layer(torch.tensor([1])).dtype) == (dtype, dtype)
    assert (layer.num_embeddings, layer.embedding_dim) == (10, 4)


@pytest.mark.parametrize("ids", [[[0, 2, 4, 5], [4, 3, 0, 9]], []])
def test_a_sparse_gradient_has_the_shape_of_the_weight(ids):
    layer = layer_of(sparse=True)
    layer(torch.tensor(ids, dtype=torch.int64)).sum().backward()
    assert layer.weight.grad.is_sparse
    assert layer.weight.grad.shape == layer.weight.shape
    assert layer.weight.grad._nnz() == np.size(ids)


def test_sparse_gradients_add_up_and_keep_the_ids_that_they_were_made_of():
    layer, ids = layer_of(dim=3, sparse=True), torch.tensor([7, 1, 3])
    layer(ids).sum().backward()
    assert layer.weight.grad._indices().tolist() == [[7, 1, 3]]
    assert torch.equal(layer.weight.grad._values(), torch.ones(3, 3))
    ids[0] = 8  # in place, after the step before
    layer(ids).sum().backward()
    assert layer.weight.grad._indices().tolist() == [[7, 1, 3, 8, 1, 3]]
    assert torch.equal(layer.weight.grad.to_dense()[1], torch.full((3,), 2.0))


def test_gradients_of_gradients():
    layer, ids = layer_of(5, 3).double(), torch.tensor([[0, 1, 1, 2], [3, 2, 4, 0]])

    def look_up(weight):
        return torch.func.functional_call(layer, {"weight": weight}, (ids,))

    assert torch.autograd.gradcheck(look_up, (layer.weight,))
    assert torch.autograd.gradgradcheck(look_up, (layer.weight,))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("others", [[], [1, 3], [2]])
@pytest.mark.parametrize("n", [1, 2, 1000])
def test_padding_is_zero_and_has_no_gradient(sparse, others, n):
    layer = layer_of(5, 2, pad_id=0, sparse=sparse)
    ids = torch.tensor(others + [0] * n)
    out = layer(ids)
    assert not out[len(others) :].any()
    (once,) = torch.autograd.grad(out.sum(), (layer.weight,), retain_graph=True)
    (out.sum() + once.to_dense().sum() * out.sum()).backward()
    gradient = layer.weight.grad.to_dense()
    assert not gradient[0].any()
    assert gradient[others].all()


def test_rows_are_shortened_in_place_as_they_are_looked_up():
    layer, ids = layer_of(22, 5, max_norm=1.0), torch.tensor([2, 8, 8, 6])
    before = layer.weight.detach().clone()
    out = layer(ids)
    assert torch.equal(out[1], out[2])
    assert (out.norm(dim=1) <= 1 + 1e-6).all()
    assert torch.equal(layer.weight[ids], out)
    assert torch.equal(layer.weight[9:], before[9:])
    out.sum().backward()
    assert layer.weight.grad[[2, 6, 8, 0]].mean(1).tolist() == [1, 1, 2, 0]


def test_shortening_by_another_norm_keeps_to_it():
    layer = layer_of(dim=3, max_norm=2.0)
    layer.norm_type = 0.5
    out = layer(torch.arange(10))
    assert (out.norm(p=0.5, dim=1) <= 2 + 1e-5).all()


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # by PyTorch's own code
@pytest.mark.parametrize("max_norm", [None, 1.0])
def test_forward_mode_passes_a_tangent_on(max_norm):
    weight, ids = torch.randn(4, 4) * 2, torch.tensor([[0, 1], [2, 2]])
    layer = layer_of(4, 4, max_norm=max_norm)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(weight, torch.ones(4, 4))
        out = torch.func.functional_call(layer, {"weight": dual}, (ids,))
        assert torch.equal(torch.autograd.forward_ad.unpack_dual(out).tangent, torch.ones(2, 2, 4))


def test_gradients_are_divided_by_how_often_a_row_is_looked_up():
    layer = layer_of(pad_id=2)
    layer.scale_grad_by_freq = True
    layer(torch.tensor([1, 1, 1, 2, 5])).sum().backward()
    assert layer.weight.grad[[1, 2, 5, 6]].mean(1).tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("pad_id", [25, -25, -2])
def test_padding_is_one_of_the_rows(pad_id):
    with pytest.raises(IdError, match=f"got {pad_id}"):
        Table(["<pad>"], np.zeros((1, 2), "float32"), pad_id=pad_id)


def test_padding_of_other_numbers_than_zero_is_refused():
    with pytest.raises(ArgumentError, match="row 0 all zeros"):
        Table(["<pad>"], np.ones((1, 2), "float32"), pad_id=0)


# -- nn.EmbeddingBag ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "wanted", "of_rows"),
    [
        ("sum", [[13, 16], [13, 16]], [[3, 4], [5, 8], [0, 0], [1, 2], [3, 4]]),
        ("mean", [[13, 16], [13, 16]], [[3, 4], [5, 8], [0, 0], [1, 2], [3, 4]]),
        ("max", [[7, 8], [9, 10]], [[0, 0], [0, 0], [0, 0], [1, 2], [3, 4]]),
    ],
)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("sparse", [False, True])
def test_sums_means_and_maxima_and_their_gradients(mode, wanted, of_rows, dtype, sparse):
    by = 3 if mode == "mean" else 1
    wanted, of_rows = (torch.tensor(numbers).to(dtype) / by for numbers in (wanted, of_rows))
    bag = counted(mode, dtype, sparse=sparse)
    given = torch.tensor([[1, 2], [3, 4]]).to(dtype)
    for ids, offsets in itertools.product(INTS, INTS):
        texts, starts = torch.tensor(TEXTS, dtype=ids), torch.tensor(OFFSETS, dtype=offsets)
        found = bag(texts, starts)
        torch.testing.assert_close(found[[1, 3]], wanted)
        assert not found[[0, 2, 4]].any()
        bag.zero_grad()
        found.backward(
            torch.full((5, 2), 99.0).to(dtype).index_copy(0, torch.tensor([1, 3]), given)
        )
        torch.testing.assert_close(bag.embedding.weight.grad.to_dense(), of_rows)
    bag.zero_grad()
    found = bag(texts.view(2, 3))
    found.backward(given)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(bag.embedding.weight.grad.to_dense(), of_rows)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("sparse", [False, True])
def test_texts_without_words_are_zero_and_give_no_gradient(mode, sparse):
    bag = counted(mode, sparse=sparse)
    for ids, offsets in itertools.product(INTS, INTS):
        found = bag(torch.tensor([], dtype=ids), torch.tensor([0, 0, 0, 0], dtype=offsets))
        assert found.shape == (4, 2)
        assert not found.any()
        found.sum().backward()
        assert not bag.embedding.weight.grad.to_dense().any()


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("sparse", [False, True])
def test_padding_fills_gaps_as_offsets_leave_none(mode, sparse):
    """With offsets and in rows, of each id as the one of padding, one text padding alone."""
    rng = np.random.default_rng(0)
    texts = [rng.integers(0, 8, n).tolist() for n in (6, 0, 3, 1)] + [[2, 2]]
    flat = torch.tensor([word for text in texts for word in text])
    starts = torch.tensor(np.cumsum([0] + [len(text) for text in texts[:-1]]))
    for pad_id in range(8):
        padded = torch.tensor([text + [pad_id] * (6 - len(text)) for text in texts])
        found, gradients = [], []
        for args in ((flat, starts), (padded,)):
            layer = layer_of(8, 3, pad_id=pad_id, sparse=sparse)
            found.append(EmbeddingBag(layer, mode)(*args))
            found[-1].square().sum().backward()
            gradients.append(layer.weight.grad.to_dense())
        torch.testing.assert_close(*found)
        torch.testing.assert_close(*gradients)
        assert not gradients[0][pad_id].any()
        kept = layer(padded).masked_fill((padded == pad_id)[..., None], -torch.inf)
        n = (padded != pad_id).sum(1, keepdim=True)
        total = layer(padded).sum(1)
        wanted = {"sum": total, "mean": total / n.clamp(min=1), "max": kept.amax(1)}[mode]
        torch.testing.assert_close(found[0], wanted.masked_fill(n == 0, 0))


@pytest.mark.parametrize("mode", ["sum", "mean"])
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("learned", [False, True])
def test_weights_of_places_and_their_gradients(mode, sparse, dtype, learned):
    bag, texts = counted(mode, dtype, sparse=sparse), torch.tensor(TEXTS)
    weights = torch.rand(6, dtype=dtype).requires_grad_(learned)
    found = bag(texts, torch.tensor(OFFSETS), weights)
    given = torch.rand(5, 2, dtype=dtype)
    found.backward(given)
    weight, again = (
        each.detach().clone().requires_grad_() for each in (bag.embedding.weight, weights)
    )
    parts = [again[a:b] @ weight[texts[a:b]] for a, b in ((0, 3), (3, 6))]
    if mode == "mean":
        parts = [
            part / again[a:b].sum() for part, (a, b) in zip(parts, ((0, 3), (3, 6)), strict=True)
        ]
    wanted = torch.zeros(5, 2, dtype=dtype).index_copy(0, torch.tensor([1, 3]), torch.stack(parts))
    wanted.backward(given)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(bag.embedding.weight.grad.to_dense(), weight.grad)
    assert (weights.grad is not None) is learned
    if learned:
        torch.testing.assert_close(weights.grad, again.grad)


@pytest.mark.parametrize("given", [torch.float16, torch.float64])
def test_weights_of_places_become_of_the_tables_dtype(given):
    found = counted()(torch.tensor(TEXTS), torch.tensor(OFFSETS), torch.ones(6, dtype=given))
    assert found[1].tolist() == [13, 16]


def test_a_bag_reads_a_weight_that_is_no_one_block_of_memory():
    bag = counted("mean")
    whole = torch.nn.Parameter(torch.arange(20.0).view(5, 4)[:, :2])
    assert not whole.is_contiguous()
    bag.embedding.weight = whole
    torch.testing.assert_close(bag(torch.tensor([[0, 4]])), whole[[0, 4]].mean(0, keepdim=True))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize("wrong", [[[-1, 1]], [[11, 8]]])
def test_ids_out_of_range_are_named(mode, dtype, wrong):
    bag = EmbeddingBag(layer_of(pad_id=0), mode)
    with pytest.raises(IdError, match=f"from 0 to 9, got {wrong[0][0]}"):
        bag(torch.tensor(wrong, dtype=dtype))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_shapes_that_do_not_fit_are_named(mode):
    bag, ids = counted(mode), torch.ones(3, 4, dtype=torch.int64)
    for args, named in [
        ((ids, torch.arange(3)), "2 dimensions and offsets"),
        ((ids.view(-1),), "1 dimensions without offsets"),
        ((ids[None],), "3 dimensions without offsets"),
        ((ids[None], torch.arange(3)), "3 dimensions and offsets"),
        ((ids.view(-1), torch.tensor([1, 2])), "from 0 to at most 12"),
        ((ids.view(-1), torch.tensor([0, 100])), r"got \[0, 100\]"),
        ((ids.view(-1), torch.zeros(2, 2, dtype=torch.int64)), "where each text begins"),
    ]:
        with pytest.raises(ArgumentError, match=named):
            bag(*args)
