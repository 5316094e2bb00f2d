"""Bags by numpy, JAX and PyTorch: held to one loop over words, in float64."""

import numpy as np
import pytest

from inlay import to_torch
from inlay.errors import ArgumentError, ArgumentTypeError, IdError
from inlay.layers.bags import embedding_bag

# Row 2 is padding; a text of padding alone, one with it in the middle, an id that repeats.
IDS = np.array([[0, 1, 2, 2], [2, 2, 2, 2], [3, 2, 3, 5], [4, 0, 1, 3]])
OF_ROWS = np.array([0.5, 2.0, 9.0, 1.0, 0.0, 3.0], "float32")
WITHOUT = np.where(OF_ROWS == 0, np.nan, OF_ROWS)
OF_PLACES = np.linspace(0.1, 1.6, 16, dtype="float32").reshape(4, 4)
MODES = ["mean", "sum", "max"]
WEIGHTED = [(mode, rows, places) for mode in MODES for rows in (0, 1) for places in (0, 1)]
WEIGHTED = [case for case in WEIGHTED if case[0] != "max" or case[1:] == (0, 0)]


def expected(matrix, mode, rows=0, places=0):
    found = np.zeros((4, matrix.shape[1]))
    for i, text in enumerate(IDS):
        kept = [j for j, word in enumerate(text) if word != 2]
        vectors = matrix[text[kept]].astype("float64")
        by = np.ones(len(kept))
        if rows:
            by = by * OF_ROWS[text[kept]]
        if places:
            by = by * OF_PLACES[i, kept]
        if not kept:
            continue
        if mode == "max":
            found[i] = vectors.max(0)
        else:
            found[i] = by @ vectors / (by.sum() if mode == "mean" else 1)
    return found


@pytest.fixture
def negative(padded):
    """No number is as large as those of padding."""
    padded.storage[...] = -abs(padded.storage)
    return padded


@pytest.mark.parametrize(("mode", "rows", "places"), WEIGHTED)
def test_numpy(negative, mode, rows, places):
    settings = dict(mode=mode, row_weights=OF_ROWS if rows else None)
    wanted = expected(negative.vectors, mode, rows, places)
    found = embedding_bag(negative, IDS, weights=OF_PLACES if places else None, **settings)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert found.dtype == np.float32
    texts = [[word for word in text if word != 2] for text in IDS.tolist()]
    by = [OF_PLACES[i, text != 2].tolist() for i, text in enumerate(IDS)]
    ragged = embedding_bag(negative, texts, weights=by if places else None, **settings)
    np.testing.assert_allclose(ragged, wanted, rtol=1e-5)


@pytest.mark.parametrize(("mode", "rows", "places"), WEIGHTED)
def test_torch(negative, mode, rows, places):
    torch = pytest.importorskip("torch")
    from inlay.layers.torch.bags import EmbeddingBag

    bag = EmbeddingBag(to_torch(negative), mode, row_weights=OF_ROWS if rows else None)
    wanted = expected(negative.vectors, mode, rows, places)
    weights = torch.tensor(OF_PLACES) if places else None
    found = bag(torch.tensor(IDS), per_sample_weights=weights)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    flat = None if weights is None else weights.ravel()
    offsets = torch.arange(0, 16, 4)
    ragged = bag(torch.tensor(IDS.ravel(), dtype=torch.int32), offsets.int(), flat)
    np.testing.assert_allclose(ragged, wanted, rtol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_torch_trains_the_layers_own_weight(padded, mode):
    torch = pytest.importorskip("torch")
    from inlay.layers.torch.bags import EmbeddingBag

    layer = to_torch(padded)
    layer.weight.requires_grad = True
    layer.sparse = mode != "max"
    bag = EmbeddingBag(layer, mode)
    assert [name for name, _ in bag.named_parameters()] == ["embedding.weight"]
    bag(torch.tensor(IDS)).sum().backward()
    gradient = layer.weight.grad
    assert gradient.is_sparse == layer.sparse
    vectors = torch.tensor(padded.vectors, requires_grad=True)
    parts = [vectors[[int(i) for i in text if i != 2]] for text in IDS if (text != 2).any()]
    pool = {"mean": lambda v: v.mean(0), "sum": lambda v: v.sum(0), "max": lambda v: v.max(0)[0]}
    sum(pool[mode](part).sum() for part in parts).backward()
    torch.testing.assert_close(gradient.to_dense(), vectors.grad)
    with torch.no_grad():
        layer.weight += 1.0
    assert (padded.storage[2] == 0).all()  # the table's memory was not borrowed any more


@pytest.mark.parametrize("mode", MODES)
def test_torch_pools_texts_of_no_tokens(padded, mode):
    torch = pytest.importorskip("torch")
    from inlay.layers.torch.bags import EmbeddingBag

    layer = to_torch(padded, trainable=True)
    bag = EmbeddingBag(layer, mode, row_weights=None if mode == "max" else OF_ROWS)
    found = bag(torch.zeros((3, 0), dtype=torch.int64))
    found.sum().backward()
    assert (tuple(found.shape), found.any().item()) == ((3, 4), False)
    assert not layer.weight.grad.any()


def test_torch_saves_its_row_weights(padded):
    pytest.importorskip("torch")
    from inlay.layers.torch.bags import EmbeddingBag

    bag, again = (EmbeddingBag(to_torch(padded), row_weights=w) for w in (OF_ROWS, OF_ROWS * 0))
    again.load_state_dict(bag.state_dict())
    np.testing.assert_array_equal(again.row_weights, OF_ROWS)


@pytest.mark.parametrize("with_offsets", [False, True])
def test_torch_is_compiled_and_exported_for_texts_of_any_length(padded, with_offsets):
    torch = pytest.importorskip("torch")
    from inlay.layers.torch.bags import EmbeddingBag

    class Bags(torch.nn.Module):
        def __init__(self):
            super().__init__()
            layer = to_torch(padded, trainable=True)
            bags = [EmbeddingBag(layer, mode) for mode in MODES]
            bags += [EmbeddingBag(layer, mode, row_weights=OF_ROWS) for mode in MODES[:2]]
            self.bags = torch.nn.ModuleList(bags)

        def forward(self, *texts):
            return [bag(*texts) for bag in self.bags]

    torch._dynamo.reset()
    bags, size = Bags(), torch.export.Dim.AUTO
    few = (torch.tensor(IDS[:, :3]),)
    many = (torch.tensor(IDS[[0, 1, 2, 3, 0]]),)
    if with_offsets:
        few = (few[0].ravel(), torch.tensor([0, 0, 3, 5]))
        many = (many[0].ravel(), torch.tensor([0, 4, 4, 9, 12, 20]))
    shapes = (({0: size} if with_offsets else {0: size, 1: size},) * len(few),)
    compiled = torch.compile(bags, backend="eager", fullgraph=True, dynamic=True)
    made = [compiled]
    if hasattr(torch.compiler, "is_exporting"):
        made.append(torch.export.export(bags, few, dynamic_shapes=shapes).module())
    for function in made:
        for texts in (few, many):
            torch.testing.assert_close(function(*texts), bags(*texts))
    bags.bags[0].embedding.check = "always"
    if hasattr(torch.compiler, "is_exporting"):
        with pytest.raises(ArgumentError, match="always looks at its ids"):
            torch.export.export(bags, few)


@pytest.mark.parametrize(("mode", "rows", "places"), WEIGHTED)
def test_jax(negative, mode, rows, places):
    jax = pytest.importorskip("jax")
    from inlay.layers.jax.bags import embedding_bag as of_jax

    settings = dict(mode=mode, pad_id=2, row_weights=OF_ROWS if rows else None)
    settings["weights"] = OF_PLACES if places else None
    matrix = jax.numpy.asarray(negative.vectors)
    found = of_jax(matrix, jax.numpy.asarray(IDS), **settings)
    np.testing.assert_allclose(found, expected(negative.vectors, mode, rows, places), rtol=1e-5)
    program = jax.make_jaxpr(lambda ids: of_jax(matrix, ids, **settings))(IDS)
    assert "[4,4,4]" not in str(program)  # no vector of each place


def test_what_is_wrong_is_said(padded):
    for call, error, named in [
        (lambda: embedding_bag(padded, IDS, mode="median"), ArgumentError, "'mean', 'sum' or"),
        (lambda: embedding_bag(padded, IDS, mode="max", weights=IDS), ArgumentError, "got 'max'"),
        (lambda: embedding_bag(padded, IDS, row_weights=[1.0]), ArgumentError, "each of 6 rows"),
        (lambda: embedding_bag(padded, IDS, row_weights="idf"), ArgumentTypeError, "each of 6"),
        (lambda: embedding_bag(padded, IDS, row_weights=WITHOUT), ArgumentError, "nan of row 4"),
        (lambda: embedding_bag(padded, IDS, weights=[[1.0]] * 4), ArgumentError, r"4 numbers"),
        (lambda: embedding_bag(padded, IDS, weights=[[1.0]]), ArgumentError, "4 texts"),
        (lambda: embedding_bag(padded, [[0], [6]]), IdError, r"ids\[1\]\[0\].*got 6"),
        (lambda: embedding_bag(padded, [[0.5]]), ArgumentTypeError, "whole numbers"),
    ]:
        with pytest.raises(error, match=named):
            call()


def test_what_is_wrong_in_torch_is_said(padded):
    torch = pytest.importorskip("torch")
    from inlay.layers.torch.bags import EmbeddingBag

    bag, ids = EmbeddingBag(to_torch(padded, check="always"), "max"), torch.tensor(IDS)
    any_bag = EmbeddingBag(to_torch(padded))
    for call, error, named in [
        (lambda: EmbeddingBag(padded), ArgumentTypeError, "inlay.to_torch"),
        (lambda: bag(ids, per_sample_weights=ids), ArgumentError, "got 'max'"),
        (lambda: EmbeddingBag(to_torch(padded))(ids + 3), IdError, "got 6"),
        (
            lambda: EmbeddingBag(to_torch(padded, trainable="rows", rows=[1])),
            ArgumentError,
            "one t",
        ),
        (lambda: bag(ids[0]), ArgumentError, "1 dimensions without offsets"),
        (lambda: bag(ids, torch.tensor([0])), ArgumentError, "2 dimensions and offsets"),
        (lambda: bag(ids + 3), IdError, "got 6"),
        (lambda: bag(IDS), ArgumentTypeError, "a tensor"),
        (lambda: bag(ids.double()), IdError, "int32 or int64.*float64"),
        (lambda: bag(ids[0], torch.tensor([1, 2])), ArgumentError, "offsets: .*ascending, from 0"),
        (lambda: bag(ids[0], torch.tensor([0, 5])), ArgumentError, r"at most 4, got \[0, 5\]"),
        (lambda: bag(ids[0], torch.tensor([0, 3, 2])), ArgumentError, "ascending"),
        (lambda: EmbeddingBag(to_torch(padded))(ids[0], ids[0][1:]), ArgumentError, "ascending"),
        (lambda: any_bag(ids[0], torch.tensor([0, 3, 2])), ArgumentError, "ascending"),
        (lambda: any_bag(ids[0], torch.tensor([0.0, 3.0])), ArgumentError, "ascending"),
        (lambda: EmbeddingBag(to_torch(padded), sparse=True), ArgumentTypeError, "of inlay.to_t"),
        (lambda: any_bag(ids[0], [0, 3]), ArgumentTypeError, "offsets: expected a tensor"),
        (lambda: any_bag(ids, None, [1.0]), ArgumentTypeError, "weights: expected a tensor"),
        (
            lambda: EmbeddingBag(to_torch(padded))(ids, per_sample_weights=ids[0]),
            ArgumentError,
            r"of shape \(4, 4\) as the ids have, got shape \(4,\)",
        ),
    ]:
        with pytest.raises(error, match=named):
            call()
