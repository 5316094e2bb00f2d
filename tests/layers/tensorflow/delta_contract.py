"""What `to_tensorflow(table, trainable="delta")` promises; run by test_embedding.py."""

import numpy as np
import pytest
import tensorflow as tf

from inlay import to_tensorflow
from inlay.errors import ArgumentError, ArgumentTypeError, IdError

IDS = np.array([[0, 1, 2], [5, 2, 2]], "int32")
RANKS = pytest.mark.parametrize("rank", [None, 3])
FORMS = {
    "float32": ("float32", tf.float32),
    "float16": ("float16", tf.int16),
    "bfloat16": ("bfloat16", tf.int16),
    "int8": ("int8", tf.int8),
    "float64": ("float32", tf.float32),
}


def gradients(module, variables, ids=IDS):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(module(ids) - 1))
    return tape.gradient(loss, variables)


def trained(module, steps=3):
    for _ in range(steps):
        variables = module.trainable_variables
        for variable, given in zip(variables, gradients(module, variables), strict=True):
            variable.assign_sub(0.1 * tf.convert_to_tensor(given))
    return module


@RANKS
@pytest.mark.parametrize("form", FORMS)
def test_it_starts_as_the_table_in_the_form_in_which_that_is_stored(make, form, rank):
    table = make(n=40).astype(form)
    module = to_tensorflow(table, trainable="delta", rank=rank)
    for ids in (IDS, tf.constant(IDS, tf.int64), 39, [1, 2]):
        np.testing.assert_array_equal(module(ids), table.vectors[np.asarray(ids)])
    np.testing.assert_array_equal(module.merged(table).vectors, table.vectors)
    assert (module.form, module.base.dtype) == FORMS[form]
    shapes = {"delta:0": (40, 4)} if rank is None else {"a:0": (40, 3), "b:0": (3, 4)}
    for variables in (module.variables, module.trainable_variables):
        assert {v.name: tuple(v.shape) for v in variables} == shapes


def test_the_table_is_shared_and_no_graph_holds_the_numbers(make):
    table = make(n=3000)
    module = to_tensorflow(table, trainable="delta", rank=3)
    look_up = tf.function(module)
    np.testing.assert_array_equal(look_up(tf.constant(IDS)), table.vectors[IDS])
    graph = look_up.get_concrete_function(tf.TensorSpec(None, tf.int32)).graph
    assert len(graph.as_graph_def().SerializeToString()) < 10_000 < table.vectors.nbytes
    table.storage[0] = 7
    assert (module(IDS).numpy()[0, 0] == 7).all()


@RANKS
@pytest.mark.parametrize("form", ["float32", "bfloat16", "int8"])
def test_training_moves_the_rows_that_are_looked_up_and_nothing_frozen(make, form, rank):
    table = make().astype(form)
    before = table.vectors.copy()
    module = to_tensorflow(table, trainable="delta", rank=rank)
    start = module.base.numpy().copy()
    made = trained(module).merged(table).vectors
    assert (made != before).any(1).tolist() == [True, True, False, False, False, True]
    assert not made[2].any()
    np.testing.assert_allclose(module(IDS), made[IDS], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(table.vectors, before)
    np.testing.assert_array_equal(module.base, start)


def test_gradients_of_low_rank_are_those_of_the_product_and_sparse(make):
    table = make(pad_id=None)
    module = trained(to_tensorflow(table, trainable="delta", rank=3))
    of_a, of_b = gradients(module, [module.a, module.b])
    assert isinstance(of_a, tf.IndexedSlices)
    assert of_a.indices.shape[0] == IDS.size
    a, b = tf.constant(module.a.numpy()), tf.constant(module.b.numpy())
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        found = tf.gather(table.vectors + a @ b, IDS)
        loss = tf.reduce_sum(tf.square(found - 1))
    for one, other in zip((of_a, of_b), tape.gradient(loss, [a, b]), strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(one), other, rtol=1e-4, atol=1e-5)
        assert np.abs(other).max() > 0.01
    (of_delta,) = gradients(*[m := to_tensorflow(table, trainable="delta"), [m.delta]])
    assert isinstance(of_delta, tf.IndexedSlices)


@RANKS
def test_a_checkpoint_holds_what_trains_and_nothing_else(make, tmp_path, rank):
    table = make(n=3000).astype("int8")
    module = trained(to_tensorflow(table, trainable="delta", rank=rank))
    path = tf.train.Checkpoint(words=module).save(tmp_path / "words")
    shapes = dict(tf.train.list_variables(path))
    names = {"delta": [3000, 4]} if rank is None else {"a": [3000, 3], "b": [3, 4]}
    numbers = {k.split("/")[1]: v for k, v in shapes.items() if k.startswith("words/")}
    assert numbers == names | {"reference": []}  # a digest
    other = to_tensorflow(table, trainable="delta", rank=rank)
    tf.train.Checkpoint(words=other).restore(path).assert_existing_objects_matched()
    np.testing.assert_array_equal(other(IDS), module(IDS))


@RANKS
def test_drift_is_the_squared_size_of_the_difference(padded, rank):
    module = trained(to_tensorflow(padded, trainable="delta", rank=rank))
    moved = module.merged(padded).vectors - padded.vectors
    variables = module.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        drift = module.drift()
        whole = tf.convert_to_tensor(variables[0]) if rank is None else module.a @ module.b
        expected = tf.reduce_sum(tf.square(whole))
    assert float(drift) == pytest.approx(float((moved**2).sum()), rel=1e-5)
    for one, other in zip(
        tape.gradient(drift, variables), tape.gradient(expected, variables), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_made_is_refused_and_wrong_ids_are_named(padded):
    with pytest.raises(ArgumentError, match="rank: expected a whole number from 1 to 4, got 5"):
        to_tensorflow(padded, trainable="delta", rank=5)
    with pytest.raises(ArgumentError, match="kind: expected 'module', got str 'variable'"):
        to_tensorflow(padded, trainable="delta", kind="variable")
    with pytest.raises(IdError, match=r"ids\[0, 1\]: .* 0 to 5, got 6, after 't1'"):
        to_tensorflow(padded, trainable="delta")(np.array([[1, 6]]))
    module = to_tensorflow(padded, trainable="delta")
    with pytest.raises(ArgumentError, match=r'got True.*check="always"'):
        module.check = True
    with pytest.raises(ArgumentTypeError, match="ids: expected whole numbers, got None"):
        module(None)


@RANKS
def test_ragged_ids_give_ragged_vectors(padded, rank):
    module = trained(to_tensorflow(padded, trainable="delta", rank=rank))
    found = module(tf.ragged.constant([[1], [2, 3]]))
    rows = module.merged(padded).vectors[[1, 2, 3]]
    assert found.row_lengths().numpy().tolist() == [1, 2]
    np.testing.assert_allclose(found.flat_values, rows, rtol=1e-5, atol=1e-6)
