"""What `to_tensorflow` promises; run by test_embedding.py, in the process of Keras' contracts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import inlay
from inlay import Table, Vocabulary, to_tensorflow
from inlay.errors import ArgumentError, ArgumentTypeError, IdError

v1 = tf.compat.v1
IDS = np.array([[0, 1, 2], [5, 2, 2]], "int32")
OTHERS = [0, 2, 3, 4]


def graph_size(function):
    spec = tf.TensorSpec([None, None], tf.int32)
    return len(function.get_concrete_function(spec).graph.as_graph_def().SerializeToString())


# -- constants and variables -------------------------------------------------------------------


def test_a_constant_is_the_tables_memory(padded):
    matrix = to_tensorflow(padded)
    assert (matrix.dtype, tuple(matrix.shape)) == (tf.float32, (6, 4))
    found = tf.nn.embedding_lookup(matrix, IDS)
    np.testing.assert_array_equal(found, padded.vectors[IDS])
    padded.storage[0] = 7
    assert (matrix[0].numpy() == 7).all()


def test_what_cannot_be_shared_is_copied(make, padded):
    half = make(dtype="float16")
    np.testing.assert_array_equal(to_tensorflow(half), half.vectors)
    read_only = padded.storage.view()
    read_only.flags.writeable = False
    matrix = to_tensorflow(Table(list(padded.tokens), read_only))
    padded.storage[0] = 7
    assert (matrix[0].numpy() != 7).all()


@pytest.mark.parametrize("kind", ["constant", "variable", "module"])
@pytest.mark.parametrize("inside", [False, True])
def test_no_graph_holds_the_numbers(make, kind, inside, caplog):
    """TensorFlow writes graphs of 2 GB at the most."""
    table = make(n=3000)
    outside = to_tensorflow(table, kind=kind)

    @tf.function
    def look_up(ids):
        matrix = to_tensorflow(table, kind=kind) if inside else outside
        return matrix(ids) if kind == "module" else tf.nn.embedding_lookup(matrix, ids)

    if inside and kind == "variable":
        return  # which TensorFlow has made outside
    np.testing.assert_array_equal(look_up(tf.constant(IDS)), table.vectors[IDS])
    assert graph_size(look_up) < 2000 < table.vectors.nbytes
    assert "AutoGraph" not in caplog.text  # which would rewrite what is called, and warn


@pytest.mark.parametrize("trainable", [False, True])
def test_a_variable_has_its_own_memory(padded, trainable):
    before = padded.vectors.copy()
    variable = to_tensorflow(padded, trainable=trainable, kind="variable", name="words")
    assert (variable.trainable, variable.name) == (trainable, "words:0")
    variable.scatter_update(tf.IndexedSlices(tf.ones((1, 4)), [0]))
    variable.assign_add(tf.ones((6, 4)))
    np.testing.assert_array_equal(padded.vectors, before)


def test_one_variable_in_two_models_is_changed_in_both_and_saved_once(padded, tmp_path):
    shared = to_tensorflow(padded, trainable=True)

    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.words = shared

        def __call__(self, ids):
            return tf.reduce_sum(tf.nn.embedding_lookup(self.words, ids))

    first, second = Model(), Model()
    with tf.GradientTape() as tape:
        loss = first(IDS)
    keras.optimizers.SGD(0.1).apply_gradients([(tape.gradient(loss, shared), shared)])
    assert second(IDS).numpy() == first(IDS).numpy() != loss.numpy()
    path = tf.train.Checkpoint(first=first, second=second).save(tmp_path / "both")
    saved = [shape for _, shape in tf.train.list_variables(path) if shape == [6, 4]]
    assert len(saved) == 1
    expected = shared.numpy()
    shared.assign(tf.zeros((6, 4)))
    tf.train.Checkpoint(first=first).restore(path).expect_partial()
    np.testing.assert_array_equal(second.words, expected)


def test_a_variable_goes_to_another_models_checkpoint_and_comes_back(padded, tmp_path):
    variable = to_tensorflow(padded, kind="variable")
    path = v1.train.Saver({"other/W": variable}).save(None, str(tmp_path / "model.ckpt"))
    (tmp_path / "vocab.txt").write_text("\n".join(padded.tokens))
    table = inlay.load(path, name="other/W", tokens=tmp_path / "vocab.txt")
    np.testing.assert_array_equal(table.vectors, padded.vectors)
    vocab = Vocabulary(["t5", "t1"])
    moved = to_tensorflow(table, vocab, kind="variable")
    np.testing.assert_array_equal(moved[vocab["t5"]], padded["t5"])
    blank = tf.Variable(tf.zeros((6, 4)))
    v1.train.Saver({"other/W": blank}).restore(None, path)
    np.testing.assert_array_equal(blank, padded.vectors)


def test_in_a_graph_of_tensorflow_1_the_initializer_fetches_the_numbers(make, tmp_path):
    table = make(n=3000)
    with tf.Graph().as_default() as graph:
        with v1.variable_scope("model"):
            matrix = to_tensorflow(table, kind="variable", name="W")
        with v1.variable_scope("model", reuse=True):
            assert to_tensorflow(table, kind="variable", name="W") is matrix
        assert matrix not in v1.trainable_variables()
        ids = v1.placeholder(tf.int32, (None, None))
        found = tf.nn.embedding_lookup(matrix, ids)
        assert len(graph.as_graph_def().SerializeToString()) < 5000
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            np.testing.assert_array_equal(session.run(found, {ids: IDS}), table.vectors[IDS])
            v1.train.Saver({"other/W": matrix}).save(session, str(tmp_path / "model.ckpt"))
        for kind in ("constant", "module"):
            with pytest.raises(ArgumentError, match=r"kind: .*global_variables_initializer"):
                to_tensorflow(table, kind=kind)
    saved = tf.train.load_checkpoint(tmp_path / "model.ckpt").get_tensor("other/W")
    np.testing.assert_array_equal(saved, table.vectors)


# -- modules -----------------------------------------------------------------------------------


def step(module, optimiser):
    """One step on all that trains; see tests/conformance for other optimisers."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(module(IDS) - 1))
    variables = module.trainable_variables
    gradients = map(tf.convert_to_tensor, tape.gradient(loss, variables))
    optimiser.apply_gradients(zip(gradients, variables, strict=True))


def test_a_checkpoint_holds_the_rows_and_which_they_are(padded, make, tmp_path):
    module = to_tensorflow(padded, trainable="rows", rows=["t1", "t5"])
    step(module, keras.optimizers.SGD(0.1))
    path = tf.train.Checkpoint(words=module).save(tmp_path / "words")
    shapes = sorted(shape for name, shape in tf.train.list_variables(path) if "words" in name)
    assert shapes == [[], [2], [2, 4], [6], [6, 4]]  # the first is the name of no file
    other = to_tensorflow(make(), trainable="rows", rows=["t3", "t4"])
    tf.train.Checkpoint(words=other).restore(path).expect_partial()
    np.testing.assert_array_equal(other(IDS), module(IDS))
    np.testing.assert_array_equal(other.merged(padded).vectors, module.merged(padded).vectors)


@pytest.mark.parametrize("rows", [None, ["t1", "t5"]])
def test_drift_pulls_back(padded, rows):
    module = to_tensorflow(padded, trainable="rows" if rows else True, rows=rows, kind="module")
    step(module, keras.optimizers.SGD(0.1))
    moved = ((module.merged(padded).vectors - padded.vectors) ** 2).sum()
    np.testing.assert_allclose(module.drift(padded), moved, rtol=1e-5)
    with tf.GradientTape() as tape:
        drift = tf.function(lambda: module.drift(padded))()
    (variable,) = module.trainable_variables
    variable.assign_sub(0.25 * tape.gradient(drift, variable))
    np.testing.assert_allclose(module.drift(padded), moved / 4, rtol=1e-5)


@pytest.mark.parametrize("check", ["debug", "always"])
def test_a_module_names_a_wrong_id(padded, check):
    module = to_tensorflow(padded, kind="module", check=check)
    for wrong in ([[1, 6]], np.array([[1, 6]]), tf.constant([[1, 6]])):
        with pytest.raises(IdError, match=r"ids\[0, 1\]: .*from 0 to 5, got 6, after 't1'"):
            module(wrong)
    with pytest.raises(IdError, match="whole-number"):
        module(np.array([1.0]))
    with pytest.raises(ArgumentTypeError, match=r"vocab\.encode"):
        module("a film")
    np.testing.assert_array_equal(module(IDS.astype("uint8")), padded.vectors[IDS])


def test_a_module_that_always_looks_does_so_in_a_graph(padded):
    module = to_tensorflow(padded, kind="module", check="always")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"from 0 to 5(.|\n)*6"):
        tf.function(module)(tf.constant([[6]]))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"trainable": True, "kind": "constant"}, "kind: expected 'variable' or 'module'"),
        ({"trainable": "rows", "rows": [1], "kind": "variable"}, "kind: expected 'module'"),
        ({"kind": "layer"}, "kind: expected 'constant', 'variable' or 'module'"),
        ({"check": "always"}, "check: .*Try: kind='module'"),
        ({"name": 3}, "name: expected a string"),
        ({"freeze": True}, "Try: trainable=False"),
    ],
)
def test_what_cannot_be_made_is_refused(padded, given, words):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
        to_tensorflow(padded, **given)
